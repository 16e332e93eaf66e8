"""What the worker does for the desk by the clock."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta

from app.agents.calendars import Calendar
from app.db.database import Database
from app.desk import forecasting, recalling, returning, sampling, sweeps, waking
from app.dialogue.rules import mans
from app.jobs.timers import Timer

PAGES = 20
"""Of one sweep: what is left comes with the next."""
Run = Callable[[datetime], Awaitable[None]]


def desk_timers(db: Database, calendar: Calendar, *, assigns: bool, on_duty: str) -> Mapping[Timer, Run]:
    """All of them look at the state of things, so any number of processes may run them."""
    began = datetime.now(UTC)
    watch = returning.Watch(began, began)

    async def sweep(planned: datetime) -> None:
        """Whose agent is gone, and what was put off until now."""
        now = datetime.now(UTC)
        await _page(db, waking.wake, now)
        if watch.look(now):
            await _page(db, returning.give_back, now)

    async def look_ahead(planned: datetime) -> None:
        """What those who wait can expect; whoever asked when nobody was there comes to the queue now."""
        now = datetime.now(UTC)
        outlook = await db.write(forecasting.update_outlook, assigns=assigns, now=now)
        if calendar.is_open(now) and mans(on_duty, outlook) and await db.read(recalling.is_due):
            await _page(db, recalling.recall, now)

    async def sample(planned: datetime) -> None:
        await db.write(sampling.sample, now=datetime.now(UTC))

    async def forget(planned: datetime) -> None:
        await _page(db, lambda session, now: sampling.forget(session, before=now - sampling.KEPT), datetime.now(UTC))

    async def give_up_gone(planned: datetime) -> None:
        """What somebody was given at the same moment at which he was deactivated, or lost the role for it."""
        await _page(db, sweeps.give_up_gone, datetime.now(UTC))

    async def forget_desk(planned: datetime) -> None:
        await _page(db, sweeps.forget, datetime.now(UTC))

    return {
        Timer("conversations.give_up", timedelta(minutes=1)): give_up_gone,
        Timer("desk.forget", timedelta(hours=1)): forget_desk,
        Timer("desk.sweep", timedelta(seconds=10)): sweep,
        Timer("queue.outlook", timedelta(seconds=15)): look_ahead,
        Timer("queue.sample", timedelta(minutes=1)): sample,
        Timer("samples.forget", timedelta(hours=1)): forget,
    }


async def _page(db: Database, rule: Callable[..., int], now: datetime) -> None:
    for _ in range(PAGES):
        if not await db.write(rule, now=now):
            return
