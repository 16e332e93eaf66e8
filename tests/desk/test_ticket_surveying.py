"""Viewers are asked once how content they are, and where it disturbs nobody."""

import asyncio
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.agents.calendars import BEIJING
from app.agents.rights import Actor
from app.conversations import routing
from app.conversations.accounts import Account
from app.conversations.models import Channel, Conversation, Message
from app.db.database import Database
from app.desk.tickets import closing, surveying
from app.tickets import returning, satisfaction
from app.tickets.models import Satisfaction, TicketEvent, TicketNotice
from app.viewers.models import Identity
from tests.db.gates import Gate, until_blocked
from tests.factories import deadlines, desk, ticketing
from tests.factories import delivering as do
from tests.factories.conversations import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOON = NOW - 8 * HOUR
"""NOW is 20:00 in Beijing."""


@pytest.fixture
def write_limit() -> None:
    """None: rules wait on purpose in some of these."""


@pytest.fixture
async def account(db: Database) -> Account:
    """On a platform on which one may speak for two days after the viewer."""
    return await db.write(do.account)


async def talk_of(db: Database, account: Account, name: str = "viewer-1", wrote_at: datetime = NOON) -> int:
    talk = await db.write(do.viewer, account.channel_id, name)
    await desk.hear(db, talk, wrote_at)
    return talk


async def closed(
    db: Database, talk: int | None, by: Actor, at: datetime = NOON, **values: Any
) -> int:  # fmt: skip
    """A ticket that a person has closed."""
    viewer = await db.read(viewer_of, talk) if talk is not None else None
    ticket = await ticketing.ticket(db, at, conversation_id=talk, viewer_id=viewer, **values)
    await db.write(closing.close, ticket, by=by, text="好了", now=at)
    return ticket


def viewer_of(session: Session, talk: int) -> int:
    own = select(Identity.viewer_id).join(Conversation, Conversation.identity_id == Identity.id)
    return session.scalars(own.where(Conversation.id == talk)).one()


def row_of(session: Session, ticket: int) -> Satisfaction | None:
    return session.get(Satisfaction, ticket)


async def ask(db: Database, ticket: int, account: Account | None, now: datetime = NOON + HOUR) -> bool:
    return await db.write(surveying.ask, ticket, account=account, now=now)


def asked(session: Session) -> list[tuple[str, str]]:
    own = select(Message.author, Message.text).where(Message.direction == "out").order_by(Message.id)
    return [(author, text) for author, text in session.execute(own)]


# -------------------- planned


@pytest.mark.parametrize(
    ("at", "then"),
    [
        ("10:00", "10:00"), ("21:59", "21:59"), ("22:00", "9:00+1"), ("23:30", "9:00+1"), ("0:10", "9:00"),
        ("8:59", "9:00"), ("9:00", "9:00"),
    ],
)  # fmt: skip
def test_nobody_is_asked_at_night(at: str, then: str) -> None:
    def on(clock: str) -> datetime:
        clock, _, later = clock.partition("+")
        hour, minute = map(int, clock.split(":"))
        return datetime.combine(NOW, time(hour, minute), BEIJING) + int(later or 0) * DAY

    assert satisfaction.by_day(on(at).astimezone(UTC)) == on(then)


async def test_it_is_planned_for_an_hour_later_when_a_person_closes(db: Database, account: Account, lin: Actor) -> None:
    ticket = await closed(db, await talk_of(db, account), lin)
    row = await db.read(row_of, ticket)
    assert row is not None
    assert (row.ask_at, row.asked_at) == (NOON + HOUR, None)
    assert await db.read(surveying.list_due, now=NOON + HOUR - DAY) == []
    assert await db.read(surveying.list_due, now=NOON + HOUR) == [(ticket, account.channel_id)]


@pytest.mark.parametrize("kind", ["complaint", "suggestion", "data"])
async def test_of_other_kinds_it_is_not_asked(db: Database, account: Account, lin: Actor, kind: str) -> None:
    ticket = await closed(db, await talk_of(db, account), lin, kind=kind)
    assert await db.read(row_of, ticket) is None


async def test_where_nobody_can_be_asked_nothing_is_planned(db: Database, lin: Actor) -> None:
    assert await db.read(row_of, await closed(db, None, lin)) is None


# -------------------- asked


async def test_he_is_asked_once(db: Database, account: Account, lin: Actor) -> None:
    ticket = await closed(db, await talk_of(db, account), lin, number=7733, subject="第8集没有字幕" * 5)
    assert not await ask(db, ticket, account, NOON + HOUR / 2)  # not before its time
    assert await ask(db, ticket, account)
    assert not await ask(db, ticket, account)
    ((author, text),) = await db.read(asked)
    assert author == "bot"
    assert "T-7733" in text
    assert "1 很不满意" in text
    row = await db.read(row_of, ticket)
    assert row is not None
    assert (row.ask_at, row.asked_at) == (None, NOON + HOUR)


async def test_closed_again_he_is_not_asked_again(db: Database, account: Account, lin: Actor) -> None:
    ticket = await closed(db, await talk_of(db, account), lin)
    await ask(db, ticket, account)
    await db.write(closing.reopen, ticket, by=lin, text="没好", now=NOON + 2 * HOUR)
    await db.write(closing.close, ticket, by=lin, text="好了", now=NOON + 3 * HOUR)
    assert await db.read(surveying.list_due, now=NOON + DAY) == []


