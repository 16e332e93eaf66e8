"""Clocks that run are counted anew when what they are counted by changes: once, in pages, as a person would expect."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.agents import business_calendars, hours, recounts, teams
from app.agents.business_calendars import Written
from app.agents.models import Recount
from app.agents.recounts import Scope
from app.agents.rights import Actor
from app.db.database import Database
from app.desk.tickets import changing, closing
from app.tickets import policies, recounting, steps, sweeps
from app.tickets.deadline_models import TicketClock
from app.tickets.models import Complaint, Ticket, TicketEvent, TicketNotice
from tests.db.gates import Gate, until_second_waits
from tests.factories import deadlines, ticketing
from tests.factories.deadlines import MONDAY, OFFICE, on
from tests.factories.people import make_team
from tests.tickets.test_clocks import ask, by_bot, does, dues, opened, reply

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


async def recount(db: Database, now: datetime, *, pages: int = 100) -> int:
    """All that waits, some seconds after ``now``; how many pages it took."""
    for number in range(pages):
        if not await db.write(recounting.step, now=now + recounting.SETTLED):
            return number
    raise AssertionError("it does not end")


def lines(session: Session, ticket_id: int) -> Sequence[dict[str, Any]]:
    """What the history says of it."""
    own = select(TicketEvent.detail).where(TicketEvent.ticket_id == ticket_id, TicketEvent.kind == "recounted")
    return [detail or {} for detail in session.scalars(own.order_by(TicketEvent.id))]


async def lines_of(db: Database, ticket_id: int) -> Sequence[dict[str, Any]]:
    return await db.read(lines, ticket_id)


def moved(why: str, metric: str, before: datetime | None, after: datetime | None) -> dict[str, Any]:
    told = [at.isoformat() if at else None for at in (before, after)]
    return {"why": why, "due": {metric: told}}


async def office(db: Database, holidays: str = "", workdays: str = "", *, written: str = OFFICE, name: str = "") -> int:
    """A calendar."""
    given = Written(name or written[:30], written, holidays, workdays)
    return await db.write(business_calendars.add, by=None, written=given, now=MONDAY)


async def team_of(db: Database, calendar_id: int) -> int:
    team = await make_team(db, "会员服务")
    await db.write(teams.set_calendar, team, by=None, calendar_id=calendar_id, now=MONDAY - DAY)
    await recount(db, MONDAY - DAY)
    return team


async def edit(db: Database, calendar_id: int, now: datetime, **changes: str) -> bool:
    kept = await db.read(business_calendars.get_calendar, calendar_id, by=None)
    given = {"name": kept.name, "hours": kept.hours, "holidays": kept.holidays, "workdays": kept.workdays} | changes
    return await db.write(business_calendars.edit, calendar_id, by=None, written=Written(**given), now=now)


async def policy(db: Database, at: datetime = MONDAY - DAY, **given: Any) -> int:
    """By the rule that people use: it is followed by a recount."""
    written = policies.Written(given.pop("name", "其他"), **{"warn_percent": 0} | given)
    made = await db.write(policies.add, by=None, written=written, now=at)
    await recount(db, at)
    return made


# -------------------- days


async def test_a_holiday_that_is_added_moves_what_runs_and_says_so(db: Database, lin: Actor) -> None:
    calendar_id = await office(db)
    team = await team_of(db, calendar_id)
    await policy(db, first_response_m=60, resolution_m=450 + 60)
    ticket = await opened(db, lin, on(23, "16:00"), team_id=team)
    elsewhere = await opened(db, lin, on(23, "16:00"))
    before = await dues(db, ticket)
    assert before == {"first_response": on(23, "17:00"), "resolution": on(24, "17:00")}
    assert await edit(db, calendar_id, on(23, "16:10"), holidays="2026-11-24")
    assert await dues(db, ticket) == before  # not in the request
    assert await recount(db, on(23, "16:10")) == 2
    assert await dues(db, ticket) == before | {"resolution": on(25, "17:00")}
    assert await lines_of(db, ticket) == [moved("calendar", "resolution", on(24, "17:00"), on(25, "17:00"))]
    assert await lines_of(db, elsewhere) == []
    assert await db.read(lambda s: s.scalar(select(func.count()).select_from(TicketNotice))) == 0
    assert (await db.read(deadlines.ticket_of, ticket)).updated_at == on(23, "16:00")  # nobody touched it
    assert await recount(db, on(23, "18:00")) == 0


async def test_a_make_up_day_and_a_forgotten_holiday_count_from_the_start(db: Database, lin: Actor) -> None:
    """It was a holiday, whether or not somebody had written it down."""
    calendar_id = await office(db)
    team = await team_of(db, calendar_id)
    await policy(db, resolution_m=2 * 450)
    friday = await opened(db, lin, on(27, "9:00"), team_id=team)
    assert (await dues(db, friday))["resolution"] == on(30, "18:00")
    await edit(db, calendar_id, on(27, "10:00"), workdays="2026-11-28")
    await recount(db, on(27, "10:00"))
    assert (await dues(db, friday))["resolution"] == on(28, "18:00")
    await edit(db, calendar_id, on(28, "10:00"), holidays="2026-11-27")
    await recount(db, on(28, "10:00"))
    assert (await dues(db, friday))["resolution"] == on(30, "18:00")


async def test_a_warning_moves_with_it_and_one_that_was_given_is_given_for_another_time(
    db: Database, lin: Actor
) -> None:
    calendar_id = await office(db)
    team = await team_of(db, calendar_id)
    await policy(db, resolution_m=450, warn_percent=80)
    warned, to_warn = [await opened(db, lin, on(23, clock), team_id=team) for clock in ("9:00", "13:30")]
    assert await db.write(sweeps.warn, now=on(23, "17:00")) == 1
    await edit(db, calendar_id, on(23, "17:00"), holidays="2026-11-24")
    await recount(db, on(23, "17:00"))
    clocks = [await db.read(deadlines.clock_of, one, "resolution") for one in (warned, to_warn)]
    assert [(clock.warn_at, clock.due_at) for clock in clocks] == [
        (None, on(23, "18:00")), (on(25, "10:30"), on(25, "12:00"))
    ]  # fmt: skip
    await edit(db, calendar_id, on(23, "17:10"), holidays="2026-11-23..2026-11-24")
    await recount(db, on(23, "17:10"))
    clock = await db.read(deadlines.clock_of, warned, "resolution")
    assert (clock.warn_at, clock.due_at) == (on(25, "16:30"), on(25, "18:00"))


async def test_what_was_late_by_a_wrong_count_has_time_again_and_rings_again(db: Database, lin: Actor) -> None:
    calendar_id = await office(db)
    team = await team_of(db, calendar_id)
    await policy(db, resolution_m=60)
    ticket = await opened(db, lin, on(23, "16:00"), team_id=team)
    assert await db.write(sweeps.ring, now=on(23, "17:00")) == 1
    await edit(db, calendar_id, on(23, "17:10"), holidays="2026-11-23")
    await recount(db, on(23, "17:10"))
    assert (await dues(db, ticket))["resolution"] == on(24, "10:00")
    assert (await db.read(deadlines.ticket_of, ticket)).breaches == 0
    assert await db.write(sweeps.ring, now=on(24, "9:59")) == 0
    assert await db.write(sweeps.ring, now=on(24, "10:00")) == 1
    kinds = select(TicketEvent.kind).where(TicketEvent.ticket_id == ticket).order_by(TicketEvent.id)
    told = await db.read(lambda s: s.scalars(kinds).all())
    assert told == ["opened", "breached", "recounted", "breached"]
    assert (await db.read(deadlines.ticket_of, ticket)).breaches == 1


async def test_what_is_over_by_the_new_count_is_over_now(db: Database, lin: Actor) -> None:
    """Nobody could know it before; what is late already stays as it was."""
    calendar_id = await office(db, "2026-11-23")
    team = await team_of(db, calendar_id)
    await policy(db, resolution_m=60)
    ticket = await opened(db, lin, on(23, "9:00"), team_id=team)
    await edit(db, calendar_id, on(23, "15:00"), holidays="")
    now = on(23, "15:00") + recounting.SETTLED
    await recount(db, on(23, "15:00"))
    assert (await dues(db, ticket))["resolution"] == now
    assert await db.write(sweeps.ring, now=now) == 1
    await edit(db, calendar_id, on(23, "16:00"), workdays="2026-11-28")
    await recount(db, on(23, "16:00"))
    assert (await dues(db, ticket))["resolution"] == now
    assert len(await lines_of(db, ticket)) == 1


# -------------------- hours, teams


async def test_other_hours_count_from_then_on(db: Database, lin: Actor) -> None:
    """The evenings that have passed were nobody's service time."""
    calendar_id = await office(db, written="每天 9:00-18:00")
    team = await team_of(db, calendar_id)
    await policy(db, resolution_m=14 * 60)
    ticket = await opened(db, lin, on(23, "9:00"), team_id=team)
    assert (await dues(db, ticket))["resolution"] == on(24, "14:00")
    await edit(db, calendar_id, on(24, "10:00"), hours="每天 9:00-12:00", holidays="2026-11-25")
    await recount(db, on(24, "10:00"))
    assert (await dues(db, ticket))["resolution"] == on(26, "11:00")  # ten hours are used: two on the 24th, two more
    await edit(db, calendar_id, on(24, "11:00"), hours="每天 9:00-24:00")
    await recount(db, on(24, "11:00"))
    assert (await dues(db, ticket))["resolution"] == on(24, "14:00")


