"""``say``: a viewer's message from the command line."""

import argparse
import hashlib
import secrets
import time
from xml.etree import ElementTree

import httpx

from app.commands.demo import NAME, TOKEN
from app.errors import ConfigurationError
from app.settings import Settings


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    saying = verbs.add_parser("say", help="write to the demo channel of a running service, as a viewer would")
    saying.add_argument("text")
    saying.add_argument("--viewer", default="demo-viewer")
    saying.set_defaults(run=say)


def say(settings: Settings, options: argparse.Namespace) -> None:
    print(_push(settings.address, options.text, options.viewer))


def _push(address: str, text: str, viewer: str) -> str:
    """Write to the demo channel of the service at ``address`` and return what it answers."""
    now, nonce = str(int(time.time())), secrets.token_hex(4)
    signed = "".join(sorted((TOKEN, now, nonce)))
    query = {"signature": hashlib.sha1(signed.encode()).hexdigest(), "timestamp": now, "nonce": nonce}
    fields = {"ToUserName": "gh_demo", "FromUserName": viewer, "CreateTime": now, "MsgType": "text", "Content": text}
    push = ElementTree.Element("xml")
    for name, value in (fields | {"MsgId": str(secrets.randbits(62))}).items():
        ElementTree.SubElement(push, name).text = value
    try:
        response = httpx.post(
            f"{address}/webhooks/wechat/{NAME}", params=query, content=ElementTree.tostring(push, "utf-8"), timeout=10
        )
    except httpx.HTTPError:
        raise ConfigurationError(f"Nobody answers at {address}: start the service with 'make run' first.") from None
    if response.status_code != 200:
        raise ConfigurationError(f"The service answered {response.status_code}: is it in demo mode ('make run')?")
    if response.text == "success":
        return "(no answer)"
    return ElementTree.fromstring(response.content).findtext("Content") or ""
