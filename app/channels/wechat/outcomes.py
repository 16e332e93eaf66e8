"""What the platform's error codes mean for the call that met them.

Source: the platform's error tables of each call. A code that stands nowhere is a refusal that we have not met yet:
nothing was taken, and repeating the call as it is would be refused again.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from app.channels.delivery import DeliveryError, Outcome

MAX_DETAIL = 300
BUSY: Final = frozenset({-1, -1000})
"""Said by machines that may have taken the call: as good as no answer."""
SAME_CLIENT_ID: Final = 45065
"""Not a failure: this key was taken before, and the answer names what it became."""


def _table(outcomes: Mapping[Outcome, Iterable[int]]) -> Mapping[int, Outcome]:
    return MappingProxyType({code: outcome for outcome, codes in outcomes.items() for code in codes})


SEND: Final = _table(
    {
        Outcome.refresh: (40001, 40014, 41001, 42001),
        Outcome.media: (40007,),
        Outcome.retry: (43108,),  # another notice to the viewer is under way
        Outcome.later: (
            45009,  # the day's quota of the API, or the month's
            45011,  # too many in this minute
            45028,  # mass sends used up
            45066,  # the same key again within a minute
        ),
        Outcome.window: (
            45015,  # closed
            45047,  # count used up
            45080,  # typing: nothing from the viewer in the last 30 s
        ),
        Outcome.recipient: (
            43004,  # does not follow
            43019,  # on our blacklist
            43101,  # did not accept these notices, or the acceptance is used up
            48002,  # switched messages off
            50005,  # does not follow
        ),
        Outcome.operator: (
            40013,  # wrong app id
            40125,  # wrong secret
            40164,  # our address is not on the allow-list
            40243,  # secret frozen
            43107,  # subscription notices are banned for the account
            45084,  # may not set the speed of mass sends
            48001,  # the account may not use this interface
            48003,  # the agreement on mass sends is not accepted
            48004,  # interface banned for breaking rules
            50001,
            50002,  # the account is limited, probably punished
            65400,  # customer service is not switched on
        ),
        Outcome.permanent: (
            *(40003, 40008, 40033, 44002, 44004, 47001, 48008, 61500),  # the message is not as it must be
            *(40004, 40005, 40006, 40009, 41005, 45001),  # the file is not as it must be
            *(45002, 45008, 45064),  # too long, too many articles, a mini-program of somebody else
            *(40037, 45168, 47003),  # no such template, forbidden words, values that do not fit its fields
            *(40130, 45067, 45083, 45159),  # mass: too few viewers, long key, speed, tag
            46003,  # there is no menu
            *(45072, 45081),  # typing: no such command, shown already
            *range(65401, 65418),  # agents of the platform's own console
        ),
    }
)
"""For every call with a credential, whatever it sends."""

TOKEN: Final = _table(
    {
        Outcome.later: (45009, 45011),
        Outcome.operator: (
            40001,  # wrong secret
            40002,
            40013,  # wrong app id
            40125,  # wrong secret
            40164,  # our address is not on the allow-list; the message names it
            40243,  # secret frozen
            89501,  # an administrator must confirm our address
            89503,
            89506,  # refused: again after a day
            89507,  # refused: again after an hour
        ),
    }
)
"""For the calls that give a credential, where a wrong one is for a person to mend."""

_RETRY_AFTER: Final[Mapping[int, float]] = {45011: 60.0, 45066: 60.0}
"""Not 45009 and 45028: a quota is new on the next day of Beijing, which the caller computes from its own clock."""


def refusal(codes: Mapping[int, Outcome], code: int, message: str, *, lost: Outcome) -> DeliveryError:
    """The failure that ``errcode`` and ``errmsg`` describe; ``lost`` is what no answer would mean."""
    return DeliveryError(
        str(code),
        lost if code in BUSY else codes.get(code, Outcome.permanent),
        f"{_names().get(code, 'UNNAMED')}: {message}"[:MAX_DETAIL],
        retry_after=_RETRY_AFTER.get(code),
    )


@cache
def _names() -> Mapping[int, str]:
    """Imported when the first error comes: the library brings a second HTTP client, a tenth of a process's memory."""
    from wechatpy.constants import WeChatErrorCode

    return {int(code): code.name for code in WeChatErrorCode}
