"""Changing what a ticket is, whose it is, and what stands beside it."""

import asyncio
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents.rights import Actor, Role
from app.db.database import Database
from app.desk.files import FileNotFound
from app.desk.tags import MOST, TooManyTags
from app.desk.tickets import assigning, attaching, changing, closing, labelling, linking
from app.desk.tickets.assigning import OwnerWrong
from app.desk.tickets.attaching import Brought, TooManyFiles
from app.desk.tickets.changing import ParentWrong, StatusWrong, TeamGone
from app.desk.tickets.closing import Merged
from app.desk.tickets.fields import FieldWrong
from app.tickets.finding import TicketClosed, TicketNotFound
from app.tickets.models import Complaint, TicketEvent, TicketFile, TicketNotice, TicketWatcher
from tests.db.gates import Gate, until_second_waits
from tests.factories import conversations as make
from tests.factories import deadlines, ticketing
from tests.factories.conversations import NOW
from tests.factories.people import make_agent, make_team

DAY = timedelta(days=1)


@pytest.fixture
async def ticket(db: Database) -> int:
    return await ticketing.ticket(db)


async def change(db: Database, ticket: int, by: Actor, **changes: object) -> bool:
    return await db.write(changing.change, ticket, by=by, changes=changes, now=NOW)


def history(session: Session, ticket: int) -> list[tuple[str, Any]]:
    own = select(TicketEvent.kind, TicketEvent.detail).where(TicketEvent.ticket_id == ticket)
    return [(kind, detail) for kind, detail in session.execute(own.order_by(TicketEvent.id))]


def told(session: Session) -> list[int]:
    return sorted(session.scalars(select(TicketNotice.agent_id)))


# -------------------- fields


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("subject", "  第9集 \n 没有字幕 ", "第9集 没有字幕"),
        ("kind", "inquiry", "inquiry"),
        ("category", "playback.buffering", "playback.buffering"),
        ("dimension", "subtitles", "subtitles"),
        ("priority", "urgent", "urgent"),
        ("title", "长风渡", "长风渡"),
        ("season", "2", 2),
        ("episode", 12, 12),
        ("timecode_s", "1:02:03", 3723),
        ("skill", "退款", "退款"),
        ("contact", "王女士", "王女士"),
        ("due_at", NOW + DAY, NOW + DAY),
    ],
)
async def test_each_field_is_changed_in_one_line(
    db: Database, ticket: int, lin: Actor, name: str, given: object, kept: object
) -> None:
    before = getattr(await db.read(deadlines.ticket_of, ticket), name)
    assert await change(db, ticket, lin, **{name: given})
    row = await db.read(deadlines.ticket_of, ticket)
    assert getattr(row, name) == kept
    shown = kept.isoformat() if isinstance(kept, datetime) else kept
    assert await db.read(history, ticket) == [("changed", {name: [before, shown]})]
    assert not await change(db, ticket, lin, **{name: given})  # the same again is no change
    assert len(await db.read(history, ticket)) == 1
    assert row.rank == {"low": 0, "normal": 1, "high": 2, "urgent": 3}[row.priority]


