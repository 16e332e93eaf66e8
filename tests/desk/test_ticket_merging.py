"""Two tickets become one, one becomes two, and either is undone."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.agents.rights import Actor
from app.db.database import Database
from app.desk.tickets import assigning, closing, labelling, linking, merging, opening
from app.desk.tickets.merging import LinesMissing, MergedAlready, NotMerged, OtherViewer, SameTicket
from app.desk.tickets.opening import Draft
from app.tickets import clocks, finding, steps
from app.tickets.finding import TicketClosed, TicketNotFound
from app.tickets.models import Ticket, TicketEvent
from tests.db.gates import Gate, until_blocked
from tests.factories import conversations as make
from tests.factories import deadlines, ticketing
from tests.factories.deadlines import MONDAY
from tests.factories.people import make_agent

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
KEPT = ("status", "asked", "owner_id", "due_at", "next_due_at", "closed_at", "resolution_s", "waited_s", "breaches",
        "merged_into_id", "responded_at")  # fmt: skip


@pytest.fixture
def write_limit() -> None:
    """None: rules wait on purpose in some of these."""


async def opened(db: Database, by: Actor, **given: object) -> int:
    draft = Draft({"subject": "第8集没有字幕", "kind": "fault"}, **given)  # type: ignore[arg-type]
    return await db.write(opening.open_ticket, draft, by=by, now=MONDAY)


async def merge(db: Database, ticket: int, into: int, by: Actor, after: timedelta = HOUR) -> None:
    await db.write(merging.merge, ticket, by=by, into=into, now=MONDAY + after)


async def unmerge(db: Database, ticket: int, by: Actor, after: timedelta = 3 * HOUR) -> None:
    await db.write(merging.unmerge, ticket, by=by, now=MONDAY + after)


async def state(db: Database, ticket: int) -> dict[str, object]:
    row = await db.read(deadlines.ticket_of, ticket)
    return {name: getattr(row, name) for name in KEPT}


def kinds(session: Session, ticket: int) -> list[str]:
    own = select(TicketEvent.kind).where(TicketEvent.ticket_id == ticket).order_by(TicketEvent.id)
    return list(session.scalars(own))


# -------------------- merged


async def test_one_is_closed_and_the_other_goes_on_for_both(db: Database, lin: Actor, chen: Actor) -> None:
    channel = await make.channel(db)
    first, second = [await make.conversation(db, channel, viewer) for viewer in ("a", "b")]
    viewer = (await db.read(deadlines.ticket_of, await opened(db, lin, conversation_id=first))).viewer_id
    source = await ticketing.ticket(db, conversation_id=second, viewer_id=viewer)
    target = await opened(db, lin, conversation_id=first, tags=["退款"])
    await db.write(labelling.add_tag, source, by=lin, tag="退款", now=MONDAY)
    await db.write(labelling.add_tag, source, by=lin, tag="电话", now=MONDAY)
    await db.write(labelling.watch, source, by=chen, now=MONDAY)
    await merge(db, source, target, lin)
    row = await db.read(deadlines.ticket_of, source)
    assert (row.status, row.closed_at, row.merged_into_id) == ("closed", MONDAY + HOUR, target)
    assert await db.read(labelling.tags_of, target) == ("电话", "退款")
    assert await db.read(linking.linked, target) == [second]
    assert (await db.read(kinds, source))[-1] == (await db.read(kinds, target))[-1] == "merged"


async def test_a_calls_ticket_becomes_the_viewers(db: Database, lin: Actor) -> None:
    talk = await make.conversation(db, await make.channel(db))
    source, target = await opened(db, lin, conversation_id=talk), await opened(db, lin, source="phone")
    await merge(db, source, target, lin)
    row = await db.read(deadlines.ticket_of, target)
    assert row.conversation_id == talk
    assert row.viewer_id == (await db.read(deadlines.ticket_of, source)).viewer_id


async def test_what_cannot_be_merged_is_refused(db: Database, lin: Actor) -> None:
    channel = await make.channel(db)
    one, other = [await opened(db, lin, conversation_id=await make.conversation(db, channel, v)) for v in ("a", "b")]
    closed, third = await opened(db, lin), await opened(db, lin)
    await db.write(closing.close, closed, by=lin, text="好了", now=MONDAY)
    for ticket, into, refusal in (
        (one, one, SameTicket), (one, other, OtherViewer), (third, closed, TicketClosed), (third, 987, TicketNotFound),
        (987, third, TicketNotFound),
    ):  # fmt: skip
        with pytest.raises(refusal):
            await merge(db, ticket, into, lin)
    with pytest.raises(NotMerged):
        await unmerge(db, one, lin)
    with pytest.raises(TicketNotFound):
        await unmerge(db, 987, lin)
    await merge(db, closed, third, lin)
    for ticket, into in ((closed, one), (one, closed)):
        with pytest.raises(MergedAlready):
            await merge(db, ticket, into, lin)


# -------------------- undone


@pytest.mark.parametrize("before", ["open", "in_progress", "waiting", "closed"])
async def test_undone_it_is_as_it_was(db: Database, lin: Actor, before: str) -> None:
    """With what was left of its times, as if the time between had not been."""
    await deadlines.policy(db, first_response_m=240, next_response_m=60, resolution_m=600, warn_percent=50)
    source = await opened(db, lin, owner_id=lin.id)
    target = await opened(db, lin)
    await db.write(step_to, source, before)
    was, dues = await state(db, source), await db.read(deadlines.dues, source)
    await merge(db, source, target, lin, HOUR)
    await unmerge(db, source, lin, 3 * HOUR)
    now = await state(db, source)
    if before == "closed":
        assert now == was
        return
    moved = {metric: due and due + 2 * HOUR for metric, due in dues.items()}
    assert await db.read(deadlines.dues, source) == moved
    ends = [due for due in moved.values() if due is not None]
    assert now == was | {
        "waited_s": 7200 + (1800 if before == "waiting" else 0),
        "next_due_at": min(ends, default=None),
    }
    await db.write(closing.close, source, by=lin, text="好了", now=MONDAY + 4 * HOUR)
    waited = HOUR + HOUR / 2 if before == "waiting" else timedelta()
    row = await db.read(deadlines.ticket_of, source)
    assert row.resolution_s == (2 * HOUR - waited).total_seconds()
    assert (await db.read(kinds, source))[-2:] == ["unmerged", "closed"]
    assert (await db.read(kinds, target))[-1] == "unmerged"


def step_to(session: Session, ticket: int, status: str) -> None:
    row = finding.lock(session, ticket)
    if status == "in_progress":
        steps.reply(session, row, "在查", by="1", now=MONDAY + 10 * MINUTE)
    elif status == "waiting":
        steps.ask(session, row, "哪集？", by="1", now=MONDAY + 30 * MINUTE)
    elif status == "closed":
        steps.close(session, row, "好了", by="1", now=MONDAY + 10 * MINUTE)


async def test_a_promise_stays_the_time_that_was_told(db: Database, lin: Actor) -> None:
    source = await ticketing.ticket(db, MONDAY)
    target = await opened(db, lin)
    await db.write(promise, source)
    await merge(db, source, target, lin)
    await unmerge(db, source, lin)
    assert await db.read(deadlines.dues, source) == {"promise": MONDAY + 9 * HOUR}


def promise(session: Session, ticket: int) -> None:
    clocks.promise(session, finding.lock(session, ticket), MONDAY + 9 * HOUR, now=MONDAY)


async def test_merged_twice_it_is_as_it_was_before_the_last(db: Database, lin: Actor) -> None:
    await deadlines.policy(db, resolution_m=600)
    source, first, second = [await opened(db, lin) for _ in range(3)]
    await merge(db, source, first, lin, HOUR)
    await unmerge(db, source, lin, 2 * HOUR)
    await db.write(step_to, source, "in_progress")
    await merge(db, source, second, lin, 3 * HOUR)
    await unmerge(db, source, lin, 5 * HOUR)
    row = await db.read(deadlines.ticket_of, source)
    assert (row.status, row.merged_into_id) == ("in_progress", None)
    assert await db.read(deadlines.dues, source) == {"resolution": MONDAY + 10 * HOUR + 3 * HOUR}
    with pytest.raises(NotMerged):
        await unmerge(db, source, lin)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_of_two_who_merge_each_into_the_other_one_is_told(db: Database, database_url: str, lin: Actor) -> None:
    one, other = await opened(db, lin), await opened(db, lin)
    gate = Gate()

    def and_stop(session: Session) -> None:
        merging.merge(session, one, by=lin, into=other, now=MONDAY + HOUR)
        gate.stop(session)

    first = asyncio.ensure_future(db.write(and_stop))
    await gate.reached()
    second = asyncio.ensure_future(merge(db, other, one, lin))
    await until_blocked(database_url)
    gate.open()
    await first
    with pytest.raises(MergedAlready):
        await second
    rows = [await db.read(deadlines.ticket_of, ticket) for ticket in (one, other)]
    assert [row.merged_into_id for row in rows] == [other, None]


# -------------------- split


async def split(db: Database, ticket: int, by: Actor, lines: list[int], key: str = "k") -> int:
    return await db.write(
        merging.split, ticket, by=by, lines=lines, subject="客服挂电话", key=key, now=MONDAY + HOUR
    )  # fmt: skip


def lines_of(session: Session, ticket: int) -> dict[str, int]:
    own = select(TicketEvent.kind, TicketEvent.id).where(TicketEvent.ticket_id == ticket)
    return dict(session.execute(own).all())


async def test_what_is_another_matter_becomes_a_ticket_of_its_own(db: Database, lin: Actor, chen: Actor) -> None:
    talk = await make.conversation(db, await make.channel(db))
    ticket = await opened(db, lin, conversation_id=talk, owner_id=chen.id, description="扣了三次钱，客服还挂电话")
    await db.write(closing.note, ticket, by=lin, text="录音在", now=MONDAY)
    await db.write(step_to, ticket, "in_progress")
    known = await db.read(lines_of, ticket)
    made = await split(db, ticket, lin, [known["opened"], known["noted"], known["replied"]])
    row, was = await db.read(deadlines.ticket_of, made), await db.read(deadlines.ticket_of, ticket)
    assert (row.subject, row.kind, row.owner_id) == ("客服挂电话", "fault", chen.id)
    assert (row.conversation_id, row.viewer_id, row.source) == (talk, was.viewer_id, "wechat")
    first = await db.read(lambda s: s.scalars(select(TicketEvent.text).where(TicketEvent.ticket_id == made)).one())
    assert first == "扣了三次钱，客服还挂电话\n录音在"  # what was said to the viewer is no matter of his
    assert (await db.read(kinds, ticket)).count("split") == 1
    assert was.status == "in_progress"
    assert await split(db, ticket, lin, [known["opened"]]) == made  # a repeat
    assert (await db.read(kinds, ticket)).count("split") == 1
    assert await db.read(lambda s: s.scalar(select(func.count()).select_from(Ticket))) == 2
    await merge(db, made, ticket, lin, 2 * HOUR)  # as a split is undone
    assert (await db.read(deadlines.ticket_of, made)).merged_into_id == ticket


async def test_only_lines_of_the_ticket_are_split_off(db: Database, lin: Actor) -> None:
    ticket, other = await opened(db, lin), await opened(db, lin)
    foreign = (await db.read(lines_of, other))["opened"]
    for lines in ([], [foreign], [987], list(range(merging.MOST_LINES + 1))):
        with pytest.raises(LinesMissing):
            await split(db, ticket, lin, lines)
    with pytest.raises(TicketNotFound):
        await split(db, 987, lin, [foreign])


async def test_a_promise_that_was_kept_is_not_broken_by_what_is_split_off(db: Database, lin: Actor) -> None:
    ticket = await ticketing.ticket(db, MONDAY, due_at=MONDAY + 30 * MINUTE)
    await db.write(closing.note, ticket, by=lin, text="还有一件事", now=MONDAY)
    made = await split(db, ticket, lin, [(await db.read(lines_of, ticket))["noted"]])
    assert (await db.read(deadlines.ticket_of, made)).due_at is None


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_who_splits_and_who_gives_do_not_wait_for_each_other(db: Database, lin: Actor) -> None:
    """People are locked before tickets, by both."""
    owner = await make_agent(db, "owner")
    ticket = await opened(db, lin, owner_id=owner.id)
    line = (await db.read(lines_of, ticket))["opened"]
    gate = Gate()

    def give_slowly(session: Session) -> None:
        assigning.require_owner(session, owner.id)
        gate.stop(session)
        assigning.give(session, ticket, by=lin, owner_id=owner.id, team_id=None, now=MONDAY)

    giving = asyncio.ensure_future(db.write(give_slowly))
    await gate.reached()
    splitting = asyncio.ensure_future(split(db, ticket, lin, [line]))
    gate.open()
    await asyncio.gather(giving, splitting)
    assert await db.read(lambda s: s.connection().exec_driver_sql(DEADLOCKS).scalar()) == 0


DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
