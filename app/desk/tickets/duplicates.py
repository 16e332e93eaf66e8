"""Tickets that may be about the same thing as one that is being written.

Few are compared, by index: what the same viewer has, what is open about the same title, the same entry, and the newest
open ones. Likeness is how many pairs of characters two subjects share, and what else they have in common.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.rights import Action, Actor
from app.conversations.models import Conversation
from app.tickets.models import Ticket
from app.viewers.models import Identity

LOOKED: Final = 100
"""Of each kind of candidates."""
SHOWN: Final = 5
LEAST: Final = 0.4
"""Likeness from which on one is shown."""
SAME_VIEWER, SAME_EPISODE, SAME_TITLE, SAME_CATEGORY = 0.3, 0.3, 0.15, 0.15
_COLUMNS = (
    Ticket.id, Ticket.number, Ticket.subject, Ticket.status, Ticket.viewer_id, Ticket.title, Ticket.episode,
    Ticket.category, Ticket.opened_at,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Matter:
    """What is being written, as far as it is known."""

    subject: str
    title: str | None = None
    episode: int | None = None
    category: str | None = None
    conversation_id: int | None = None
    besides: int | None = None
    """The ticket itself, where it is there already."""


@dataclass(frozen=True, slots=True)
class Likely:
    id: int
    number: int
    subject: str
    status: str
    opened_at: datetime
    same_viewer: bool
    likeness: float


def find(session: Session, matter: Matter, *, by: Actor) -> list[Likely]:
    """The likeliest first."""
    rights.require(by, Action.see_tickets)
    viewer = _viewer(session, matter.conversation_id)
    seen: dict[int, Likely] = {}
    for rows in _candidates(matter, viewer):
        for row in session.execute(rows.limit(LOOKED)):
            if row.id not in seen and row.id != matter.besides:
                seen[row.id] = _likely(row, matter, viewer)
    found = [one for one in seen.values() if one.likeness >= LEAST]
    return sorted(found, key=lambda one: (-one.likeness, -one.id))[:SHOWN]


def _viewer(session: Session, conversation_id: int | None) -> int | None:
    if conversation_id is None:
        return None
    rows = select(Identity.viewer_id).join(Conversation, Conversation.identity_id == Identity.id)
    found: int | None = session.scalar(rows.where(Conversation.id == conversation_id))
    return found


def _candidates(matter: Matter, viewer: int | None) -> Iterable[Select[*tuple[Any, ...]]]:
    rows = select(*_COLUMNS).where(Ticket.merged_into_id.is_(None)).order_by(Ticket.id.desc())
    still = rows.where(Ticket.status != "closed")
    if viewer is not None:
        yield rows.where(Ticket.viewer_id == viewer)
    if matter.title:
        yield still.where(Ticket.title == matter.title)
    yield still


def _likely(row: Any, matter: Matter, viewer: int | None) -> Likely:
    same_viewer = viewer is not None and row.viewer_id == viewer
    same_title = bool(matter.title) and row.title == matter.title
    likeness = shared(matter.subject, row.subject)
    likeness += SAME_VIEWER * same_viewer + SAME_TITLE * same_title
    likeness += SAME_EPISODE * (same_title and matter.episode is not None and row.episode == matter.episode)
    likeness += SAME_CATEGORY * (bool(matter.category) and row.category == matter.category)
    return Likely(row.id, row.number, row.subject, row.status, row.opened_at, same_viewer, likeness)


def shared(one: str, other: str) -> float:
    """Pairs of characters that both have, of all that either has: 0 to 1 (Dice's coefficient). Pure."""
    first, second = _pairs(one), _pairs(other)
    return 2 * len(first & second) / (len(first) + len(second)) if first and second else 0.0


def _pairs(text: str) -> set[str]:
    letters = [letter for letter in text.lower() if letter.isalnum()]
    return {first + second for first, second in pairwise(letters)}
