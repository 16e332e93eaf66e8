"""What the platform's error codes mean for the message that met them.

Source: the platform's error tables of the token call and of custom/send. A code that is in neither table is a refusal
that we have not met yet: the message did not arrive, and repeating it as it is would be refused again.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from app.channels.delivery import DeliveryError, Outcome

MAX_DETAIL = 300


def _table(outcomes: Mapping[Outcome, Iterable[int]]) -> Mapping[int, Outcome]:
    return MappingProxyType({code: outcome for outcome, codes in outcomes.items() for code in codes})


SEND: Final = _table(
    {
        # "Busy" is said by machines that may have taken the message, and there is no idempotency key.
        Outcome.unknown: (-1, -1000),
        Outcome.refresh: (40001, 40014, 41001, 42001),
        Outcome.later: (45009, 45011),
        Outcome.window: (45015, 45047),
        Outcome.media: (40007,),
        Outcome.recipient: (43004, 43019, 48002, 50005),
        Outcome.operator: (
            40164,  # our address is not on the allow-list
            48001,  # the account may not use this interface
            48004,  # interface banned for breaking rules
            50001,
            50002,  # the account is limited, probably punished
            65400,  # customer service is not switched on
        ),
        Outcome.permanent: (
            40003,  # not an openid of this account
            40008,
            40033,
            44002,
            44004,
            45002,  # too long
            45008,
            45064,
            47001,
            48008,  # not this kind of message
            61500,
        ),
    }
)

TOKEN: Final = _table(
    {
        Outcome.retry: (-1, -1000, 45011),
        Outcome.operator: (
            40001,  # wrong secret
            40002,
            40013,  # wrong app id
            40125,  # wrong secret
            40164,  # our address is not on the allow-list; the message names it
            40243,  # secret frozen
            45009,
            89501,  # an administrator must confirm our address
            89503,
            89506,  # refused: again after a day
            89507,  # refused: again after an hour
        ),
    }
)

_RETRY_AFTER: Final[Mapping[int, float]] = {45011: 60.0}


def refusal(outcomes: Mapping[int, Outcome], code: int, message: str) -> DeliveryError:
    """The failure that the platform's ``errcode`` and ``errmsg`` describe."""
    return DeliveryError(
        str(code),
        outcomes.get(code, Outcome.permanent),
        f"{_names().get(code, 'UNNAMED')}: {message}"[:MAX_DETAIL],
        retry_after=_RETRY_AFTER.get(code),
    )


@cache
def _names() -> Mapping[int, str]:
    """Imported when the first error comes: the library brings a second HTTP client, a tenth of a process's memory."""
    from wechatpy.constants import WeChatErrorCode

    return {int(code): code.name for code in WeChatErrorCode}
