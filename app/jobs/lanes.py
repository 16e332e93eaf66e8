"""Work in lanes: enqueued in the transaction that wants it, leased by lanes, given back with what is left."""

import os
import secrets
import socket
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Integer, bindparam, func, literal_column, select
from sqlalchemy.orm import Session

from app.db.driver import Prepared, Rows, connection_of, fetch
from app.db.rows import Insert, Update, Write, table_of
from app.db.sql import for_update, is_any
from app.jobs.models import Job, JobState, Lane, NewJob, Priority

_insert_lanes = Insert(table_of(Lane), ("topic", "subject_id", "channel_id", "priority"), or_ignore=True)
_insert_jobs = Insert(
    table_of(Job),
    ("lane_id", "kind", "subject_id", "payload", "unique_key", "state", "priority", "not_before", "attempts",
     "created_at"),
    or_ignore=True,
)  # fmt: skip

_LANES = for_update(
    select(Lane).where(Lane.topic == bindparam("topic"), is_any(Lane.subject_id, "subjects")).order_by(Lane.subject_id)
)


_lane, _job = table_of(Lane).c, table_of(Job).c
HAS_WORK = _lane.ready_at.is_not(None)
"""Condition on ``lanes``: something waits there."""


def worker_name() -> str:
    """For ``leased_by``: of two workers never the same, and telling which process it is."""
    return f"{socket.gethostname()[:32]}:{os.getpid()}:{secrets.token_hex(6)}"


def busy_lanes(session: Session, topic: str, subject_ids: Collection[int]) -> dict[int, Lane]:
    """Lock the lanes of these subjects and return those in which something waits, by subject."""
    return {k: lane for k, lane in lock_lanes(session, topic, subject_ids).items() if lane.ready_at}


def lock_lanes(session: Session, topic: str, subject_ids: Collection[int]) -> dict[int, Lane]:
    """Lock the lanes that exist, in id order, by subject."""
    given = {"topic": topic, "subjects": list(subject_ids)}
    rows = session.scalars(_LANES, given, execution_options={"populate_existing": True})
    return {lane.subject_id: lane for lane in rows}


def enqueue(session: Session, jobs: Sequence[NewJob], *, now: datetime) -> None:
    """Append jobs to their lanes, in the order given.

    The lane is locked before its job is inserted: ids are handed out before the commit, so a later job of another
    transaction could otherwise be seen, and run, first.
    """
    if not jobs:
        return
    lanes = sorted({(job.lane.topic, job.lane.subject_id, job.lane.channel_id) for job in jobs}, key=lambda k: k[:2])
    _insert_lanes(session, [(*lane, Priority.campaign.rank) for lane in lanes])
    locked = {
        (topic, subject_id): lane
        for topic in dict.fromkeys(lane[0] for lane in lanes)
        for subject_id, lane in lock_lanes(session, topic, [lane[1] for lane in lanes if lane[0] == topic]).items()
    }
    for job in jobs:
        lane = locked[job.lane.topic, job.lane.subject_id]
        if lane.ready_at is None:
            lane.ready_at, lane.priority = job.not_before, job.priority.rank
        else:
            lane.priority = min(lane.priority, job.priority.rank)
    rows = [
        (locked[job.lane.topic, job.lane.subject_id].id, job.kind, job.subject_id, job.payload, job.unique_key,
         JobState.queued, job.priority.rank, job.not_before, 0, now)
        for job in jobs
    ]  # fmt: skip
    session.flush()
    _insert_jobs(session, rows)


RANKS = "({}) AS ranks".format(" UNION ALL ".join(f"SELECT {priority.rank} AS rank" for priority in Priority))
"""All classes, for the FROM of a look."""


def is_due(conditions: str) -> str:
    """SQL of a look: whether something is due by ``?1`` in the class ``ranks.rank`` of the lanes of these conditions.

    The least time is one end of a range of the index, whatever lies in it. For "is there any", or "the first that is
    due", PostgreSQL may read all lanes, since it expects to meet one soon: 0.6 s a look while a million wait.
    """
    return (
        f"(SELECT min(ready_at) FROM lanes WHERE {conditions} AND priority = ranks.rank AND ready_at IS NOT NULL) <= ?1"
    )


def look(session: Session, text: str, now: datetime) -> Rows:
    """Run a look whose only parameter is the time."""
    connection = connection_of(session)
    own = text.replace("?", "$") if connection.dialect.name == "postgresql" else text
    bind = table_of(Lane).c.ready_at.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    return fetch(connection, own, [bind(now) if bind else now])


def claim(
    session: Session,
    *,
    topic: str,
    worker: str,
    now: datetime,
    lease: timedelta,
    limit: int,
    channel_id: int | None = None,
    priorities: Iterable[Priority] = Priority,
) -> list[int]:
    """Lease up to ``limit`` ready lanes to ``worker`` and return their ids, the most urgent class first.

    Each class of a channel is a range of the index by itself: however much waits in the others, or waits for its time,
    is never read. Lanes of a dead worker are taken over: they are ready when their lease ends.
    """
    ids = find_ready(session, topic=topic, channel_id=channel_id, priorities=priorities, now=now, limit=limit)
    if ids:
        take(session, ids, worker=worker, until=now + lease)
    return ids


