"""Lists of conversations: what is in them, in which order, page by page."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.agents.rights import Actor, Role
from app.conversations import routing
from app.conversations.history import Kind, write
from app.conversations.models import Conversation, MessageState
from app.db.database import Database
from app.desk import cursors, lists
from app.desk.cursors import WrongCursor
from app.desk.lists import Filters, Own, View
from app.desk.models import Draft, Mention, ReadMark, Tag
from app.viewers.models import Identity, Viewer
from tests.factories import conversations as make
from tests.factories import desk
from tests.factories.conversations import NOW
from tests.factories.counting import counting
from tests.factories.people import actor_of, make_agent, make_team

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture
async def channel(db: Database) -> int:
    return await make.channel(db)


async def add(db: Database, *rows: Any) -> None:
    def write(session: Session) -> None:
        session.add_all(rows)

    await db.write(write)


async def names(db: Database, by: Actor, view: View, **filters: Any) -> list[str]:
    """The viewers of a list, in its order, read in pages of two."""
    found: list[str] = []
    after: str | None = None
    while True:
        page = await db.read(
            lists.list_page, Filters(view, **filters), by=by, after=after, limit=2, now=NOW + 10 * MINUTE
        )
        found += [row.viewer for row in page.rows]
        after = page.after
        if after is None:
            return found


async def talk(db: Database, channel: int, name: str, **values: Any) -> int:
    """A conversation of a viewer of that name."""
    made = await make.conversation(db, channel, f"openid-{name}")

    def call(session: Session) -> None:
        identity = session.get_one(Identity, session.get_one(Conversation, made).identity_id)
        session.get_one(Viewer, identity.viewer_id).name = name

    await db.write(call)
    if values:
        await desk.change(db, made, **values)
    return made


# -------------------- orders


async def test_the_queue_is_in_the_order_in_which_it_is_served(db: Database, channel: int, lin: Actor) -> None:
    for name, priority, vip, minute in [
        ("普通后", 0, False, 2), ("普通先", 0, False, 1), ("贵宾", 0, True, 3), ("投诉", 1, False, 4),
        ("紧急后", 2, False, 6), ("紧急先", 2, False, 5), ("紧急贵宾", 2, True, 7),
    ]:  # fmt: skip
        await talk(
            db, channel, name, owner="queue", priority=priority, vip=vip, queued_at=NOW + minute * MINUTE
        )  # fmt: skip
    await talk(db, channel, "机器人的")
    served = ["紧急贵宾", "紧急先", "紧急后", "投诉", "贵宾", "普通先", "普通后"]
    assert await names(db, lin, View.queue) == served
    assert await names(db, lin, View.queue, priority=2) == served[:3]


async def test_ones_own_begin_with_who_waits_longest(db: Database, channel: int, lin: Actor, chen: Actor) -> None:
    mine = {"owner": "agent", "agent_id": lin.id}
    await talk(db, channel, "答过久", **mine)
    await talk(db, channel, "等两分", **mine, waits_since=NOW + 2 * MINUTE)
    await talk(db, channel, "等一分", **mine, waits_since=NOW + MINUTE)
    newest = await talk(db, channel, "刚说过", **mine)
    await desk.hear(db, newest, NOW + 5 * MINUTE)
    await talk(db, channel, "稍后", **mine, snoozed_at=NOW, snoozed_until=NOW + DAY)
    await talk(db, channel, "别人的", owner="agent", agent_id=chen.id)
    await talk(db, channel, "完了", **mine, closed_at=NOW, closed_by=lin.id)
    assert await names(db, lin, View.mine) == ["等一分", "等两分", "刚说过", "答过久"]
    assert await names(db, lin, View.snoozed) == ["稍后"]


async def test_what_was_put_off_is_back_once_its_viewer_writes_or_its_time_has_come(
    db: Database, channel: int, lin: Actor
) -> None:
    mine = {"owner": "agent", "agent_id": lin.id, "snoozed_at": NOW}
    await talk(db, channel, "到点", **mine, snoozed_until=NOW + MINUTE)
    wrote = await talk(db, channel, "又说话", **mine, snoozed_until=NOW + DAY)
    await talk(db, channel, "晚的", **mine, snoozed_until=NOW + 2 * DAY)
    await talk(db, channel, "早的", **mine, snoozed_until=NOW + DAY)
    await desk.hear(db, wrote, NOW + MINUTE)
    assert await names(db, lin, View.snoozed) == ["早的", "晚的"]
    assert sorted(await names(db, lin, View.mine)) == sorted(["到点", "又说话"])


async def test_everybody_who_waits_the_longest_first(db: Database, channel: int, lin: Actor, chen: Actor) -> None:
    await talk(db, channel, "队里", owner="queue", queued_at=NOW, waits_since=NOW + MINUTE)
    await talk(db, channel, "同事的", owner="agent", agent_id=chen.id, waits_since=NOW)
    await talk(db, channel, "不等", owner="agent", agent_id=lin.id)
    assert await names(db, lin, View.waiting) == ["同事的", "队里"]


async def test_what_was_resolved_the_newest_first(db: Database, channel: int, lin: Actor) -> None:
    for name, minute in [("一", 1), ("三", 3), ("二", 2)]:
        await talk(db, channel, name, closed_at=NOW + minute * MINUTE, closed_by=lin.id)
    await talk(db, channel, "无声", closed_at=NOW)
    assert await names(db, lin, View.resolved) == ["三", "二", "一"]


async def test_what_is_meant_for_ones_teams(db: Database, channel: int) -> None:
    teams = [await make_team(db, name) for name in ("会员", "播放", "别组")]
    by = await make_agent(db, "lin", teams=teams[:2])
    for number, team in enumerate([*teams, teams[0]]):
        await talk(db, channel, f"第{number}", team_id=team, owner="queue", queued_at=NOW)
    assert await names(db, by, View.team) == ["第3", "第1", "第0"]
    assert await names(db, actor_of(Role.agent), View.team) == []


async def test_the_bots_and_all_the_newest_first(db: Database, channel: int, lin: Actor) -> None:
    for name in ("一", "二", "三"):
        await talk(db, channel, name)
    await talk(db, channel, "队", owner="queue", queued_at=NOW)
    await talk(db, channel, "旧", closed_at=NOW)
    assert await names(db, lin, View.bot) == ["三", "二", "一"]
    assert await names(db, lin, View.all) == ["旧", "队", "三", "二", "一"]


async def mention(db: Database, talk: int, by: Actor, *, seen: bool = False) -> None:
    def note(session: Session) -> None:
        entry = write(session, session.get_one(Conversation, talk), Kind.note, by=by.id, now=NOW)
        session.flush()
        seen_at = NOW if seen else None
        session.add(Mention(agent_id=by.id, entry_id=entry.id, conversation_id=talk, seen_at=seen_at))

    await db.write(note)


async def test_where_one_was_mentioned_each_once_the_newest_first(db: Database, channel: int, lin: Actor) -> None:
    talks = [await talk(db, channel, name) for name in ("一", "二", "三")]
    for number, seen in [(0, True), (1, True), (2, False), (0, False)]:
        await mention(db, talks[number], lin, seen=seen)
    assert await names(db, lin, View.mentions) == ["一", "三", "二"]
    page = await db.read(lists.list_page, Filters(View.all), by=lin, now=NOW)
    assert [row.mention_seen for row in page.rows] == [False, True, False]
    assert (await db.read(lists.count_views, by=lin, now=NOW))[View.mentions] == 2


# -------------------- pages


async def test_rows_that_move_neither_hide_others_nor_come_twice(db: Database, channel: int, lin: Actor) -> None:
    """Whoever stays where he is, is seen once, whatever happens around him."""
    talks = [
        await talk(db, channel, str(n), owner="queue", queued_at=NOW + n * MINUTE, waits_since=NOW + n * MINUTE)
        for n in range(8)
    ]
    for view in (View.queue, View.waiting):
        first = await db.read(lists.list_page, Filters(view), by=lin, limit=3, now=NOW)
        await desk.change(db, talks[1], priority=2)
        await talk(db, channel, f"neu-{view}", owner="queue", queued_at=NOW, waits_since=NOW - MINUTE)
        rest = await db.read(lists.list_page, Filters(view), by=lin, after=first.after, limit=100, now=NOW)
        seen = [row.viewer for row in (*first.rows, *rest.rows)]
        assert seen == sorted(set(seen)), view
        assert {str(n) for n in range(8)} - {"1"} <= set(seen), view
        await desk.change(db, talks[1], priority=0)
        await desk.change(db, talks[7] + 1, closed_at=NOW)


async def test_garbage_is_no_place_in_a_list(db: Database) -> None:
    by = await make_agent(db, "lin", teams=[await make_team(db)])
    for cursor in ("", "x", "嗨", "W10", cursors.write([1, 2, 3, 4, 5, 6]), "WzFlOTk5XQ", "bnVsbA", "W3RydWVd"):
        for view in View:
            with pytest.raises(WrongCursor):
                await db.read(lists.list_page, Filters(view), by=by, after=cursor, now=NOW)


async def test_a_time_beyond_the_calendar_is_no_place_either(db: Database, lin: Actor) -> None:
    for view, key in [(View.queue, [2, 1, 2**61, 1]), (View.waiting, [2**61, 1]), (View.resolved, [-(2**61), 1])]:
        with pytest.raises(WrongCursor):
            await db.read(lists.list_page, Filters(view), by=lin, after=cursors.write(key), now=NOW)


async def test_a_page_takes_as_many_statements_whatever_it_holds(db: Database, channel: int, lin: Actor) -> None:
    for n in range(12):
        await talk(db, channel, str(n), owner="agent", agent_id=lin.id)
    for view in (View.mine, View.all, View.queue):
        few = await db.read(counting(lists.list_page), Filters(view), by=lin, limit=2, now=NOW)
        many = await db.read(counting(lists.list_page), Filters(view), by=lin, limit=50, now=NOW)
        assert few == many <= 6, view


# -------------------- rows


async def test_a_row_tells_what_a_person_needs(db: Database, channel: int, lin: Actor) -> None:
    team = await make_team(db)
    one = await talk(db, channel, "小林", title="长风渡", priority=1, team_id=team, waits_since=NOW)
    await db.write(routing.take_over, one, by=lin, now=NOW)
    await desk.hear(db, one, NOW + MINUTE, count=2)
    await make.message(db, one, "好" * 200, state=MessageState.failed)
    await add(
        db, Tag(conversation_id=one, tag="退款"), Tag(conversation_id=one, tag="催"),
        Draft(agent_id=lin.id, conversation_id=one, text="您好", seen_seq=1, revision=1, updated_at=NOW),
        ReadMark(agent_id=lin.id, conversation_id=one, seq=1),
    )  # fmt: skip
    (row,) = (await db.read(lists.list_page, Filters(View.mine), by=lin, now=NOW)).rows
    assert (row.id, row.viewer, row.is_vip, row.platform, row.channel) == (one, "小林", False, "wechat", "main")
    assert (row.owner, row.agent_id, row.agent, row.team) == ("agent", lin.id, "林小满", "会员服务")
    assert (row.priority, row.title, row.tags, row.unread) == (1, "长风渡", ("催", "退款"), 2)
    assert (row.waits_since, row.has_draft, row.mention_seen) == (NOW, True, None)
    assert row.last is not None
    assert (row.last.author, row.last.kind, row.last.text, row.last.state) == ("bot", "text", "好" * 80, "failed")


async def test_the_unread_are_counted_for_each_reader_up_to_a_limit(
    db: Database, channel: int, lin: Actor, chen: Actor
) -> None:
    one = await talk(db, channel, "多话")
    await desk.hear(db, one, NOW, count=150)
    await add(db, ReadMark(agent_id=chen.id, conversation_id=one, seq=149))
    for by, unread in ((lin, 99), (chen, 2)):
        (row,) = (await db.read(lists.list_page, Filters(View.all), by=by, now=NOW)).rows
        assert row.unread == unread


async def test_ones_own_are_told_with_how_many_are_unread(db: Database, channel: int, lin: Actor, chen: Actor) -> None:
    """Also what is put off; not what is closed, or a colleague's."""
    read, unread, put_off, closed, others = [await talk(db, channel, name) for name in "甲乙丙丁戊"]
    for one in (read, unread, put_off, closed, others):
        await desk.change(db, one, owner="agent", agent_id=chen.id if one == others else lin.id)
        await desk.hear(db, one)
    await desk.change(db, put_off, snoozed_at=NOW, snoozed_until=NOW + timedelta(hours=1))
    await desk.change(db, closed, closed_at=NOW)
    await add(db, ReadMark(agent_id=lin.id, conversation_id=read, seq=1000))
    assert await db.read(lists.look_at_own, by=lin) == Own([put_off, unread, read], 2)
    assert await db.read(lists.look_at_own, by=chen) == Own([others], 1)


