"""What stands beside a thread: who the viewer is, whether he can be reached, his tickets, what was said before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, literal_column, select, update
from sqlalchemy.orm import Session

from app import events
from app.agents import audit, rights
from app.agents.models import Agent
from app.agents.rights import Action, Actor
from app.channels.text import carriable
from app.conversations.accounts import Account
from app.conversations.models import Channel, Conversation, Message
from app.db.driver import Prepared
from app.db.sql import is_any
from app.desk import names, reach, threads
from app.desk.reach import Window
from app.desk.search import indexing
from app.errors import AppError, NotFound
from app.tickets.models import Ticket
from app.viewers.models import Identity, Viewer

__all__ = [
    "Context", "Earlier", "IdentityCard", "TicketLine", "ViewerCard", "Window", "name_viewer", "rank_viewer", "read",
]  # fmt: skip
EARLIER = 10
TICKETS = 20
FIRST_WORDS = 60
LONGEST_NAME = 64
LONGEST_REMARK = 500
_SHOWN = 4


class ViewerNotFound(NotFound):
    message = "没有这位观众"


class NameTooLong(AppError):
    status_code, message = 422, f"称呼最多 {LONGEST_NAME} 字，备注最多 {LONGEST_REMARK} 字"


@dataclass(frozen=True, slots=True)
class IdentityCard:
    id: int
    platform: str
    channel: str
    external_id: str
    """Masked for whoever may not speak with viewers."""
    following: bool | None
    proactive: bool | None
    refused_pushes_at: datetime | None
    first_seen_at: datetime


@dataclass(frozen=True, slots=True)
class ViewerCard:
    id: int
    display: str
    name: str | None
    remark: str | None
    vip: bool
    first_seen_at: datetime
    identities: tuple[IdentityCard, ...]
    """That of the conversation first."""


@dataclass(frozen=True, slots=True)
class TicketLine:
    id: int
    number: int
    subject: str
    status: str
    kind: str
    priority: str
    due_at: datetime | None
    opened_at: datetime
    closed_at: datetime | None
    here: bool
    """It belongs to this conversation."""


@dataclass(frozen=True, slots=True)
class Earlier:
    id: int
    opened_at: datetime
    closed_at: datetime | None
    agent: str | None
    first_words: str
    count: int
    """Messages."""


@dataclass(frozen=True, slots=True)
class Context:
    viewer: ViewerCard
    window: Window
    tickets: tuple[TicketLine, ...]
    """Of the viewer, the newest first."""
    earlier: tuple[Earlier, ...]
    """His other conversations, the newest first."""


def read(session: Session, conversation_id: int, *, by: Actor, account: Account | None, now: datetime) -> Context:
    """``account``: the conversation's channel as this process serves it; None where it does not."""
    talk = threads.get_for(session, by, conversation_id)
    viewer_id = session.scalars(select(Identity.viewer_id).where(Identity.id == talk.identity_id)).one()
    viewer = session.get_one(Viewer, viewer_id)
    rows = session.execute(
        select(Identity, Channel.platform, Channel.name)
        .join(Channel, Channel.id == Identity.channel_id)
        .where(Identity.viewer_id == viewer_id)
        .order_by(Identity.id != talk.identity_id, Identity.id)
    ).all()
    identities = [row[0].id for row in rows]
    window = reach.window(session, talk, rows[0][0], account, now)
    return Context(
        _card(viewer, rows, by), window, tuple(_tickets(session, viewer_id, talk.id)),
        tuple(_earlier(session, identities, talk.id)),
    )  # fmt: skip


def _card(viewer: Viewer, rows: Sequence[Any], by: Actor) -> ViewerCard:
    whole = by.may(Action.speak)
    cards = [
        IdentityCard(
            identity.id, platform, channel, identity.external_id if whole else _masked(identity.external_id),
            identity.following, identity.proactive, identity.refused_pushes_at, identity.created_at,
        )
        for identity, platform, channel in rows
    ]  # fmt: skip
    display = names.display(viewer.name, rows[0][1], rows[0][0].external_id)
    return ViewerCard(
        viewer.id, display, viewer.name, viewer.remark, viewer.vip, viewer.created_at, tuple(cards)
    )  # fmt: skip


def _masked(address: str) -> str:
    return f"****{address[-_SHOWN:]}"


