"""Pictures that the viewer of a ticket gets with what he is told."""

from collections.abc import Sequence

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.agents.rights import Actor
from app.channels import outbound
from app.conversations.models import Message, MessageState
from app.db.database import Database
from app.desk.tickets import attaching, reading, telling
from app.desk.tickets.attaching import Brought, TooManyFiles
from app.desk.tickets.closing import TextMissing
from app.desk.tickets.reading import Sheet
from app.desk.tickets.telling import Then, Told
from app.tickets.models import TicketEvent, TicketFile
from tests.factories import conversations as make
from tests.factories import ticketing
from tests.factories.conversations import NOW

STEP = Brought("ab/step", "图片 1.png", 2048, "image/png")
SHOT = Brought("cd/shot", "图片 2.jpeg", 4096, "image/jpeg")


@pytest.fixture
async def ticket(db: Database) -> int:
    talk = await make.conversation(db, await make.channel(db))
    return await ticketing.ticket(db, conversation_id=talk, viewer_id=1, number=7001)


async def tell(
    db: Database, ticket: int, by: Actor, text: str, pictures: Sequence[Brought], then: Then = Then.goes_on
) -> Told:
    return await db.write(telling.tell, ticket, by=by, text=text, then=then, key="k", now=NOW, pictures=pictures)


def said(session: Session) -> list[outbound.Message]:
    rows = session.scalars(select(Message).where(Message.direction == "out").order_by(Message.seq))
    return [outbound.read(row.kind, row.text, row.data) for row in rows]


async def read(db: Database, ticket: int, by: Actor) -> Sheet:
    return await db.read(reading.read, ticket, by=by, account=None, now=NOW)


async def test_they_leave_behind_the_words_and_stay_with_the_ticket(db: Database, ticket: int, lin: Actor) -> None:
    told = await tell(db, ticket, lin, "请按图操作", [STEP, SHOT])
    text, *pictures = await db.read(said)
    assert text == outbound.Text("【工单 T-7001】\n请按图操作")
    assert pictures == [outbound.Image("ab/step"), outbound.Image("cd/shot")]
    (line,) = (await read(db, ticket, lin)).lines
    assert (line.id, line.kind, line.text) == (told.event_id, "replied", "请按图操作")
    assert [(file.name, file.to_viewer) for file in line.files] == [("图片 1.png", True), ("图片 2.jpeg", True)]
    assert await tell(db, ticket, lin, "请按图操作", [STEP, SHOT]) == Told(told.message_id, None)
    assert len(await db.read(said)) == 3


async def test_without_words_they_are_announced_where_it_goes_on(db: Database, ticket: int, lin: Actor) -> None:
    for then in (Then.asks, Then.closes):
        with pytest.raises(TextMissing):
            await tell(db, ticket, lin, " ", [STEP], then)
    await tell(db, ticket, lin, " ", [STEP])
    assert await db.read(said) == [outbound.Text("【工单 T-7001】\n请看图片"), outbound.Image("ab/step")]


async def test_one_that_did_not_arrive_is_an_answer_that_did_not(db: Database, ticket: int, lin: Actor) -> None:
    await tell(db, ticket, lin, "请按图操作", [STEP])
    arrived = update(Message).where(Message.direction == "out")
    await db.write(lambda s: s.execute(arrived.values(state=MessageState.sent)) and None)
    assert not (await read(db, ticket, lin)).is_undelivered
    failed = arrived.where(Message.kind == "image").values(state=MessageState.failed, error="too_large")
    await db.write(lambda s: s.execute(failed) and None)
    sheet = await read(db, ticket, lin)
    assert sheet.is_undelivered
    (file,) = sheet.lines[0].files
    assert file.sent is not None
    assert (file.sent.state, file.sent.error) == ("failed", "too_large")


async def test_what_colleagues_bring_is_theirs_also_where_the_viewer_got_it(
    db: Database, ticket: int, lin: Actor
) -> None:
    await tell(db, ticket, lin, "请按图操作", [STEP])
    await db.write(attaching.attach, ticket, by=lin, files=[STEP], is_evidence=True, now=NOW)
    files = [file for line in (await read(db, ticket, lin)).lines for file in line.files]
    assert [(file.to_viewer, file.is_evidence) for file in files] == [(True, False), (False, True)]


async def test_more_than_a_ticket_holds_are_not_sent(db: Database, ticket: int, lin: Actor) -> None:
    for number in range(0, attaching.MOST, attaching.AT_ONCE):
        files = [Brought(f"ef/{number + each}", "a.png", 1, "image/png") for each in range(attaching.AT_ONCE)]
        await db.write(attaching.attach, ticket, by=lin, files=files, is_evidence=False, now=NOW)
    with pytest.raises(TooManyFiles):
        await tell(db, ticket, lin, "请按图操作", [STEP])
    assert await db.read(said) == []
    kinds = await db.read(lambda s: set(s.scalars(select(TicketEvent.kind))))
    assert kinds == {"filed"}
    assert (
        await db.read(lambda s: s.scalars(select(TicketFile.id).where(TicketFile.message_id.is_not(None))).all()) == []
    )