async def test_who_has_no_name_is_told_by_the_end_of_his_address(db: Database, channel: int, lin: Actor) -> None:
    await make.conversation(db, channel, "oAbCdEf-xYz9")
    (row,) = (await db.read(lists.list_page, Filters(View.all), by=lin, now=NOW)).rows
    assert row.viewer == "微信观众 ·xYz9"


async def test_lists_are_filtered(db: Database, channel: int, lin: Actor) -> None:
    other = await make.channel(db, "other")
    one = await talk(db, channel, "甲", title="长风渡")
    await talk(db, channel, "乙", priority=1)
    await talk(db, other, "丙")
    await add(db, Tag(conversation_id=one, tag="退款"))
    assert await names(db, lin, View.all, channel_id=other) == ["丙"]
    assert await names(db, lin, View.bot, title="长风渡") == ["甲"]
    assert await names(db, lin, View.all, tag="退款") == ["甲"]
    assert await names(db, lin, View.bot, priority=1) == ["乙"]
    assert await names(db, lin, View.mine, tag="退款") == []


async def test_each_list_is_counted_up_to_a_limit(db: Database, channel: int, lin: Actor) -> None:
    await talk(db, channel, "队", owner="queue", queued_at=NOW, waits_since=NOW)
    await talk(db, channel, "我", owner="agent", agent_id=lin.id)
    await talk(db, channel, "睡", owner="agent", agent_id=lin.id, snoozed_at=NOW, snoozed_until=NOW + DAY)
    await talk(db, channel, "机", title="x")
    counts = await db.read(lists.count_views, by=lin, now=NOW)
    assert counts == {
        View.mine: 1, View.team: 0, View.queue: 1, View.waiting: 1, View.snoozed: 1, View.resolved: 0,
        View.mentions: 0, View.bot: 1, View.all: 4,
    }  # fmt: skip
    assert await db.read(counting(lists.count_views), by=lin, now=NOW) == 1
