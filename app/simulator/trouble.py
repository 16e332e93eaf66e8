"""What can go wrong between us and a platform, on demand: shared by all platforms that are played."""

import asyncio
import random
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

ANY = "*"


class Kind(StrEnum):
    code = "code"
    """Refused with the platform's own error ``code``; nothing is taken."""
    status = "status"
    """Refused with the HTTP status ``code`` and no body of the platform; nothing is taken."""
    lost = "lost"
    """Nothing is taken, and the answer breaks off."""
    taken = "taken"
    """Taken; the answer breaks off."""
    silent = "silent"
    """Nothing is taken, and no answer comes until the caller gives up."""
    taken_silent = "taken_silent"
    """Taken; no answer comes until the caller gives up."""
    status_taken = "status_taken"
    """Taken, and answered with the HTTP status ``code`` (QQ's 504)."""

    @property
    def takes(self) -> bool:
        return self in (Kind.taken, Kind.taken_silent, Kind.status_taken)


@dataclass(frozen=True, slots=True)
class Trouble:
    kind: Kind
    code: int = 0


@dataclass(slots=True)
class Troubles:
    """The plan of one played platform. An API is named as its limits name it (``custom/send``, ``c2c``…)."""

    latency: float = 0.0
    """Seconds before each answer."""
    seed: int = 1
    shares: dict[str, Mapping[Trouble, float]] = field(default_factory=dict)
    """API (or ``ANY``) → share of its calls that meet a trouble, by the seeded chance."""
    _next: defaultdict[str, deque[Trouble | None]] = field(default_factory=lambda: defaultdict(deque))
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    def plan(self, api: str, *troubles: Trouble | None) -> None:
        """Meet these at the API's next calls, one each; None is a call that goes well."""
        self._next[api].extend(troubles)

    def planned(self, api: str) -> tuple[Trouble | None, ...]:
        """What its next calls will meet."""
        return tuple(self._next[api])

    def clear(self) -> None:
        self._next.clear()
        self.shares.clear()

    def meet(self, api: str) -> Trouble | None:
        """What this call meets: call it once for each request, before anything is taken."""
        if self._next[api]:
            return self._next[api].popleft()
        point = self._chance.random()
        for trouble, share in self.shares.get(api, self.shares.get(ANY, {})).items():
            point -= share
            if point < 0:
                return trouble
        return None


@dataclass(frozen=True, slots=True)
class Broken:
    """An ASGI response whose answer breaks off, or never begins."""

    silent: bool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while self.silent:  # until the caller has gone
            if (await receive())["type"] == "http.disconnect":
                return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"64")]})
        await send({"type": "http.response.body", "body": b'{"', "more_body": True})
        # The server closes the connection: what it announced never comes.


def answer_to(trouble: Trouble | None) -> ASGIApp | None:
    """What a caller gets who meets it, where that is no answer of the platform's own."""
    match trouble:
        case Trouble(kind=Kind.status | Kind.status_taken, code=code):
            return Response("<html></html>", code, media_type="text/html")
        case Trouble(kind=Kind.lost | Kind.taken):
            return Broken(silent=False)
        case Trouble(kind=Kind.silent | Kind.taken_silent):
            return Broken(silent=True)
    return None


async def delay(troubles: Troubles) -> None:
    if troubles.latency:
        await asyncio.sleep(troubles.latency)
