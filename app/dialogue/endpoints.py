"""The webhooks: a platform's request in, its answer out. Plain ASGI: each microsecond counts here."""

import itertools
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from app import logs, metrics
from app.channels.base import MAX_BODY_BYTES, Handshake, Inbound, Refusal, Request, Undecodable
from app.channels.outbound import Text
from app.conversations.accounts import Account, Directory
from app.dialogue.ingest import Ingest, Overdue
from app.dialogue.push import Answer, Fate, Push
from app.dialogue.reading import read_arrived
from app.dialogue.turn import Said
from app.secrets import Keyring

if TYPE_CHECKING:
    from app.dialogue.advising import Advising

log = logging.getLogger(__name__)
PREFIX = "/webhooks/"
_LONGEST_QUERY = 4096
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_TURNS = {outcome: metrics.turns.labels(outcome) for outcome in (*Said, *Fate)}
_numbers = itertools.count(1)
_boot = f"{int(datetime.now(UTC).timestamp()):x}"

Response = tuple[int, str, bytes]
"""Status, content type, body."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One answered push as seen from within; the times are those of ``perf_counter``."""

    account: Account
    push: Push
    answer: Answer
    arrived: float
    parsed: float
    submitted: float
    committed: float


Observer = Callable[[Observation], None]


class Incomplete(Exception):
    """The sender left before the whole body had come."""


class Webhooks:
    """``/webhooks/{platform}/{channel}``: who may come in is whoever signs with the channel's token."""

    def __init__(
        self,
        directory: Directory,
        ingest: Ingest,
        keyring: Keyring,
        observer: Observer | None = None,
        advising: "Advising | None" = None,
    ) -> None:
        """``observer`` is told of each push that was answered, before the response leaves; it must not raise."""
        self._directory, self._ingest, self._keyring = directory, ingest, keyring
        self._observer, self._advising = observer, advising

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        logs.request_id.set(f"{_boot}-{next(_numbers):x}")
        (status, kind, body), answer = await self._respond(scope, receive)
        headers = [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        if answer is not None:
            self._ingest.handed_over(answer)

    async def _respond(self, scope: Scope, receive: Receive) -> tuple[Response, Answer | None]:
        """The response, and the answer that it carries."""
        arrived = perf_counter()
        account = await self._account(scope["path"])
        if account is None:
            return _plain(404, "no such channel"), None
        if scope["method"] not in ("GET", "POST"):
            return _plain(405, "method not allowed"), None
        try:
            body = await _body(receive)
        except Incomplete:
            return _plain(400, "incomplete"), None
        if body is None:
            metrics.refusals.labels("too_large").inc()
            return _plain(413, "too large"), None
        headers = _headers(scope["headers"]) if account.platform.reads_headers else NO_HEADERS
        request = Request(_query(scope["query_string"]), body, headers)
        try:
            if scope["method"] == "GET":
                return _verified(account, request), None
            message = account.platform.parse(account.credentials, request, datetime.now(UTC))
        except Refusal as refusal:
            metrics.refusals.labels(refusal.reason).inc()
            log.warning("refused", extra={"channel": account.name, "reason": refusal.reason})
            return _plain(403, "forbidden"), None
        if isinstance(message, Handshake):
            return (200, message.content_type, message.body), None
        return await self._answered(account, message, arrived)

    async def _account(self, path: str) -> Account | None:
        platform, _, channel = path.removeprefix(PREFIX).partition("/")
        return await self._directory.find(platform, channel)

    async def _answered(
        self, account: Account, message: Inbound | Undecodable, arrived: float
    ) -> tuple[Response, Answer | None]:
        parsed = perf_counter()
        push = read_arrived(account, message, self._keyring, self._ingest.rules.brain, datetime.now(UTC))
        if self._advising is not None:
            push = await self._advised(self._advising, account, message, push)
        submitted = perf_counter()
        try:
            answer = await self._ingest.submit(push)
        except Overdue:
            metrics.overdue.inc()
            return _plain(503, "nothing committed in time"), None  # a page would be shown to the viewer
        except Exception:
            log.exception("push not stored")
            return _plain(503, "not stored"), None
        committed = perf_counter()
        _count(account, message, answer, committed - arrived)
        if self._observer is not None:
            self._observer(Observation(account, push, answer, arrived, parsed, submitted, committed))
        return _rendered(account, message, answer), answer

    async def _advised(
        self, advising: "Advising", account: Account, message: Inbound | Undecodable, push: Push
    ) -> Push:
        """Between the end of this and the queue nothing may wait: it keeps a viewer's messages in their order."""
        brain = self._ingest.rules.brain
        advised = await advising.advise(push, brain)
        if self._ingest.rules.brain.knowledge is brain.knowledge:
            return advised
        # The knowledge changed meanwhile: what was understood may name what is gone.
        return read_arrived(account, message, self._keyring, self._ingest.rules.brain, push.received_at)


def _verified(account: Account, request: Request) -> Response:
    return 200, "text/plain", account.platform.challenge(account.credentials, request, datetime.now(UTC))


def _rendered(account: Account, message: Inbound | Undecodable, answer: Answer) -> Response:
    body, kind = account.platform.acknowledgement
    if answer.text is not None and isinstance(message, Inbound):
        text = Text(answer.text, answer.choices)
        body, kind = account.platform.answer(account.credentials, message, text, datetime.now(UTC))
    return 200, kind, body


def _plain(status: int, text: str) -> Response:
    return status, "text/plain", text.encode()


def _count(account: Account, message: Inbound | Undecodable, answer: Answer, seconds: float) -> None:
    metrics.latency.observe(seconds)
    if answer.fate is Fate.repeated:
        metrics.duplicates.inc()
    elif isinstance(message, Undecodable):
        metrics.undecodable.inc()
        log.warning("undecodable", extra={"channel": account.name, "reason": message.reason})
    else:
        _TURNS[answer.said or answer.fate].inc()
    logs.turn(account.name, answer.conversation_id, answer.fate, answer.said, seconds)


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> Mapping[str, str]:
    """By lower-case name, as the server gives them; the last of a name."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in raw}


def _query(raw: bytes) -> Mapping[str, str]:
    """The parameters, the last of a name; too many of them are none at all, and what is not signed is refused."""
    text = raw.decode("latin-1")
    if "%" not in text and "+" not in text:  # as platforms write it: no need to look for escapes in each part
        return dict([pair.partition("=")[::2] for pair in text.split("&")]) if len(text) <= _LONGEST_QUERY else {}
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=32, encoding="utf-8"))
    except ValueError:
        return {}


async def _body(receive: Receive) -> bytes | None:
    """The body, or None where it is longer than any push of a platform; Incomplete where its end never came."""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Incomplete
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY_BYTES:
            return None
        parts.append(part)
        more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)
