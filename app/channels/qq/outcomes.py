"""What the platform's error codes mean for the message that met them.

Source: the platform's tables of the token call, of its gateway and of sending. A code that is in none of them is a
refusal that we have not met yet: the message did not arrive, and repeating it as it is would be refused again.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from app.channels.delivery import DeliveryError, Outcome

MAX_DETAIL = 300

DUPLICATE: Final = 40054005
"""This (message, number) was taken before: what we wanted has happened."""
UNDER_AUDIT: Final = frozenset({304023, 304024})
"""Taken, and shown once a person or machine has looked at it: reported later, never sent again."""
NO_BUTTONS: Final = frozenset({304036, 50055, 50056, 50057, 304037, 304057, 40034029})
"""The bot lacks the permission for keyboards or markdown of its own."""
NO_LINK: Final = frozenset({304003, 40054010})
"""An address in the text is not registered."""
PLAINER: Final = NO_BUTTONS | NO_LINK
"""The same words leave without buttons and addresses."""


def _table(outcomes: Mapping[Outcome, Iterable[int]]) -> Mapping[int, Outcome]:
    return MappingProxyType({code: outcome for outcome, codes in outcomes.items() for code in codes})


SEND: Final = _table(
    {
        Outcome.refresh: (11241, 11242, 11243, 11244, 11245),
        Outcome.retry: (
            *(11252, 11263, 11281, 20028, 40034004, 40054006, 50055001, 50055002, 50055006),
            *(304082, 304083, 40093001, 850027),  # its store of files is busy
        ),
        Outcome.later: (
            *(22009, 40034100, 1100100, 1100308),
            40093002,  # the day's capacity of files
        ),
        Outcome.window: (
            *(40034005, 304027, 40034128),  # what we reply to is too old, or has had its answers
            # Refused because nobody asked: whoever writes again can be answered.
            *(40034102, 40034105, 40034106, 40054013, 40034122),
            *(304045, 304046, 304047, 304048, 304049, 304050),
        ),
        Outcome.recipient: (
            *(40034101, 40054003),  # not in the group any more
            40054004,  # not a friend
            *(40054002, 850018),  # muted
        ),
        Outcome.operator: (
            *(11251, 11253, 11254, 11261, 11264, 11265, 11275, 11282),  # configuration, or the bot is banned
            *(11298, 40023002),  # our address is not on the allow-list
            304018,  # guilds take nothing unasked from a bot without a websocket
            40054016,  # the bot is offline
        ),
        Outcome.permanent: (
            *NO_BUTTONS,
            *NO_LINK,
            *(1100101, 40034006),  # the platform dislikes the words
            *(40054007, 40054018, 1000001),  # too long
            *(22006, 50006, 304004, 304026, 304028, 304061, 304103, 305007, 340067, 340069),
            *(40034008, 40034009, 40034010, 40034011, 40034024, 40034025, 40034026, 40034027),
            *(40007, 50002),  # streams only, which we do not use
            *(850019, 850026, 850031),  # a file of the wrong form, that cannot be fetched, that is too large
        ),
    }
)

TOKEN: Final = _table(
    {
        Outcome.later: (100001,),
        Outcome.retry: (100002,),
        Outcome.operator: (
            10004,  # no such bot
            100007,  # wrong app id, or the bot is banned
            100016,  # wrong secret
        ),
    }
)

_WAIT: Final = 60.0
"""Seconds that the platform asks for where a rate is exceeded."""
_RETRY_AFTER: Final[Mapping[int, float]] = dict.fromkeys((22009, 40034100, 1100100, 1100308, 100001), _WAIT)


def code_of(answer: Mapping[str, Any] | None, known: Mapping[int, Outcome] = SEND) -> int:
    """The code that tells most, 0 for none: ``err_code`` is the finer one, but not always one that is documented."""
    given = [number for name in ("err_code", "code") if (number := _number((answer or {}).get(name)))]
    return next((code for code in given if code in known), given[0] if given else 0)


def refusal(outcomes: Mapping[int, Outcome], code: int, status: int, message: str, trace: str) -> DeliveryError:
    """The failure that the platform's answer describes; ``trace`` is what its support asks for."""
    outcome = outcomes.get(code)
    if status == 504 or (outcome is None and status >= 500):
        outcome = Outcome.unknown  # it may have been taken
    detail = f"{message} (HTTP {status}, trace {trace or 'none'})"
    return DeliveryError(
        str(code), outcome or Outcome.permanent, detail[:MAX_DETAIL], retry_after=_RETRY_AFTER.get(code)
    )


def by_status(status: int, lost: Outcome, trace: str) -> DeliveryError:
    """The failure of an answer without a code of the platform: from it in distress, or from somebody between."""
    outcome = {401: Outcome.refresh, 429: Outcome.later}.get(status)
    if outcome is None:
        outcome = Outcome.operator if 300 <= status < 500 else lost
    wait = _WAIT if status == 429 else None
    return DeliveryError(f"http_{status}", outcome, f"trace {trace or 'none'}"[:MAX_DETAIL], retry_after=wait)


def _number(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 12:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
