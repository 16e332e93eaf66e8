"""The formal side of a complaint: decided in writing, then accepted or not by its viewer.

It is decided before its deadline, with the further ways that are open to the viewer named; what he says of the decision
is asked for, and kept.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from app.errors import AppError
from app.tickets import clocks, history, steps
from app.tickets.models import Complaint, ComplaintState, Ticket, TicketStatus

ASKS_ACCEPTANCE: Final = "您是否接受这个处理结果？"
ASKS_AGAIN: Final = "承诺的处理到位之后，请告诉我们您是否接受。"
REMINDED_BEFORE: Final = timedelta(days=1)
"""So long before its deadline whoever has it is reminded."""
DECIDED: Final = (ComplaintState.decided, ComplaintState.pending)
"""In which what is asked is whether the viewer accepts."""
SETTLED: Final = (ComplaintState.accepted, ComplaintState.refused)


class NoComplaint(AppError):
    status_code, message = 409, "这个工单不是正式投诉"


class NotDecided(AppError):
    status_code, message = 409, "还没有书面决定，不能记录观众是否接受"


def get(session: Session, ticket: Ticket) -> Complaint:
    """NoComplaint."""
    found = session.get(Complaint, ticket.id, populate_existing=True)
    if found is None:
        raise NoComplaint
    return found


def is_decided(session: Session, ticket: Ticket) -> bool:
    """Whether its viewer is still to say if he accepts."""
    found = session.get(Complaint, ticket.id, populate_existing=True)
    return found is not None and found.state in DECIDED


def follow(session: Session, ticket: Ticket) -> None:
    """Its viewer was told another time: as long as nothing is decided, that is the deadline."""
    formal = session.get(Complaint, ticket.id, populate_existing=True)
    if formal is not None and formal.state == ComplaintState.examining and ticket.due_at is not None:
        formal.days = formal.days if formal.deadline_at == ticket.due_at else None
        formal.deadline_at, formal.remind_at = ticket.due_at, ticket.due_at - REMINDED_BEFORE


def require_decided(session: Session, ticket: Ticket) -> Complaint:
    """NoComplaint, NotDecided."""
    formal = get(session, ticket)
    if formal.decision is None:
        raise NotDecided
    return formal


def decide(
    session: Session, ticket: Ticket, *, decision: str, remedies: str, agent_id: int, now: datetime,
    message_id: int | None = None,
) -> int:  # fmt: skip
    """Written down, and the viewer asked whether he accepts it; a later decision takes the place of an earlier one."""
    steps.require_open(ticket)
    formal = get(session, ticket)
    formal.state, formal.decision, formal.remedies = ComplaintState.decided, decision, remedies
    formal.decided_by, formal.decided_at, formal.remind_at = agent_id, now, None
    formal.settled_at = None
    ticket.status, ticket.asked = TicketStatus.waiting, ASKS_ACCEPTANCE
    clocks.answered(session, ticket, now=now)
    clocks.stop(session, ticket, now=now)
    detail = {"remedies": remedies}
    by = str(agent_id)
    return history.write_down(
        session, ticket, "decided", by=by, text=decision, now=now, message_id=message_id, detail=detail
    )


def ask_again(session: Session, ticket: Ticket, text: str, *, by: str, now: datetime, message_id: int | None) -> int:
    """What was decided is done: the viewer is asked once more. NotDecided."""
    steps.require_open(ticket)
    formal = require_decided(session, ticket)
    formal.state, formal.settled_at = ComplaintState.decided, None
    ticket.status, ticket.asked = TicketStatus.waiting, ASKS_ACCEPTANCE
    clocks.answered(session, ticket, now=now)
    clocks.stop(session, ticket, now=now)
    return history.write_down(session, ticket, "asked", by=by, text=text, now=now, message_id=message_id)


def settle(session: Session, ticket: Ticket, outcome: ComplaintState, text: str, *, by: str, now: datetime) -> None:
    """What the viewer says of the decision, ``text`` in his words: accepted ends it, refused reopens the matter.

    Pending: he accepts it once what was decided is done. NotDecided.
    """
    steps.require_open(ticket)
    formal = get(session, ticket)
    if formal.decision is None:
        raise NotDecided
    formal.state = outcome
    if outcome is ComplaintState.accepted:
        formal.settled_at = now
        history.write_down(session, ticket, "accepted", by=by, text=text, now=now)
        steps.close(session, ticket, "观众接受处理结果", by=by, now=now)
    elif outcome is ComplaintState.refused:
        formal.settled_at = now
        ticket.status, ticket.asked = TicketStatus.in_progress, None
        clocks.go_on(session, ticket, now=now)
        clocks.ask_next(session, ticket, now=now)
        also = history.leaders(session, ticket.team_id)
        history.write_down(session, ticket, "refused", by=by, text=text, now=now, also=also)
    else:
        ticket.asked = ASKS_AGAIN
        history.write_down(session, ticket, "answered", by=by, text=text, now=now)
    session.flush()
