"""A change to many tickets that goes on by itself: planned, begun by whoever planned it, carried out by the workers.

The tickets of a run are jobs of some each, one behind the other; a last one without any ends it, should one before be
given up. How far it is stands in the row of the run, locked and written with what was changed: after any kill, and
beside any number of workers, it goes on where it was, and neither changes nor counts anything twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import events
from app.agents import audit, rights
from app.agents.models import Agent
from app.agents.rights import Action, Actor
from app.db.driver import Prepared
from app.db.sql import changed, for_update, is_any
from app.desk import staff
from app.desk.models import RunState, TicketRun
from app.desk.tickets import many
from app.desk.tickets.many import AT_ONCE, AsBefore, Deed, Plan, What
from app.errors import AppError, NotFound
from app.jobs import lanes
from app.jobs.models import LaneKey, NewJob, Priority
from app.jobs.timers import topic_of
from app.tickets.models import Ticket, TicketPriority

KIND: Final = "ticket_run"
A_JOB: Final = 100
"""Tickets of one job."""
TOLD_EVERY: Final = 50
"""Tickets after which pages hear how far it is."""
KEPT: Final = timedelta(days=7)
"""For so long a run is shown to who began it, where he does not put it away."""
PLANNED: Final = timedelta(days=1)
"""What was said beforehand holds for so long."""
SHOWN: Final = 5
LISTED: Final = 100
"""So many of those that stayed as they were are named, for each reason; not what is as it shall be."""


class RunNotFound(NotFound):
    message = "没有这次批量改动，请重新选择工单"


class Gone(AppError):
    """As ``many.AsBefore``: what there is to say of those that were left."""

    status_code, message = 403, "发起人已经停用，或者没有这项权限了"


class Broke(AppError):
    """As ``Gone``."""

    status_code, message = 500, "出了错，没有改动"


@dataclass(frozen=True, slots=True)
class Left:
    """Tickets that stayed as they were."""

    why: str
    count: int
    tickets: tuple[tuple[int, int], ...]
    """Ids and numbers of the first ``LISTED``."""


@dataclass(frozen=True, slots=True)
class Look:
    id: int
    what: What
    total: int
    done: int
    """Those that were looked at: changed or left alone."""
    changed: int
    left: tuple[Left, ...]
    state: RunState
    made_at: datetime


def plan(session: Session, ids: Sequence[int], *, by: Actor, deed: Deed, now: datetime) -> tuple[int, Plan]:
    """The id of a run that may be begun, and what it would do now. As ``many.preview``.

    What he planned long ago and did not begin cannot be begun any more. It is not deleted: SQLite would give its number
    to the next one.
    """
    told = many.preview(session, ids, by=by, deed=deed, now=now)
    stale = (TicketRun.agent_id == by.id, TicketRun.state == RunState.planned, TicketRun.made_at < now - PLANNED)
    given_up = {"state": RunState.stopped, "ids": [], "ended_at": now, "seen_at": now}
    session.execute(update(TicketRun).where(*stale).values(given_up))
    run = TicketRun(
        agent_id=by.id, deed=_written(deed), ids=list(told.ids), total=len(told.ids), done=0, changed=0, why={},
        state=RunState.planned, made_at=now,
    )  # fmt: skip
    session.add(run)
    session.flush()
    return run.id, told


def begin(session: Session, run_id: int, *, by: Actor, now: datetime) -> None:
    """RunNotFound, also where it was planned too long ago. One that is begun already goes on."""
    run = _lock_own(session, run_id, by)
    if run.state != RunState.planned:
        return
    if run.made_at < now - PLANNED:
        raise RunNotFound
    jobs = [
        NewJob(
            LaneKey(topic_of(KIND), run.id, None), KIND, run.id, now, Priority.campaign,
            payload={"at": at, "ids": run.ids[at : at + A_JOB]},
        )
        for at in [*range(0, run.total, A_JOB), run.total]
    ]  # fmt: skip
    run.state, run.ids = RunState.running, []
    lanes.enqueue(session, jobs, now=now)
    events.publish(session, events.Kind.agent, [by.id], now=now)


def step(session: Session, run_id: int, at: int, ids: Sequence[int], *, now: datetime) -> bool:
    """Change some more of these, the first of which is the run's ``at``-th; whether there are more of them."""
    run = session.scalar(for_update(select(TicketRun).where(TicketRun.id == run_id)))
    if run is None or run.state != RunState.running:
        return False
    if run.done < at:  # the job of those before was given up
        _leave(run, Broke.message, at - run.done)
    part = ids[run.done - at :][:AT_ONCE]
    by = _who(session, run.agent_id)
    if by is None or not by.may(Action.change_many):
        _leave(run, Gone.message, run.total - run.done)
        _end(session, run, RunState.stopped, by=by, now=now)
        return False
    if part:
        outcome = many.apply(session, part, by=by, deed=_read(run.deed), since=run.made_at, now=now)
        run.done, run.changed = run.done + outcome.changed, run.changed + outcome.changed
        for why, tickets in outcome.left.items():
            _leave(run, why, len(tickets), tickets if why != AsBefore.message else ())
        if run.done % TOLD_EVERY < AT_ONCE:
            events.publish(session, events.Kind.agent, [run.agent_id], now=now)
    if run.done >= run.total:
        _end(session, run, RunState.done, by=by, now=now)
    return run.state == RunState.running and run.done < at + len(ids)


