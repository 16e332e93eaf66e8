"""Windows to viewers: which are open, in which order they are used up, and who takes a place when two want it."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.conversations import windows
from app.conversations.accounts import Account
from app.conversations.ledgers import Allowed
from app.conversations.windows import FOLD, Anchor, Opened, Raced, open_windows
from app.db.database import Database
from tests.db.gates import Gate, until_blocked
from tests.factories import delivering as do
from tests.factories.conversations import NOW
from tests.factories.delivering import DAY, HOUR, MINUTE, SECOND
from tests.factories.stand_ins import ANSWER_TIME, ANSWERS, TALK, TALK_TIME, TAP, TAP_TIME, Keyed, Own, Unkeyed

Counts = dict[int, tuple[int, bool]]


def heard(*kinds: tuple[str, timedelta]) -> list[Anchor]:
    """What the viewer did, the newest first: (kind, how long ago)."""
    ids = range(len(kinds), 0, -1)
    return [Anchor(n, 1, kind, f"push-{n}", NOW - ago) for n, (kind, ago) in zip(ids, kinds, strict=True)]


def seen(opened: list[Opened]) -> list[tuple[int, int]]:
    """(viewer's message, what is left)."""
    return [(window.anchor.message_id, window.left) for window in opened]


def unkeyed(found: list[Anchor], counts: Counts | None = None, now: datetime = NOW) -> list[tuple[int, int]]:
    return seen(open_windows(Unkeyed(), Own(), "viewer-1", found, counts or {}, now))


def keyed(found: list[Anchor], counts: Counts | None = None, now: datetime = NOW) -> list[tuple[int, int]]:
    return seen(open_windows(Keyed(), Own(), "viewer-1", found, counts or {}, now))


# -------------------- which are open; pure


def test_a_newer_message_takes_the_place_of_the_older_and_gives_the_whole_count() -> None:
    found = heard(("text", MINUTE), ("text", HOUR))
    assert unkeyed(found, {1: (TALK, False)}) == [(2, TALK)]
    assert unkeyed(found, {2: (TALK, False)}) == []  # the older one's count does not come back


def test_each_of_the_viewers_messages_has_its_own_window_and_the_newest_is_used_first() -> None:
    found = heard(("text", SECOND), ("text", MINUTE), ("text", 2 * MINUTE))
    assert keyed(found, {3: (ANSWERS, False), 2: (1, False)}) == [(2, ANSWERS - 1), (1, ANSWERS)]


def test_what_ends_first_is_used_first() -> None:
    assert unkeyed(heard(("menu", 10 * SECOND), ("text", HOUR))) == [(2, TAP), (1, TALK)]
    assert unkeyed(heard(("text", SECOND), ("menu", 10 * SECOND))) == [(1, TAP), (2, TALK)]
    assert unkeyed(heard(("menu", TAP_TIME), ("text", HOUR))) == [(1, TALK)]


def test_what_a_push_allows_nothing_for_opens_nothing() -> None:
    assert unkeyed(heard(("unfollowed", SECOND), ("text", HOUR))) == [(1, TALK)]
    assert keyed(heard(("menu", SECOND))) == []


@pytest.mark.parametrize(("left", "is_open"), [(FOLD + 0.01, True), (FOLD, False), (0, False), (-1, False)])
def test_a_window_is_taken_to_end_a_little_earlier(left: float, is_open: bool) -> None:
    """A call takes time."""
    found = heard(("text", ANSWER_TIME - timedelta(seconds=left)))
    assert keyed(found) == [(1, ANSWERS)] * is_open


def test_with_a_window_all_older_ones_are_closed() -> None:
    found = heard(("text", SECOND), ("text", MINUTE), ("text", 2 * MINUTE))
    assert keyed(found, {2: (0, True)}) == [(3, ANSWERS)]
    assert keyed(found, {3: (0, True)}) == []
    assert unkeyed(heard(("text", MINUTE), ("menu", 2 * SECOND)), {2: (0, True)}) == []


def test_numbers_go_on_from_what_was_used() -> None:
    (window,) = open_windows(Keyed(), Own(), "viewer-1", heard(("text", SECOND)), {1: (2, False)}, NOW)
    assert [window.take(), window.take()] == [("push-1", 3), ("push-1", 4)]
    assert window.left == 0


# -------------------- the ledger


@pytest.fixture
def write_limit() -> None:
    """None: some of these wait on purpose."""


@pytest.fixture
async def talk(db: Database) -> int:
    """Of a viewer who wrote twice."""
    account: Account = await db.write(do.account, keyed=True)
    talk = await db.write(do.viewer, account.channel_id)
    for minutes in range(2):
        await db.write(do.writes, talk, NOW + minutes * MINUTE)
    return talk


def window(session: Session, talk: int, *, newest: bool = True) -> Opened:
    """The window of a message of the viewer, with what is used in it so far."""
    by_identity, counts = windows.anchors(session, [talk])
    (found,) = by_identity.values()
    anchor = found[0 if newest else -1]
    used, _ = counts.get(anchor.message_id, (0, False))
    return Opened(anchor, anchor.at + ANSWER_TIME, ANSWERS, used, used == 0)


def take(session: Session, talk: int, *, newest: bool = True) -> int:
    opened = window(session, talk, newest=newest)
    number = opened.take().number
    windows.write(session, [opened], NOW)
    return number


def ledger(session: Session) -> list[tuple[int, int, bool]]:
    rows = session.scalars(select(Allowed).order_by(Allowed.anchor_id))
    return [(row.anchor_id, row.used, row.closed) for row in rows]


async def test_the_viewers_messages_are_found_newest_first_with_their_keys(db: Database, talk: int) -> None:
    (found,) = (await db.read(windows.anchors, [talk]))[0].values()
    assert [(a.message_id, a.key, a.at) for a in found] == [
        (2, f"push-{talk}-2", NOW + MINUTE), (1, f"push-{talk}-1", NOW),
    ]  # fmt: skip


async def test_a_platforms_clock_that_runs_ahead_does_not_prolong_a_window(db: Database, talk: int) -> None:
    def set_ahead(session: Session) -> None:
        do.message(session, 2).platform_at = NOW + DAY

    await db.write(set_ahead)
    (found,) = (await db.read(windows.anchors, [talk]))[0].values()
    assert found[0].at == NOW + MINUTE


async def test_places_are_counted_for_each_of_the_viewers_messages(db: Database, talk: int) -> None:
    assert [await db.write(take, talk) for _ in range(2)] == [1, 2]
    assert await db.write(take, talk, newest=False) == 1
    assert await db.read(ledger) == [(1, 1, False), (2, 2, False)]


async def test_only_the_last_place_can_be_given_back(db: Database, talk: int) -> None:
    for _ in range(3):
        await db.write(take, talk)
    await db.write(windows.give_back, 1, 2, 1)
    assert await db.read(ledger) == [(2, 3, False)]
    for number in (3, 2):
        await db.write(windows.give_back, 1, 2, number)
    assert await db.read(ledger) == [(2, 1, False)]


async def test_closing_closes_what_is_counted_and_what_is_not(db: Database, talk: int) -> None:
    await db.write(take, talk, newest=False)
    await db.write(windows.close, 1, 2, NOW)
    assert await db.read(ledger) == [(1, 1, True), (2, 0, True)]


async def test_a_window_that_was_closed_meanwhile_gives_no_place(db: Database, talk: int) -> None:
    await db.write(take, talk)
    opened = await db.read(window, talk)
    opened.take()
    await db.write(windows.close, 1, 2, NOW)
    with pytest.raises(Raced):
        await db.write(windows.write, [opened], NOW)
    assert await db.read(ledger) == [(2, 1, True)]


async def test_counts_of_long_ago_are_dropped_in_pages(db: Database, talk: int) -> None:
    for newest in (True, False):
        await db.write(take, talk, newest=newest)
    assert await db.write(windows.forget, before=NOW) == 0
    assert [await db.write(windows.forget, before=NOW + SECOND, limit=1) for _ in range(3)] == [1, 1, 0]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("used_before", [0, 1])
async def test_of_two_who_take_the_same_place_at_once_one_gets_it(
    db: Database, database_url: str, talk: int, used_before: int
) -> None:
    """Both have read that it is free; whether there is a row for it already or not."""
    for _ in range(used_before):
        await db.write(take, talk)
    gate = Gate()

    def take_and_stop(session: Session) -> int:
        number = take(session, talk)
        gate.stop(session)
        return number

    first = asyncio.ensure_future(db.write(take_and_stop))
    await gate.reached()
    second = asyncio.ensure_future(db.write(take, talk))
    await until_blocked(database_url)
    gate.open()
    assert await first == used_before + 1
    with pytest.raises(Raced):
        await second
    assert await db.write(take, talk) == used_before + 2


def test_a_window_lasts_as_long_as_the_platform_says() -> None:
    found = heard(("text", timedelta(0)))
    assert unkeyed(found, now=NOW + TALK_TIME - SECOND) == [(1, TALK)]
    assert unkeyed(found, now=NOW + TALK_TIME) == []
