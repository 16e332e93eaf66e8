"""Where the viewer of a ticket is told something: on the channel that he used, in his newest conversation there."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.conversations.models import Channel, Conversation
from app.db.sql import is_any
from app.desk import names
from app.errors import AppError
from app.tickets.models import Ticket
from app.viewers.models import Identity


class NoWay(AppError):
    status_code, message = 409, "这个工单没有可以联系观众的渠道，请按联系方式打电话，再把结果写成备注"


class InGroup(AppError):
    status_code, message = 409, "这个工单来自群聊，公开回复会被所有人看到；请先请观众私聊，再在那个会话里答复"


def place_of(session: Session, ticket: Ticket) -> int | None:
    """The conversation; None: there is no channel to him.

    Of several accounts (the ticket's own, and those of the tickets that go on in it) the one on which he wrote last, so
    that he is told once; and where he can be spoken with alone before any group.
    """
    places = [place for account in _accounts(session, ticket) if (place := _newest(session, account)) is not None]
    alone = [place for place in places if not is_group(session, place.id)] if len(places) > 1 else places
    latest = max(alone or places, key=lambda place: (place.viewer_wrote_at, place.id), default=None)
    return None if latest is None else latest.id


def _accounts(session: Session, ticket: Ticket) -> Sequence[int]:
    """Identities; never another viewer's."""
    if ticket.conversation_id is None and ticket.viewer_id is None:
        return ()
    talks = {ticket.conversation_id, *_behind(session, ticket.id)} - {None}
    if not talks:
        return session.scalars(select(Identity.id).where(Identity.viewer_id == ticket.viewer_id)).all()
    rows = select(Identity.id, Identity.viewer_id, Conversation.id).join(Conversation)
    found = session.execute(rows.where(is_any(Conversation.id, sorted(talks)))).all()
    return sorted({row[0] for row in found if row[2] == ticket.conversation_id or row[1] == ticket.viewer_id})


def _behind(session: Session, ticket_id: int) -> set[int]:
    """The conversations of all that go on in it, however often they were merged."""
    talks: set[int] = set()
    into = [ticket_id]
    while into:
        merged = select(Ticket.id, Ticket.conversation_id).where(is_any(Ticket.merged_into_id, into))
        rows = session.execute(merged).all()
        into = [row.id for row in rows]
        talks |= {row.conversation_id for row in rows if row.conversation_id is not None}
    return talks


def require_place(session: Session, ticket: Ticket) -> int:
    """NoWay, InGroup."""
    found = place_of(session, ticket)
    if found is None:
        raise NoWay
    if is_group(session, found):
        raise InGroup
    return found


def is_group(session: Session, conversation_id: int) -> bool:
    rows = (
        select(Channel.platform, Identity.external_id)
        .join(Identity, Identity.channel_id == Channel.id)
        .join(Conversation, Conversation.identity_id == Identity.id)
    )
    return names.is_group(*session.execute(rows.where(Conversation.id == conversation_id)).one())


def _newest(session: Session, identity_id: int) -> Conversation | None:
    rows = select(Conversation).where(Conversation.identity_id == identity_id)
    return session.scalar(rows.order_by(Conversation.opened_at.desc(), Conversation.id.desc()).limit(1))
