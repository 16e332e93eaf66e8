"""One official account as configured: what its channel's settings and secrets must hold, and what follows from them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from app.channels.templates import read_templates
from app.channels.wechat import crypto
from app.errors import ConfigurationError

DEFAULT_WINDOW = 600
MAX_WINDOW = 24 * 60 * 60


class Mode(StrEnum):
    """How the console is set to send pushes (消息加解密方式)."""

    plain = "plain"
    """明文: nothing is encrypted."""
    compatible = "compatible"
    """兼容: both forms in one push; only the encrypted one is trusted where it is there."""
    safe = "safe"
    """安全: everything is encrypted."""


@dataclass(frozen=True, slots=True)
class Account:
    """``window`` is how far a push's time may be from ours, in seconds; ``aes_keys`` holds the current key first."""

    app_id: str
    token: str = field(repr=False)
    aes_keys: tuple[str, ...] = field(repr=False)
    mode: Mode
    window: int = DEFAULT_WINDOW
    app_secret: str | None = field(default=None, repr=False)
    customer_service: bool = True
    menu_links: bool = False
    """Whether choices are sent as links that can be tapped (weixin://bizmsgmenu)."""
    ciphers: tuple[crypto.Key, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ciphers", tuple(map(crypto.load_key, self.aes_keys)))


def read_account(settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Account:
    """The account, or ConfigurationError.

    Settings: ``app_id``, ``mode``, ``signature_window`` (seconds, 600), ``customer_service`` (true), ``menu_links``
    (false), ``templates`` (see ``read_templates``). Secrets: ``token``, ``aes_key``, ``previous_aes_key``,
    ``app_secret``; an empty secret counts as not given.
    """
    mode = _mode(settings.get("mode"))
    read_templates(settings)  # what agents may send with them is looked up where they choose one
    return Account(
        app_id=_app_id(settings.get("app_id")),
        token=_token(secrets.get("token")),
        aes_keys=_aes_keys(mode, secrets),
        mode=mode,
        window=_window(settings.get("signature_window", DEFAULT_WINDOW)),
        app_secret=secrets.get("app_secret") or None,
        customer_service=_flag("customer_service", settings.get("customer_service", True)),
        menu_links=_flag("menu_links", settings.get("menu_links", False)),
    )


def _app_id(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"[!-~]{1,64}", value):
        return value
    raise ConfigurationError("The WeChat app id (app_id) is missing or holds blanks. Copy it from the console.")


def _token(value: str | None) -> str:
    if value and re.fullmatch(r"[A-Za-z0-9]{3,32}", value):
        return value
    raise ConfigurationError("The WeChat token (token) must be 3 to 32 letters or digits, the same as in the console.")


def _mode(value: object) -> Mode:
    try:
        return Mode(str(value))
    except ValueError:
        raise ConfigurationError(
            "The WeChat message mode (mode) must be plain, compatible or safe, the same as in the console."
        ) from None


def _aes_keys(mode: Mode, secrets: Mapping[str, str]) -> tuple[str, ...]:
    if not secrets.get("aes_key") and (mode is not Mode.plain or secrets.get("previous_aes_key")):
        raise ConfigurationError(
            "The WeChat AES key (aes_key) is missing. Compatible and safe mode need the EncodingAESKey of the console."
        )
    return tuple(_aes_key(name, secrets[name]) for name in ("aes_key", "previous_aes_key") if secrets.get(name))


def _aes_key(name: str, value: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9+/]{43}", value):
        return value
    raise ConfigurationError(
        f"The WeChat AES key ({name}) must be the 43 letters and digits that the console shows as EncodingAESKey."
    )


def _window(value: object) -> int:
    text = str(value)
    if re.fullmatch(r"[0-9]{1,5}", text) and 1 <= int(text) <= MAX_WINDOW:
        return int(text)
    raise ConfigurationError(
        f"The WeChat signature window (signature_window) must be whole seconds from 1 to {MAX_WINDOW}."
    )


def _flag(name: str, value: object) -> bool:
    # A command line gives texts where a form gives booleans.
    if str(value).lower() in {"true", "false"}:
        return str(value).lower() == "true"
    raise ConfigurationError(f"The WeChat setting {name} must be true or false.")
