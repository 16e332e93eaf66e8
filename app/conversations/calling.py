"""One call to a platform, whole: a token, the files that the message needs, the message, each with its own patience."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from app.channels.delivery import Delivery, DeliveryError, Line, Outcome, Receipt
from app.conversations import uploads
from app.conversations.accounts import Account
from app.conversations.connections import Connections
from app.conversations.pending import Draft
from app.conversations.tokens import Addresses, Token, Tokens
from app.conversations.uploads import Place
from app.db.database import Database
from app.storage.storage import Storage

if TYPE_CHECKING:  # imported with the first call: see Sender
    import httpx

T = TypeVar("T")
log = logging.getLogger(__name__)

TIMEOUT = 8.0
"""Seconds of one step of a call (connecting, each read)."""
LONGEST = 12.0
"""Seconds of a whole call."""
CALLS = 6
"""Of an attempt at the most: token, files, message, and all of that once more where the token was refused."""


class Refused(Exception):
    """No token: the failure concerns the channel as a whole, not this message."""

    def __init__(self, error: DeliveryError) -> None:
        super().__init__(str(error))
        self.error = error


class Caller:
    def __init__(
        self,
        db: Database,
        storage: Storage,
        http: "httpx.AsyncClient",
        connections: Connections,
        tokens: Tokens,
        addresses: Addresses,
        clock: Callable[[], datetime],
    ) -> None:
        """``http``: for all calls that are no messages; ``connections``: for messages."""
        self._db, self._storage, self._http, self._connections = db, storage, http, connections
        self._tokens, self._addresses, self._clock = tokens, addresses, clock

    async def close(self) -> None:
        await self._tokens.close()
        await self._connections.close()
        await self._http.aclose()

    async def send(self, account: Account, draft: Draft) -> Receipt:
        """The platform's receipt, or DeliveryError; Refused where not even a token is to be had."""
        with self._connections.one() as http:
            return await self._send(http, account, draft)

    async def _send(self, http: "httpx.AsyncClient", account: Account, draft: Draft) -> Receipt:
        places = uploads.places_of(account, draft)

        async def call(line: Line) -> Receipt:
            media = await within(LONGEST, self._bring(line, account, draft, places), Outcome.retry) if places else {}
            own = f"m{draft.message_id}"
            delivery = Delivery(draft.recipient, draft.message, own, draft.reply_to, media, draft.agent)
            sending = account.platform.send(line, account.credentials, delivery)
            return await within(LONGEST, sending, Outcome.unknown)

        try:
            return await self._with_token(http, account, call)
        except DeliveryError as error:
            if error.outcome is Outcome.media:  # the next attempt uploads them again
                await self._db.write(uploads.forget, places)
            raise

    async def _bring(self, line: Line, account: Account, draft: Draft, places: Sequence[Place]) -> Mapping[str, str]:
        """File → the platform's id of it."""
        now = self._clock()
        return {
            place.file: await uploads.bring(self._db, self._storage, line, account, place, draft.recipient, now)
            for place in places
        }

    async def _with_token(self, http: "httpx.AsyncClient", account: Account, call: Callable[[Line], Awaitable[T]]) -> T:
        """Call; where the platform refuses the token, replace it once and repeat once: a loop would burn the quota."""
        token = await self._token(account)
        try:
            return await call(self._line(http, account, token))
        except DeliveryError as error:
            if error.outcome is not Outcome.refresh:
                raise
        await self._tokens.replace(account, token)
        return await call(self._line(http, account, await self._token(account)))

    def line(self, account: Account, token: Token) -> Line:
        return self._line(self._http, account, token)

    def _line(self, http: "httpx.AsyncClient", account: Account, token: Token) -> Line:
        return Line(http, self._addresses.of(account), token.value)

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
