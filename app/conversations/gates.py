"""The rates and quotas of channels: one row for each API, through which the senders of all processes pass.

A rate is kept by GCRA: the row holds the time at which all calls so far would have ended at exactly the allowed rate,
and may run ahead of now by a burst. What is urgent or somebody waits for may use all of the burst, campaigns most of
it, so that there is always room for the former at once.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from app.agents.calendars import BEIJING
from app.channels.delivery import Rate
from app.conversations.ledgers import Gate
from app.db.driver import Prepared
from app.db.rows import Insert, table_of
from app.db.sql import changed
from app.events import Kind, publish
from app.jobs.models import Waits

WHOLE = "*"
"""The gate of a channel as a whole: its credential, our address on its allow-list."""
BURST = timedelta(seconds=6)
"""How far calls may run ahead of the rate: a tenth of the minute's calls at most come at once."""
SHARE = 0.8
"""Of the burst and of each quota, for what nobody waits for."""
UNTIL_MENDED = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Grant:
    """``count`` calls may be made now; where that is fewer than wanted, the next not before ``until``."""

    count: int
    until: datetime | None = None
    waits: Waits | None = None
    reason: str = ""
    closed: bool = False
    """Not used up, but shut by the platform's word."""


_insert = Insert(table_of(Gate), ("channel_id", "api", "next_at", "day", "day_used", "month_used"), or_ignore=True)


def reserve(
    session: Session, channel_id: int, api: str, rate: Rate | None, wanted: int, *, share: float, now: datetime
) -> Grant:
    """Take up to ``wanted`` calls out of the rate and the quotas; ``share`` of them all is open to this class."""
    gate = _counts(session, channel_id, api, now, make=rate is not None)
    if gate is None:
        return Grant(wanted)
    if gate.closed_until is not None and gate.closed_until > now:
        return Grant(0, gate.closed_until, Waits(gate.waits or Waits.rate), gate.reason or "", closed=True)
    if rate is None:
        return Grant(wanted)
    before = gate.next_at
    _turn_page(gate, beijing_day(now).toordinal())
    grant = _grant(gate, rate, wanted, share, now)
    _count(gate, rate, grant.count, now)
    if grant.count or gate.next_at != before:
        _write(session, channel=channel_id, name=api, at=gate.next_at, on=gate.day, today=gate.day_used,
               this_month=gate.month_used)  # fmt: skip
    return grant


@dataclass(slots=True)
class _Counts:
    """What of a locked gate's row decides; no object of the session's, since every claim needs one."""

    next_at: datetime
    day: int
    day_used: int
    month_used: int
    closed_until: datetime | None
    waits: str | None
    reason: str | None


_gate = table_of(Gate).c
_own = (_gate.channel_id == bindparam("channel"), _gate.api == bindparam("name"))
_READ = Prepared(
    select(
        _gate.next_at, _gate.day, _gate.day_used, _gate.month_used, _gate.closed_until, _gate.waits, _gate.reason
    )
    .where(*_own)
    .with_for_update()
)  # fmt: skip
_write = Prepared(
    update(table_of(Gate))
    .where(*_own)
    .values(
        next_at=bindparam("at"), day=bindparam("on"), day_used=bindparam("today"), month_used=bindparam("this_month")
    )
)


def _counts(session: Session, channel_id: int, api: str, now: datetime, *, make: bool) -> _Counts | None:
    rows = _READ(session, channel=channel_id, name=api)
    if not rows and make:
        _insert(session, [(channel_id, api, now, beijing_day(now).toordinal(), 0, 0)])
        rows = _READ(session, channel=channel_id, name=api)
    return _Counts(*rows[0]) if rows else None


def _turn_page(gate: _Counts, today: int) -> None:
    """Never back: a clock that was set back must not give a day's quota twice."""
    if today <= gate.day:
        return
    if _month(today) != _month(gate.day):
        gate.month_used = 0
    gate.day, gate.day_used = today, 0


def _month(day: int) -> tuple[int, int]:
    on = date.fromordinal(day)
    return on.year, on.month