def find_ready(
    session: Session,
    *,
    topic: str,
    channel_id: int | None,
    priorities: Iterable[Priority],
    now: datetime,
    limit: int,
) -> list[int]:
    """Lock up to ``limit`` ready lanes that nobody else is locking, and return their ids."""
    ids: list[int] = []
    for priority in priorities:
        if len(ids) == limit:
            break
        left = limit - len(ids)
        given = {"topic": topic, "priority": priority.rank, "now": now, "limit": left}
        rows = (
            _READY_WITHOUT_CHANNEL(session, **given)
            if channel_id is None
            else _READY(session, channel=channel_id, **given)
        )
        ids += [row[0] for row in rows]
    return ids


_RANGE = (
    _lane.topic == bindparam("topic"),
    _lane.priority == bindparam("priority"),
    _lane.ready_at <= bindparam("now"),
)
_FIRST = (
    select(_lane.id)
    .where(*_RANGE, _lane.ready_at.is_not(None))
    .order_by(_lane.ready_at)
    .limit(bindparam("limit", type_=Integer))
)
_READY = Prepared(for_update(_FIRST.where(_lane.channel_id == bindparam("channel")), skip_locked=True))
_READY_WITHOUT_CHANNEL = Prepared(for_update(_FIRST.where(_lane.channel_id.is_(None)), skip_locked=True))


_lease = Update(table_of(Lane), ("leased_by", "leased_until", "ready_at"))


def taking(ids: Collection[int], *, worker: str, until: datetime) -> Write:
    """What ``take`` writes, for a statement of several."""
    return _lease, [(lane_id, worker, until, until + timedelta(microseconds=1)) for lane_id in sorted(ids)]


def take(session: Session, ids: Collection[int], *, worker: str, until: datetime) -> None:
    """Lease lanes that this transaction has locked."""
    write, rows = taking(ids, worker=worker, until=until)
    write(session, rows)


def hold(session: Session, lane_id: int, worker: str) -> Lane | None:
    """Lock a leased lane; None where the lease was lost to another worker."""
    return hold_all(session, [lane_id], worker).get(lane_id)


def hold_all(session: Session, lane_ids: Collection[int], worker: str) -> dict[int, Lane]:
    """Lock those of the lanes that are still leased to ``worker``, in id order."""
    own = (is_any(Lane.id, lane_ids), Lane.leased_by == worker)
    rows = session.scalars(
        for_update(select(Lane).where(*own).order_by(Lane.id)), execution_options={"populate_existing": True}
    )
    return {lane.id: lane for lane in rows}


_HELD = Prepared(
    select(_lane.id)
    .where(is_any(_lane.id, "lanes"), _lane.leased_by == bindparam("worker"))
    .order_by(_lane.id)
    .with_for_update()
)


def lock_held(session: Session, lane_ids: Collection[int], worker: str) -> set[int]:
    """``hold_all`` where nothing of the lanes but that is wanted."""
    return {row[0] for row in _HELD(session, lanes=list(lane_ids), worker=worker)}


def first_job(session: Session, lane_id: int) -> Job | None:
    """The job whose turn it is; dead ones do not hold up the lane."""
    return first_jobs(session, [lane_id]).get(lane_id)


_FIRST_IDS = (
    select(func.min(Job.id))
    .where(is_any(Job.lane_id, "lanes"), Job.state != literal_column("'dead'"))
    .group_by(Job.lane_id)
)


def first_jobs(session: Session, lane_ids: Collection[int]) -> dict[int, Job]:
    """The job whose turn it is, by lane; lanes without one are missing."""
    found = session.scalars(
        select(Job).where(Job.id.in_(_FIRST_IDS)), {"lanes": list(lane_ids)},
        execution_options={"populate_existing": True},
    )  # fmt: skip
    return {job.lane_id: job for job in found}


def release(session: Session, lane: Lane) -> None:
    """Give the lane back; it is ready again when its first job is."""
    release_all(session, [lane.id])
    session.expire(lane)


def refresh(session: Session, lane: Lane) -> None:
    """The times of a locked lane's jobs changed: a lane that is leased learns of it when it is given back."""
    if lane.leased_by is None:
        release(session, lane)


_rest = (
    select(_job.lane_id, func.min(_job.id).label("first"), func.min(_job.priority).label("rank"))
    .where(is_any(_job.lane_id, "lanes"), _job.state != literal_column("'dead'"))
    .group_by(_job.lane_id)
    .subquery()
)
_REST = Prepared(select(_rest.c.lane_id, _job.not_before, _rest.c.rank).where(_job.id == _rest.c.first))
_update_lanes = Update(table_of(Lane), ("leased_by", "leased_until", "ready_at", "priority"))


def release_all(session: Session, lane_ids: Collection[int]) -> None:
    """Give locked lanes back, each ready when its first job is, with the class of the most urgent one left."""
    if not lane_ids:
        return
    session.flush()
    rest = {lane: (due, rank) for lane, due, rank in _REST(session, lanes=list(lane_ids))}
    empty = (None, Priority.campaign.rank)
    _update_lanes(session, [(lane, None, None, *rest.get(lane, empty)) for lane in sorted(lane_ids)])


def depth(session: Session, *, most: int = 1_000_000) -> int:
    """Jobs that are not given up, timers left out; counted up to ``most``."""
    alive = select(Job.id).where(Job.state != JobState.dead, Job.kind.not_like("%.%")).limit(most)
    return session.scalar(select(func.count()).select_from(alive.subquery())) or 0
