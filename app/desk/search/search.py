"""One search over all kinds: the first page of each, as behind one search box."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.agents.rights import Actor
from app.desk.search.found import Found, MessageHit, TicketHit, ViewerHit
from app.desk.search.messages import EVERYWHERE, Where, find_messages
from app.desk.search.people import find_viewers
from app.desk.search.sources import Kind
from app.desk.search.tickets import find_tickets


@dataclass(frozen=True, slots=True)
class Findings:
    """None: not asked for."""

    messages: Found[MessageHit] | None
    viewers: Found[ViewerHit] | None
    tickets: Found[TicketHit] | None


def search(
    session: Session, text: str, *, by: Actor, kinds: Collection[Kind] = tuple(Kind), where: Where = EVERYWHERE,
    limit: int = 20,
) -> Findings:  # fmt: skip
    """``where`` is for messages alone. Further pages are those of each kind. Forbidden, QueryTooLong."""
    return Findings(
        find_messages(session, text, by=by, where=where, limit=limit) if Kind.messages in kinds else None,
        find_viewers(session, text, by=by, limit=limit) if Kind.viewers in kinds else None,
        find_tickets(session, text, by=by, limit=limit) if Kind.tickets in kinds else None,
    )