async def test_two_changes_that_wait_count_what_passed_by_the_first(db: Database, lin: Actor) -> None:
    calendar_id = await office(db, written="每天 9:00-18:00")
    team = await team_of(db, calendar_id)
    await policy(db, resolution_m=14 * 60)
    ticket = await opened(db, lin, on(23, "9:00"), team_id=team)
    for clock, given in (("10:00", "每天 0:00-24:00"), ("10:00", "每天 9:00-12:00")):
        await edit(db, calendar_id, on(24, clock), hours=given)
    await edit(db, calendar_id, on(24, "10:00"), holidays="2026-11-25")
    assert len(await db.read(recounts.list_pending, by=None)) == 1
    await recount(db, on(24, "10:00"))
    assert (await dues(db, ticket))["resolution"] == on(26, "11:00")


async def test_a_team_that_is_given_another_calendar_counts_by_it_from_then_on(db: Database, lin: Actor) -> None:
    day, night = await office(db, written="每天 9:00-18:00"), await office(db, written="每天 20:00-23:00")
    team = await team_of(db, day)
    await policy(db, resolution_m=10 * 60)
    ticket = await opened(db, lin, on(23, "9:00"), team_id=team)
    await db.write(teams.set_calendar, team, by=None, calendar_id=night, now=on(23, "17:00"))
    await recount(db, on(23, "17:00"))
    assert (await dues(db, ticket))["resolution"] == on(23, "22:00")
    assert (await lines_of(db, ticket))[0]["why"] == "team"
    same = await office(db, written="每天 20:00-23:00", name="夜里")
    await db.write(teams.set_calendar, team, by=None, calendar_id=same, now=on(23, "17:00"))
    assert await db.read(recounts.list_pending, by=None) == []


