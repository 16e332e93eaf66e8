"""What a search gives back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

H = TypeVar("H")
Span = tuple[int, int]
"""Start and end of what is to be marked, in characters of the text beside it."""


@dataclass(frozen=True, slots=True)
class Found(Generic[H]):
    hits: Sequence[H]
    """The newest first."""
    after: int | None
    """Where to go on; None: this was all."""

    @property
    def exhausted(self) -> bool:
        """Whether all was looked at. If not, and the page is not full, the work was broken off."""
        return self.after is None


@dataclass(frozen=True, slots=True)
class Snippet:
    text: str
    marks: Sequence[Span]
    is_begun: bool
    """Whether more stands before it."""
    is_cut: bool
    """Whether more stands behind it."""


@dataclass(frozen=True, slots=True)
class MessageHit:
    message_id: int
    conversation_id: int
    seq: int
    at: datetime
    author: str
    """``viewer``, ``bot``, ``system``, or the agent's id."""
    author_name: str | None
    """The agent's."""
    kind: str
    snippet: Snippet
    viewer_id: int
    viewer_name: str | None
    external_id: str
    channel_id: int
    channel: str
    platform: str


@dataclass(frozen=True, slots=True)
class IdentityHit:
    channel_id: int
    external_id: str
    marks: Sequence[Span]


@dataclass(frozen=True, slots=True)
class ViewerHit:
    viewer_id: int
    name: str
    """Empty: nobody has named him."""
    name_marks: Sequence[Span]
    remark: str
    remark_marks: Sequence[Span]
    identities: Sequence[IdentityHit]
    conversation_id: int | None
    """His newest."""


@dataclass(frozen=True, slots=True)
class TicketHit:
    ticket_id: int
    number: int
    subject: str
    subject_marks: Sequence[Span]
    status: str
    opened_at: datetime
    viewer_id: int | None
    conversation_id: int | None
