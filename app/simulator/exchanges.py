"""What went over the wire for a phone: pushes with their attempts, the service's own calls, notes. State only."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.dialogue.endpoints import Observation
from app.dialogue.push import Key
from app.simulator.signed import Signed


@dataclass(frozen=True, slots=True)
class Reply:
    """What the platform takes from an answer: a text to show, or none where it was only acknowledged."""

    text: str | None
    body: str
    """The decrypted body."""
    sealed: bool = False


class BadReply(Exception):
    """The platform cannot use this answer. The text says why, in Chinese."""


class Fate(StrEnum):
    """What became of one attempt to push."""

    running = "running"
    answered = "answered"
    cut = "cut"
    """Not answered in time: the connection was cut without reading."""
    refused = "refused"
    """An HTTP status other than 200."""
    unreachable = "unreachable"
    unusable = "unusable"
    """A 200 whose body the platform cannot use."""


@dataclass(slots=True)
class Attempt:
    number: int
    signed: Signed
    started: float
    """By ``perf_counter``."""
    fate: Fate = Fate.running
    status: int | None = None
    kind: str = ""
    body: str = ""
    reply: Reply | None = None
    trouble: str = ""
    seconds: float = 0.0
    seen: Observation | None = None
    """What the service did, where it was this process."""


@dataclass(slots=True)
class PushExchange:
    """One act of the viewer as pushed to the service: a few attempts with one body."""

    number: int
    at: datetime
    title: str
    path: str
    body: str
    channel_id: int
    key: str
    """The key by which the service tells a repeat."""
    attempts: list[Attempt] = field(default_factory=list)
    ended: bool = False
    failed: bool = False
    """The viewer read the failure line."""
    stalled: bool = False
    """The service was made too slow for it."""
    late: Observation | None = None
    """What the service decided after the last attempt."""
    reply: str = ""
    """On QQ, what an answer to it must name."""
    tap: str = ""
    """On QQ, what the platform wants to be settled."""

    @property
    def pushed(self) -> Key:
        return self.channel_id, self.key

    @property
    def seen(self) -> Observation | None:
        """The observation of the attempt that was decided; that of a repeat where the first was seen by nobody."""
        observed = [attempt.seen for attempt in self.attempts if attempt.seen]
        decided = [seen for seen in observed if seen.answer.decision is not None]
        return next(iter(decided or observed), self.late)


@dataclass(slots=True)
class CallExchange:
    """A call of the service to the platform's API."""

    number: int
    at: datetime
    title: str
    path: str
    request: str
    response: str
    errcode: int
    meaning: str
    text: str
    lost: bool = False
    """The platform's answer did not come back to the service."""
    facts: tuple[tuple[str, str], ...] = ()
    """What else there is to know of it: names and values."""
    credential: str = "?access_token=…"
    """Where the token stands, behind the path."""
    picture: str = ""


@dataclass(slots=True)
class NoteExchange:
    """Something that the platform keeps to itself."""

    number: int
    at: datetime
    title: str
    text: str


Exchange = PushExchange | CallExchange | NoteExchange
