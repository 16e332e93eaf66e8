"""Changing what a ticket is: each change in one line of its history, with what was and what is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.hours import calendar_for
from app.agents.models import Team
from app.agents.rights import Action, Actor
from app.db.sql import for_update, reserve
from app.desk.search import indexing
from app.desk.tickets import fields
from app.errors import AppError, NotFound
from app.tickets import clocks, complaints, finding, history, steps
from app.tickets.complaints import REMINDED_BEFORE
from app.tickets.models import Complaint, ComplaintState, Ticket, TicketKind, TicketStatus

_REFITS: Final = frozenset({"kind", "priority", "team_id"})
"""What decides how long it may take."""
DEEPEST: Final = 10
"""Parents above each other."""
_PARENTS: Final = "ticket_parents"
"""A counter that whoever gives a parent holds until his commit: two at once could close a round that neither sees."""


class TeamGone(NotFound):
    message = "没有这个小组，或者它已经停用"


class ParentWrong(AppError):
    status_code, message = 422, "上级工单不存在，或者就是它自己的下级"


class NumberUnknown(AppError):
    status_code, message = 422, "没有 T-{number} 这个工单"


class StatusWrong(AppError):
    status_code, message = 422, "请在工单页面上写明内容再改成这个状态"


def change(session: Session, ticket_id: int, *, by: Actor, changes: Mapping[str, object], now: datetime) -> bool:
    """Whether anything became different. ``changes``: by name of ``fields.FIELDS``, and ``status`` in_progress or open.

    FieldWrong, TeamGone, ParentWrong, StatusWrong, TicketClosed.
    """
    rights.require(by, Action.work_tickets)
    given = {name: fields.read(name, value) for name, value in changes.items() if name in fields.FIELDS}
    ticket = finding.lock_open(session, ticket_id)
    before = {name: getattr(ticket, name) for name, value in given.items() if getattr(ticket, name) != value}
    moved = "status" in changes and _move(session, ticket, changes["status"], by, now)
    if not before:
        return moved
    _check(session, ticket, {name: given[name] for name in before})
    _reindex(session, ticket, given)
    for name in before.keys() - {"due_at"}:
        setattr(ticket, name, given[name])
    session.flush()
    _follow(session, ticket, before, given, now)
    detail = {name: [_told(before[name]), _told(given[name])] for name in before}
    history.write_down(session, ticket, "changed", by=str(by.id), now=now, detail=detail)
    return True


def _move(session: Session, ticket: Ticket, status: object, by: Actor, now: datetime) -> bool:
    if status not in (TicketStatus.in_progress, TicketStatus.open):
        raise StatusWrong
    if ticket.status == status:
        return False
    if status == TicketStatus.in_progress:
        steps.start(session, ticket, by=str(by.id), now=now)
        return True
    clocks.go_on(session, ticket, now=now)
    detail = {"status": [ticket.status, "open"]}
    ticket.status, ticket.asked = TicketStatus.open, None
    history.write_down(session, ticket, "changed", by=str(by.id), now=now, detail=detail)
    return True


def _check(session: Session, ticket: Ticket, given: Mapping[str, Any]) -> None:
    if given.get("team_id") is not None:
        require_team(session, given["team_id"])
    if given.get("parent_id") is not None:
        reserve(session, _PARENTS)
        require_parent(session, ticket.id, given["parent_id"])


def require_team(session: Session, team_id: int) -> None:
    """TeamGone."""
    active = select(Team.id).where(Team.id == team_id, Team.archived_at.is_(None))
    if session.scalar(for_update(active, refer=True)) is None:
        raise TeamGone


def find_number(session: Session, number: int) -> int:
    """The id of the ticket of that number; NumberUnknown."""
    found: int | None = session.scalar(select(Ticket.id).where(Ticket.number == number))
    if found is None:
        raise NumberUnknown(number=number)
    return found


def require_parent(session: Session, ticket_id: int, parent_id: int) -> None:
    """It is there, and not below: a round of parents would have no end. ParentWrong."""
    above: int | None = parent_id
    for _ in range(DEEPEST):
        if above is None:
            return
        if above == ticket_id:
            raise ParentWrong
        row = session.execute(select(Ticket.parent_id).where(Ticket.id == above)).one_or_none()
        if row is None:
            raise ParentWrong
        above = row[0]
    raise ParentWrong


def _reindex(session: Session, ticket: Ticket, given: Mapping[str, Any]) -> None:
    subject = given.get("subject", ticket.subject)
    if subject != ticket.subject:
        indexing.index_ticket(session, ticket.id, number=ticket.number, subject=subject)


def _follow(
    session: Session, ticket: Ticket, before: Mapping[str, Any], given: Mapping[str, Any], now: datetime
) -> None:
    """What else becomes different with it: its clocks, and the formal side of a complaint."""
    if "due_at" in before:
        clocks.promise(session, ticket, given["due_at"], now=now)
    if _REFITS & before.keys():
        counted = calendar_for(session, before.get("team_id", ticket.team_id))
        clocks.refit(session, ticket, former=counted, now=now)
    if "kind" in before or "due_at" in before:
        formalise(session, ticket)


def formalise(session: Session, ticket: Ticket, office: str = "", days: int | None = None) -> None:
    """A complaint has a formal side as long as nothing is decided, with the deadline that its viewer was told.

    FieldWrong where it has none.
    """
    formal = session.get(Complaint, ticket.id)
    is_examined = formal is not None and formal.state == ComplaintState.examining
    if ticket.kind != TicketKind.complaint:
        if is_examined:
            session.delete(formal)
    elif ticket.due_at is None:
        if formal is None or is_examined:
            raise fields.FieldWrong("due_at", fields.FIELDS["due_at"].label, fields.NO_DATE)
    elif formal is None:
        session.add(
            Complaint(
                ticket_id=ticket.id, office=office, deadline_at=ticket.due_at, days=days,
                remind_at=ticket.due_at - REMINDED_BEFORE, state=ComplaintState.examining,
            )
        )  # fmt: skip
    else:
        complaints.follow(session, ticket)
    session.flush()


def _told(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
