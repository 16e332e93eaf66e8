"""Lists of tickets, on both engines: in each order and however narrowed, all that belongs there, once."""

import random
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents.calendars import BEIJING
from app.agents.rights import Actor, Forbidden, Role
from app.db.database import Database
from app.desk import cursors
from app.desk.cursors import WrongCursor
from app.desk.search import indexing
from app.desk.tickets import lists, rare, searching, walks
from app.desk.tickets.filters import Due, Filters, Status
from app.desk.tickets.lists import Counted
from app.desk.tickets.orders import SORTS, Sort
from app.tickets.models import Dimension, Ticket, TicketKind, TicketPriority, TicketTag, TicketWatcher
from app.viewers.models import Viewer
from tests.factories import conversations as make
from tests.factories import ticketing
from tests.factories.conversations import NOW
from tests.factories.counting import counting
from tests.factories.people import actor_of, make_agent, make_team

HOUR = timedelta(hours=1)
RANKS = {"low": 0, "normal": 1, "high": 2, "urgent": 3}
SUBJECTS = ["第8集没有字幕", "会员没有到账", "扣了两次钱", "画面卡顿"]


async def many(db: Database, count: int, lin: Actor, team: int) -> list[Ticket]:
    """As different as may be, with many ties."""
    chance = random.Random(7)

    def at(span: int) -> datetime:
        return NOW + chance.randrange(-span, span) * HOUR

    def add(session: Session) -> None:
        for _ in range(count):
            status = chance.choice(["open", "in_progress", "waiting", "closed", "closed"])
            row = ticketing.built(
                at=at(60), status=status, closed_at=at(40) if status == "closed" else None,
                kind=chance.choice(list(TicketKind)), priority=chance.choice(list(TicketPriority)),
                next_due_at=chance.choice([None, at(5), at(90)]), subject=chance.choice(SUBJECTS),
                owner_id=chance.choice([None, lin.id]), team_id=chance.choice([None, team]),
                title=chance.choice([None, "长风渡", "雾港"]), dimension=chance.choice([None, *Dimension]),
                source=chance.choice(["wechat", "qq", "phone"]), episode=chance.choice([None, 8]),
                category=chance.choice([None, "playback.blurry"]), skill=chance.choice([None, "退款"]),
                season=chance.choice([None, 2]), breaches=chance.choice([0, 1]),
            )  # fmt: skip
            row.updated_at = at(20)
            session.add(row)
            session.flush()
            if chance.random() < 0.3:
                session.add(TicketTag(ticket_id=row.id, tag="退款"))
            if chance.random() < 0.3:
                session.add(TicketWatcher(ticket_id=row.id, agent_id=lin.id))

    for _ in range(4):
        await db.write(add)
    await db.write(_index)
    return await db.read(lambda session: list(session.scalars(select(Ticket))))


def wanted_order(sort: Sort, ticket: Ticket) -> tuple[Any, ...]:
    """What is told of the orders, in other words than theirs."""
    number = cursors.number
    if sort in (Sort.newest, Sort.oldest):
        key = (number(ticket.opened_at), ticket.id)
        return key if sort is Sort.oldest else (-key[0], -key[1])
    if sort is Sort.changed:
        return -number(ticket.updated_at), -ticket.id
    if ticket.closed_at is not None:
        return 9, 0, -number(ticket.closed_at), -ticket.id
    rank = -RANKS[ticket.priority] if sort is Sort.priority else 0
    due = ticket.next_due_at
    return rank, due is None, number(due) if due else 0, ticket.id


async def pages(db: Database, filters: Filters, by: Actor, sort: Sort, limit: int) -> list[int]:
    found: list[int] = []
    after: str | None = None
    for _ in range(10_000):
        ids, after = await db.read(lists.list_ids, filters, by=by, sort=sort, after=after, limit=limit, now=NOW)
        found += ids
        if after is None:
            return found
    raise AssertionError("the list does not end")


