"""One QQ bot as configured: what its channel's settings and secrets must hold, and what follows from them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.channels.qq import crypto
from app.errors import ConfigurationError

DEFAULT_WINDOW = 600
MAX_WINDOW = 24 * 60 * 60
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}")


@dataclass(frozen=True, slots=True)
class Account:
    """``window`` is how far a push's time may be from ours, in seconds."""

    customer_service: ClassVar[bool] = True
    """Every bot may answer by a call of its own."""
    app_id: str
    app_secret: str = field(repr=False)
    window: int = DEFAULT_WINDOW
    proactive: bool = False
    """Whether we may speak first, to those and in groups that allow it."""
    link_domains: tuple[str, ...] = ()
    """Domains registered in the console: only their addresses may stand in a text."""
    sandbox: bool = False
    """The platform does not count what a bot in its sandbox sends."""
    buttons: bool = False
    """The platform granted keyboards of our own."""
    markdown: bool = False
    """The platform granted markdown of our own; keyboards then ride on it."""
    strict_handshake: bool = True
    """Answer the check of the address only where it is signed; else also where it bears no signature at all."""
    signing_key: Ed25519PrivateKey = field(init=False, repr=False, compare=False)
    verifying_key: Ed25519PublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        key = crypto.load_key(self.app_secret)
        object.__setattr__(self, "signing_key", key)
        object.__setattr__(self, "verifying_key", key.public_key())


def read_account(settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Account:
    """The account, or ConfigurationError.

    Settings: ``app_id`` (digits), ``signature_window`` (seconds, 600), ``proactive``, ``sandbox``, ``buttons``,
    ``markdown`` (all false), ``strict_handshake`` (true), ``link_domains`` (a list, or a text with commas).
    Secret: ``app_secret``.
    """
    return Account(
        app_id=_app_id(settings.get("app_id")),
        app_secret=_secret(secrets.get("app_secret")),
        window=_window(settings.get("signature_window", DEFAULT_WINDOW)),
        proactive=_flag("proactive", settings.get("proactive", False)),
        link_domains=_domains(settings.get("link_domains") or ()),
        sandbox=_flag("sandbox", settings.get("sandbox", False)),
        buttons=_flag("buttons", settings.get("buttons", False)),
        markdown=_flag("markdown", settings.get("markdown", False)),
        strict_handshake=_flag("strict_handshake", settings.get("strict_handshake", True)),
    )


def _app_id(value: object) -> str:
    # A form may give a number; the platform takes a text alone.
    text = str(value) if isinstance(value, (str, int)) else ""
    if re.fullmatch(r"[0-9]{1,20}", text):
        return text
    raise ConfigurationError("The QQ app id (app_id) is missing or is no number. Copy the AppID from the QQ console.")


def _secret(value: str | None) -> str:
    if value and re.fullmatch(r"[!-~]{8,128}", value):
        return value
    raise ConfigurationError("The QQ app secret (app_secret) must be the AppSecret that the QQ console shows.")


def _window(value: object) -> int:
    text = str(value)
    if re.fullmatch(r"[0-9]{1,5}", text) and 1 <= int(text) <= MAX_WINDOW:
        return int(text)
    raise ConfigurationError(
        f"The QQ signature window (signature_window) must be whole seconds from 1 to {MAX_WINDOW}."
    )


def _domains(value: object) -> tuple[str, ...]:
    listed = value.split(",") if isinstance(value, str) else value
    if isinstance(listed, (list, tuple)):
        domains = [str(domain).strip().lower() for domain in listed]
        if all(map(_DOMAIN.fullmatch, domains)):
            return tuple(domains)
    raise ConfigurationError(
        "The QQ link domains (link_domains) must be names such as example.com, as registered in the QQ console."
    )


def _flag(name: str, value: object) -> bool:
    # A command line gives texts where a form gives booleans.
    if str(value).lower() in {"true", "false"}:
        return str(value).lower() == "true"
    raise ConfigurationError(f"The QQ setting {name} must be true or false.")
