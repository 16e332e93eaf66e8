"""The times that tickets keep: counted in service time, stopped while viewers are to answer, kept as they ended."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents.rights import Actor
from app.conversations.models import Conversation
from app.db.database import Database
from app.desk.tickets import assigning, changing, closing, opening
from app.desk.tickets.opening import Draft
from app.tickets import clocks, finding, service, steps
from app.tickets.deadline_models import Metric, TicketClock
from app.tickets.service import NewTicket
from app.viewers.models import Identity
from tests.factories import conversations as make
from tests.factories import deadlines, ticketing
from tests.factories.deadlines import MONDAY, on
from tests.factories.people import make_team

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


async def opened(db: Database, by: Actor, at: datetime = MONDAY, **fields: Any) -> int:
    """By a person."""
    draft = Draft({"subject": "第8集没有字幕", "kind": "fault"} | fields)
    return await db.write(opening.open_ticket, draft, by=by, now=at)


async def by_bot(db: Database, at: datetime = MONDAY, due: datetime | None = None, **values: Any) -> int:
    """From what a viewer wrote."""
    talk = await make.conversation(db, await make.channel(db))

    def add(session: Session) -> int:
        viewer_id = viewer_of(session, talk)
        given = {"kind": "fault", "priority": "normal", "source": "wechat"} | values
        new = NewTicket(viewer_id, talk, 1, subject="卡顿", category=None, due_at=due, opened_at=at, **given)
        return service.open_many(session, [new])[1][0]

    return await db.write(add)


def viewer_of(session: Session, talk: int) -> int:
    own = select(Identity.viewer_id).join(Conversation, Conversation.identity_id == Identity.id)
    return session.scalars(own.where(Conversation.id == talk)).one()


def does(session: Session, /, step: Any, ticket_id: int, *given: Any, now: datetime, **more: Any) -> None:
    """A step or a rule of clocks, upon the ticket as it is."""
    step(session, finding.lock(session, ticket_id), *given, now=now, **more)


async def step(db: Database, rule: Any, ticket_id: int, *given: Any, now: datetime, **more: Any) -> None:
    await db.write(does, rule, ticket_id, *given, now=now, **more)


async def reply(db: Database, ticket_id: int, now: datetime) -> None:
    await step(db, steps.reply, ticket_id, "在查", by="7", now=now)


async def ask(db: Database, ticket_id: int, now: datetime) -> None:
    await step(db, steps.ask, ticket_id, "哪一集？", by="7", now=now)


async def dues(db: Database, ticket_id: int) -> dict[str, datetime | None]:
    found = await db.read(deadlines.dues, ticket_id)
    ends = [at for at in found.values() if at is not None]
    assert (await db.read(deadlines.ticket_of, ticket_id)).next_due_at == min(ends, default=None)
    return found


# -------------------- started


async def test_the_first_policy_that_fits_says_how_long_it_may_take(db: Database, lin: Actor) -> None:
    await deadlines.policy(db, kind="complaint", first_response_m=10)
    await deadlines.policy(db, priority="high", first_response_m=20)
    await deadlines.policy(db, source="wechat", first_response_m=30, resolution_m=300)
    await deadlines.policy(db, first_response_m=40)
    complaint = await opened(db, lin, kind="complaint", priority="high", due_at=MONDAY + 99 * HOUR)
    high, desk = await opened(db, lin, priority="high"), await opened(db, lin)
    viewers = await by_bot(db)
    assert await dues(db, complaint) == {
        "first_response": MONDAY + 10 * MINUTE, "promise": MONDAY + 99 * HOUR
    }  # fmt: skip
    assert await dues(db, high) == {"first_response": MONDAY + 20 * MINUTE}
    assert await dues(db, viewers) == {"first_response": MONDAY + 30 * MINUTE, "resolution": MONDAY + 5 * HOUR}
    assert await dues(db, desk) == {"first_response": MONDAY + 40 * MINUTE}


async def test_without_a_policy_only_the_promise_runs(db: Database) -> None:
    promised = await by_bot(db, due=MONDAY + HOUR)
    assert await dues(db, promised) == {"promise": MONDAY + HOUR}


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        (on(23, "11:00"), 60, on(23, "12:00")),
        (on(23, "11:30"), 60, on(23, "14:00")),  # over lunch
        (on(23, "12:10"), 30, on(23, "14:00")),  # begun at lunch
        (on(23, "17:30"), 60, on(24, "9:30")),  # over the night
        (on(23, "3:00"), 30, on(23, "9:30")),  # begun at night
        (on(24, "17:30"), 60, on(26, "9:30")),  # over a holiday
        (on(27, "17:30"), 60, on(28, "9:30")),  # a Saturday that is worked on
        (on(28, "17:30"), 450 + 60, on(30, "9:30") + timedelta(days=1)),  # over Sunday, and a whole day
    ],
)
async def test_service_time_knows_lunch_nights_and_holidays(
    db: Database, lin: Actor, start: datetime, minutes: int, end: datetime
) -> None:
    await deadlines.office_hours(db, "2026-11-25", "2026-11-28")
    await deadlines.policy(db, first_response_m=minutes)
    assert await dues(db, await opened(db, lin, start)) == {"first_response": end}


async def test_a_teams_own_hours_count(db: Database, lin: Actor) -> None:
    await deadlines.office_hours(db)
    night = await make_team(db, "夜班")
    await deadlines.team_hours(db, night, "每天 20:00-23:00")
    await deadlines.policy(db, first_response_m=60)
    assert await dues(db, await opened(db, lin, team_id=night)) == {"first_response": on(23, "21:00")}


async def test_a_warning_is_planned_in_service_time(db: Database, lin: Actor) -> None:
    await deadlines.office_hours(db)
    await deadlines.policy(db, first_response_m=100, warn_percent=80)
    ticket = await opened(db, lin, on(23, "11:00"))
    clock = await db.read(deadlines.clock_of, ticket, "first_response")
    assert (clock.warn_at, clock.due_at) == (on(23, "13:50"), on(23, "14:10"))


# -------------------- answered


async def test_an_answer_ends_the_first_clock_and_says_how_long_it_took(db: Database, lin: Actor) -> None:
    await deadlines.office_hours(db)
    await deadlines.policy(db, first_response_m=100, next_response_m=60, resolution_m=1000)
    ticket = await opened(db, lin, on(23, "11:30"), due_at=on(24, "18:00"))
    await reply(db, ticket, on(23, "14:00"))
    assert set(await dues(db, ticket)) == {"resolution"}  # a word keeps the promise too
    row = await db.read(deadlines.ticket_of, ticket)
    assert (row.responded_at, row.response_s, row.breaches) == (on(23, "14:00"), 3600, 0)
    await reply(db, ticket, on(23, "17:00"))
    assert (await db.read(deadlines.ticket_of, ticket)).response_s == 3600


async def test_a_late_answer_counts_as_late_also_where_no_sweep_saw_it(db: Database, lin: Actor) -> None:
    await deadlines.policy(db, first_response_m=30)
    ticket = await opened(db, lin)
    await reply(db, ticket, MONDAY + HOUR)
    clock = await db.read(deadlines.clock_of, ticket, "first_response")
    assert (clock.breached_at, clock.ended_at) == (MONDAY + 30 * MINUTE, MONDAY + HOUR)
    assert (await db.read(deadlines.ticket_of, ticket)).breaches == 1


async def test_time_that_does_not_count_is_not_part_of_the_first_answers_time(db: Database, lin: Actor) -> None:
    ticket = await opened(db, lin)
    await db.write(closing.close, ticket, by=lin, text="重复", now=MONDAY + HOUR)
    await db.write(closing.reopen, ticket, by=lin, text="不是重复", now=MONDAY + 5 * HOUR)
    await reply(db, ticket, MONDAY + 6 * HOUR)
    assert (await db.read(deadlines.ticket_of, ticket)).response_s == 2 * 3600


async def hears(db: Database, ticket_id: int, now: datetime) -> None:
    await db.write(service.hear, [ticket_id], now=now)


async def test_who_writes_again_is_owed_an_answer_once(db: Database, lin: Actor) -> None:
    await deadlines.policy(db, first_response_m=30, next_response_m=20)
    ticket = await opened(db, lin)
    await hears(db, ticket, MONDAY + MINUTE)
    assert set(await dues(db, ticket)) == {"first_response"}  # that answer is owed already
    await reply(db, ticket, MONDAY + 10 * MINUTE)
    assert await dues(db, ticket) == {}
    for minutes in (15, 25):
        await hears(db, ticket, MONDAY + minutes * MINUTE)
        assert await dues(db, ticket) == {"next_response": MONDAY + 35 * MINUTE}
    await reply(db, ticket, MONDAY + 30 * MINUTE)
    await hears(db, ticket, MONDAY + 60 * MINUTE)
    assert await dues(db, ticket) == {"next_response": MONDAY + 80 * MINUTE}
    asked = select(TicketClock).where(TicketClock.metric == Metric.next_response)
    assert len(await db.read(lambda s: s.scalars(asked).all())) == 2


async def test_who_is_to_answer_is_owed_nothing_for_what_he_writes_beside(db: Database, lin: Actor) -> None:
    await deadlines.policy(db, next_response_m=20)
    ticket = await opened(db, lin)
    await ask(db, ticket, MONDAY)
    await hears(db, ticket, MONDAY + HOUR)
    assert await dues(db, ticket) == {}
    await db.write(service.resume, ticket, due=MONDAY + 9 * HOUR, now=MONDAY + 2 * HOUR)
    await hears(db, ticket, MONDAY + 2 * HOUR)
    assert await dues(db, ticket) == {
        "next_response": MONDAY + 2 * HOUR + 20 * MINUTE, "promise": MONDAY + 9 * HOUR
    }  # fmt: skip


async def test_a_persons_word_in_the_conversation_is_an_answer_but_keeps_no_promise(db: Database, lin: Actor) -> None:
    await deadlines.policy(db, first_response_m=30, next_response_m=20, resolution_m=600)
    ticket = await by_bot(db, due=MONDAY + 9 * HOUR)
    talk = (await db.read(deadlines.ticket_of, ticket)).conversation_id
    closed = await ticketing.ticket(db, MONDAY, conversation_id=talk, closed_at=MONDAY)
    assert talk is not None
    await db.write(service.speak, talk, now=MONDAY + 10 * MINUTE)
    assert set(await dues(db, ticket)) == {"resolution", "promise"}
    assert (await db.read(deadlines.ticket_of, ticket)).response_s == 600
    assert (await db.read(deadlines.ticket_of, closed)).responded_at is None
    await hears(db, ticket, MONDAY + HOUR)
    await db.write(service.speak, talk, now=MONDAY + HOUR)
    assert set(await dues(db, ticket)) == {"resolution", "promise"}
    await reply(db, ticket, MONDAY + 2 * HOUR)
    assert set(await dues(db, ticket)) == {"resolution"}


async def test_what_a_person_found_urgent_stays_so(db: Database, lin: Actor) -> None:
    ticket = await opened(db, lin, priority="urgent")
    await db.write(service.raise_priority, ticket, due=MONDAY + HOUR, now=MONDAY)
    assert (await db.read(deadlines.ticket_of, ticket)).priority == "urgent"
    assert await dues(db, ticket) == {"promise": MONDAY + HOUR}


# -------------------- stopped


async def test_what_waits_for_its_viewer_stands_still_and_goes_on_with_what_was_left(db: Database, lin: Actor) -> None:
    await deadlines.office_hours(db, "2026-11-25..2026-11-26")
    await deadlines.policy(db, resolution_m=180, warn_percent=50)
    ticket = await opened(db, lin, on(24, "17:00"))
    await ask(db, ticket, on(24, "17:20"))
    assert await dues(db, ticket) == {"resolution": None}
    clock = await db.read(deadlines.clock_of, ticket, "resolution")
    assert (clock.left_s, clock.warn_at) == (160 * 60, None)
    await step(db, steps.start, ticket, by="7", now=on(27, "10:00"))
    assert await dues(db, ticket) == {"resolution": on(27, "14:10")}  # 160 minutes with lunch between
    clock = await db.read(deadlines.clock_of, ticket, "resolution")
    assert (clock.left_s, clock.warn_at) == (None, on(27, "11:10"))
    assert (await db.read(deadlines.ticket_of, ticket)).waited_s == 100 * 60  # of Tuesday and of Friday


async def test_a_pause_over_a_holiday_uses_nothing_up(db: Database, lin: Actor) -> None:
    await deadlines.office_hours(db, "2026-11-25..2026-11-26")
    await deadlines.policy(db, resolution_m=60)
    ticket = await opened(db, lin, on(24, "17:30"))
    await ask(db, ticket, on(24, "18:00"))
    await step(db, steps.start, ticket, by="7", now=on(27, "8:00"))
    assert await dues(db, ticket) == {"resolution": on(27, "9:30")}
    assert (await db.read(deadlines.ticket_of, ticket)).waited_s == 0


async def test_asking_twice_is_one_wait(db: Database, lin: Actor) -> None:
    await deadlines.policy(db, resolution_m=60)
    ticket = await opened(db, lin)
    await ask(db, ticket, MONDAY + 10 * MINUTE)
    await ask(db, ticket, MONDAY + 40 * MINUTE)
    await step(db, steps.start, ticket, by="7", now=MONDAY + 50 * MINUTE)
    assert await dues(db, ticket) == {"resolution": MONDAY + 100 * MINUTE}
    assert (await db.read(deadlines.ticket_of, ticket)).waited_s == 40 * 60


async def test_what_was_over_when_it_was_stopped_is_broken_and_over_when_it_goes_on(db: Database, lin: Actor) -> None:
    await deadlines.policy(db, resolution_m=60)
    ticket = await opened(db, lin)
    await ask(db, ticket, MONDAY + 2 * HOUR)
    assert (await db.read(deadlines.ticket_of, ticket)).breaches == 1
    await step(db, steps.start, ticket, by="7", now=MONDAY + 5 * HOUR)
    assert await dues(db, ticket) == {"resolution": MONDAY + 5 * HOUR}
    clock = await db.read(deadlines.clock_of, ticket, "resolution")
    assert clock.breached_at == MONDAY + HOUR


# -------------------- changed


@pytest.mark.parametrize(
    ("after", "minutes", "due"),
    [
        (10, 30, 30),  # shorter
        (40, 30, 40),  # over already: due now
        (10, 90, 90),  # longer
        (10, None, None),  # none any more
    ],
)
async def test_another_priority_has_other_limits_with_what_is_used_up(
    db: Database, lin: Actor, after: int, minutes: int | None, due: int | None
) -> None:
    await deadlines.policy(db, priority="urgent", resolution_m=minutes, warn_percent=50)
    await deadlines.policy(db, resolution_m=60, warn_percent=50)
    ticket = await opened(db, lin)
    now = MONDAY + after * MINUTE
    await db.write(changing.change, ticket, by=lin, changes={"priority": "urgent"}, now=now)
    assert await dues(db, ticket) == ({} if due is None else {"resolution": MONDAY + due * MINUTE})
    clock = await db.read(deadlines.clock_of, ticket, "resolution")
    half = None if minutes is None or after >= minutes / 2 else MONDAY + minutes / 2 * MINUTE
    assert clock.warn_at == half
    assert (clock.ended_at is not None) is (due is None)


async def test_a_limit_that_comes_with_another_kind_counts_from_the_opening(db: Database, lin: Actor) -> None:
    await deadlines.policy(db, kind="refund", first_response_m=60, resolution_m=120, next_response_m=5)
    ticket = await opened(db, lin)
    await db.write(changing.change, ticket, by=lin, changes={"kind": "refund"}, now=MONDAY + 20 * MINUTE)
    assert await dues(db, ticket) == {
        "first_response": MONDAY + 60 * MINUTE, "resolution": MONDAY + 120 * MINUTE
    }  # fmt: skip


async def test_an_answer_that_was_given_is_not_asked_for_by_another_kind(db: Database, lin: Actor) -> None:
    await deadlines.policy(db, kind="refund", first_response_m=60, resolution_m=120)
    ticket = await opened(db, lin)
    await reply(db, ticket, MONDAY + MINUTE)
    await db.write(changing.change, ticket, by=lin, changes={"kind": "refund"}, now=MONDAY + 20 * MINUTE)
    assert set(await dues(db, ticket)) == {"resolution"}


@pytest.mark.parametrize("waited_before", [False, True])
async def test_a_limit_that_comes_while_it_waits_does_not_count_the_wait(
    db: Database, lin: Actor, waited_before: bool
) -> None:
    await deadlines.policy(db, kind="refund", resolution_m=120)
    ticket = await opened(db, lin)
    if waited_before:
        await ask(db, ticket, MONDAY)
        await step(db, steps.start, ticket, by="7", now=MONDAY + 30 * MINUTE)
    await ask(db, ticket, MONDAY + 40 * MINUTE)
    await db.write(changing.change, ticket, by=lin, changes={"kind": "refund"}, now=MONDAY + 90 * MINUTE)
    clock = await db.read(deadlines.clock_of, ticket, "resolution")
    used = 10 if waited_before else 40
    assert (clock.left_s, clock.due_at) == ((120 - used) * 60, None)
    await step(db, steps.start, ticket, by="7", now=MONDAY + 100 * MINUTE)
    assert await dues(db, ticket) == {"resolution": MONDAY + (100 + 120 - used) * MINUTE}


@pytest.mark.parametrize("given", [False, True])
async def test_another_teams_hours_count_from_then_on(db: Database, lin: Actor, given: bool) -> None:
    await deadlines.office_hours(db)
    night = await make_team(db, "夜班")
    await deadlines.team_hours(db, night, "每天 20:00-23:00")
    await deadlines.policy(db, resolution_m=90)
    ticket = await opened(db, lin, on(23, "17:00"))
    if given:
        await db.write(assigning.give, ticket, by=lin, team_id=night, now=on(23, "17:30"))
    else:
        await db.write(changing.change, ticket, by=lin, changes={"team_id": night}, now=on(23, "17:30"))
    assert await dues(db, ticket) == {"resolution": on(23, "21:00")}


async def test_what_was_broken_stays_broken_with_a_longer_limit(db: Database, lin: Actor) -> None:
    await deadlines.policy(db, priority="low", resolution_m=600)
    await deadlines.policy(db, resolution_m=60)
    ticket = await opened(db, lin)
    await ask(db, ticket, MONDAY + 61 * MINUTE)
    await step(db, steps.start, ticket, by="7", now=MONDAY + 61 * MINUTE)
    await db.write(changing.change, ticket, by=lin, changes={"priority": "low"}, now=MONDAY + 62 * MINUTE)
    clock = await db.read(deadlines.clock_of, ticket, "resolution")
    assert clock.breached_at == MONDAY + 60 * MINUTE
    assert clock.due_at is not None
    assert clock.due_at > MONDAY + 9 * HOUR
    await db.write(closing.close, ticket, by=lin, text="好了", now=MONDAY + 2 * HOUR)
    assert (await db.read(deadlines.ticket_of, ticket)).breaches == 1


async def test_a_promise_is_moved_and_taken_back(db: Database, lin: Actor) -> None:
    ticket = await opened(db, lin, due_at=MONDAY + HOUR)
    await db.write(changing.change, ticket, by=lin, changes={"due_at": MONDAY + 3 * HOUR}, now=MONDAY)
    assert await dues(db, ticket) == {"promise": MONDAY + 3 * HOUR}
    await db.write(changing.change, ticket, by=lin, changes={"due_at": None}, now=MONDAY + 4 * HOUR)
    assert await dues(db, ticket) == {}
    row = await db.read(deadlines.ticket_of, ticket)
    assert (row.due_at, row.breaches) == (None, 1)  # it was not kept before it was taken back


# -------------------- closed


async def test_closing_ends_all_and_says_how_long_it_took_without_the_waits(db: Database, lin: Actor) -> None:
    await deadlines.office_hours(db)
    await deadlines.policy(db, first_response_m=600, resolution_m=900)
    ticket = await opened(db, lin, on(23, "11:00"), due_at=on(25, "18:00"))
    await ask(db, ticket, on(23, "11:30"))
    await step(db, steps.start, ticket, by="7", now=on(23, "17:00"))
    await ask(db, ticket, on(23, "17:30"))
    await db.write(closing.close, ticket, by=lin, text="好了", now=on(24, "10:00"))
    row = await db.read(deadlines.ticket_of, ticket)
    assert (row.resolution_s, row.waited_s, row.next_due_at) == (3600, (240 + 90) * 60, None)
    assert row.waiting_since is None
    assert await dues(db, ticket) == {}


async def test_the_time_while_it_was_closed_does_not_count(db: Database, lin: Actor) -> None:
    await deadlines.policy(db, first_response_m=30, next_response_m=20, resolution_m=60)
    ticket = await opened(db, lin)
    await reply(db, ticket, MONDAY + 5 * MINUTE)
    await db.write(closing.close, ticket, by=lin, text="好了", now=MONDAY + 10 * MINUTE)
    again = MONDAY + 5 * HOUR
    await db.write(closing.reopen, ticket, by=lin, text="还没好", now=again)
    assert await dues(db, ticket) == {"next_response": again + 20 * MINUTE, "resolution": again + HOUR}
    row = await db.read(deadlines.ticket_of, ticket)
    assert (row.resolution_s, row.reopened) == (None, 1)
    await db.write(closing.close, ticket, by=lin, text="好了", now=again + 7 * MINUTE)
    assert (await db.read(deadlines.ticket_of, ticket)).resolution_s == 17 * 60


async def test_closing_late_breaks_what_ran(db: Database, lin: Actor) -> None:
    await deadlines.policy(db, first_response_m=30, resolution_m=60)
    ticket = await opened(db, lin, due_at=MONDAY + 3 * HOUR)
    await db.write(closing.close, ticket, by=lin, text="好了", now=MONDAY + 2 * HOUR)
    assert (await db.read(deadlines.ticket_of, ticket)).breaches == 2


async def test_a_clock_is_one_of_its_metric(db: Database, lin: Actor) -> None:
    """The unique key, not the rules' care, keeps a second one out."""
    await deadlines.policy(db, resolution_m=60)
    ticket = await opened(db, lin)
    row = [(ticket, Metric.resolution, MONDAY, 60, MONDAY + HOUR, None)]
    await db.write(lambda s: clocks.insert(s, row) and None)
    assert await dues(db, ticket) == {"resolution": MONDAY + HOUR}
