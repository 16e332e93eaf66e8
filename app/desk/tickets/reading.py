"""One ticket as its page shows it: what it is, whose, its clocks, all that happened, and what belongs to it."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
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
from app.tickets.service import ELSEWHERE
from app.viewers.models import Identity, Viewer

LINES = 200
"""The newest of a history; who wants more reads the conversation."""
RELATIVES = 50
MASKED_FROM = 4
"""Characters of a telephone's or a card's number that are shown to whoever may not speak with viewers."""
_NUMBER = re.compile(r"\d{7,}[Xx]?|\d{3,4}(?:[ -]\d{4}){2,4}(?:[ -]?\d{1,3})?(?!\d)")
"""Such a number, also in groups; no date, and no number of a ticket."""
_UNDELIVERED = (MessageState.queued, MessageState.failed, MessageState.unknown)


@dataclass(frozen=True, slots=True)
class Sent:
    """The message by which the viewer was told, as it stands now."""

    state: str
    via: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class FileLine:
    id: int
    name: str
    size: int
    content_type: str
    is_evidence: bool
    to_viewer: bool
    """He gets it with the line; else it is for colleagues alone."""
    sent: Sent | None


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
    """The oldest first."""
    earlier: bool
    """There are older ones."""
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
    names: Mapping[int, str]
    """Of the people and teams that changes name, by id: people; see ``teams``."""
    teams: Mapping[int, str]

    @property
    def is_undelivered(self) -> bool:
        """What the viewer was told last has not left, or not arrived: he is not answered."""
        told = next((line for line in reversed(self.lines) if line.sent is not None), None)
        sent = [told.sent, *(file.sent for file in told.files)] if told is not None else []
        return any(one is not None and one.state in _UNDELIVERED for one in sent)


def channel_of(session: Session, ticket_id: int, *, by: Actor) -> int | None:
    """The channel on which its viewer is told; None: there is none. TicketNotFound."""
    rights.require(by, Action.see_tickets)
    place = reaching.place_of(session, finding.get(session, ticket_id))
    return None if place is None else session.get_one(Conversation, place).channel_id


def find_number(session: Session, number: int, *, by: Actor) -> int:
    """Its id; TicketNotFound."""
    rights.require(by, Action.see_tickets)
    return finding.id_of(session, number)


def read(session: Session, ticket_id: int, *, by: Actor, account: Account | None, now: datetime) -> Sheet:
    """``account``: the channel of ``channel_of`` as this process serves it. TicketNotFound."""
    rights.require(by, Action.see_tickets)
    ticket = finding.get(session, ticket_id)
    rows = _rows(session, ticket_id)
    people, teams = _named(session, ticket, rows[:LINES])
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
        lines=_lines(session, ticket, rows[:LINES][::-1], people, whole=whole),
        earlier=len(rows) > LINES,
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
        names=people,
        teams=teams,
    )


# -------------------- what happened


def _rows(session: Session, ticket_id: int) -> Sequence[TicketEvent]:
    """The newest first, one more than are shown."""
    own = select(TicketEvent).where(TicketEvent.ticket_id == ticket_id)
    return session.scalars(own.order_by(TicketEvent.id.desc()).limit(LINES + 1)).all()


def _lines(
    session: Session, ticket: Ticket, rows: Sequence[TicketEvent], people: Mapping[int, str], *, whole: bool
) -> tuple[Line, ...]:
    sent = _sent(session, [row.message_id for row in rows if row.message_id is not None])
    files = _files(session, ticket.id)
    pictures = _pictures(session, ticket, rows)
    return tuple(
        Line(
            row.id, row.kind, people.get(_person(row.author), row.author), row.author.isdecimal(),
            row.text if whole else _without_numbers(row.text), _detail(row, whole=whole), row.at,
            sent.get(row.message_id or 0), tuple(files.get(row.id, ())), tuple(pictures.get(row.id, ())),
        )
        for row in rows
    )  # fmt: skip


def _detail(row: TicketEvent, *, whole: bool) -> Mapping[str, Any]:
    detail = row.detail or {}
    if whole or "contact" not in detail:
        return detail
    return {**detail, "contact": [_masked(each) for each in detail["contact"]]}


def _sent(session: Session, message_ids: Collection[int]) -> dict[int, Sent]:
    if not message_ids:
        return {}
    rows = select(Message.id, Message.state, Message.via, Message.error).where(is_any(Message.id, sorted(message_ids)))
    return {row[0]: Sent(*row[1:]) for row in session.execute(rows)}


def _files(session: Session, ticket_id: int) -> dict[int, list[FileLine]]:
    found: dict[int, list[FileLine]] = {}
    own = select(TicketFile).where(TicketFile.ticket_id == ticket_id).order_by(TicketFile.id)
    rows = session.scalars(own).all()
    sent = _sent(session, [row.message_id for row in rows if row.message_id is not None])
    for row in rows:
        line = FileLine(
            row.id, row.name, row.size, row.content_type, row.is_evidence, row.message_id is not None,
            sent.get(row.message_id or 0),
        )  # fmt: skip
        found.setdefault(row.event_id, []).append(line)
    return found


def _pictures(session: Session, ticket: Ticket, rows: Sequence[TicketEvent]) -> dict[int, list[int]]:
    """What the viewer sent with the lines, by line; also in another conversation than the ticket's."""
    lines: dict[tuple[int, int], int] = {}
    for row in rows:
        place = (row.detail or {}).get(ELSEWHERE, ticket.conversation_id)
        if row.seq is not None and place is not None:
            lines.setdefault((place, row.seq), row.id)
    if not lines:
        return {}
    wanted = (
        select(Message.conversation_id, Message.seq, Attachment.id)
        .join(Attachment, Attachment.message_id == Message.id)
        .where(
            is_any(Message.conversation_id, sorted({place for place, _ in lines})),
            is_any(Message.seq, sorted({seq for _, seq in lines})),
            Attachment.state == AttachmentState.stored,
        )
    )  # fmt: skip
    found: dict[int, list[int]] = {}
    for place, seq, attachment_id in session.execute(wanted.order_by(Attachment.id)):
        if (place, seq) in lines:
            found.setdefault(lines[place, seq], []).append(attachment_id)
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
    return None if contact is None else _end(contact)


def _without_numbers(text: str) -> str:
    return _NUMBER.sub(lambda found: _end(found[0].replace(" ", "").replace("-", "")), text)


def _end(number: str) -> str:
    return f"****{number[-MASKED_FROM:]}"


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