async def test_the_service_hours_stand_in_for_teams_without_a_calendar(db: Database, lin: Actor) -> None:
    await deadlines.office_hours(db)
    own, none = await team_of(db, await office(db)), await make_team(db, "内容")
    await policy(db, resolution_m=450)
    tickets = [await opened(db, lin, on(23, "16:00"), team_id=team) for team in (own, none, None)]
    await db.write(hours.keep_default, OFFICE, "2026-11-24", "", now=on(23, "17:00"))
    await recount(db, on(23, "17:00"))
    ends = [(await dues(db, ticket))["resolution"] for ticket in tickets]
    assert ends == [on(24, "16:00"), on(25, "16:00"), on(25, "16:00")]
    await db.write(hours.keep_default, OFFICE, "2026-11-24", "", now=on(23, "18:00"))
    assert await db.read(recounts.list_pending, by=None) == []  # a process that starts with the same settings


# -------------------- stopped


async def test_what_stands_still_goes_on_by_the_calendar_of_then(db: Database, lin: Actor) -> None:
    calendar_id = await office(db)
    team = await team_of(db, calendar_id)
    await policy(db, resolution_m=120)
    ticket = await opened(db, lin, on(23, "16:00"), team_id=team)
    await ask(db, ticket, on(23, "17:00"))
    await edit(db, calendar_id, on(23, "17:10"), holidays="2026-11-24")
    await recount(db, on(23, "17:10"))
    clock = await db.read(deadlines.clock_of, ticket, "resolution")
    assert (clock.left_s, await lines_of(db, ticket)) == (3600, [])
    await db.write(does, steps.start, ticket, by="7", now=on(23, "17:30"))
    assert (await dues(db, ticket))["resolution"] == on(25, "9:30")
    await edit(db, calendar_id, on(23, "17:40"), holidays="")
    await recount(db, on(23, "17:40"))
    assert (await dues(db, ticket))["resolution"] == on(24, "9:30")  # the pause stays a pause


