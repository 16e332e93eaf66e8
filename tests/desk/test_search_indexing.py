"""The index is written behind: all of it, once, whatever happens meanwhile."""

import asyncio

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.conversations.models import Message
from app.db.database import Database
from app.db.opening import connect
from app.db.sql import counter
from app.desk.models import SearchGap, SearchGram
from app.desk.search import indexing
from app.desk.search.grams import grams
from app.desk.search.indexing import Pace
from app.desk.search.messages import find_messages
from app.desk.search.sources import Kind
from app.settings import Settings
from tests.db.gates import Gate
from tests.factories import conversations as make
from tests.factories.searching import READER, index, say


@pytest.fixture
async def talk(db: Database) -> int:
    return await make.conversation(db, await make.channel(db), wrote_at=None)


async def found(db: Database, text: str) -> list[int]:
    return [hit.message_id for hit in (await db.read(find_messages, text, by=READER, limit=10_000)).hits]


def expected(session: Session) -> set[tuple[int, int]]:
    rows = session.execute(select(Message.id, Message.text))
    return {(gram, row_id) for row_id, text in rows for gram in grams(text)}


def indexed(session: Session) -> set[tuple[int, int]]:
    own = select(SearchGram.gram, SearchGram.subject_id).where(SearchGram.kind == Kind.messages)
    return {(gram, row_id) for gram, row_id in session.execute(own)}


async def test_what_was_there_before_is_indexed_too_and_the_newest_first(db: Database, talk: int) -> None:
    old = await db.write(say, talk, *(f"会员{number}" for number in range(10)))
    assert await indexing.index(db, Pace(4)) > 0  # marks where it begins
    assert await indexing.index(db, Pace(4)) > 0
    assert await found(db, "会员") == old[:5:-1]
    (new,) = await db.write(say, talk, "会员来了")
    assert await indexing.index(db, Pace(4)) > 0
    assert await found(db, "会员") == [new, *old[:5:-1]]
    assert await indexing.index(db, Pace(4)) > 0
    assert await found(db, "会员") == [new, *old[:1:-1]]
    await index(db)
    assert await indexing.index(db, Pace(4)) == 0
    assert await db.read(indexed) == await db.read(expected)


async def test_a_page_is_as_long_as_its_texts_allow(db: Database, talk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    await index(db)
    monkeypatch.setattr(indexing, "LETTERS", 10)
    ids = await db.write(say, talk, "会员会员", "到账到账", "退款退款", "很长很长很长很长", "完")
    ends = []
    while page := await db.read(indexing.find_new, Kind.messages, 3):
        ends.append(page.after)
        await db.write(indexing.write, page)
    assert ends == [ids[1], ids[2], ids[4]]


async def test_an_interrupted_page_is_written_again(db: Database, talk: int) -> None:
    """As a process that is killed leaves it: some pages committed, one rolled back after all its work."""
    await index(db)
    await db.write(say, talk, *(f"会员{number}" for number in range(8)))

    def write_and_die(session: Session, page: indexing.Page) -> None:
        assert indexing.write(session, page)
        raise KeyboardInterrupt

    first = await db.read(indexing.find_new, Kind.messages, 3)
    assert first
    await db.write(indexing.write, first)
    second = await db.read(indexing.find_new, Kind.messages, 3)
    assert second
    with pytest.raises(KeyboardInterrupt):
        await db.write(write_and_die, second)
    assert await db.read(indexing.find_new, Kind.messages, 3) == second
    await index(db)
    assert await db.read(indexed) == await db.read(expected)


async def test_a_page_that_another_process_has_written_is_left(db: Database, talk: int) -> None:
    await index(db)
    await db.write(say, talk, "会员")
    page = await db.read(indexing.find_new, Kind.messages, 3)
    assert page
    assert await db.write(indexing.write, page)
    assert not await db.write(indexing.write, page)


async def test_several_processes_do_no_harm(db: Database, talk: int, settings: Settings) -> None:
    await db.write(say, talk, *(f"会员{number}" for number in range(40)))
    other = connect(settings)
    await asyncio.gather(
        index(db, 5), index(other, 5), *(db.write(say, talk, f"又来{n}", f"到账{n}") for n in range(10))
    )
    await asyncio.gather(index(db), index(other))
    assert await db.read(indexed) == await db.read(expected)
    await other.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("is_marked", [True, False])
async def test_what_commits_behind_the_mark_is_indexed(db: Database, talk: int, is_marked: bool) -> None:
    """Ids are given out before the commit: the greater one is there first. Also where the first look comes between."""
    if is_marked:
        await index(db)
    slow, other = Gate(), await make.conversation(db, await make.channel(db, "other"), "openid-2", wrote_at=None)

    def say_slowly(session: Session) -> list[int]:
        ids = say(session, talk, "会员慢一", "会员慢二")
        slow.stop(session)
        return ids

    late = asyncio.ensure_future(db.write(say_slowly))
    await slow.reached()
    early = await db.write(say, other, "会员快")
    await index(db)
    assert await found(db, "会员") == early
    await index(db)
    assert await db.read(gaps) > 0  # whoever took the ids may still commit
    slow.open()
    assert max(await late) < early[0]
    await index(db)
    assert await found(db, "会员") == early + (await late)[::-1]
    assert await db.read(indexed) == await db.read(expected)
    assert await db.read(gaps) == 0


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_ids_that_were_given_back_are_forgotten(db: Database, talk: int) -> None:
    await index(db)

    def say_and_fail(session: Session) -> None:
        say(session, talk, "会员", "会员")
        raise LookupError

    with pytest.raises(LookupError):
        await db.write(say_and_fail)
    ids = await db.write(say, talk, "会员")
    page = await db.read(indexing.find_new, Kind.messages, 3)
    assert page
    assert page.missing == [(ids[0] - 2, ids[0] - 1)]
    await index(db)
    assert await db.read(gaps) == 0


def test_a_slow_disk_gets_shorter_pages() -> None:
    pace = Pace(100)
    for _ in range(9):
        pace.after(indexing.LONG + 0.01)
    assert pace.rows == indexing.LEAST
    for _ in range(99):
        pace.after(indexing.LONG - 0.01)
    assert pace.rows == indexing.ROWS


def gaps(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(SearchGap)) or 0


async def test_it_serves_until_it_is_cancelled(db: Database, talk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "EVERY", 0.01)
    keeping = asyncio.create_task(indexing.keep(db))
    async with asyncio.timeout(5):
        while not await db.read(counter, "search.messages.old"):
            pass
        ids = await db.write(say, talk, "会员")
        while await found(db, "会员") != ids:
            pass
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping


def test_in_a_rush_more_time_is_left_to_others() -> None:
    """As many times what a page took, by how many messages came a second since the last look."""
    pace = Pace()
    shares = []
    for newest, now in ((1000, 10.0), (1020, 11.0), (1120, 12.0), (9000, 13.0), (9000, 13.0), (9001, 14.0)):
        pace.see(newest, now)
        shares.append(pace.others)
    assert shares == [1, 1, 4, indexing.MOST, indexing.MOST, 1]
