"""One ticket as its page shows it: what it is, whose, its clocks, all that happened, and what belongs to it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.models import Agent, Team
from app.agents.rights import Action, Actor
from app.conversations.accounts import Account
from app.conversations.attachments import Attachment, AttachmentState
from app.conversations.models import Channel, Conversation, Message, MessageState
from app.db.sql import is_any
from app.desk import names, reach
from app.desk.reach import Window
from app.desk.tickets import labelling, reaching
from app.tickets import finding
from app.tickets.models import (
    Complaint,
    Satisfaction,
    Ticket,
    TicketClock,
    TicketEvent,
    TicketFile,
    TicketLink,
    TicketWatcher,
)
from app.viewers.models import Identity, Viewer

LINES: Final = 50
"""The newest of a history, behind the one that says what the matter is."""
MOST_LINES: Final = 2_000
RELATIVES = 50
MASKED_FROM = 4


@dataclass(frozen=True, slots=True)
class FileLine:
    id: int
    name: str
    size: int
    content_type: str
    is_evidence: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """The message by which the viewer was told, as it stands now."""

    state: str
    via: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Line:
    id: int
    kind: str
    author: str
    """``viewer``, ``bot``, ``clock``, a person's name, or as a command called itself."""
    is_person: bool
    text: str
    detail: Mapping[str, Any]
    at: datetime
    sent: Sent | None
    files: tuple[FileLine, ...]
    pictures: tuple[int, ...]
    """Files of the viewer's own message: ids of attachments."""


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
    in_group: bool
    window: Window | None
    names: Mapping[int, str]
    """Of the people and teams that changes name, by id: people; see ``teams``."""
    teams: Mapping[int, str]


def channel_of(session: Session, ticket_id: int, *, by: Actor) -> int | None:
    """The channel on which its viewer is told; None: there is none. TicketNotFound."""
    rights.require(by, Action.see_tickets)
    place = reaching.place_of(session, finding.get(session, ticket_id))
    return None if place is None else session.get_one(Conversation, place).channel_id


def find_number(session: Session, number: int, *, by: Actor) -> int:
    """Its id; TicketNotFound."""
    rights.require(by, Action.see_tickets)
    found = session.scalar(select(Ticket.id).where(Ticket.number == number))
    if found is None:
        raise finding.TicketNotFound
    return found


def read(
    session: Session, ticket_id: int, *, by: Actor, account: Account | None, lines: int = LINES, now: datetime
) -> Sheet:
    """``account``: the channel of ``channel_of`` as this process serves it. TicketNotFound.

    ``lines``: of its history, besides the first.
    """
    rights.require(by, Action.see_tickets)
    ticket = finding.get(session, ticket_id)
    rows, earlier = _rows(session, ticket_id, min(lines, MOST_LINES))
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
        contact=ticket.contact if whole else _masked(ticket.contact),
        viewer=origin.viewer if origin else _viewer(session, ticket),
        platform=origin.platform if origin else None,
        clocks=_clocks(session, ticket_id),
        lines=_lines(session, ticket, rows, people),
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
        in_group=place is not None and reaching.is_group(session, place),
        window=_window(session, place, account, now),
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
        select(Message.state)
        .join(TicketEvent, TicketEvent.message_id == Message.id)
        .where(TicketEvent.ticket_id == ticket_id)
    )
    state = session.scalar(told.order_by(TicketEvent.id.desc()).limit(1))
    return state in (MessageState.queued, MessageState.failed, MessageState.unknown)


def _lines(
    session: Session, ticket: Ticket, rows: Sequence[TicketEvent], people: Mapping[int, str]
) -> tuple[Line, ...]:
    sent = _sent(session, [row.message_id for row in rows if row.message_id is not None])
    files = _files(session, ticket.id)
    pictures = _pictures(session, ticket, [row.seq for row in rows if row.seq is not None])
    return tuple(
        Line(
            row.id, row.kind, people.get(_person(row.author), row.author), row.author.isdecimal(), row.text,
            row.detail or {}, row.at, sent.get(row.message_id or 0), tuple(files.get(row.id, ())),
            tuple(pictures.get(row.seq or 0, ())),
        )
        for row in rows
    )  # fmt: skip


def _sent(session: Session, message_ids: Collection[int]) -> dict[int, Sent]:
    if not message_ids:
        return {}
    rows = select(Message.id, Message.state, Message.via, Message.error).where(is_any(Message.id, sorted(message_ids)))
    return {row[0]: Sent(*row[1:]) for row in session.execute(rows)}


def _files(session: Session, ticket_id: int) -> dict[int, list[FileLine]]:
    found: dict[int, list[FileLine]] = {}
    rows = session.scalars(select(TicketFile).where(TicketFile.ticket_id == ticket_id).order_by(TicketFile.id))
    for row in rows:
        line = FileLine(row.id, row.name, row.size, row.content_type, row.is_evidence)
        found.setdefault(row.event_id, []).append(line)
    return found


def _pictures(session: Session, ticket: Ticket, seqs: Collection[int]) -> dict[int, list[int]]:
    """What the viewer sent with the lines: by the number of its message."""
    if not seqs or ticket.conversation_id is None:
        return {}
    rows = (
        select(Message.seq, Attachment.id)
        .join(Attachment, Attachment.message_id == Message.id)
        .where(
            Message.conversation_id == ticket.conversation_id, is_any(Message.seq, sorted(set(seqs))),
            Attachment.state == AttachmentState.stored,
        )
    )  # fmt: skip
    found: dict[int, list[int]] = {}
    for seq, attachment_id in session.execute(rows.order_by(Attachment.id)):
        found.setdefault(seq, []).append(attachment_id)
    return found


# -------------------- who


def _named(session: Session, ticket: Ticket, rows: Sequence[TicketEvent]) -> tuple[dict[int, str], dict[int, str]]:
    """The people and teams that the page names."""
    people = {ticket.owner_id, ticket.created_by, *(_person(row.author) for row in rows)}
    teams = {ticket.team_id}
    for row in rows:
        people.update((row.detail or {}).get("owner_id") or ())
        teams.update((row.detail or {}).get("team_id") or ())
    known = select(Agent.id, Agent.name).where(is_any(Agent.id, _ids(people)))
    groups = select(Team.id, Team.name).where(is_any(Team.id, _ids(teams)))
    return {row[0]: row[1] for row in session.execute(known)}, {row[0]: row[1] for row in session.execute(groups)}


def _ids(given: Collection[int | None]) -> list[int]:
    return sorted(one for one in given if one)


def _person(author: str) -> int:
    return int(author) if author.isdecimal() else 0


def _watchers(session: Session, ticket_id: int) -> tuple[tuple[int, str], ...]:
    rows = select(Agent.id, Agent.name).join(TicketWatcher, TicketWatcher.agent_id == Agent.id)
    return tuple(
        (row[0], row[1])
        for row in session.execute(rows.where(TicketWatcher.ticket_id == ticket_id).order_by(Agent.name))
    )


def _viewer(session: Session, ticket: Ticket) -> str | None:
    return None if ticket.viewer_id is None else session.get_one(Viewer, ticket.viewer_id).name


def _masked(contact: str | None) -> str | None:
    return None if contact is None else f"****{contact[-MASKED_FROM:]}"


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
