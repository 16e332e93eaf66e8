"""One push on its way through a batch, and what became of it."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from app.channels.base import Capability, Inbound, Undecodable
from app.channels.delivery import Media
from app.channels.outbound import Choice
from app.dialogue.turn import Decision, Memory, Said
from app.dialogue.understand import Understanding

Key = tuple[int, str]
"""(channel id, the push's key there): what tells a repeat."""


class Push(NamedTuple):
    channel_id: int
    capability: Capability
    customer_service: bool
    """Whether the account may send by itself; else the rest of an answer waits for the viewer's next message."""
    message: Inbound | Undecodable
    understanding: Understanding | None
    sealed: bytes
    """The decrypted body, sealed for the store."""
    received_at: datetime
    answer_by: datetime
    """After this the response can carry no answer in time."""
    send_after: datetime
    """Before this a late answer is not sent by itself: a repeat of the platform may still fetch it."""
    media: tuple[Media, ...] = ()
    """The files that the message left with the platform."""
    platform: str = ""

    @property
    def key(self) -> Key:
        return self.channel_id, self.message.key

    @property
    def sender(self) -> str:
        return self.message.sender if isinstance(self.message, Inbound) else ""

    @property
    def who(self) -> tuple[int, str]:
        return self.channel_id, self.sender


class Fate(StrEnum):
    decided = "decided"
    kept = "kept"
    """Stored; nothing in it asks for a decision (reports, undecodable bodies)."""
    repeated = "repeated"
    """A repeat of a push that was stored before."""
    deferred = "deferred"
    """Stored under pressure, to be decided from the backlog."""


class Answer(NamedTuple):
    """What the response to a push says: ``text`` of ``message_id``, or the acknowledgement where it is None."""

    fate: Fate
    text: str | None = None
    message_id: int | None = None
    said: Said | None = None
    conversation_id: int | None = None
    choices: tuple[Choice, ...] = ()
    """Lines of ``text`` that can be tapped, where the account allows it."""
    decision: Decision | None = None
    before: Memory | None = None
    """What the conversation remembered when it was decided."""
    ticket: int | None = None
    """Number of the ticket that the decision concerned."""


ACKNOWLEDGED = Answer(Fate.kept)
