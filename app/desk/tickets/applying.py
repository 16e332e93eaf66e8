"""A macro carried out on a ticket: its changes, its answer to the viewer, and the end, all of it or nothing."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.rights import Action, Actor
from app.desk.tickets import changing, closing, labelling, macros, telling
from app.desk.tickets.macros import Macro
from app.desk.tickets.telling import Then
from app.tickets.models import TicketStatus


def apply(
    session: Session, ticket_id: int, macro_id: int, *, by: Actor, key: str, now: datetime,
    even_if_doubtful: bool = False,
) -> Macro:  # fmt: skip
    """What the rules of each of its steps refuse, this refuses; a repeat with the same ``key`` tells nothing twice."""
    rights.require(by, Action.work_tickets)
    macro = macros.get_for(session, macro_id, by=by)
    changes = dict(macro.changes)
    tags, status = changes.pop("tags", ()), changes.pop("status", None)
    if status == TicketStatus.in_progress:
        changes["status"] = status
    changing.change(session, ticket_id, by=by, changes=changes, now=now)
    for tag in tags:
        labelling.add_tag(session, ticket_id, by=by, tag=tag, now=now)
    if macro.reply:
        then = Then.closes if macro.closes else Then.asks if status == TicketStatus.waiting else Then.goes_on
        telling.tell(
            session, ticket_id, by=by, text=macro.reply, then=then, key=f"m{macro.id}:{key}", now=now,
            even_if_doubtful=even_if_doubtful,
        )  # fmt: skip
    elif macro.closes:
        closing.close(session, ticket_id, by=by, text=macro.name, now=now)
    return macro