# -------------------- policies


async def test_a_policy_that_is_changed_moves_what_runs(db: Database, lin: Actor, zhou: Actor) -> None:
    policy_id = await policy(db, first_response_m=60, resolution_m=120)
    ticket, waits = await opened(db, lin), await opened(db, lin)
    await ask(db, waits, MONDAY + 20 * MINUTE)
    longer = policies.Written("其他", first_response_m=90, resolution_m=200, warn_percent=0)
    await db.write(policies.edit, policy_id, by=zhou, written=longer, now=MONDAY + 30 * MINUTE)
    await recount(db, MONDAY + 30 * MINUTE)
    assert await dues(db, ticket) == {
        "first_response": MONDAY + 90 * MINUTE, "resolution": MONDAY + 200 * MINUTE
    }  # fmt: skip
    assert [line["why"] for line in await lines_of(db, ticket)] == ["policy"]
    assert (await db.read(deadlines.clock_of, waits, "resolution")).left_s == 180 * 60
    renamed = policies.Written("新名字", first_response_m=90, resolution_m=200, warn_percent=0)
    await db.write(policies.edit, policy_id, by=zhou, written=renamed, now=MONDAY + HOUR)
    assert await db.read(recounts.list_pending, by=zhou) == []
    await db.write(policies.delete_policy, policy_id, by=zhou, now=MONDAY + HOUR)
    await recount(db, MONDAY + HOUR)
    assert await dues(db, ticket) == {}
    ended = (await lines_of(db, ticket))[1]["due"]
    assert ended["resolution"] == [(MONDAY + 200 * MINUTE).isoformat(), None]


async def test_a_policy_that_is_added_or_moved_counts_from_the_opening(db: Database, lin: Actor) -> None:
    ticket, answered = await opened(db, lin), await opened(db, lin)
    await reply(db, answered, MONDAY + MINUTE)
    await policy(db, MONDAY + 5 * MINUTE, first_response_m=60, resolution_m=120)
    assert await dues(db, ticket) == {
        "first_response": MONDAY + HOUR, "resolution": MONDAY + 2 * HOUR
    }  # fmt: skip
    assert set(await dues(db, answered)) == {"resolution"}
    second = await policy(db, MONDAY + 5 * MINUTE, name="故障", kind="fault", resolution_m=180)
    assert (await dues(db, ticket))["resolution"] == MONDAY + 2 * HOUR
    await db.write(policies.move, second, by=None, up=True, now=MONDAY)
    await recount(db, MONDAY)
    assert await dues(db, ticket) == {"resolution": MONDAY + 3 * HOUR}


async def test_a_longer_limit_lifts_what_was_late_but_a_lower_priority_does_not(db: Database, lin: Actor) -> None:
    policy_id = await policy(db, resolution_m=60)
    ticket = await opened(db, lin)
    assert await db.write(sweeps.ring, now=MONDAY + HOUR) == 1
    longer = policies.Written("其他", resolution_m=300)
    await db.write(policies.edit, policy_id, by=None, written=longer, now=MONDAY + 2 * HOUR)
    await recount(db, MONDAY + 2 * HOUR)
    assert (await db.read(deadlines.ticket_of, ticket)).breaches == 0
    clock = await db.read(deadlines.clock_of, ticket, "resolution")
    assert (clock.breached_at, clock.due_at, clock.warn_at) == (None, MONDAY + 5 * HOUR, MONDAY + 4 * HOUR)


async def test_a_shorter_limit_makes_nothing_late_later(db: Database, lin: Actor) -> None:
    """It was late already: since then, and not only since somebody changed the policy."""
    policy_id = await policy(db, resolution_m=60)
    rung, unrung = await opened(db, lin), await opened(db, lin, MONDAY + HOUR / 2)
    assert await db.write(sweeps.ring, now=MONDAY + HOUR) == 1
    for minutes, due in ((30, HOUR), (45, HOUR), (300, 5 * HOUR)):
        written = policies.Written("其他", resolution_m=minutes, warn_percent=0)
        await db.write(policies.edit, policy_id, by=None, written=written, now=MONDAY + 2 * HOUR)
        await recount(db, MONDAY + 2 * HOUR)
        assert await dues(db, rung) == {"resolution": MONDAY + due}
        assert await dues(db, unrung) == {"resolution": MONDAY + HOUR / 2 + due}
    assert await lines_of(db, rung) == [moved("policy", "resolution", MONDAY + HOUR, MONDAY + 5 * HOUR)]


