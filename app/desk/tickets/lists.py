"""Lists of tickets, a page at a time, with what a row tells; and how many the usual ones hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, bindparam, func, literal_column, select
from sqlalchemy.orm import Session, aliased

from app.agents import rights
from app.agents.models import Agent, Team
from app.agents.rights import Action, Actor
from app.conversations.models import Channel, Conversation
from app.db.driver import Prepared
from app.db.sql import is_any
from app.desk import names
from app.desk.tickets import walks
from app.desk.tickets.filters import HOLDS, IS_OPEN, Filters, Status, day_end
from app.desk.tickets.orders import Sort
from app.tickets.models import Ticket, TicketStatus, TicketTag, TicketWatcher
from app.viewers.models import Identity, Viewer

__all__ = ["Counted", "Filters", "Page", "Row", "Sort", "Status", "count_tabs", "find_rows", "list_ids", "list_page"]
LARGEST_PAGE: Final = 500
COUNTED: Final = 100
"""Tickets of a list are counted up to here."""
_END: Final = 4
"""Characters of a contact that everybody may see."""


@dataclass(frozen=True, slots=True)
class Row:
    id: int
    number: int
    subject: str
    kind: str
    status: str
    priority: str
    title: str | None
    season: int | None
    episode: int | None
    owner_id: int | None
    owner: str | None
    team: str | None
    source: str
    viewer: str | None
    """None: nobody whom we know wrote, or called."""
    opened_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    next_due_at: datetime | None
    is_overdue: bool
    breaches: int
    tags: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"T-{self.number}"


@dataclass(frozen=True, slots=True)
class Page:
    rows: tuple[Row, ...]
    further: str | None
    """The cursor of the next page; None: this is the last."""


class Counted(StrEnum):
    mine = "mine"
    unowned = "unowned"
    open = "open"
    overdue = "overdue"
    today = "today"
    """What is due today, and is not overdue."""
    waiting = "waiting"
    watching = "watching"


def list_page(
    session: Session, filters: Filters, *, by: Actor, sort: Sort = Sort.due, after: str | None = None,
    limit: int = 50, now: datetime,
) -> Page:  # fmt: skip
    """Fewer than ``limit`` may come although more follow. WrongCursor (422) for what no page gave as ``further``."""
    ids, further = list_ids(session, filters, by=by, sort=sort, after=after, limit=limit, now=now)
    return Page(tuple(_rows(session, ids, by, now)), further)


def list_ids(
    session: Session, filters: Filters, *, by: Actor, sort: Sort = Sort.due, after: str | None = None,
    limit: int = 50, now: datetime,
) -> tuple[list[int], str | None]:  # fmt: skip
    """As ``list_page``, without what the rows tell."""
    rights.require(by, Action.see_tickets)
    limit = min(limit, LARGEST_PAGE)
    return walks.page(session, filters, by=by, sort=sort, after=after, limit=limit, now=now)


def find_rows(session: Session, ticket_ids: Sequence[int], *, by: Actor, now: datetime) -> list[Row]:
    """In the order given; those that are not there are missing."""
    rights.require(by, Action.see_tickets)
    return _rows(session, ticket_ids[:LARGEST_PAGE], by, now)


def count_tabs(session: Session, *, by: Actor, now: datetime) -> dict[Counted, int]:
    """How many each list holds, up to ``COUNTED``. One statement."""
    rights.require(by, Action.see_tickets)
    (counts,) = _COUNTS(session, owner=by.id, watching=by.id, overdue=now, due_from=now, due_until=day_end(now))
    return dict(zip(Counted, counts, strict=True))


# -------------------- counts


def _counted(*held: ColumnElement[bool]) -> Any:
    few: Select[Any] = select(literal_column("1")).select_from(Ticket).where(*held).limit(literal_column(str(COUNTED)))
    return select(func.count()).select_from(few.subquery()).scalar_subquery()


_WATCHED: Final[Select[Any]] = (
    select(literal_column("1"))
    .select_from(TicketWatcher)
    .join(Ticket, Ticket.id == TicketWatcher.ticket_id)
    .where(TicketWatcher.agent_id == bindparam("watching"), IS_OPEN)
    .limit(literal_column(str(COUNTED)))
)
_COUNTS: Final = Prepared(
    select(
        _counted(HOLDS["owner"], Ticket.closed_at.is_(None)).label("mine"),
        _counted(HOLDS["unowned"], IS_OPEN).label("unowned"),
        _counted(IS_OPEN).label("open"),
        _counted(HOLDS["overdue"]).label("overdue"),
        _counted(HOLDS["due_from"], HOLDS["due_until"]).label("today"),
        _counted(Ticket.status == literal_column(f"'{TicketStatus.waiting}'"), IS_OPEN).label("waiting"),
        select(func.count()).select_from(_WATCHED.subquery()).scalar_subquery().label("watching"),
    )
)


# -------------------- what a row tells

_owner = aliased(Agent)
_COLUMNS: Final = (
    Ticket.id, Ticket.number, Ticket.subject, Ticket.kind, Ticket.status, Ticket.priority, Ticket.title, Ticket.season,
    Ticket.episode, Ticket.owner_id, _owner.name.label("owner"), Team.name.label("team"), Ticket.source,
    Ticket.opened_at, Ticket.updated_at, Ticket.closed_at, Ticket.next_due_at, Ticket.breaches,
    Viewer.name.label("viewer"), Channel.platform, Identity.external_id, Ticket.contact,
)  # fmt: skip
_ROWS: Final = Prepared(
    select(*_COLUMNS)
    .outerjoin(_owner, _owner.id == Ticket.owner_id)
    .outerjoin(Team, Team.id == Ticket.team_id)
    .outerjoin(Viewer, Viewer.id == Ticket.viewer_id)
    .outerjoin(Conversation, Conversation.id == Ticket.conversation_id)
    .outerjoin(Identity, Identity.id == Conversation.identity_id)
    .outerjoin(Channel, Channel.id == Conversation.channel_id)
    .where(is_any(Ticket.id, "ids"))
)
_TAGS: Final = Prepared(select(TicketTag.ticket_id, TicketTag.tag).where(is_any(TicketTag.ticket_id, "ids")))


def tags_of(session: Session, ticket_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    tags: dict[int, list[str]] = {}
    for ticket_id, tag in _TAGS(session, ids=ticket_ids):
        tags.setdefault(ticket_id, []).append(tag)
    return {ticket_id: tuple(sorted(own)) for ticket_id, own in tags.items()}


def viewer_of(
    name: str | None, platform: str | None, address: str | None, contact: str | None, by: Actor
) -> str | None:
    """How he is called; where we know but a contact, this, without most of it for who does not speak with viewers."""
    if name or (platform is not None and address is not None):
        return names.display(name, platform or "", address or "")
    if contact is None or by.may(Action.speak):
        return contact
    return f"****{contact[-_END:]}" if len(contact) > _END else "****"


def _rows(session: Session, ids: Sequence[int], by: Actor, now: datetime) -> list[Row]:
    if not ids:
        return []
    found = {row[0]: row for row in _ROWS(session, ids=ids)}
    tags = tags_of(session, ids)
    return [_row(found[ticket], tags.get(ticket, ()), by, now) for ticket in ids if ticket in found]


def _row(row: tuple[Any, ...], tags: tuple[str, ...], by: Actor, now: datetime) -> Row:
    (ticket, number, subject, kind, status, priority, title, season, episode, owner_id, owner, team, source, opened_at,
     updated_at, closed_at, due, breaches, name, platform, address, contact) = row  # fmt: skip
    runs = due if closed_at is None else None
    return Row(
        ticket, number, subject, kind, status, priority, title, season, episode, owner_id, owner, team, source,
        viewer_of(name, platform, address, contact, by), opened_at, updated_at, closed_at, runs,
        runs is not None and runs < now, breaches, tags,
    )  # fmt: skip
