"""The words between understanding, deciding and acting: plain data, frozen.

What each turn makes is a NamedTuple: a frozen dataclass takes a microsecond more to make.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from app.channels.content import Content
from app.channels.outbound import Choice
from app.dialogue.provenance import Source
from app.dialogue.understand import Understanding
from app.faq.knowledge import Action, Entry, Intent
from app.matching.entities import NOTHING, Slots
from app.tickets.models import ComplaintState
from app.tickets.views import TicketRef, TicketView


class Waits(StrEnum):
    """What the bot waits for."""

    choice = "choice"
    """One of the targets in ``options``."""
    topic = "topic"
    device = "device"
    """The device, for the entry in ``options``."""
    offer = "offer"
    """Yes or no to the intent in ``options``."""
    details = "details"
    """Whatever belongs to the conversation's open ticket."""
    answer = "answer"
    """The answer to what a ticket's agent asked; its number stands in ``options``."""
    decision = "decision"
    """Whether the decision about the complaint in ``options`` is accepted."""
    score = "score"
    """How content the viewer is with the ticket in ``options``: 1 to 5."""
    solved = "solved"
    """Whether it is solved this time: the ticket in ``options`` was opened again, and is closed again."""
    reason = "reason"
    """Why he is not content with it."""
    tickets = "tickets"
    """A number of one of the viewer's tickets."""
    picture = "picture"
    """Words for a picture."""
    suggestion = "suggestion"
    notice = "notice"
    """Whether the viewer wants to be told what becomes of the suggestion."""


class Awaiting(NamedTuple):
    """What the bot asked and waits for."""

    kind: str
    options: tuple[str, ...]
    expires: int
    """Seconds since 1970."""
    about: str = ""
    """The viewer's words that were asked about, for the ticket that may follow."""


class Memory(NamedTuple):
    """What a conversation remembers between two turns."""

    owner: str = "bot"
    awaiting: Awaiting | None = None
    failures: int = 0
    """Turns in a row that the bot did not understand."""
    last_entry: str | None = None
    acknowledged: bool = False
    """Whether the viewer in the queue was told that his addition was received."""
    repeats: int = 0
    """How often ``last_entry`` was asked again since it was answered first; -1 while it is known but not answered."""
    heard: Slots = NOTHING
    """What was named so far: title, episode, device, error code."""

    def but(self, **changes: Any) -> "Memory":
        return self._replace(**changes)

    def hearing(self, slots: Slots) -> "Memory":
        """The same with what a text names."""
        heard = self.heard if slots is NOTHING else slots.over(self.heard)
        return self if heard == self.heard else self._replace(heard=heard)

    def closed(self) -> "Memory":
        """The same after something was settled: nothing is waited for but more about an open ticket."""
        waits = self.awaiting if self.awaiting and self.awaiting.kind == Waits.details else None
        return self._replace(awaiting=waits, failures=0)


class Turn(NamedTuple):
    """One message with what was known when it was decided."""

    content: Content
    understanding: Understanding | None
    memory: Memory
    ahead: int = 0
    """Conversations that wait before this one: in the queue its own, with the bot what it would be."""
    here: tuple[TicketRef, ...] = ()
    """The open tickets of this conversation, oldest first."""
    own: tuple[TicketView, ...] = ()
    """The viewer's tickets, newest first; loaded only where the turn asks for them."""
    promised: TicketRef | None = None
    """With the bot: under which ticket a person's word is promised as soon as one is there; loaded as ``own``.

    Its number is 0 where it is opened by this batch.
    """
    more: bool = False
    """Whether an earlier text still waits to be sent."""
    unseen: bool = False
    """A person's word is what waits: nothing that he writes now answers it."""
    burst: int = 1
    """The viewer's messages within a minute, this one included."""
    in_public: bool = False
    """Others read along (a group): what concerns the viewer alone is not said."""
    has_agent: bool = False
    """One of ours speaks, not only one in the platform's own console."""
    is_manned: bool = True
    """As far as is known somebody is at the desk who can take this conversation; the service hours say the rest."""
    expected: timedelta | None = None
    """How long somebody in this place waits for a person; None: not known."""

    @property
    def words(self) -> str:
        return self.understanding.words if self.understanding else ""

    @property
    def meant(self) -> Entry | Intent | None:
        return self.understanding.meant if self.understanding else None

    def means(self, action: Action) -> bool:
        """Whether the text asks for an intent of this action."""
        found = self.meant
        return isinstance(found, Intent) and found.action is action

    def flagged(self, action: Action) -> Intent | None:
        """The intent of this action whose words stand in the text, whatever it asks."""
        flag = self.understanding.flag if self.understanding else None
        return flag if flag and flag.action is action else None