# -------------------- complaints


async def complaint(db: Database, days: int, opened_at: datetime) -> int:
    """Whose viewer was told when the last of so many working days is over."""
    calendar = await db.read(hours.calendar_for, None)
    due = calendar.end_of_working_day(opened_at, days)
    return await by_bot(db, opened_at, due, kind="complaint", days=days, office="投诉专员")


def formal_of(session: Session, ticket_id: int) -> Complaint:
    return session.get_one(Complaint, ticket_id)


async def test_a_viewer_is_never_answered_later_than_he_was_told(db: Database) -> None:
    await deadlines.office_hours(db)
    ticket = await complaint(db, 5, on(23, "10:00"))
    assert (await db.read(formal_of, ticket)).deadline_at == on(30, "18:00")
    await db.write(hours.keep_default, OFFICE, "2026-11-25", "", now=on(23, "11:00"))
    await recount(db, on(23, "11:00"))
    assert (await db.read(formal_of, ticket)).deadline_at == on(30, "18:00")
    assert await dues(db, ticket) == {"promise": on(30, "18:00")}
    assert await lines_of(db, ticket) == []


async def test_a_make_up_day_brings_a_complaints_deadline_nearer_and_back(db: Database) -> None:
    await deadlines.office_hours(db)
    ticket = await complaint(db, 5, on(23, "10:00"))
    await db.write(hours.keep_default, OFFICE, "", "2026-11-28", now=on(23, "11:00"))
    await recount(db, on(23, "11:00"))
    formal = await db.read(formal_of, ticket)
    assert (formal.deadline_at, formal.remind_at) == (on(28, "18:00"), on(27, "18:00"))
    assert await dues(db, ticket) == {"promise": on(28, "18:00")}
    assert (await db.read(deadlines.ticket_of, ticket)).due_at == on(30, "18:00")  # what he was told
    assert await lines_of(db, ticket) == [moved("calendar", "complaint", on(30, "18:00"), on(28, "18:00"))]
    await db.write(hours.keep_default, OFFICE, "", "", now=on(23, "12:00"))
    await recount(db, on(23, "12:00"))
    assert (await db.read(formal_of, ticket)).deadline_at == on(30, "18:00")
    assert await dues(db, ticket) == {"promise": on(30, "18:00")}


async def test_a_time_that_somebody_set_is_no_working_day(db: Database, lin: Actor) -> None:
    await deadlines.office_hours(db)
    ticket = await complaint(db, 5, on(23, "10:00"))
    await db.write(changing.change, ticket, by=lin, changes={"due_at": on(30, "12:00")}, now=on(23, "10:30"))
    await db.write(hours.keep_default, OFFICE, "", "2026-11-28", now=on(23, "11:00"))
    await recount(db, on(23, "11:00"))
    assert (await db.read(formal_of, ticket)).deadline_at == on(30, "12:00")


# -------------------- many, and two at once


async def test_all_are_counted_once_in_pages(db: Database, lin: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recounting, "PAGE", 3)
    policy_id = await policy(db, resolution_m=60)
    priorities = ["low", "normal", "high", "urgent"]
    tickets = [await opened(db, lin, priority=priorities[n % 4]) for n in range(10)]
    await db.write(closing.close, tickets[5], by=lin, text="好了", now=MONDAY)
    await db.write(policies.edit, policy_id, by=None, written=policies.Written("其他", resolution_m=90), now=MONDAY)
    assert await db.write(recounting.step, now=MONDAY) is False  # what began before may still write its clocks
    assert await db.write(recounting.step, now=MONDAY + recounting.SETTLED) is True
    (pending,) = await db.read(recounts.list_pending, by=None)
    assert (pending.scope, pending.seen) == (Scope.policies, 3)
    assert await recount(db, MONDAY) == 3
    for ticket in set(tickets) - {tickets[5]}:
        assert await dues(db, ticket) == {"resolution": MONDAY + 90 * MINUTE}
        assert len(await lines_of(db, ticket)) == 1


