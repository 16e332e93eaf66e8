"""What WeChat allows an official account, as data. Sources: its push and customer-service documentation."""

from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from app.channels.base import SPOKEN, Capability
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

RATES: Final = MappingProxyType({"custom/send": Rate(per_day=500_000)})
"""The usual quotas, reset at 00:00 Beijing; the console shows the account's own."""
