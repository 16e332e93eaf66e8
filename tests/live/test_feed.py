"""The feed on both engines: what is committed is told to all who follow, whatever the order of commits."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.db.database import LAST, Database
from app.db.opening import connect
from app.events import Kind, publish
from app.live import cursor
from app.live import feed as feeds
from app.live.feed import Feed, NotReady, TooManyStreams
from app.live.followers import MOST, PING, REFRESH, Follower, Message
from app.settings import Settings
from tests.db.gates import Gate
from tests.factories.conversations import NOW
from tests.faults.waiting import eventually
from tests.live.hearing import PATIENCE, SEEN, Listener, Thing, following, parse, running

SELDOM = 60.0
"""Seconds: who hears sooner was woken."""


@pytest.fixture
def write_limit() -> None:
    """None: some of these wait inside their rules."""


@pytest.fixture
async def feed(db: Database) -> AsyncIterator[Feed]:
    """One that looks only when it is woken."""
    feed = Feed(db, look_every=SELDOM)
    db.on_publish = feed.wake
    async with running(feed):
        yield feed


async def tell(db: Database, *ids: int) -> None:
    await db.write(publish, Kind.conversation, ids, now=NOW)


def said(*ids: int) -> list[Thing]:
    return [("conversation", id_) for id_ in ids]


async def test_all_who_follow_hear_what_is_committed(db: Database, feed: Feed) -> None:
    await tell(db, 1)
    async with following(feed) as first, following(feed) as second:
        await tell(db, 3, 2)
        await db.write(publish, Kind.queue, now=NOW)
        for listener in (first, second):
            assert await listener.hear(("queue", None)) == [*said(2, 3), ("queue", None)]


async def test_what_was_told_at_once_is_one_message(db: Database, feed: Feed) -> None:
    async with following(feed) as listener:
        await asyncio.gather(*(tell(db, number) for number in range(20)))
        await listener.hear(*said(*range(20)))
        await asyncio.gather(*(tell(db, number) for number in (1, 2, 1, 2)))
        taken = await listener.follower.take()
    assert taken is not None
    assert sorted(parse(taken)) == said(1, 2)


async def test_who_comes_after_a_pause_hears_what_follows(db: Database, feed: Feed) -> None:
    async with following(feed):
        pass
    await tell(db, 1)
    async with following(feed) as listener:
        await tell(db, 2)
        assert (await listener.hear(*said(2)))[-1:] == said(2)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("is_there", [True, False], ids=["reading", "not yet reading"])
async def test_a_lower_id_that_is_committed_later_is_told(db: Database, feed: Feed, is_there: bool) -> None:
    """Ids are given out before the commit: the reader has passed the higher one when the lower becomes visible."""
    gate = Gate()

    def tell_and_stop(session: Session) -> None:
        publish(session, Kind.conversation, [1], now=NOW)
        last = session.info.pop(LAST)

        def act(session: Session) -> None:
            last(session)
            gate.stop(session)

        session.info[LAST] = act

    async with AsyncExitStack() as stack:
        if is_there:
            listener = await stack.enter_async_context(following(feed))
        slow = asyncio.ensure_future(db.write(tell_and_stop))
        await gate.reached()
        await tell(db, 2)
        if is_there:
            assert await listener.hear(*said(2)) == said(2)
        else:
            listener = await stack.enter_async_context(following(feed))
        gate.open()
        await slow
        assert await listener.hear(*said(1)) == said(1)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_an_id_that_was_rolled_back_holds_nothing_back(db: Database, feed: Feed) -> None:
    def fail(session: Session) -> None:
        publish(session, Kind.conversation, [1], now=NOW)
        session.info[LAST](session)
        raise LookupError

    async with following(feed) as listener:
        with pytest.raises(LookupError):
            await db.write(fail)
        await tell(db, 2)
        assert await listener.hear(*said(2)) == said(2)


async def test_what_another_process_wrote_is_heard_without_a_bell(db: Database, settings: Settings) -> None:
    other = connect(settings)
    feed = Feed(db, look_every=0.02)
    async with running(feed), following(feed) as listener:
        await tell(other, 7)
        assert await listener.hear(*said(7)) == said(7)
    await other.close()


async def test_a_page_that_fell_behind_reads_everything_again(
    db: Database, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with following(feed) as listener:
        monkeypatch.setattr(feeds, "_LONGEST", -1)
        await tell(db, 1)
        assert await listener.hear(SEEN) == [SEEN]


async def test_more_than_a_page_is_read_at_once(db: Database, feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cursor, "PAGE", 2)
    monkeypatch.setattr(feeds, "PAGE", 2)

    def many(session: Session) -> None:
        for number in range(5):
            publish(session, Kind.conversation, [number], now=NOW)
            session.info.pop(LAST)(session)
        publish(session, Kind.queue, now=NOW)

    async with following(feed) as listener:
        await db.write(many)
        assert await listener.hear(("queue", None)) == [*said(*range(5)), ("queue", None)]


async def test_a_look_that_fails_costs_no_event(
    db: Database, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    feed = Feed(db, look_every=0.02)
    async with running(feed), following(feed) as listener:
        await tell(db, 1)
        await db.write(lambda session: session.execute(text("ALTER TABLE live_events RENAME TO away")) and None)
        await eventually("a look fails", lambda: failed(caplog))
        await db.write(lambda session: session.execute(text("ALTER TABLE away RENAME TO live_events")) and None)
        await tell(db, 2)
        assert {*await listener.hear(*said(2))} >= {*said(2)}


async def failed(caplog: pytest.LogCaptureFixture) -> bool:
    return "live events were not read" in caplog.messages


async def test_who_reads_slowly_reads_everything_again_and_keeps_nothing() -> None:
    follower = Follower(1)
    for number in range(MOST * 3):
        follower.put(Message(1, b"data: %d\n\n" % number))
    assert len(follower._waiting) <= MOST
    assert await follower.take() == REFRESH.text
    follower.put(Message(1, b"next"))
    assert await follower.take() == b"next"


async def test_a_message_that_names_too_much_is_read_everything_again(db: Database, feed: Feed) -> None:
    async with following(feed) as listener:
        await tell(db, *range(MOST))
        assert await listener.hear(*said(MOST - 1)) == said(*range(MOST))
        await tell(db, *range(MOST + 1))
        assert await listener.hear(SEEN) == [SEEN]


async def test_all_streams_end_at_once(db: Database, feed: Feed) -> None:
    async with following(feed) as listener:
        feed.close()
        assert await asyncio.wait_for(listener.follower.take(), 5) is None
        with pytest.raises(TooManyStreams):
            async with feed.follow(1):
                pass
    assert len(feed) == 0


async def test_streams_are_limited(db: Database, feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "STREAMS", 1)
    async with following(feed):
        with pytest.raises(TooManyStreams):
            async with feed.follow(2):
                pass
    async with following(feed):
        assert len(feed) == 1


async def test_a_newcomer_is_refused_where_the_database_does_not_answer(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "PATIENCE", 0.01)
    feed = Feed(db)  # nobody runs it
    with pytest.raises(NotReady):
        async with feed.follow(1):
            pass
    assert len(feed) == 0


async def test_a_beat_pings_all_and_notes_who_is_there(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "BEAT", 0.01)
    noted: asyncio.Queue[set[int]] = asyncio.Queue()

    async def touch(agent_ids: Collection[int]) -> None:
        noted.put_nowait(set(agent_ids))

    feed = Feed(db, touch=touch)
    async with running(feed), following(feed, 1) as listener, following(feed, 2), following(feed, 2):
        while await noted.get() != {1, 2}:
            pass
        assert (await listener.follower.take() or b"").startswith(PING.text)


async def test_a_note_that_fails_ends_nothing(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "BEAT", 0.01)
    tries: asyncio.Queue[None] = asyncio.Queue()

    async def touch(agent_ids: Collection[int]) -> None:
        tries.put_nowait(None)
        raise LookupError

    feed = Feed(db, touch=touch)
    async with running(feed), following(feed):
        await tries.get()
        await tries.get()


# -------------------- who may follow no longer


class Door:
    """Says whose warrants hold, and notes who was asked for."""

    def __init__(self) -> None:
        self.void: set[str] = set()
        self.asked: asyncio.Queue[set[str]] = asyncio.Queue()
        self.is_broken = False

    async def holds(self, warrants: Collection[str]) -> set[str]:
        self.asked.put_nowait(set(warrants))
        if self.is_broken:
            raise LookupError
        return set(warrants) - self.void


@asynccontextmanager
async def three_follow(feed: Feed) -> AsyncIterator[list[Follower]]:
    """Two browsers of one person, and another's."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(feed.follow(agent, warrant))
            for agent, warrant in ((1, "office"), (1, "home"), (2, "other"))
        ]