async def test_one_person_is_asked_seldom(db: Database, account: Account, lin: Actor) -> None:
    talk = await talk_of(db, account)
    first, second = await closed(db, talk, lin), await closed(db, talk, lin)
    assert await ask(db, first, account)
    assert not await ask(db, second, account)
    assert await db.read(surveying.list_due, now=NOON + DAY) == []
    later = NOON + surveying.APART + 2 * HOUR
    await desk.hear(db, talk, later)
    third = await closed(db, talk, lin, later)
    assert await ask(db, third, account, later + HOUR)


async def test_in_a_group_nobody_is_asked(db: Database, account: Account, lin: Actor) -> None:
    await db.write(lambda s: s.execute(update(Channel).values(platform="qq")) and None)
    ticket = await closed(db, await talk_of(db, account, "group:G1:M1"), lin)
    assert not await ask(db, ticket, account)
    assert (await db.read(row_of, ticket)).ask_at is None  # type: ignore[union-attr]


async def test_at_night_it_waits_for_the_morning(db: Database, account: Account, lin: Actor) -> None:
    night = NOW + 3 * HOUR
    ticket = await closed(db, await talk_of(db, account, wrote_at=NOW), lin, NOW)
    assert not await ask(db, ticket, account, night)
    morning = datetime(2026, 11, 24, 9, tzinfo=BEIJING)
    assert (await db.read(row_of, ticket)).ask_at == morning  # type: ignore[union-attr]
    assert await ask(db, ticket, account, morning)


@pytest.mark.parametrize("why", ["a person speaks", "in the queue", "not served", "window closed"])
async def test_where_it_cannot_be_asked_now_it_is_tried_again(
    db: Database, account: Account, lin: Actor, chen: Actor, why: str
) -> None:
    talk = await talk_of(db, account, wrote_at=NOON - 3 * DAY if why == "window closed" else NOON)
    ticket = await closed(db, talk, lin)
    if why == "a person speaks":
        await db.write(routing.take_over, talk, by=chen, now=NOON)
    if why == "in the queue":
        await desk.change(db, talk, owner="queue", queued_at=NOON)
    assert not await ask(db, ticket, None if why == "not served" else account)
    row = await db.read(row_of, ticket)
    assert row is not None
    assert row.ask_at == NOON + HOUR + surveying.TRIED_AGAIN
    assert await db.read(asked) == []
    assert not await ask(db, ticket, account, NOON + 3 * DAY)  # and not for ever
    assert (await db.read(row_of, ticket)).ask_at is None  # type: ignore[union-attr]


async def test_what_was_opened_again_meanwhile_is_not_asked_about(db: Database, account: Account, lin: Actor) -> None:
    ticket = await closed(db, await talk_of(db, account), lin)
    await db.write(closing.reopen, ticket, by=lin, text="没好", now=NOON)
    assert not await ask(db, ticket, account)
    assert (await db.read(row_of, ticket)).ask_at is None  # type: ignore[union-attr]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_two_processes_ask_once(db: Database, database_url: str, account: Account, lin: Actor) -> None:
    ticket, gate = await closed(db, await talk_of(db, account), lin), Gate()

    def and_stop(session: Session) -> bool:
        done = surveying.ask(session, ticket, account=account, now=NOON + HOUR)
        gate.stop(session)
        return done

    first = asyncio.ensure_future(db.write(and_stop))
    await gate.reached()
    second = asyncio.ensure_future(ask(db, ticket, account))
    await until_blocked(database_url)
    gate.open()
    assert [await first, await second] == [True, False]
    assert len(await db.read(asked)) == 1


# -------------------- answered


async def test_the_first_score_stays_beside_a_later_one(
    db: Database, account: Account, lin: Actor, zhou: Actor
) -> None:
    ticket = await closed(db, await talk_of(db, account), lin)
    await ask(db, ticket, account)
    await db.write(returning.score, ticket, 1, now=NOON + 2 * HOUR)
    told = select(TicketNotice.agent_id).join(TicketEvent, TicketEvent.id == TicketNotice.event_id)
    assert await db.read(lambda s: s.scalars(told.where(TicketEvent.kind == "scored")).all()) == [zhou.id]
    due = NOON + DAY
    await db.write(returning.reopen, ticket, "根本没解决", due=due, now=NOON + 2 * HOUR, explains_score=True)
    await db.write(returning.reopen, ticket, "快点", due=due, now=NOON + 2 * HOUR)  # it is open already
    row = await db.read(deadlines.ticket_of, ticket)
    assert (row.priority, row.due_at, row.reopened) == ("high", due, 1)
    await db.write(closing.close, ticket, by=lin, text="好了", now=NOON + 3 * HOUR)
    await db.write(returning.score, ticket, 4, now=NOON + 4 * HOUR)
    kept = await db.read(row_of, ticket)
    assert kept is not None
    assert (kept.score, kept.later_score, kept.reason) == (1, 4, "根本没解决")
    assert (kept.scored_at, kept.later_at) == (NOON + 2 * HOUR, NOON + 4 * HOUR)


async def test_a_score_that_nobody_asked_for_is_none(db: Database) -> None:
    ticket = await ticketing.ticket(db)
    await db.write(returning.score, ticket, 5, now=NOW)
    assert await db.read(row_of, ticket) is None


@pytest.mark.parametrize("priority", ["low", "normal", "high", "urgent"])
async def test_opened_again_it_goes_before_others(db: Database, lin: Actor, priority: str) -> None:
    ticket = await closed(db, None, lin, priority=priority)
    await db.write(returning.reopen, ticket, "没好", due=NOW + DAY, now=NOW)
    kept = priority if priority == "urgent" else "high"
    assert (await db.read(deadlines.ticket_of, ticket)).priority == kept
