"""Where the viewer of a ticket is told something: on the channel that he used, in his newest conversation there."""

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.conversations.models import Channel, Conversation
from app.desk import names
from app.errors import AppError
from app.tickets.models import Ticket
from app.viewers.models import Identity


class NoWay(AppError):
    status_code, message = 409, "这个工单没有可以联系观众的渠道，请按联系方式打电话，再把结果写成备注"


class InGroup(AppError):
    status_code, message = 409, "这个工单来自群聊，公开回复会被所有人看到；请先请观众私聊，再在那个会话里答复"


def place_of(session: Session, ticket: Ticket) -> int | None:
    """The conversation; None: there is no channel to him. Where he did not open it himself, one of his own first."""
    if ticket.conversation_id is not None:
        own = select(Conversation.identity_id).where(Conversation.id == ticket.conversation_id).scalar_subquery()
        return _newest(session, Conversation.identity_id == own)
    if ticket.viewer_id is None:
        return None
    theirs = select(Identity).where(Identity.viewer_id == ticket.viewer_id)
    places = [_newest(session, Conversation.identity_id == identity.id) for identity in session.scalars(theirs)]
    known = sorted(place for place in places if place is not None)
    alone = [place for place in known if not is_group(session, place)]
    return max(alone or known, default=None)


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


def _newest(session: Session, condition: ColumnElement[bool]) -> int | None:
    rows = select(Conversation.id).where(condition)
    found: int | None = session.scalar(rows.order_by(Conversation.opened_at.desc(), Conversation.id.desc()).limit(1))
    return found