def _tickets(session: Session, viewer_id: int, conversation_id: int) -> list[TicketLine]:
    """By time, not by id: for the newest ids PostgreSQL could walk all tickets there are."""
    own = select(Ticket).where(Ticket.viewer_id == viewer_id)
    newest = own.order_by(Ticket.opened_at.desc(), Ticket.id.desc()).limit(TICKETS)
    return [
        TicketLine(
            each.id, each.number, each.subject, each.status, each.kind, each.priority, each.due_at, each.opened_at,
            each.closed_at, each.conversation_id == conversation_id,
        )
        for each in session.scalars(newest)
    ]  # fmt: skip


_newest = (
    select(Conversation)
    .where(is_any(Conversation.identity_id, "identities"), Conversation.id != bindparam("id"))
    .order_by(Conversation.opened_at.desc(), Conversation.id.desc())
    .limit(literal_column(str(EARLIER)))
    .subquery()
)
_EARLIER = Prepared(
    select(
        _newest.c.id, _newest.c.opened_at, _newest.c.closed_at, Agent.name,
        func.substr(Message.text, 1, literal_column(str(FIRST_WORDS))).label("words"), _newest.c.last_seq,
    )
    .outerjoin(Agent, Agent.id == func.coalesce(_newest.c.agent_id, _newest.c.last_agent_id))
    .outerjoin(Message, (Message.conversation_id == _newest.c.id) & (Message.seq == literal_column("1")))
    .order_by(_newest.c.opened_at.desc(), _newest.c.id.desc())
)  # fmt: skip


def _earlier(session: Session, identities: Sequence[int], conversation_id: int) -> list[Earlier]:
    """What they began with is looked for only of those that are shown."""
    rows = _EARLIER(session, identities=identities, id=conversation_id)
    return [Earlier(row[0], row[1], row[2], row[3], row[4] or "", row[5]) for row in rows]


# -------------------- what people know of him


def name_viewer(session: Session, viewer_id: int, *, by: Actor, name: str, remark: str, now: datetime) -> None:
    """How he is called, and what colleagues should know; empty takes it away. NameTooLong."""
    rights.require(by, Action.name_viewers)
    viewer = _get(session, viewer_id)
    given = {"name": _tidy(name) or None, "remark": carriable(remark).strip() or None}
    if len(given["name"] or "") > LONGEST_NAME or len(given["remark"] or "") > LONGEST_REMARK:
        raise NameTooLong
    before = {key: getattr(viewer, key) for key, value in given.items() if getattr(viewer, key) != value}
    if not before:
        return
    viewer.name, viewer.remark = given["name"], given["remark"]
    session.flush()
    indexing.index_viewer(session, viewer_id)
    audit.record(session, by, Action.name_viewers, subject="viewer", subject_id=viewer_id, now=now, before=before,
                 after={key: given[key] for key in before})  # fmt: skip
    events.publish(session, events.Kind.conversation, _open_of(session, viewer_id), now=now)


def rank_viewer(session: Session, viewer_id: int, *, by: Actor, vip: bool, now: datetime) -> None:
    """Whether he goes before others, also where he waits already."""
    rights.require(by, Action.rank_viewers)
    viewer = _get(session, viewer_id)
    if viewer.vip == vip:
        return
    viewer.vip = vip
    audit.record(session, by, Action.rank_viewers, subject="viewer", subject_id=viewer_id, now=now, vip=vip)
    talks = _open_of(session, viewer_id)
    session.execute(update(Conversation).where(is_any(Conversation.id, talks)).values(vip=vip))
    events.publish(session, events.Kind.conversation, talks, now=now)
    events.publish(session, events.Kind.queue, now=now)


def _get(session: Session, viewer_id: int) -> Viewer:
    found = session.get(Viewer, viewer_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise ViewerNotFound
    return found


def _open_of(session: Session, viewer_id: int) -> list[int]:
    identities = select(Identity.id).where(Identity.viewer_id == viewer_id)
    own = (Conversation.identity_id.in_(identities), Conversation.closed_at.is_(None))
    return list(session.scalars(select(Conversation.id).where(*own).order_by(Conversation.id)))


def _tidy(text: str) -> str:
    return " ".join(carriable(text).split())
