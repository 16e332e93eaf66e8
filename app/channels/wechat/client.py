"""WeChat's credential, its customer-service messages and its typing hint. See ``calls`` for how each can fail.

Who keeps the token, repeats a call or waits is the caller.
"""

import contextlib
from dataclasses import dataclass, field
from typing import Any

from app.channels.delivery import DeliveryError, Line, Outcome
from app.channels.exchange import bad_answer
from app.channels.wechat import calls, outcomes

CUSTOM_SEND = "/cgi-bin/message/custom/send"


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and the seconds that it still lives: at most 7200, and few when it is near its end."""

    value: str = field(repr=False)
    expires_in: int


async def fetch_stable_token(line: Line, *, app_id: str, secret: str, force_refresh: bool = False) -> Token:
    """The account's current token. Calling it again returns the same one until its last five minutes.

    Quota: 10,000 a minute and 500,000 a day. Repeating it cannot harm, so whatever is uncertain is ``retry``.
    ``force_refresh`` makes the former die at once: after a leak only, 20 a day, 30 seconds apart.
    """
    request = {"grant_type": "client_credential", "appid": app_id, "secret": secret, "force_refresh": force_refresh}
    bare = line._replace(token="")
    answer = await calls.post(bare, "/cgi-bin/stable_token", request, lost=Outcome.retry, codes=outcomes.TOKEN)
    match answer:
        case {"access_token": str(value), "expires_in": int(seconds)} if value and seconds > 0:
            return Token(value, seconds)
    raise bad_answer(Outcome.retry)


async def send_custom(line: Line, message: dict[str, Any]) -> None:
    """Send a customer-service message (``messages.customer_service``); counts against the viewer's allowance.

    The platform takes no idempotency key: an answer that got lost is ``unknown`` and so is its own "busy" (-1).
    """
    await calls.post(line, CUSTOM_SEND, message, lost=Outcome.unknown, needs=("errcode",))


async def show_typing(line: Line, *, openid: str) -> None:
    """Show for at most 15 seconds that somebody writes. Nothing depends on it: every failure is swallowed."""
    request = {"touser": openid, "command": "Typing"}
    with contextlib.suppress(DeliveryError):
        await calls.post(line, "/cgi-bin/message/custom/typing", request, lost=Outcome.retry)