def _grant(gate: _Counts, rate: Rate, wanted: int, share: float, now: datetime) -> Grant:
    """The smallest of what each limit leaves, with when the one that binds leaves more."""
    left: list[Grant] = [Grant(wanted)]
    if rate.per_month is not None:
        until = _next_month(date.fromordinal(gate.day))
        left.append(Grant(_left(rate.per_month, share, gate.month_used), until, Waits.quota, "month"))
    if rate.per_day is not None:
        until = _midnight(date.fromordinal(gate.day))
        left.append(Grant(_left(rate.per_day, share, gate.day_used), until, Waits.quota, "day"))
    if rate.per_minute is not None:
        left.append(_paced(gate, rate.per_minute, share, now))
    least = min(left, key=lambda grant: grant.count)
    return least if least.count < wanted else Grant(wanted)


def _left(quota: int, share: float, used: int) -> int:
    """Nothing where what is urgent used more than the others' share."""
    return max(0, int(quota * share) - used)


def _paced(gate: _Counts, per_minute: int, share: float, now: datetime) -> Grant:
    interval = timedelta(minutes=1) / per_minute
    horizon = now + max(BURST * share, interval)
    if gate.next_at - now > timedelta(minutes=1) + max(BURST, interval):  # the clock was set back
        gate.next_at = now + max(BURST, interval)
    start = max(gate.next_at, now)
    count = max(0, (horizon - start) // interval)
    return Grant(count, start + interval * (count + 1) - (horizon - now), Waits.rate, "rate")


def _count(gate: _Counts, rate: Rate, count: int, now: datetime) -> None:
    gate.day_used += count
    gate.month_used += count
    if count and rate.per_minute is not None:
        gate.next_at = max(gate.next_at, now) + timedelta(minutes=1) / rate.per_minute * count


# -------------------- closed gates


def close(
    session: Session, channel_id: int, api: str, *, until: datetime, waits: Waits, reason: str, now: datetime
) -> None:
    """Nothing leaves by this API until then; a gate that is closed for longer stays so."""
    _counts(session, channel_id, api, now, make=True)
    gate = session.get_one(Gate, (channel_id, api), populate_existing=True)
    if gate.closed_until is None or gate.closed_until < until:
        gate.closed_until, gate.waits, gate.reason = until, waits, reason[:200]
        publish(session, Kind.outbox, [channel_id], now=now)
    session.flush()


def reopen(session: Session, channel_id: int, *, now: datetime) -> int:
    """All gates of a channel, after somebody mended it; returns how many were closed."""
    own = (Gate.channel_id == channel_id, Gate.closed_until.is_not(None))
    opened = update(Gate).where(*own).values(closed_until=None, waits=None, reason=None)
    count = changed(session.execute(opened))
    if count:
        publish(session, Kind.outbox, [channel_id], now=now)
    return count


def open_rates(session: Session, now: datetime) -> None:
    """After the clock was set back: what was closed for some seconds is not closed for as long again."""
    ahead = (Gate.waits == Waits.rate, Gate.closed_until > now)
    session.execute(update(Gate).where(*ahead).values(closed_until=now))


def closed(session: Session, now: datetime) -> list[Gate]:
    """The gates that are closed now."""
    return list(session.scalars(select(Gate).where(Gate.closed_until > now).order_by(Gate.channel_id, Gate.api)))


def forget(session: Session, channel_ids: Collection[int]) -> None:
    session.execute(delete(Gate).where(Gate.channel_id.in_(channel_ids)))


# -------------------- Beijing's calendar, by which platforms count


def beijing_day(now: datetime) -> date:
    return now.astimezone(BEIJING).date()


def quota_resets_at(now: datetime) -> datetime:
    """The next midnight in Beijing."""
    return _midnight(beijing_day(now))


def _midnight(day: date) -> datetime:
    after = day + timedelta(days=1)
    return datetime(after.year, after.month, after.day, tzinfo=BEIJING).astimezone(UTC)


def _next_month(day: date) -> datetime:
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return datetime(year, month, 1, tzinfo=BEIJING).astimezone(UTC)