def stop(session: Session, run_id: int, *, by: Actor, now: datetime) -> None:
    """What was changed stays so. RunNotFound."""
    run = _lock_own(session, run_id, by)
    if run.state == RunState.running:
        _end(session, run, RunState.stopped, by=by, now=now)


def put_away(session: Session, run_id: int, *, by: Actor, now: datetime) -> None:
    """It has ended, and its outcome was read."""
    rights.require(by, Action.change_many)
    own = (TicketRun.id == run_id, TicketRun.agent_id == by.id, TicketRun.ended_at.is_not(None))
    if changed(session.execute(update(TicketRun).where(*own, TicketRun.seen_at.is_(None)).values(seen_at=now))):
        events.publish(session, events.Kind.agent, [by.id], now=now)


def look(session: Session, run_id: int, *, by: Actor) -> Look:
    """RunNotFound."""
    rights.require(by, Action.change_many)
    own = (TicketRun.id == run_id, TicketRun.agent_id == by.id, TicketRun.state != RunState.planned)
    run = session.scalar(select(TicketRun).where(*own))
    if run is None:
        raise RunNotFound
    named = [ticket for _, tickets in run.why.values() for ticket in tickets]
    return _look(run, dict(_NUMBERS(session, ids=named)) if named else {})


def list_own(session: Session, *, by: Actor, now: datetime) -> list[Look]:
    """Those that run, and those that ended and were not put away; the newest first. Without the tickets' names."""
    rights.require(by, Action.change_many)
    own = (
        TicketRun.agent_id == by.id, TicketRun.seen_at.is_(None), TicketRun.state != RunState.planned,
        TicketRun.made_at > now - KEPT,
    )  # fmt: skip
    rows = select(TicketRun).where(*own).order_by(TicketRun.id.desc()).limit(SHOWN)
    return [_look(run, {}) for run in session.scalars(rows)]


def _who(session: Session, agent_id: int) -> Actor | None:
    """With the rights that he has now; None: he has gone."""
    is_there = select(Agent.id).where(Agent.id == agent_id, Agent.deactivated_at.is_(None))
    return None if session.scalar(is_there) is None else staff.actors_of(session, [agent_id])[agent_id]


def _lock_own(session: Session, run_id: int, by: Actor) -> TicketRun:
    rights.require(by, Action.change_many)
    own = select(TicketRun).where(TicketRun.id == run_id, TicketRun.agent_id == by.id)
    run = session.scalar(for_update(own), execution_options={"populate_existing": True})
    if run is None:
        raise RunNotFound
    return run


def _leave(run: TicketRun, why: str, count: int, tickets: Sequence[int] = ()) -> None:
    """So many more were looked at, and stay as they were."""
    so_far, named = run.why.get(why, (0, []))
    run.done += count
    run.why = run.why | {why: (so_far + count, [*named, *tickets][:LISTED])}


def _end(session: Session, run: TicketRun, state: RunState, *, by: Actor | None, now: datetime) -> None:
    """And it is written down how many were changed."""
    run.state, run.ended_at = state, now
    audit.record(
        session, by, "tickets.many", now=now, subject="ticket", what=run.deed["what"], count=run.changed, state=state
    )
    events.publish(session, events.Kind.agent, [run.agent_id], now=now)


_NUMBERS: Final = Prepared(select(Ticket.id, Ticket.number).where(is_any(Ticket.id, "ids")))


def _look(run: TicketRun, numbers: Mapping[int, int]) -> Look:
    left = tuple(
        Left(why, count, tuple((one, numbers[one]) for one in tickets if one in numbers))
        for why, (count, tickets) in run.why.items()
    )
    return Look(
        run.id, What(run.deed["what"]), run.total, run.done, run.changed, left, RunState(run.state), run.made_at
    )


def _written(deed: Deed) -> dict[str, Any]:
    return {
        "what": deed.what, "owner_id": deed.owner_id, "team_id": deed.team_id, "priority": deed.priority,
        "tag": deed.tag, "text": deed.text,
    }  # fmt: skip


def _read(given: Mapping[str, Any]) -> Deed:
    priority = TicketPriority(given["priority"]) if given["priority"] is not None else None
    return Deed(What(given["what"]), given["owner_id"], given["team_id"], priority, given["tag"], given["text"])