class Said(StrEnum):
    """The outcome of a turn, as counted."""

    answered = "answered"
    clarified = "clarified"
    handed_over = "handed_over"
    acknowledged = "acknowledged"
    replied = "replied"
    """Said something that is no entry of the knowledge."""
    silent = "silent"


class Say(NamedTuple):
    text: str
    source: Source | None = None
    choices: tuple[Choice, ...] = ()
    """Lines of the text that can be tapped, where the account allows it."""
    also: Source | None = None
    """Of the second answer, where the text holds two."""


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """Open a ticket for this conversation. Where a fitting one is open already, it takes the words up instead."""

    kind: str
    subject: str
    due: datetime
    priority: str = "normal"
    category: str | None = None
    """The entry that it is about."""
    details: str = ""
    """What the first line of its history says besides the viewer's words."""
    office: str = ""
    """In charge, of a complaint."""
    about: Slots = NOTHING
    """What was named in the conversation."""
    dimension: str | None = None
    days: int | None = None
    """Working days, of which ``due`` is the end, of a complaint."""


@dataclass(frozen=True, slots=True)
class AddToTicket:
    """Add a line to the newest open ticket of this conversation, or to the viewer's ticket ``number``."""

    text: str
    number: int | None = None
    due: datetime | None = None
    """The new promise, where the line is the answer that the ticket waited for."""


@dataclass(frozen=True, slots=True)
class CloseTicket:
    """The viewer says that it is solved."""

    number: int


@dataclass(frozen=True, slots=True)
class SettleComplaint:
    """What the viewer says of the decision about his complaint."""

    number: int
    outcome: ComplaintState
    text: str


@dataclass(frozen=True, slots=True)
class ScoreTicket:
    """How content the viewer is with what became of his ticket: 1 to 5."""

    number: int
    score: int


@dataclass(frozen=True, slots=True)
class ReopenTicket:
    """It was closed, but the viewer says that it is not done."""

    number: int
    text: str
    due: datetime
    """Until when he is promised an answer."""
    explains_score: bool = False


@dataclass(frozen=True, slots=True)
class ConfirmTicket:
    """It is closed, and the viewer says that it is solved."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class WantNotice:
    """The viewer wants to hear what becomes of the newest ticket of this conversation: for this once."""


@dataclass(frozen=True, slots=True)
class CallBack:
    """Nobody is there: as soon as somebody is, a person speaks with the viewer."""


@dataclass(frozen=True, slots=True)
class CallOff:
    """He does not want that person any more."""


@dataclass(frozen=True, slots=True)
class NameTicket:
    """The words name the newest ticket of this conversation, which this batch may have opened a moment ago."""


@dataclass(frozen=True, slots=True)
class Consent:
    """To value-added pushes, or that there is none any more."""

    granted: bool


Effect = (
    OpenTicket | AddToTicket | CloseTicket | SettleComplaint | ScoreTicket | ReopenTicket | ConfirmTicket | WantNotice
    | CallBack | CallOff | NameTicket | Consent
)  # fmt: skip


class Decision(NamedTuple):
    said: Said
    memory: Memory
    says: tuple[Say, ...] = ()
    effects: tuple[Effect, ...] = ()


def reply(memory: Memory, text: str, *effects: Effect, said: Said = Said.replied) -> Decision:
    return Decision(said, memory, (Say(text),), effects)


def silent(turn: Turn) -> Decision:
    return Decision(Said.silent, turn.memory)
