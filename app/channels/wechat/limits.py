"""What WeChat allows an official account, as data. Sources: its push and customer-service documentation."""

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final, NamedTuple

from app.channels.base import Capability
from app.channels.content import SPOKEN
from app.channels.delivery import Allowance, Rate

CHECKED_ON: Final = date(2026, 11, 23)

PUSH_CUT_SECONDS: Final = 5.0
"""The platform cuts a push that is not answered by then, and sends it again at once."""
PUSH_ATTEMPTS: Final = 3

PASSIVE_TEXT_BYTES: Final = 2048
"""UTF-8 bytes of a passive text reply as documented; beyond it the viewer sees a failure line or nothing."""
SAFE_TEXT_BYTES: Final = 2000
"""What we use for passive replies and customer-service texts alike: the limit of the latter is not documented."""

CAPABILITY: Final = Capability(
    passive_reply=True,
    passive_window=PUSH_CUT_SECONDS - 0.5,
    last_retry=PUSH_CUT_SECONDS * PUSH_ATTEMPTS,
    text_bytes=SAFE_TEXT_BYTES,
)


_SPOKEN: Final = Allowance("message", 5, timedelta(hours=48), restarts=True)
ALLOWANCES: Final = MappingProxyType(
    {
        "message": _SPOKEN,
        "menu": Allowance("menu", 3, timedelta(minutes=1), restarts=True),
        "followed": Allowance("followed", 3, timedelta(minutes=1), restarts=True),
        "scanned": Allowance("scanned", 3, timedelta(minutes=1), restarts=True),
    }
)
"""So many customer-service messages, for so long after what the viewer did; a new one starts it afresh.

A tap in a menu message of ours counts as ``message``."""


def allowance(kind: str) -> Allowance | None:
    """What a push with a content of this kind allows."""
    return _SPOKEN if kind in _SPOKEN_KINDS else ALLOWANCES.get(kind)


_SPOKEN_KINDS: Final = frozenset(content.kind for content in SPOKEN)

RATES: Final = MappingProxyType(
    {
        "stable_token": Rate(per_minute=10_000, per_day=500_000),
        "token": Rate(per_day=2_000),
        "custom/send": Rate(per_day=500_000),
        "template/send": Rate(per_day=100_000),
        "mass/sendall": Rate(per_minute=60, per_day=100),
        "mass/send": Rate(per_minute=60, per_day=100),
        "mass/preview": Rate(per_day=100),
        "media/upload": Rate(per_day=100_000),
        "user/info": Rate(per_day=5_000_000),
        "clear_quota": Rate(per_month=10),
    }
)
"""The usual quotas, reset at 00:00 Beijing; the console and ``openapi/quota/get`` show the account's own.

An API is named by its path after ``/cgi-bin/``, without ``message/``."""


PASSAGES: Final = frozenset({"custom/send", "template/send", "subscribe/bizsend"})
SENDING_RATES: Final = MappingProxyType({api: rate for api, rate in RATES.items() if api in PASSAGES})
"""Of the ways by which one viewer's message leaves."""


class MediaLimit(NamedTuple):
    bytes: int
    types: Mapping[str, str]
    """Content type → ending of the file's name."""


_MIB: Final = 1024 * 1024
_PICTURES: Final = {"image/png": "png", "image/jpeg": "jpg", "image/jpg": "jpg", "image/gif": "gif"}
_VOICES: Final = {"audio/amr": "amr", "audio/mpeg": "mp3", "audio/mp3": "mp3"}
_THUMB: Final = MediaLimit(64 * 1024, {"image/jpeg": "jpg", "image/jpg": "jpg"})

MEDIA: Final = MappingProxyType(
    {
        "image": MediaLimit(10 * _MIB, _PICTURES),
        "voice": MediaLimit(2 * _MIB, _VOICES),
        "video": MediaLimit(10 * _MIB, {"video/mp4": "mp4"}),
        "thumb": _THUMB,
    }
)
"""Temporary files; a voice is at most 60 seconds long, which we do not measure."""
MATERIAL: Final = MEDIA
ARTICLE_PICTURE: Final = MediaLimit(_MIB, {"image/png": "png", "image/jpeg": "jpg", "image/jpg": "jpg"})
MEDIA_LIVES: Final = timedelta(days=3)
TEMPLATE_KEY_LIVES: Final = timedelta(minutes=10)
"""So long ``template/send`` recognises our key."""
MASS_KEY_LIVES: Final = timedelta(hours=24)
MASS_KEY_LENGTH: Final = 64
