"""Who was promised that a person speaks with him as soon as one is there, and under which ticket."""

from sqlalchemy import bindparam, literal_column, select
from sqlalchemy.orm import Session

from app.conversations.callbacks import Callback
from app.conversations.models import Conversation
from app.db.driver import Prepared
from app.db.rows import table_of
from app.tickets import views
from app.tickets.models import Ticket, TicketKind
from app.tickets.views import TicketRef

ANSWERED_OTHERWISE = (TicketKind.suggestion, TicketKind.data, TicketKind.complaint)
"""Kinds that by themselves call nobody into the conversation."""

_ticket, _asked, _callback = table_of(Ticket).c, table_of(Conversation).c, table_of(Callback).c
_UNDER = Prepared(
    select(*views.OPEN, _ticket.merged_into_id)
    .join(Conversation, _asked.id == _ticket.conversation_id)
    .join(Callback, _callback.conversation_id == _asked.id)
    .where(
        _asked.identity_id == bindparam("identity"),  # after a long silence he asks in a newer conversation
        _asked.closed_by.is_(None),
        _ticket.kind.not_in([literal_column(f"'{kind}'") for kind in ANSWERED_OTHERWISE]),
        views.GOES_ON,
    )
    .order_by(_ticket.id.desc())
    .limit(literal_column("5"))
)


def under(session: Session, identity_id: int) -> TicketRef | None:
    """The newest ticket that keeps the promise; None: nothing is promised, or it was kept."""
    for *known, merged_into in _UNDER(session, identity=identity_id):
        if merged_into is None:
            return TicketRef(*known)
        if still := views.going_on(session, [merged_into]):
            return still[merged_into]
    return None