FILTERS: list[tuple[Filters, Callable[[Ticket], bool]]] = [
    (Filters(), lambda t: t.status != "closed"),
    (Filters(Status.all), lambda t: True),
    (Filters(Status.closed), lambda t: t.status == "closed"),
    (Filters(Status.waiting), lambda t: t.status == "waiting"),
    (Filters(kind=TicketKind.refund), lambda t: t.status != "closed" and t.kind == "refund"),
    (Filters(Status.all, priority=TicketPriority.high), lambda t: t.priority == "high"),
    (Filters(owner="nobody"), lambda t: t.status != "closed" and t.owner_id is None),
    (Filters(Status.all, owner="me", title="雾港"), lambda t: t.owner_id is not None and t.title == "雾港"),
    (
        Filters(Status.all, overdue=True),
        lambda t: t.closed_at is None and t.next_due_at is not None and t.next_due_at < NOW,
    ),
    (
        Filters(due=Due.hour, source="qq"),
        lambda t: t.status != "closed" and t.source == "qq" and t.next_due_at is not None
        and NOW <= t.next_due_at < NOW + HOUR,
    ),
    (
        Filters(Status.all, dimension=Dimension.sound, category="playback.blurry", episode=8),
        lambda t: t.dimension == "sound" and t.category == "playback.blurry" and t.episode == 8,
    ),
    (Filters(Status.all, skill="退款", season=2), lambda t: t.skill == "退款" and t.season == 2),
    (Filters(breached=True), lambda t: t.status != "closed" and t.breaches > 0),
    (
        Filters(Status.all, closed_from=NOW.date() - timedelta(days=1), closed_until=NOW.date()),
        lambda t: t.closed_at is not None
        and NOW.date() - timedelta(days=1) <= t.closed_at.astimezone(BEIJING).date() <= NOW.date(),
    ),
    (Filters(Status.all, q="字幕"), lambda t: "字幕" in t.subject),
    (Filters(q="没有", owner="me"), lambda t: t.status != "closed" and "没有" in t.subject and t.owner_id is not None),
]  # fmt: skip


@pytest.mark.parametrize("few", [True, False], ids=["looked up", "walked"])
async def test_every_order_is_complete_and_without_repetition_however_it_is_narrowed(
    db: Database, lin: Actor, monkeypatch: pytest.MonkeyPatch, few: bool
) -> None:
    team = await make_team(db)
    tickets = await many(db, 45, lin, team)
    if not few:
        monkeypatch.setattr(rare, "find", lambda *_, **__: None)
        monkeypatch.setattr(rare, "of_rank", lambda *_: None)
        monkeypatch.setattr(searching, "find", lambda *_, **__: None)
        monkeypatch.setattr(walks, "NEAR", 5)
        monkeypatch.setattr(walks, "LOOKED", 11)
        monkeypatch.setattr(walks, "READ", 11)
        for built in (walks._next, walks._texts, walks._end):
            built.cache_clear()
    for (filters, meets), sort, limit in product(FILTERS, Sort, (3, 50)):
        wanted = sorted((t for t in tickets if meets(t)), key=lambda t: wanted_order(sort, t))
        found = await pages(db, filters, lin, sort, limit)
        assert found == [t.id for t in wanted], (filters, sort, limit)
    for built in (walks._next, walks._texts, walks._end):
        built.cache_clear()


async def ids_of(db: Database, by: Actor, **filters: Any) -> set[int]:
    return set(await pages(db, Filters(**{"status": Status.all} | filters), by, Sort.newest, 50))


async def test_what_narrows_a_list(db: Database, lin: Actor, chen: Actor) -> None:
    team = await make_team(db)
    first = await ticketing.ticket(db, NOW - 30 * HOUR, owner_id=lin.id, team_id=team, kind="refund")
    second = await ticketing.ticket(db, NOW, owner_id=chen.id, parent_id=first)
    closed = await ticketing.ticket(db, NOW, closed_at=NOW)

    def add(session: Session) -> None:
        session.add_all([TicketTag(ticket_id=first, tag="退款"), TicketWatcher(ticket_id=second, agent_id=lin.id)])

    await db.write(add)
    today = (NOW + 8 * HOUR).date()
    cases: list[tuple[dict[str, Any], set[int]]] = [
        ({"owner": "me"}, {first}), ({"owner": chen.id}, {second}), ({"owner": "nobody"}, {closed}),
        ({"team": team}, {first}),
        ({"tag": "退款"}, {first}), ({"watching": True}, {second}), ({"parent": first}, {second}),
        ({"opened_until": today - timedelta(days=1)}, {first}), ({"opened_from": today}, {second, closed}),
        ({"closed_from": today}, {closed}), ({"closed_from": date(2199, 1, 1)}, set()),
    ]  # fmt: skip
    for filters, found in cases:
        assert await ids_of(db, lin, **filters) == found, filters


