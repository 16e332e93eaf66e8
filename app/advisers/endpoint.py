"""One OpenAI-compatible service: a JSON call that ends in time, within a budget, and not while the service is ill.

Nothing that the service depends on may depend on it, so every failure is one exception with a word for the metrics.
Neither texts nor the key ever stand in a log or an exception.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from enum import StrEnum
from time import monotonic
from typing import Any

import httpx

from app import metrics
from app.advisers.breaker import Breaker, State
from app.advisers.budget import Budget
from app.tls import trusted

log = logging.getLogger(__name__)

AT_ONCE = 8
"""Calls of one process at a time; whoever comes on top goes without, as waiting would make the answer late."""
KEPT = 60.0
"""Seconds for which an idle connection is kept: a new one costs a good part of the time that there is."""
_STATES = {State.closed: 0, State.half_open: 1, State.open: 2}
_THIS_TEXT = frozenset({400, 413, 422})
"""Refusals of a single request, e.g. by a service's filter of contents: they say nothing of the next one."""


class Failure(StrEnum):
    """Why there is no advice."""

    busy = "busy"
    over_budget = "over_budget"
    breaker_open = "breaker_open"
    timeout = "timeout"
    unreachable = "unreachable"
    """No connection, or it broke."""
    refused = "refused"
    """A 3xx or 4xx: wrong key, no credit, no such model, a text that the service does not take."""
    limited = "limited"
    """429: more calls than the service allows."""
    failed = "failed"
    """A 5xx."""
    unusable = "unusable"
    """No answer of the documented form."""
    given_up = "given_up"
    """The viewer wrote on, the time of all advisers was over, or the process ends."""


class NoAdvice(Exception):
    """There is no answer, and the service goes on without it; ``status`` is the HTTP status, where there was one."""

    def __init__(self, failure: Failure, status: int | None = None) -> None:
        super().__init__(failure if status is None else f"{failure} ({status})")
        self.failure, self.status = failure, status


class Endpoint:
    """``name`` is the adviser's in metrics and logs; ``clock`` gives seconds that never run back."""

    def __init__(
        self,
        name: str,
        url: str,
        key: str,
        *,
        calls_per_minute: int,
        calls_per_day: int,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """``url``: what the API's paths stand behind, e.g. ``https://api.deepseek.com/v1``; ``key`` may be empty."""
        self.name = name
        self._url = url.rstrip("/")
        self._clock = clock
        self._breaker, self._budget = Breaker(clock), Budget(calls_per_minute, calls_per_day, clock)
        self._under_way = 0
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        limits = httpx.Limits(max_connections=AT_ONCE, keepalive_expiry=KEPT)
        # The whole call has one limit, below: that of each of its steps would let a slow trickle go on for ever.
        self._http = httpx.AsyncClient(verify=trusted(), headers=headers, limits=limits, timeout=None)
        metrics.adviser_breaker.labels(name).set(_STATES[State.closed])

    async def close(self) -> None:
        await self._http.aclose()

    async def post(self, path: str, payload: Mapping[str, object], *, seconds: float, most_bytes: int) -> Any:
        """The JSON value that answers; NoAdvice whatever went wrong, after ``seconds`` at the latest."""
        self._may_ask()
        self._under_way += 1
        began = self._clock()
        failure: NoAdvice | None = NoAdvice(Failure.given_up)
        try:
            async with asyncio.timeout(seconds):
                answer = await self._exchange(path, payload, most_bytes)
            failure = None
            return answer
        except NoAdvice as known:
            failure = known
            raise
        except TimeoutError:
            failure = NoAdvice(Failure.timeout)
            raise failure from None
        except (httpx.RequestError, httpx.InvalidURL):
            failure = NoAdvice(Failure.unreachable)
            raise failure from None
        finally:
            self._under_way -= 1
            metrics.advice_seconds.labels(self.name).observe(self._clock() - began)
            self._note(failure)

    def _may_ask(self) -> None:
        if self._under_way >= AT_ONCE:
            raise self._counted(Failure.busy)
        if self._budget.is_spent():
            raise self._counted(Failure.over_budget)
        if not self._breaker.allows():
            raise self._counted(Failure.breaker_open)
        self._budget.spend()

    def _counted(self, failure: Failure) -> NoAdvice:
        metrics.advice.labels(self.name, failure).inc()
        return NoAdvice(failure)

    async def _exchange(self, path: str, payload: Mapping[str, object], most_bytes: int) -> Any:
        content = json.dumps(payload, ensure_ascii=False).encode()
        async with self._http.stream("POST", self._url + path, content=content) as response:
            if response.status_code != 200:
                raise NoAdvice(_meaning(response.status_code), response.status_code)
            body = bytearray()
            async for part in response.aiter_raw():  # raw: a small packed body can be a large one
                body += part
                if len(body) > most_bytes:
                    raise NoAdvice(Failure.unusable)
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise NoAdvice(Failure.unusable) from None

    def _note(self, ended: NoAdvice | None) -> None:
        """Tell the breaker, the metrics and the log how a call ended; who asked counts what is in a good answer."""
        before = self._breaker.state
        if ended is None:
            self._breaker.succeeded()
        elif ended.failure is Failure.given_up or ended.status in _THIS_TEXT:
            self._breaker.gave_up()
        else:
            self._breaker.failed()
        if ended is not None:
            self._counted(ended.failure)
            if ended.failure is not Failure.given_up:
                known = {"adviser": self.name, "reason": ended.failure, "status": ended.status}
                log.warning("no advice", extra=known)
        after = self._breaker.state
        metrics.adviser_breaker.labels(self.name).set(_STATES[after])
        if after is not before and after is not State.half_open:
            log.warning("adviser is asked again" if after is State.closed else "adviser is left alone for a while",
                        extra={"adviser": self.name})  # fmt: skip


def _meaning(status: int) -> Failure:
    if status == 429:
        return Failure.limited
    return Failure.refused if 300 <= status < 500 else Failure.failed
