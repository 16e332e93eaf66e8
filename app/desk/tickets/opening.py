"""A ticket that a person opens: from a conversation, for a call that he took, or for what he found himself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.rights import Action, Actor
from app.channels.text import carriable
from app.conversations.models import Channel, Conversation
from app.db.driver import connection_of
from app.db.sql import reserve
from app.desk import tags as all_tags
from app.desk.search import indexing
from app.desk.tickets import assigning, changing, closing, fields
from app.errors import AppError, NotFound
from app.tickets import clocks, history
from app.tickets.models import DESK, PHONE, Ticket, TicketPriority, TicketStatus, TicketTag, TicketWatcher
from app.viewers.models import Identity

LONGEST_KEY: Final = 60


class ConversationNotFound(NotFound):
    message = "没有这个会话"


class SourceWrong(AppError):
    status_code, message = 422, "请选择工单从哪里来"


@dataclass(frozen=True, slots=True)
class Draft:
    fields: Mapping[str, Any]
    """By name of ``fields.FIELDS``; ``subject`` and ``kind`` at least."""
    description: str = ""
    conversation_id: int | None = None
    source: str = DESK
    """``phone`` or ``desk``; with a conversation it is the platform's name."""
    owner_id: int | None = None
    tags: Sequence[str] = ()
    watchers: Sequence[int] = ()
    key: str = ""
    """The same for each attempt."""
    office: str = ""
    """In charge, of a complaint."""
    days: int | None = None
    """Working days, of which the time that its viewer is told is the end, where nobody named another."""


def require(by: Actor) -> None:
    """Forbidden for whoever opens no tickets: asked before a form is shown."""
    rights.require(by, Action.work_tickets)


def open_ticket(session: Session, draft: Draft, *, by: Actor, now: datetime) -> int:
    """Its id. A repeat with the same ``key`` opens none and returns the first.

    FieldWrong, ConversationNotFound, SourceWrong, OwnerWrong, TeamGone, ParentWrong, TagUnusable, TooManyTags.
    """
    rights.require(by, Action.work_tickets)
    given = {name: fields.read(name, draft.fields.get(name)) for name in fields.FIELDS if name in draft.fields}
    for name in ("subject", "kind"):
        given.setdefault(name, fields.read(name, draft.fields.get(name)))
    wanted = [all_tags.read_tag(tag) for tag in draft.tags]
    if len(wanted) > all_tags.MOST:
        raise all_tags.TooManyTags
    key = f"{by.id}:{carriable(draft.key)[:LONGEST_KEY]}" if draft.key else None
    if key is not None and (known := session.scalar(select(Ticket.id).where(Ticket.opening_key == key))) is not None:
        return known
    origin = _origin(session, draft)
    if draft.owner_id is not None:
        assigning.require_owner(session, draft.owner_id)
    for watcher in draft.watchers:
        assigning.require_owner(session, watcher)
    if given.get("team_id") is not None:
        changing.require_team(session, given["team_id"])
    if given.get("parent_id") is not None:
        changing.require_parent(session, 0, given["parent_id"])
    return _add(session, draft, given | origin | {"opening_key": key}, wanted, by, now)


def _origin(session: Session, draft: Draft) -> dict[str, Any]:
    if draft.conversation_id is None:
        if draft.source not in (DESK, PHONE):
            raise SourceWrong
        return {"source": draft.source}
    rows = (
        select(Identity.viewer_id, Channel.platform)
        .join(Conversation, Conversation.identity_id == Identity.id)
        .join(Channel, Channel.id == Conversation.channel_id)
    )
    found = session.execute(rows.where(Conversation.id == draft.conversation_id)).one_or_none()
    if found is None:
        raise ConversationNotFound
    return {"viewer_id": found[0], "source": found[1], "conversation_id": draft.conversation_id}


def _add(
    session: Session, draft: Draft, values: Mapping[str, Any], tags: Sequence[str], by: Actor, now: datetime
) -> int:
    ticket = Ticket(
        **{"priority": TicketPriority.normal} | dict(values), number=take_number(session), status=TicketStatus.open,
        owner_id=draft.owner_id, created_by=by.id, opened_at=now, updated_at=now,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(ticket)
            session.flush()
    except IntegrityError:  # a repeat beside this one was faster
        known = session.scalar(select(Ticket.id).where(Ticket.opening_key == values["opening_key"]))
        if known is None or values["opening_key"] is None:
            raise
        return known
    session.add_all(TicketTag(ticket_id=ticket.id, tag=tag) for tag in dict.fromkeys(tags))
    session.add_all(TicketWatcher(ticket_id=ticket.id, agent_id=one) for one in dict.fromkeys(draft.watchers))
    clocks.begin(session, ticket, now=now)
    changing.formalise(session, ticket, draft.office, draft.days)
    indexing.index_ticket(session, ticket.id, number=ticket.number, subject=ticket.subject)
    said = closing.read_text(draft.description) if draft.description.strip() else ticket.subject
    history.write_down(session, ticket, "opened", by=str(by.id), text=said, now=now)
    return ticket.id


def take_number(session: Session) -> int:
    """The next; of the same row of numbers as the bot's."""
    if connection_of(session).dialect.name == "postgresql":
        return int(session.scalars(text("SELECT nextval('ticket_numbers')")).one())
    return reserve(session, "tickets")