async def test_a_number_names_one_ticket_and_words_are_looked_for_in_subjects(db: Database, lin: Actor) -> None:
    one = await ticketing.ticket(db, number=77, subject="会员没有到账")
    other = await ticketing.ticket(db, number=770, subject="扣了两次钱")
    await db.write(_index)
    assert await ids_of(db, lin, q="T-77") == {one}
    assert await ids_of(db, lin, q="77") == {one, other}
    assert await ids_of(db, lin, q="會員 到账") == {one}
    assert await ids_of(db, lin, q="会员", owner="me") == set()
    assert await ids_of(db, lin, q="T-78") == set()


def _index(session: Session) -> None:
    for ticket in session.scalars(select(Ticket)):
        indexing.index_ticket(session, ticket.id, number=ticket.number, subject=ticket.subject)


async def test_a_row_tells_what_a_person_needs(db: Database, lin: Actor) -> None:
    talk = await make.conversation(db, await make.channel(db), "oAbCdEf-xYz9")
    viewer = await db.read(lambda session: session.scalar(select(Viewer.id)))
    team = await make_team(db)
    await ticketing.ticket(
        db, owner_id=lin.id, team_id=team, viewer_id=viewer, conversation_id=talk, next_due_at=NOW - HOUR, breaches=1,
        title="长风渡", season=1, episode=8, priority="urgent", number=1024,
    )  # fmt: skip
    (row,) = (await db.read(lists.list_page, Filters(), by=lin, now=NOW)).rows
    assert (row.name, row.subject, row.kind, row.status, row.priority) == (
        "T-1024", "第8集没有字幕", "fault", "open", "urgent"
    )  # fmt: skip
    assert (row.title, row.season, row.episode, row.owner, row.team, row.source) == (
        "长风渡", 1, 8, "林小满", "会员服务", "wechat"
    )  # fmt: skip
    assert (row.viewer, row.opened_at, row.is_overdue, row.breaches, row.tags) == ("微信观众 ·xYz9", NOW, True, 1, ())


async def test_who_does_not_speak_with_viewers_sees_no_telephone_numbers(db: Database, lin: Actor) -> None:
    await ticketing.ticket(db, source="phone", contact="13800001234")
    quality = await make_agent(db, "su", roles=[Role.quality])
    for by, shown in ((lin, "13800001234"), (quality, "****1234")):
        (row,) = (await db.read(lists.list_page, Filters(), by=by, now=NOW)).rows
        assert row.viewer == shown


async def test_lists_are_counted_up_to_a_hundred(db: Database, lin: Actor) -> None:
    def add(session: Session) -> None:
        session.add_all(ticketing.built(next_due_at=NOW + timedelta(minutes=n - 60)) for n in range(120))
        session.add(ticketing.built(owner_id=lin.id, status="waiting"))
        session.add(ticketing.built(owner_id=lin.id, closed_at=NOW))

    await db.write(add)
    assert await db.read(lists.count_tabs, by=lin, now=NOW) == {
        Counted.mine: 1, Counted.unowned: 100, Counted.open: 100, Counted.overdue: 60, Counted.today: 60,
        Counted.waiting: 1, Counted.watching: 0,
    }  # fmt: skip


async def test_garbage_is_no_place_in_a_list(db: Database, lin: Actor) -> None:
    keys: Sequence[list[int]] = [[], [1], [0, 1], [99, 1, 1], [-1, 1, 1], [0, 2**61, 1], [0, 1, 2, 3]]
    for sort in SORTS:
        for cursor in ["", "x", "嗨", "W10", *map(cursors.write, keys)]:
            with pytest.raises(WrongCursor):
                await db.read(lists.list_page, Filters(), by=lin, sort=sort, after=cursor, now=NOW)


async def test_a_page_takes_as_many_statements_whatever_it_holds(db: Database, lin: Actor) -> None:
    for _ in range(9):
        await ticketing.ticket(db, owner_id=lin.id)
    for sort in (Sort.due, Sort.newest):
        few = await db.read(counting(lists.list_page), Filters(owner="me"), by=lin, sort=sort, limit=2, now=NOW)
        all_ = await db.read(counting(lists.list_page), Filters(owner="me"), by=lin, sort=sort, limit=50, now=NOW)
        assert few == all_ <= 4, sort


async def test_lists_are_for_those_who_may_see_tickets(db: Database) -> None:
    with pytest.raises(Forbidden):
        await db.read(lists.list_page, Filters(), by=actor_of(Role.administrator), now=NOW)