async def test_several_are_one_line_and_what_is_the_same_is_left_out(db: Database, ticket: int, lin: Actor) -> None:
    await change(db, ticket, lin, kind="fault", title="长风渡", episode="8", unheard_of="x")
    assert await db.read(history, ticket) == [("changed", {"title": [None, "长风渡"], "episode": [None, 8]})]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"subject": ""}, FieldWrong),
        ({"title": "好", "priority": "now"}, FieldWrong),
        ({"title": "好", "timecode_s": -5}, FieldWrong),
        ({"title": "好", "due_at": "明天"}, FieldWrong),
        ({"title": "好", "due_at": datetime(2026, 12, 1)}, FieldWrong),  # noqa: DTZ001
        ({"title": "好", "kind": "complaint"}, FieldWrong),  # without a date
        ({"title": "好", "team_id": 987}, TeamGone),
        ({"title": "好", "parent_id": 987}, ParentWrong),
        ({"title": "好", "status": "closed"}, StatusWrong),
        ({"title": "好", "status": "waiting"}, StatusWrong),
        ({"title": "好", "status": 7}, StatusWrong),
    ],
)
async def test_one_thing_that_is_wrong_changes_nothing(
    db: Database, ticket: int, lin: Actor, changes: dict[str, object], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await change(db, ticket, lin, **changes)
    assert (await db.read(deadlines.ticket_of, ticket)).title is None
    assert await db.read(history, ticket) == []


async def test_a_closed_one_is_not_changed(db: Database, ticket: int, lin: Actor) -> None:
    await db.write(closing.close, ticket, by=lin, text="好了", now=NOW)
    with pytest.raises(TicketClosed):
        await change(db, ticket, lin, title="长风渡")
    with pytest.raises(TicketNotFound):
        await change(db, 987, lin, title="长风渡")


async def test_work_is_begun_and_laid_down(db: Database, ticket: int, lin: Actor) -> None:
    assert await change(db, ticket, lin, status="in_progress")
    assert not await change(db, ticket, lin, status="in_progress")
    await db.write(ticketing.ask, (await db.read(deadlines.ticket_of, ticket)).number, "哪集？", by="1", now=NOW)
    assert await change(db, ticket, lin, status="open")
    row = await db.read(deadlines.ticket_of, ticket)
    assert (row.status, row.asked, row.waiting_since) == ("open", None, None)
    assert [kind for kind, _ in await db.read(history, ticket)] == ["started", "asked", "changed"]


async def test_parents_go_no_rounds(db: Database, ticket: int, lin: Actor) -> None:
    child, grandchild = await ticketing.ticket(db, parent_id=ticket), 0
    grandchild = await ticketing.ticket(db, parent_id=child)
    for below in (ticket, child, grandchild):
        with pytest.raises(ParentWrong):
            await change(db, ticket, lin, parent_id=below)
    assert await change(db, grandchild, lin, parent_id=ticket)
    assert await change(db, grandchild, lin, parent_id=None)


@pytest.mark.parametrize("length", [2, 3])
async def test_two_at_once_make_no_round_of_parents(
    db: Database, lin: Actor, chen: Actor, database_url: str, length: int
) -> None:
    """Each is no round by itself; the second waits for the first, and sees it."""
    tickets, gate = [await ticketing.ticket(db) for _ in range(length)], Gate()
    for child, parent in pairwise(tickets[1:]):
        await change(db, child, lin, parent_id=parent)

    def and_stop(session: Session) -> None:
        changing.change(session, tickets[0], by=lin, changes={"parent_id": tickets[1]}, now=NOW)
        gate.stop(session)

    first = asyncio.ensure_future(db.write(and_stop))
    await gate.reached()
    second = asyncio.ensure_future(change(db, tickets[-1], chen, parent_id=tickets[0]))
    await until_second_waits(database_url)
    gate.open()
    await first
    with pytest.raises(ParentWrong):
        await second


async def test_parents_are_not_endlessly_deep(db: Database, ticket: int, lin: Actor) -> None:
    above = ticket
    for _ in range(changing.DEEPEST):
        above = await ticketing.ticket(db, parent_id=above)
    with pytest.raises(ParentWrong):
        await change(db, await ticketing.ticket(db), lin, parent_id=above)


async def test_what_becomes_a_complaint_gets_a_formal_side_and_loses_it_again(
    db: Database, ticket: int, lin: Actor
) -> None:
    await change(db, ticket, lin, kind="complaint", due_at=NOW + 5 * DAY)
    formal = await db.read(lambda s: s.get_one(Complaint, ticket))
    assert (formal.deadline_at, formal.remind_at) == (NOW + 5 * DAY, NOW + 4 * DAY)
    await change(db, ticket, lin, due_at=NOW + 7 * DAY)
    formal = await db.read(lambda s: s.get_one(Complaint, ticket))
    assert (formal.deadline_at, formal.remind_at) == (NOW + 7 * DAY, NOW + 6 * DAY)
    with pytest.raises(FieldWrong):
        await change(db, ticket, lin, due_at=None)
    await change(db, ticket, lin, kind="inquiry")
    assert await db.read(lambda s: s.get(Complaint, ticket)) is None


# -------------------- whose it is


async def test_it_is_given_and_taken_and_both_hear_of_it(
    db: Database, ticket: int, lin: Actor, chen: Actor, zhou: Actor
) -> None:
    assert await db.write(assigning.give, ticket, by=zhou, owner_id=lin.id, now=NOW)
    assert not await db.write(assigning.give, ticket, by=zhou, owner_id=lin.id, now=NOW)
    assert await db.read(told) == [lin.id]
    assert await db.write(assigning.give, ticket, by=zhou, owner_id=chen.id, now=NOW)
    assert await db.read(told) == sorted([lin.id, lin.id, chen.id])
    assert await db.write(assigning.give, ticket, by=zhou, now=NOW)
    assert await db.read(history, ticket) == [
        ("changed", {"owner_id": [None, lin.id]}),
        ("changed", {"owner_id": [lin.id, chen.id]}),
        ("changed", {"owner_id": [chen.id, None]}),
    ]


async def test_a_team_alone_takes_it_from_whoever_had_it(db: Database, ticket: int, lin: Actor, chen: Actor) -> None:
    team = await make_team(db)
    await db.write(assigning.give, ticket, by=lin, owner_id=chen.id, now=NOW)
    await db.write(assigning.give, ticket, by=lin, team_id=team, now=NOW)
    row = await db.read(deadlines.ticket_of, ticket)
    assert (row.owner_id, row.team_id) == (None, team)
    assert (await db.read(history, ticket))[-1][1] == {"owner_id": [chen.id, None], "team_id": [None, team]}


async def test_who_cannot_work_on_it_is_not_given_it(db: Database, ticket: int, lin: Actor) -> None:
    reads, gone = await make_agent(db, "qa", roles=[Role.quality]), await make_agent(db, "gone")
    await db.write(ticketing.deactivate, gone.id)
    for nobody in (reads.id, gone.id, 987):
        with pytest.raises(OwnerWrong):
            await db.write(assigning.give, ticket, by=lin, owner_id=nobody, now=NOW)
        with pytest.raises(OwnerWrong):
            await db.write(labelling.watch, ticket, by=lin, agent_id=nobody, now=NOW)
    assert await db.read(history, ticket) == []


# -------------------- beside it


async def test_tags_are_kept_once_and_not_without_end(db: Database, ticket: int, lin: Actor) -> None:
    assert await db.write(labelling.add_tag, ticket, by=lin, tag=" #退款 ", now=NOW)
    assert not await db.write(labelling.add_tag, ticket, by=lin, tag="退款", now=NOW)
    for number in range(MOST - 1):
        await db.write(labelling.add_tag, ticket, by=lin, tag=str(number), now=NOW)
    with pytest.raises(TooManyTags):
        await db.write(labelling.add_tag, ticket, by=lin, tag="再来一个", now=NOW)
    assert await db.write(labelling.remove_tag, ticket, by=lin, tag="退款", now=NOW)
    assert not await db.write(labelling.remove_tag, ticket, by=lin, tag="退款", now=NOW)
    assert "退款" not in await db.read(labelling.tags_of, ticket)
    assert (await db.read(history, ticket))[0] == ("changed", {"tags": [[], ["退款"]]})


async def test_who_watches_hears_of_it_until_he_does_not(db: Database, ticket: int, lin: Actor, chen: Actor) -> None:
    for _ in range(2):
        await db.write(labelling.watch, ticket, by=chen, now=NOW)
    await db.write(labelling.watch, ticket, by=lin, agent_id=lin.id, now=NOW)
    await change(db, ticket, lin, title="长风渡")
    assert await db.read(told) == [chen.id]
    await db.write(labelling.unwatch, ticket, by=lin, agent_id=chen.id, now=NOW)
    await change(db, ticket, lin, title="繁花")
    assert await db.read(told) == [chen.id]
    assert await db.read(lambda s: s.scalars(select(TicketWatcher.agent_id)).all()) == [lin.id]


async def test_conversations_are_linked_once(db: Database, lin: Actor) -> None:
    channel = await make.channel(db)
    own, other = [await make.conversation(db, channel, viewer) for viewer in ("a", "b")]
    ticket = await ticketing.ticket(db, conversation_id=own)
    assert not await db.write(linking.link, ticket, by=lin, conversation_id=own, now=NOW)
    assert await db.write(linking.link, ticket, by=lin, conversation_id=other, now=NOW)
    assert not await db.write(linking.link, ticket, by=lin, conversation_id=other, now=NOW)
    with pytest.raises(linking.ConversationNotFound):
        await db.write(linking.link, ticket, by=lin, conversation_id=987, now=NOW)
    assert await db.read(linking.linked, ticket) == [other]
    assert await db.write(linking.unlink, ticket, by=lin, conversation_id=other, now=NOW)
    assert not await db.write(linking.unlink, ticket, by=lin, conversation_id=other, now=NOW)
    assert [kind for kind, _ in await db.read(history, ticket)] == ["linked", "unlinked"]


def brought(*keys: str) -> list[Brought]:
    return [Brought(key, f"\x00{key}  截图.png", 7, "image/png") for key in keys]


async def attach(db: Database, ticket: int, by: Actor, *keys: str) -> int:
    return await db.write(attaching.attach, ticket, by=by, files=brought(*keys), is_evidence=True, now=NOW)


async def test_files_are_kept_with_their_line_also_on_a_closed_one(db: Database, ticket: int, lin: Actor) -> None:
    await db.write(closing.close, ticket, by=lin, text="好了", now=NOW)
    line = await attach(db, ticket, lin, "a", "b")
    files = await db.read(lambda s: s.scalars(select(TicketFile).order_by(TicketFile.id)).all())
    assert [(file.event_id, file.key, file.name, file.is_evidence) for file in files] == [
        (line, "a", "a 截图.png", True), (line, "b", "b 截图.png", True)
    ]  # fmt: skip
    assert (await db.read(history, ticket))[-1] == (
        "filed", {"files": ["a 截图.png", "b 截图.png"], "evidence": True}
    )  # fmt: skip
    kept = await db.read(attaching.get_file, files[0].id, by=lin)
    assert (kept.key, kept.content_type) == ("a", "image/png")
    with pytest.raises(FileNotFound):
        await db.read(attaching.get_file, 987, by=lin)


async def test_what_is_there_is_not_added_again(db: Database, ticket: int, lin: Actor) -> None:
    first = await attach(db, ticket, lin, "a", "a")
    assert await attach(db, ticket, lin, "a") == first
    second = await attach(db, ticket, lin, "a", "b")
    files = await db.read(lambda s: s.execute(select(TicketFile.key, TicketFile.event_id)).all())
    assert sorted((key, line) for key, line in files) == [("a", first), ("b", second)]
    assert len(await db.read(history, ticket)) == 2


async def test_files_do_not_come_without_end(db: Database, ticket: int, lin: Actor) -> None:
    for keys in ([], [str(n) for n in range(attaching.AT_ONCE + 1)]):
        with pytest.raises(TooManyFiles):
            await attach(db, ticket, lin, *keys)
    for start in range(0, attaching.MOST, attaching.AT_ONCE):
        await attach(db, ticket, lin, *[str(start + n) for n in range(attaching.AT_ONCE)])
    with pytest.raises(TooManyFiles):
        await attach(db, ticket, lin, "one more")
    await attach(db, ticket, lin, "0")


# -------------------- the end


async def test_it_is_closed_once_and_opened_again(db: Database, ticket: int, lin: Actor, chen: Actor) -> None:
    assert not await db.write(closing.reopen, ticket, by=lin, text="没好", now=NOW)
    assert await db.write(closing.close, ticket, by=lin, text="好了", now=NOW)
    assert not await db.write(closing.close, ticket, by=chen, text="也好了", now=NOW)
    assert await db.write(closing.reopen, ticket, by=chen, text="没好", now=NOW)
    row = await db.read(deadlines.ticket_of, ticket)
    assert (row.status, row.reopened, row.closed_at) == ("open", 1, None)
    assert [kind for kind, _ in await db.read(history, ticket)] == ["closed", "reopened"]


async def test_what_somebody_has_goes_on_with_him(db: Database, ticket: int, lin: Actor) -> None:
    await db.write(ticketing.give, ticket, lin.id)
    await db.write(closing.close, ticket, by=lin, text="好了", now=NOW)
    await db.write(closing.reopen, ticket, by=lin, text="没好", now=NOW)
    assert (await db.read(deadlines.ticket_of, ticket)).status == "in_progress"


async def test_what_was_merged_is_not_opened_by_itself(db: Database, ticket: int, lin: Actor) -> None:
    merged = await ticketing.ticket(db, closed_at=NOW, merged_into_id=ticket)
    with pytest.raises(Merged):
        await db.write(closing.reopen, merged, by=lin, text="没好", now=NOW)


async def test_a_note_is_for_colleagues_also_on_a_closed_one(db: Database, ticket: int, lin: Actor) -> None:
    await db.write(closing.close, ticket, by=lin, text="好了", now=NOW)
    writer = await make_agent(db, "qa", roles=[Role.quality])
    await db.write(closing.note, ticket, by=writer, text="抽查过", now=NOW)
    assert [kind for kind, _ in await db.read(history, ticket)] == ["closed", "noted"]
    assert (await db.read(deadlines.ticket_of, ticket)).responded_at is None
