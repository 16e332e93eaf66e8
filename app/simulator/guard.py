"""Who may act on the simulator: the pages that it served itself, on this machine."""

import ipaddress
from urllib.parse import urlsplit

from fastapi import Request

from app.forms import CrossOrigin, refuse_cross_origin


def same_origin(request: Request) -> None:
    """Refuse what another website makes a browser send.

    The page is served for this machine: while the service listens to it alone, a name that merely resolves to it
    (DNS rebinding) is another website.
    """
    if request.app.state.simulator.is_local and not _is_loopback(request.headers.get("host", "")):
        raise CrossOrigin
    refuse_cross_origin(request)


def _is_loopback(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