async def end(follower: Follower) -> None:
    async with asyncio.timeout(PATIENCE):
        while await follower.take() is not None:
            pass


async def test_with_each_beat_all_are_asked_for_at_once_and_who_may_no_longer_is_ended(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "BEAT", 0.01)
    door = Door()
    feed = Feed(db, holds=door.holds)
    async with running(feed), three_follow(feed) as (office, home, other):
        while await door.asked.get() != {"office", "home", "other"}:
            pass
        door.void = {"home"}
        await end(home)
        await tell(db, 1)
        for follower in (office, other):
            await Listener(follower).hear(("conversation", 1))


async def test_who_is_told_of_is_asked_for_at_once_and_nobody_else(db: Database) -> None:
    door = Door()
    feed = Feed(db, holds=door.holds, look_every=SELDOM)
    db.on_publish = feed.wake
    async with running(feed), three_follow(feed) as (office, home, other):
        door.void = {"office", "home"}
        await db.write(publish, Kind.conversation, [1, 2], now=NOW)
        await Listener(other).hear(*said(1, 2))
        assert door.asked.empty()
        await db.write(publish, Kind.people, [1], now=NOW)
        await end(office)
        await end(home)
        await db.write(publish, Kind.people, [2, 3], now=NOW)
        await Listener(other).hear(("people", 2))
        assert [await door.asked.get() for _ in range(2)] == [{"office", "home"}, {"other"}]


async def test_where_it_cannot_be_found_out_they_go_on(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "BEAT", 0.01)
    door = Door()
    door.is_broken, door.void = True, {"home"}
    feed = Feed(db, holds=door.holds)
    async with running(feed), three_follow(feed) as (_, home, other):
        for _ in range(2):
            await door.asked.get()
        await tell(db, 1)
        for follower in (home, other):
            await Listener(follower).hear(("conversation", 1))
        door.is_broken = False
        await end(home)
