"""Tickets that people open."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.agents.models import Team
from app.agents.rights import Actor, Role
from app.db.database import Database
from app.desk.tags import MOST, TagUnusable, TooManyTags
from app.desk.tickets import labelling, opening
from app.desk.tickets.assigning import OwnerWrong
from app.desk.tickets.changing import ParentWrong, TeamGone
from app.desk.tickets.closing import TextMissing
from app.desk.tickets.fields import FieldWrong
from app.desk.tickets.opening import ConversationNotFound, Draft, SourceWrong
from app.tickets.models import Complaint, Ticket, TicketEvent, TicketNotice
from tests.db.gates import Gate, until_blocked
from tests.factories import conversations as make
from tests.factories import deadlines, ticketing
from tests.factories.conversations import NOW
from tests.factories.people import make_agent, make_team

FIELDS = {"subject": "第8集没有字幕", "kind": "fault"}


@pytest.fixture
def write_limit() -> None:
    """None: rules wait on purpose in some of these."""


async def open_(db: Database, by: Actor, fields: dict[str, Any] | None = None, **given: Any) -> int:
    return await db.write(opening.open_ticket, Draft(FIELDS | (fields or {}), **given), by=by, now=NOW)


def first_line(session: Session, ticket: int) -> TicketEvent:
    return session.scalars(select(TicketEvent).where(TicketEvent.ticket_id == ticket).order_by(TicketEvent.id)).one()


async def count(db: Database) -> int:
    return await db.read(lambda s: s.scalar(select(func.count()).select_from(Ticket)) or 0)


async def test_for_a_call_it_keeps_who_called(db: Database, lin: Actor) -> None:
    said = "买重了一份会员，要退一份"
    fields = {"kind": "refund", "contact": " 王女士  尾号6620 ", "title": "长风渡", "season": "1", "episode": "8",
              "timecode_s": "12:34", "dimension": "payment", "priority": "high"}  # fmt: skip
    ticket = await open_(db, lin, fields, source="phone", description=said, tags=["退款", "#退款", "电话"])
    row = await db.read(deadlines.ticket_of, ticket)
    assert (row.source, row.contact, row.viewer_id, row.conversation_id) == ("phone", "王女士 尾号6620", None, None)
    assert (row.title, row.season, row.episode, row.timecode_s) == ("长风渡", 1, 8, 754)
    assert (row.kind, row.priority, row.status, row.created_by) == ("refund", "high", "open", lin.id)
    line = await db.read(first_line, ticket)
    assert (line.kind, line.author, line.text) == ("opened", str(lin.id), said)
    assert await db.read(labelling.tags_of, ticket) == ("电话", "退款")


async def test_from_a_conversation_it_is_its_viewers(db: Database, lin: Actor) -> None:
    talk = await make.conversation(db, await make.channel(db))
    row = await db.read(deadlines.ticket_of, await open_(db, lin, conversation_id=talk, source="phone"))
    assert (row.conversation_id, row.source) == (talk, "wechat")
    assert row.viewer_id is not None
    assert (await db.read(first_line, row.id)).text == FIELDS["subject"]


async def test_who_is_given_it_and_who_watches_is_told_but_not_whoever_opened_it(
    db: Database, lin: Actor, chen: Actor, zhou: Actor
) -> None:
    await open_(db, lin, owner_id=chen.id, watchers=[zhou.id, zhou.id, lin.id])
    told = await db.read(lambda s: sorted(s.scalars(select(TicketNotice.agent_id))))
    assert told == sorted([chen.id, zhou.id])


async def test_a_complaint_has_a_deadline_and_an_office(db: Database, lin: Actor) -> None:
    due = NOW + timedelta(days=5)
    ticket = await open_(db, lin, {"kind": "complaint", "due_at": due}, office="用户权益部")
    formal = await db.read(lambda s: s.get_one(Complaint, ticket))
    assert (formal.deadline_at, formal.remind_at) == (due, due - timedelta(days=1))
    assert (formal.state, formal.office) == ("examining", "用户权益部")
    with pytest.raises(FieldWrong):
        await open_(db, lin, {"kind": "complaint"})


@pytest.mark.parametrize(
    ("fields", "given", "refusal"),
    [
        ({"subject": " "}, {}, FieldWrong),
        ({"kind": "wish"}, {}, FieldWrong),
        ({"priority": "highest"}, {}, FieldWrong),
        ({"team_id": 987}, {}, TeamGone),
        ({"parent_id": 987}, {}, ParentWrong),
        ({}, {"conversation_id": 987}, ConversationNotFound),
        ({}, {"source": "wechat"}, SourceWrong),
        ({}, {"owner_id": 987}, OwnerWrong),
        ({}, {"watchers": [987]}, OwnerWrong),
        ({}, {"tags": [" "]}, TagUnusable),
        ({}, {"tags": [str(n) for n in range(MOST + 1)]}, TooManyTags),
        ({}, {"description": "长" * 5001}, TextMissing),
    ],
)
async def test_what_is_wrong_opens_nothing(
    db: Database, lin: Actor, fields: dict[str, Any], given: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await open_(db, lin, fields, **given)
    assert await count(db) == 0


async def test_neither_who_is_gone_nor_who_only_reads_can_have_it(db: Database, lin: Actor) -> None:
    reads, gone = await make_agent(db, "qa", roles=[Role.quality]), await make_agent(db, "gone")
    await db.write(ticketing.deactivate, gone.id)
    for nobody in (reads, gone):
        with pytest.raises(OwnerWrong):
            await open_(db, lin, owner_id=nobody.id)


async def test_a_team_that_is_put_away_gets_none(db: Database, lin: Actor) -> None:
    team = await make_team(db)
    await db.write(lambda s: s.execute(update(Team).values(archived_at=NOW)) and None)
    with pytest.raises(TeamGone):
        await open_(db, lin, {"team_id": team})


async def test_a_repeat_opens_none(db: Database, lin: Actor, chen: Actor) -> None:
    first = await open_(db, lin, key="k")
    assert await open_(db, lin, {"subject": "另一个标题"}, key="k") == first
    assert await open_(db, chen, key="k") != first
    assert await open_(db, lin) != await open_(db, lin)
    assert await count(db) == 4


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_two_repeats_at_once_open_one(db: Database, database_url: str, lin: Actor) -> None:
    gate = Gate()

    def and_stop(session: Session) -> int:
        made = opening.open_ticket(session, Draft(FIELDS, key="k"), by=lin, now=NOW)
        gate.stop(session)
        return made

    first = asyncio.ensure_future(db.write(and_stop))
    await gate.reached()
    second = asyncio.ensure_future(open_(db, lin, key="k"))
    await until_blocked(database_url)
    gate.open()
    assert await first == await second
    assert await count(db) == 1
    lines = await db.read(lambda s: s.scalars(select(TicketEvent.kind)).all())
    assert lines == ["opened"]


async def test_numbers_follow_each_other_beside_the_bots(db: Database, lin: Actor) -> None:
    made = [await open_(db, lin) for _ in range(3)]
    numbers = [(await db.read(deadlines.ticket_of, ticket)).number for ticket in made]
    assert numbers == list(range(numbers[0], numbers[0] + 3))