async def test_a_change_amid_a_recount_is_followed_by_another(
    db: Database, lin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recounting, "PAGE", 1)
    policy_id = await policy(db, resolution_m=60)
    tickets = [await opened(db, lin) for _ in range(3)]
    for minutes in (90, 120):
        written = policies.Written("其他", resolution_m=minutes)
        await db.write(policies.edit, policy_id, by=None, written=written, now=MONDAY)
        await db.write(recounting.step, now=MONDAY + recounting.SETTLED)
    assert len(await db.read(recounts.list_pending, by=None)) == 2
    await recount(db, MONDAY)
    for ticket in tickets:
        assert await dues(db, ticket) == {"resolution": MONDAY + 2 * HOUR}


async def test_two_workers_count_each_ticket_once(
    db: Database, lin: Actor, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second comes while the first is amid a page, and goes on behind it."""
    monkeypatch.setattr(recounting, "PAGE", 2)
    policy_id = await policy(db, resolution_m=60)
    tickets = [await opened(db, lin) for _ in range(6)]
    await db.write(policies.edit, policy_id, by=None, written=policies.Written("其他", resolution_m=90), now=MONDAY)
    now, gate = MONDAY + recounting.SETTLED, Gate()

    def and_stop(session: Session) -> bool:
        done = recounting.step(session, now=now)
        session.flush()
        gate.stop(session)
        return done

    first = asyncio.ensure_future(db.write(and_stop))
    await gate.reached()
    second = asyncio.ensure_future(db.write(recounting.step, now=now))
    await until_second_waits(database_url)
    gate.open()
    assert (await first, await second) == (True, True)
    (pending,) = await db.read(recounts.list_pending, by=None)
    assert pending.seen == 4
    await recount(db, MONDAY)
    assert [len(await lines_of(db, ticket)) for ticket in tickets] == [1] * 6


async def test_a_change_that_is_under_way_is_not_overtaken_by_the_recount(
    db: Database, lin: Actor, database_url: str
) -> None:
    """The worker looks while the change is written and not committed: it counts nothing by half of it."""
    policy_id = await policy(db, resolution_m=60)
    ticket, gate = await opened(db, lin), Gate()
    waiting = policies.Written("先来的", kind="data")
    await db.write(policies.add, by=None, written=waiting, now=MONDAY)  # its recount is there, and waits to be begun
    written = policies.Written("其他", resolution_m=90)

    def and_stop(session: Session) -> None:
        policies.edit(session, policy_id, by=None, written=written, now=MONDAY)
        gate.stop(session)

    changing_it = asyncio.ensure_future(db.write(and_stop))
    await gate.reached()
    looking = asyncio.ensure_future(db.write(recounting.step, now=MONDAY + HOUR))
    await until_second_waits(database_url)
    gate.open()
    await changing_it
    await looking
    await recount(db, MONDAY + HOUR)
    assert await dues(db, ticket) == {"resolution": MONDAY + 90 * MINUTE}
    assert await db.read(lambda s: s.scalar(select(func.count()).select_from(Recount))) == 0


async def test_what_a_change_would_concern_is_counted(db: Database, lin: Actor, zhou: Actor) -> None:
    calendar_id = await office(db)
    team = await team_of(db, calendar_id)
    await policy(db, first_response_m=60, resolution_m=120)
    await opened(db, lin, team_id=team, due_at=MONDAY + DAY)
    await opened(db, lin)
    closed = await opened(db, lin, team_id=team)
    await db.write(closing.close, closed, by=lin, text="好了", now=MONDAY)
    assert await db.read(recounting.count_concerned, by=zhou, calendar_id=calendar_id) == 2
    assert await db.read(recounting.count_concerned, by=zhou) == 4


async def test_clocks_of_before_stay_counted(db: Database) -> None:
    """A ticket that came from elsewhere, its clock made by hand."""
    await policy(db, resolution_m=60)
    ticket = await ticketing.ticket(db, MONDAY)
    rows = select(func.count()).select_from(TicketClock).join(Ticket, Ticket.id == TicketClock.ticket_id)
    assert await db.read(lambda s: s.scalar(rows.where(Ticket.id == ticket))) == 0
