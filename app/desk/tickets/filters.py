"""Which tickets a list shows: what narrows it, as conditions with parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final, Literal

from sqlalchemy import BindParameter, ColumnElement, bindparam, exists, literal_column

from app.agents.calendars import BEIJING
from app.agents.rights import Actor
from app.db.base import UtcDateTime
from app.tickets.models import (
    Complaint,
    ComplaintState,
    Dimension,
    Ticket,
    TicketKind,
    TicketPriority,
    TicketStatus,
    TicketTag,
    TicketWatcher,
)

IS_OPEN: Final = Ticket.status != literal_column("'closed'")
"""Written so, the partial indexes serve."""
IS_CLOSED: Final = Ticket.closed_at.is_not(None)
Owner = int | Literal["me", "nobody"]


class Status(StrEnum):
    unclosed = "unclosed"
    open = "open"
    in_progress = "in_progress"
    waiting = "waiting"
    closed = "closed"
    all = "all"


class Due(StrEnum):
    """Until when a clock ends that has not ended yet."""

    hour = "hour"
    today = "today"
    tomorrow = "tomorrow"
    week = "week"


@dataclass(frozen=True, slots=True)
class Filters:
    status: Status = Status.unclosed
    kind: TicketKind | None = None
    category: str | None = None
    dimension: Dimension | None = None
    priority: TicketPriority | None = None
    owner: Owner | None = None
    team: int | None = None
    source: str | None = None
    title: str | None = None
    episode: int | None = None
    tag: str | None = None
    overdue: bool = False
    due: Due | None = None
    opened_from: date | None = None
    opened_until: date | None = None
    """That day as well; days are Beijing's."""
    closed_from: date | None = None
    closed_until: date | None = None
    """That day as well."""
    skill: str | None = None
    season: int | None = None
    breached: bool = False
    """A clock of it ran out, then or now."""
    complaint: ComplaintState | None = None
    watching: bool = False
    """Those of which he wants to hear."""
    parent: int | None = None
    q: str = ""
    """Words of the subject, or a number."""

    def values(self, *, by: Actor, now: datetime) -> dict[str, Any]:
        """What narrows the list, by the names that ``conditions`` takes; ``q`` is not among them."""
        given = {
            "status": _STATUSES.get(self.status), "unclosed": True if self.status is Status.unclosed else None,
            "closed": True if self.status is Status.closed else None, "kind": self.kind, "category": self.category,
            "dimension": self.dimension, "rank": RANKS[self.priority] if self.priority else None,
            "owner": self._owner(by), "unowned": True if self.owner == "nobody" else None, "team": self.team,
            "source": self.source, "title": self.title, "episode": self.episode, "tag": self.tag,
            "overdue": now if self.overdue else None, "due_from": now if self.due else None,
            "due_until": _until(self.due, now) if self.due else None, "opened_from": _midnight(self.opened_from),
            "opened_until": _midnight(self.opened_until, days=1),
            "closed_from": _midnight(self.closed_from), "closed_until": _midnight(self.closed_until, days=1),
            "skill": self.skill, "season": self.season, "breached": True if self.breached else None,
            "complaint": self.complaint, "watching": by.id if self.watching else None, "parent": self.parent,
        }  # fmt: skip
        return {name: value for name, value in given.items() if value is not None}

    def _owner(self, by: Actor) -> int | None:
        return by.id if self.owner == "me" else self.owner if isinstance(self.owner, int) else None


def conditions(names: Sequence[str]) -> list[ColumnElement[bool]]:
    """With parameters of the same names."""
    return [HOLDS[name] for name in names]


def _at(name: str) -> BindParameter[datetime]:
    return bindparam(name, type_=UtcDateTime)


HOLDS: Final[Mapping[str, ColumnElement[bool]]] = {
    "status": Ticket.status == bindparam("status"),
    "unclosed": IS_OPEN,
    "closed": IS_CLOSED,
    "kind": Ticket.kind == bindparam("kind"),
    "category": Ticket.category == bindparam("category"),
    "dimension": Ticket.dimension == bindparam("dimension"),
    "rank": Ticket.rank == bindparam("rank"),
    "owner": Ticket.owner_id == bindparam("owner"),
    "unowned": Ticket.owner_id.is_(None),
    "team": Ticket.team_id == bindparam("team"),
    "source": Ticket.source == bindparam("source"),
    "title": Ticket.title == bindparam("title"),
    "episode": Ticket.episode == bindparam("episode"),
    "tag": exists().where(TicketTag.ticket_id == Ticket.id, TicketTag.tag == bindparam("tag")),
    "overdue": IS_OPEN & (Ticket.next_due_at < _at("overdue")),
    "due_from": IS_OPEN & (Ticket.next_due_at >= _at("due_from")),
    "due_until": IS_OPEN & (Ticket.next_due_at < _at("due_until")),
    "opened_from": Ticket.opened_at >= _at("opened_from"),
    "opened_until": Ticket.opened_at < _at("opened_until"),
    "closed_from": Ticket.closed_at >= _at("closed_from"),
    "closed_until": Ticket.closed_at < _at("closed_until"),
    "skill": Ticket.skill == bindparam("skill"),
    "season": Ticket.season == bindparam("season"),
    "breached": Ticket.breaches > literal_column("0"),
    "complaint": exists().where(Complaint.ticket_id == Ticket.id, Complaint.state == bindparam("complaint")),
    "watching": exists().where(
        TicketWatcher.ticket_id == Ticket.id, TicketWatcher.agent_id == bindparam("watching")
    ),
    "parent": Ticket.parent_id == bindparam("parent"),
}  # fmt: skip
RANKS: Final[Mapping[TicketPriority, int]] = {priority: rank for rank, priority in enumerate(TicketPriority)}
_STATUSES: Final[Mapping[Status, TicketStatus]] = {
    Status.open: TicketStatus.open, Status.in_progress: TicketStatus.in_progress, Status.waiting: TicketStatus.waiting,
}  # fmt: skip
_DAYS: Final = {Due.today: 1, Due.tomorrow: 2, Due.week: 7}


def _until(due: Due, now: datetime) -> datetime:
    return now + timedelta(hours=1) if due is Due.hour else day_end(now, _DAYS[due])


def day_end(now: datetime, days: int = 1) -> datetime:
    """When the day ends, or as many days of which it is the first."""
    return datetime.combine(now.astimezone(BEIJING).date() + timedelta(days=days), time(), BEIJING)


def _midnight(day: date | None, days: int = 0) -> datetime | None:
    return None if day is None else datetime.combine(day + timedelta(days=days), time(), BEIJING)
