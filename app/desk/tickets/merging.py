"""Two tickets about one thing become one, and one about two things becomes two; either can be undone.

What was written to a ticket stays there for ever: a merge closes one with a pointer to the other, a split copies what
belongs to the new one. To undo a split, the new one is merged back.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.rights import Action, Actor
from app.db.sql import for_update, is_any
from app.desk.tickets import assigning, closing, linking, opening
from app.desk.tickets.opening import Draft
from app.errors import AppError
from app.tickets import clocks, finding, history, steps
from app.tickets.models import DESK, PHONE, Ticket, TicketEvent, TicketKind, TicketStatus, TicketTag, TicketWatcher

COPIED: Final = (
    "kind", "category", "dimension", "priority", "title", "season", "episode", "timecode_s", "skill", "team_id",
    "contact", "due_at",
)  # fmt: skip
"""Fields that a ticket passes on to one that is split off."""
MOST_LINES: Final = 50
_WHOSE: Final = ("viewer_id", "conversation_id")
_SPLIT: Final = ("opened", "added", "answered", "noted")
"""Lines that say what the matter is."""


class SameTicket(AppError):
    status_code, message = 422, "请选择另一个工单"


class MergedAlready(AppError):
    status_code, message = 409, "其中一个工单已经并入别的工单，请先看看那边"


class OtherViewer(AppError):
    status_code, message = 409, "两个工单属于不同的观众，合并之后会看到对方的内容；可以改成上下级工单"


class NotMerged(AppError):
    status_code, message = 409, "这个工单没有并入别的工单"


class LinesMissing(AppError):
    status_code, message = 422, f"请选择要拆出去的内容，最多 {MOST_LINES} 条"


def merge(session: Session, ticket_id: int, *, by: Actor, into: int, now: datetime) -> None:
    """``into`` goes on for both. TicketNotFound, SameTicket, MergedAlready, OtherViewer, TicketClosed where it is."""
    rights.require(by, Action.work_tickets)
    if ticket_id == into:
        raise SameTicket
    source, target = _lock_both(session, ticket_id, into)
    if source.merged_into_id is not None or target.merged_into_id is not None:
        raise MergedAlready
    if source.viewer_id is not None and target.viewer_id not in (None, source.viewer_id):
        raise OtherViewer
    steps.require_open(target)
    kept: dict[str, Any] = {
        "status": source.status, "asked": source.asked, "into": target.id, "number": target.number,
        "clocks": [clock.id for clock in clocks.running(session, source.id)],
    }  # fmt: skip
    if source.closed_at is None:
        steps.end(session, source, now=now)
    source.merged_into_id = target.id
    kept["lent"] = _pass_on(session, source, target)
    session.flush()
    history.write_down(session, source, "merged", by=str(by.id), now=now, detail=kept)
    came = {"from": source.id, "number": source.number, "subject": source.subject}
    history.write_down(session, target, "merged", by=str(by.id), now=now, detail=came)


def unmerge(session: Session, ticket_id: int, *, by: Actor, now: datetime) -> None:
    """As it was: open again where it was open, and its viewer its own. What else it passed on stays. NotMerged."""
    rights.require(by, Action.work_tickets)
    into = session.scalar(select(Ticket.merged_into_id).where(Ticket.id == ticket_id))
    if into is None:
        finding.lock(session, ticket_id)
        raise NotMerged
    source, target = _lock_both(session, ticket_id, into)
    if source.merged_into_id != target.id:  # somebody was faster
        raise NotMerged
    before = _before(session, source)
    source.merged_into_id = None
    for name in before.get("lent", ()):
        if getattr(target, name) == getattr(source, name):
            setattr(target, name, None)
    if before["status"] != TicketStatus.closed and source.closed_at is not None:
        _restore(session, source, before, now)
    session.flush()
    detail = {"from": target.id, "number": target.number}
    history.write_down(session, source, "unmerged", by=str(by.id), now=now, detail=detail)
    history.write_down(
        session, target, "unmerged", by=str(by.id), now=now, detail={"from": source.id, "number": source.number}
    )


def split(
    session: Session, ticket_id: int, *, by: Actor, lines: Collection[int], subject: str, key: str, now: datetime
) -> int:
    """A new ticket with what these lines say; its id. A repeat with the same ``key`` returns the first.

    LinesMissing, FieldWrong, OwnerWrong, TeamGone.
    """
    rights.require(by, Action.work_tickets)
    if not 0 < len(lines) <= MOST_LINES:
        raise LinesMissing
    owner_id = finding.get(session, ticket_id).owner_id
    if owner_id is not None:
        assigning.require_owner(session, owner_id)  # people first, then tickets
    ticket = finding.lock(session, ticket_id)
    own = (is_any(TicketEvent.id, sorted(lines)), TicketEvent.ticket_id == ticket_id, TicketEvent.kind.in_(_SPLIT))
    chosen = session.scalars(select(TicketEvent).where(*own).order_by(TicketEvent.id)).all()
    if not chosen:
        raise LinesMissing
    values: dict[str, Any] = {name: getattr(ticket, name) for name in COPIED} | {"subject": subject}
    if ticket.due_at is not None and ticket.due_at <= now and ticket.kind != TicketKind.complaint:
        values["due_at"] = None  # kept or broken there, and not once more here
    said = "\n".join(line.text for line in chosen if line.text)[: closing.LONGEST]
    source = ticket.source if ticket.source in (DESK, PHONE) else DESK
    draft = Draft(values, said, ticket.conversation_id, source, owner_id, key=f"split:{key}")
    made = opening.open_ticket(session, draft, by=by, now=now)
    fresh = session.get_one(Ticket, made)
    known = (TicketEvent.ticket_id == ticket_id, TicketEvent.kind == "split")
    told = session.scalars(select(TicketEvent).where(*known)).all()
    if all((line.detail or {}).get("into") != made for line in told):
        detail = {"into": made, "number": fresh.number, "subject": fresh.subject}
        history.write_down(session, ticket, "split", by=str(by.id), now=now, detail=detail)
    return made


def _lock_both(session: Session, first: int, second: int) -> tuple[Ticket, Ticket]:
    """In the order of their ids, so that two who merge each into the other do not wait for each other."""
    rows = select(Ticket).where(is_any(Ticket.id, sorted((first, second)))).order_by(Ticket.id)
    held = {each.id: each for each in session.scalars(
        for_update(rows), execution_options={"populate_existing": True}
    )}  # fmt: skip
    if len(held) != 2:
        raise finding.TicketNotFound
    return held[first], held[second]


def _pass_on(session: Session, source: Ticket, target: Ticket) -> list[str]:
    """Who watches, its tags, the conversations that spoke of it; and, where it had none, its viewer: which fields."""
    talks = {*linking.linked(session, source.id), *([source.conversation_id] if source.conversation_id else [])}
    linking.add(session, target.id, *(talks - {target.conversation_id}))
    lent = [name for name in _WHOSE if target.viewer_id is None and getattr(target, name) is None]
    for name in lent:
        setattr(target, name, getattr(source, name))
    for model, column in ((TicketWatcher, "agent_id"), (TicketTag, "tag")):
        held = getattr(model, column)
        theirs = set(session.scalars(select(held).where(model.ticket_id == target.id)))
        for value in session.scalars(select(held).where(model.ticket_id == source.id)).all():
            if value not in theirs:
                session.add(model(ticket_id=target.id, **{column: value}))
    return lent


def _before(session: Session, source: Ticket) -> dict[str, Any]:
    own = (TicketEvent.ticket_id == source.id, TicketEvent.kind == "merged")
    lines = session.scalars(select(TicketEvent).where(*own).order_by(TicketEvent.id.desc()))
    return next(line.detail for line in lines if line.detail and "into" in line.detail)


def _restore(session: Session, source: Ticket, before: dict[str, Any], now: datetime) -> None:
    closed_at = source.closed_at
    assert closed_at is not None
    source.closed_at, source.status, source.asked = None, before["status"], before["asked"]
    waits = source.status == TicketStatus.waiting
    clocks.restore(session, source, before["clocks"], closed_at, waits=waits, now=now)
