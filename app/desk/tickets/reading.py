"""One ticket as its page shows it: what it is, whose, its clocks, all that happened, and what belongs to it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.calendars import BEIJING, Calendar
from app.agents.hours import calendar_for
from app.agents.models import Agent, Team
from app.agents.rights import Action, Actor
from app.conversations.accounts import Account
from app.conversations.models import Channel, Conversation, Message, MessageState
from app.db.sql import is_any
from app.desk import names, reach
from app.desk.reach import Window
from app.desk.tickets import labelling, lines, masking, reaching
from app.desk.tickets.lines import Line
from app.tickets import finding
from app.tickets.deadline_models import TicketClock
from app.tickets.models import Complaint, Satisfaction, Ticket, TicketEvent, TicketFile, TicketLink, TicketWatcher
from app.viewers.models import Identity, Viewer

LINES: Final = 50
"""The newest of a history, behind the one that says what the matter is."""
MOST_LINES: Final = 2_000
RELATIVES = 50
_UNDELIVERED = (MessageState.queued, MessageState.failed, MessageState.unknown)


@dataclass(frozen=True, slots=True)
class Relative:
    id: int
    number: int
    subject: str
    status: str


@dataclass(frozen=True, slots=True)
class Talk:
    id: int
    opened_at: datetime
    closed_at: datetime | None
    platform: str
    viewer: str
    is_origin: bool


@dataclass(frozen=True, slots=True)
class Reached:
    viewer: str
    platform: str


@dataclass(frozen=True, slots=True)
class Sheet:
    ticket: Ticket
    owner: str | None
    team: str | None
    created_by: str | None
    contact: str | None
    """Masked for whoever may not speak with viewers."""
    viewer: str | None
    platform: str | None
    clocks: tuple[TicketClock, ...]
    """Those that run, and those that ran out."""
    lines: tuple[Line, ...]
    """The first, and the newest, the oldest of them first."""
    earlier: int
    """How many there are between the first and the others."""
    is_undelivered: bool
    """What the viewer was told last has not left, or not arrived: he is not answered."""
    tags: tuple[str, ...]
    watchers: tuple[tuple[int, str], ...]
    talks: tuple[Talk, ...]
    parent: Relative | None
    children: tuple[Relative, ...]
    merged_into: Relative | None
    merged: tuple[Relative, ...]
    """Those that this one goes on for."""
    complaint: Complaint | None
    satisfaction: Satisfaction | None
    place: int | None
    """The conversation in which its viewer is told."""
    reached: Reached | None
    """Whom what is written to him there reaches."""
    in_group: bool
    window: Window | None
    calendar: Calendar
    """By which its clocks are counted."""
    names: Mapping[int, str]
    """Of the people and teams that changes name, by id: people; see ``teams``."""
    teams: Mapping[int, str]

    @property
    def missing_year(self) -> int | None:
        """In which one of its clocks ends, and of which its calendar has no holidays: that may still move."""
        dues = [clock.due_at for clock in self.clocks if clock.work_s is not None and clock.ended_at is None]
        years = [due.astimezone(BEIJING).year for due in dues if due is not None]
        return next((year for year in sorted(years) if not self.calendar.knows(year)), None)


def channel_of(session: Session, ticket_id: int, *, by: Actor) -> int | None:
    """The channel on which its viewer is told; None: there is none. TicketNotFound."""
    rights.require(by, Action.see_tickets)
    place = reaching.place_of(session, finding.get(session, ticket_id))
    return None if place is None else session.get_one(Conversation, place).channel_id


def find_number(session: Session, number: int, *, by: Actor) -> int:
    """Its id; TicketNotFound."""
    rights.require(by, Action.see_tickets)
    return finding.id_of(session, number)


def read(
    session: Session, ticket_id: int, *, by: Actor, account: Account | None, newest: int = LINES, now: datetime
) -> Sheet:
    """``account``: the channel of ``channel_of`` as this process serves it. TicketNotFound.

    ``newest``: lines of its history, besides the first.
    """
    rights.require(by, Action.see_tickets)
    ticket = finding.get(session, ticket_id)
    rows, earlier = _rows(session, ticket_id, min(newest, MOST_LINES))
    people, teams = _named(session, ticket, rows)
    place = reaching.place_of(session, ticket)
    talks = _talks(session, ticket)
    origin = next((talk for talk in talks if talk.is_origin), None)
    whole = by.may(Action.speak)
    return Sheet(
        ticket=ticket,
        owner=people.get(ticket.owner_id or 0),
        team=teams.get(ticket.team_id or 0),
        created_by=people.get(ticket.created_by or 0),
        contact=ticket.contact if whole or ticket.contact is None else masking.end_of(ticket.contact),
        viewer=origin.viewer if origin else _viewer(session, ticket),
        platform=origin.platform if origin else None,
        clocks=_clocks(session, ticket_id),
        lines=lines.read(session, ticket, rows, people, whole=whole),
        earlier=earlier,
        is_undelivered=_is_undelivered(session, ticket_id),
        tags=labelling.tags_of(session, ticket_id),
        watchers=_watchers(session, ticket_id),
        talks=talks,
        parent=_relative(session, ticket.parent_id),
        children=_relatives(session, Ticket.parent_id == ticket_id),
        merged_into=_relative(session, ticket.merged_into_id),
        merged=_relatives(session, Ticket.merged_into_id == ticket_id),
        complaint=session.get(Complaint, ticket_id),
        satisfaction=session.get(Satisfaction, ticket_id),
        place=place,
        reached=_reached(session, place),
        in_group=place is not None and reaching.is_group(session, place),
        window=_window(session, place, account, now),
        calendar=calendar_for(session, ticket.team_id),
        names=people,
        teams=teams,
    )


# -------------------- what happened


def _rows(session: Session, ticket_id: int, shown: int) -> tuple[Sequence[TicketEvent], int]:
    """The first and the newest, the oldest first, and how many there are between them."""
    own = select(TicketEvent).where(TicketEvent.ticket_id == ticket_id)
    newest = session.scalars(own.order_by(TicketEvent.id.desc()).limit(shown)).all()[::-1]
    before = select(func.count(), func.min(TicketEvent.id)).where(TicketEvent.ticket_id == ticket_id)
    count, first = session.execute(before.where(TicketEvent.id < newest[0].id)).one() if newest else (0, None)
    return (newest, 0) if first is None else ([session.get_one(TicketEvent, first), *newest], count - 1)


def _is_undelivered(session: Session, ticket_id: int) -> bool:
    told = (
        select(TicketEvent.id, Message.state)
        .join(Message, Message.id == TicketEvent.message_id)
        .where(TicketEvent.ticket_id == ticket_id)
        .order_by(TicketEvent.id.desc())
        .limit(1)
    )
    row = session.execute(told).one_or_none()
    if row is None or row.state in _UNDELIVERED:
        return row is not None
    with_it = select(Message.state).join(TicketFile, TicketFile.message_id == Message.id)
    return any(state in _UNDELIVERED for state in session.scalars(with_it.where(TicketFile.event_id == row.id)))


# -------------------- who


def _named(session: Session, ticket: Ticket, rows: Sequence[TicketEvent]) -> tuple[dict[int, str], dict[int, str]]:
    """The people and teams that the page names."""
    people = {ticket.owner_id, ticket.created_by, *(lines.person_of(row.author) for row in rows)}
    teams = {ticket.team_id}
    for row in rows:
        people.update((row.detail or {}).get("owner_id") or ())
        teams.update((row.detail or {}).get("team_id") or ())
    known = select(Agent.id, Agent.name).where(is_any(Agent.id, _ids(people)))
    groups = select(Team.id, Team.name).where(is_any(Team.id, _ids(teams)))
    return {row[0]: row[1] for row in session.execute(known)}, {row[0]: row[1] for row in session.execute(groups)}


def _ids(given: Collection[int | None]) -> list[int]:
    return sorted(one for one in given if one)


def _watchers(session: Session, ticket_id: int) -> tuple[tuple[int, str], ...]:
    rows = select(Agent.id, Agent.name).join(TicketWatcher, TicketWatcher.agent_id == Agent.id)
    return tuple(
        (row[0], row[1])
        for row in session.execute(rows.where(TicketWatcher.ticket_id == ticket_id).order_by(Agent.name))
    )


def _viewer(session: Session, ticket: Ticket) -> str | None:
    return None if ticket.viewer_id is None else session.get_one(Viewer, ticket.viewer_id).name


# -------------------- what belongs to it


def _clocks(session: Session, ticket_id: int) -> tuple[TicketClock, ...]:
    own = select(TicketClock).where(
        TicketClock.ticket_id == ticket_id, TicketClock.ended_at.is_(None) | TicketClock.breached_at.is_not(None)
    )
    return tuple(session.scalars(own.order_by(TicketClock.due_at, TicketClock.id)))


def _talks(session: Session, ticket: Ticket) -> tuple[Talk, ...]:
    linked = select(TicketLink.conversation_id).where(TicketLink.ticket_id == ticket.id)
    rows = (
        select(Conversation, Channel.platform, Identity.external_id, Viewer.name)
        .join(Identity, Identity.id == Conversation.identity_id)
        .join(Channel, Channel.id == Conversation.channel_id)
        .join(Viewer, Viewer.id == Identity.viewer_id)
        .where((Conversation.id == ticket.conversation_id) | Conversation.id.in_(linked))
        .order_by(Conversation.id != ticket.conversation_id, Conversation.id.desc())
        .limit(RELATIVES)
    )
    return tuple(
        Talk(
            talk.id, talk.opened_at, talk.closed_at, platform, names.display(name, platform, address),
            talk.id == ticket.conversation_id,
        )
        for talk, platform, address, name in session.execute(rows)
    )  # fmt: skip


def _reached(session: Session, place: int | None) -> Reached | None:
    if place is None:
        return None
    rows = (
        select(Channel.platform, Identity.external_id, Viewer.name)
        .join(Conversation, Conversation.channel_id == Channel.id)
        .join(Identity, Identity.id == Conversation.identity_id)
        .join(Viewer, Viewer.id == Identity.viewer_id)
    )
    platform, address, name = session.execute(rows.where(Conversation.id == place)).one()
    return Reached(names.display(name, platform, address), platform)


def _relative(session: Session, ticket_id: int | None) -> Relative | None:
    found = _relatives(session, Ticket.id == ticket_id) if ticket_id is not None else ()
    return found[0] if found else None


def _relatives(session: Session, condition: ColumnElement[bool]) -> tuple[Relative, ...]:
    rows = select(Ticket.id, Ticket.number, Ticket.subject, Ticket.status).where(condition).order_by(Ticket.id)
    return tuple(Relative(*row) for row in session.execute(rows.limit(RELATIVES)))


def _window(session: Session, place: int | None, account: Account | None, now: datetime) -> Window | None:
    if place is None:
        return None
    talk = session.get_one(Conversation, place)
    return reach.window(session, talk, session.get_one(Identity, talk.identity_id), account, now)
