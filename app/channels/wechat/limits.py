"""What WeChat allows an official account, as data. Sources: its push and customer-service documentation."""

from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from app.channels.base import Capability

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


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many customer-service messages, for so long after what the viewer did; a new message starts it afresh."""

    messages: int
    valid: timedelta


ALLOWANCES: Final = MappingProxyType(
    {
        "message": Allowance(5, timedelta(hours=48)),
        "menu": Allowance(3, timedelta(minutes=1)),
        "follow": Allowance(3, timedelta(minutes=1)),
        "scan": Allowance(3, timedelta(minutes=1)),
    }
)
"""By what the viewer did. A tap in a menu message of ours counts as ``message``."""

CUSTOMER_SERVICE_SENDS_A_DAY: Final = 500_000
"""The usual quota of custom/send, reset at 00:00 Beijing; the console shows the account's own."""
