"""One call to a platform, whole: a token, the files that the message needs, the message, each with its own patience."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from app.channels.delivery import Delivery, DeliveryError, Line, Outcome, Receipt
from app.conversations.accounts import Account
from app.conversations.pending import Draft
from app.conversations.tokens import Addresses, Token, Tokens

if TYPE_CHECKING:  # imported with the first call: see Sender
    import httpx

T = TypeVar("T")
log = logging.getLogger(__name__)

TIMEOUT = 8.0
"""Seconds of one step of a call (connecting, each read)."""
LONGEST = 12.0
"""Seconds of a whole call. An attempt makes four at the most, so that no lease ends in the middle of a send."""


class Refused(Exception):
    """No token: the failure concerns the channel as a whole, not this message."""

    def __init__(self, error: DeliveryError) -> None:
        super().__init__(str(error))
        self.error = error


class Caller:
    def __init__(self, http: "httpx.AsyncClient", tokens: Tokens, addresses: Addresses) -> None:
        self._http, self._tokens, self._addresses = http, tokens, addresses

    async def close(self) -> None:
        await self._tokens.close()
        await self._http.aclose()

    async def send(self, account: Account, draft: Draft) -> Receipt:
        """The platform's receipt, or DeliveryError; Refused where not even a token is to be had."""
        delivery = Delivery(draft.recipient, draft.message, f"m{draft.message_id}", draft.reply_to)

        async def call(line: Line) -> Receipt:
            sending = account.platform.send(line, account.credentials, delivery)
            return await within(LONGEST, sending, Outcome.unknown)

        return await self.with_token(account, call)

    async def with_token(self, account: Account, call: Callable[[Line], Awaitable[T]]) -> T:
        """Call; where the platform refuses the token, replace it once and repeat once: a loop would burn the quota."""
        token = await self._token(account)
        try:
            return await call(self.line(account, token))
        except DeliveryError as error:
            if error.outcome is not Outcome.refresh:
                raise
        await self._tokens.replace(account, token)
        return await call(self.line(account, await self._token(account)))

    def line(self, account: Account, token: Token) -> Line:
        return Line(self._http, self._addresses.of(account), token.value)

    async def token(self, account: Account) -> Token:
        return await within(LONGEST, self._tokens.current(account), Outcome.retry)

    async def replace(self, account: Account, refused: Token) -> None:
        await self._tokens.replace(account, refused)

    async def _token(self, account: Account) -> Token:
        try:
            return await self.token(account)
        except DeliveryError as error:
            raise Refused(error) from error
        except Exception as broken:  # a bug, or a mistake in the configuration; nothing has left
            log.exception("no token", extra={"channel": account.name})
            raise Refused(DeliveryError("no_token", Outcome.retry, type(broken).__name__)) from broken


async def within(seconds: float, call: Awaitable[T], lost: Outcome) -> T:
    """A server that answers byte by byte passes every time-out of a single step."""
    try:
        async with asyncio.timeout(seconds):
            return await call
    except TimeoutError:
        raise DeliveryError("no_answer", lost, f"not done in {seconds:g} s") from None
