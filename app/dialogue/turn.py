"""The words between understanding, deciding and acting: plain data, frozen."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.channels.base import Content
from app.dialogue.provenance import Source
from app.dialogue.understand import Understanding


@dataclass(frozen=True, slots=True)
class Awaiting:
    """What the bot asked and waits for. ``kind``: ``choice`` (targets in ``options``) or ``topic``."""

    kind: str
    options: tuple[str, ...]
    expires: datetime


@dataclass(frozen=True, slots=True)
class Memory:
    """What a conversation remembers between two turns."""

    owner: str = "bot"
    awaiting: Awaiting | None = None
    failures: int = 0
    """Turns in a row that the bot did not understand."""
    last_entry: str | None = None
    acknowledged: bool = False
    """Whether the viewer in the queue was told that his addition was received."""

    def but(self, **changes: Any) -> "Memory":
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Turn:
    """One message with what was known when it was decided."""

    content: Content
    understanding: Understanding | None
    memory: Memory
    ahead: int = 0
    """Conversations that wait before this one: in the queue its own, with the bot what it would be."""
    open_tickets: tuple[int, ...] = ()
    more: bool = False
    """Whether an earlier text still waits to be sent."""


class Said(StrEnum):
    """The outcome of a turn, as counted."""

    answered = "answered"
    clarified = "clarified"
    handed_over = "handed_over"
    acknowledged = "acknowledged"
    replied = "replied"
    """Said something that is no entry of the knowledge."""
    silent = "silent"


@dataclass(frozen=True, slots=True)
class Say:
    text: str
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """Open a ticket for this conversation, unless one is open already."""

    kind: str
    subject: str
    priority: str = "normal"


@dataclass(frozen=True, slots=True)
class AddToTicket:
    """Add what the viewer wrote to the open ticket of this conversation."""

    text: str


@dataclass(frozen=True, slots=True)
class RefusePushes:
    """The viewer wants no value-added pushes any more."""


Effect = OpenTicket | AddToTicket | RefusePushes


@dataclass(frozen=True, slots=True)
class Decision:
    said: Said
    memory: Memory
    says: tuple[Say, ...] = ()
    effects: tuple[Effect, ...] = field(default=())
