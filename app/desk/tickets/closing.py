"""The end of a ticket without a word to its viewer, and its return. With a word: ``telling``."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.rights import Action, Actor
from app.channels.text import carriable
from app.errors import AppError
from app.tickets import finding, steps
from app.tickets.models import Complaint, Ticket, TicketKind

LONGEST = 5000
"""Characters of what is written to a ticket."""


class TextMissing(AppError):
    status_code, message = 422, f"请写明情况，1 到 {LONGEST} 字"


class Merged(AppError):
    status_code, message = 409, "这个工单已经并入另一个工单，请先撤销合并"


class Undecided(AppError):
    status_code, message = 409, "正式投诉要先有书面决定才能关闭；观众撤诉的，请主管关闭"


def close(session: Session, ticket_id: int, *, by: Actor, text: str, now: datetime) -> bool:
    """``text``: what was done; its viewer hears it when he asks. Whether it was open. TextMissing, Undecided."""
    rights.require(by, Action.work_tickets)
    said = read_text(text)
    ticket = finding.lock(session, ticket_id)
    require_decided(session, ticket, by)
    return steps.close(session, ticket, said, by=str(by.id), now=now) is not None


def reopen(session: Session, ticket_id: int, *, by: Actor, text: str, now: datetime) -> bool:
    """``text``: why. Whether it was closed. TextMissing, Merged."""
    rights.require(by, Action.work_tickets)
    said = read_text(text)
    ticket = finding.lock(session, ticket_id)
    if ticket.merged_into_id is not None:
        raise Merged
    return steps.reopen(session, ticket, said, by=str(by.id), now=now) is not None


def note(session: Session, ticket_id: int, *, by: Actor, text: str, now: datetime) -> int:
    """For colleagues alone; the line's id. TextMissing."""
    rights.require(by, Action.note_tickets)
    said = read_text(text)
    return steps.note(session, finding.lock(session, ticket_id), said, by=str(by.id), now=now)


def require_decided(session: Session, ticket: Ticket, by: Actor) -> None:
    """A formal complaint does not end without its answer in writing, but where who decides ends it. Undecided."""
    if by.may(Action.decide_complaints):
        return
    formal = session.get(Complaint, ticket.id) if ticket.kind == TicketKind.complaint else None
    if formal is not None and formal.decision is None and ticket.closed_at is None:
        raise Undecided


def read_text(text: str) -> str:
    """TextMissing."""
    said = carriable(text).replace("\r\n", "\n").strip()
    if not 0 < len(said) <= LONGEST:
        raise TextMissing
    return said
