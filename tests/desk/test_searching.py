"""What is found, by whom, and page after page."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from app.agents.models import Agent
from app.agents.rights import Actor, Forbidden, Role
from app.conversations.models import Message
from app.db.database import Database
from app.desk.search import query
from app.desk.search.indexing import forget, index_ticket, index_viewer
from app.desk.search.messages import Author, Where, find_messages
from app.desk.search.people import find_viewers
from app.desk.search.query import QueryTooLong
from app.desk.search.search import search
from app.desk.search.sources import Kind
from app.desk.search.tickets import find_tickets
from app.tickets.models import Ticket
from app.viewers.models import Identity, Viewer
from tests.factories import conversations as make
from tests.factories.conversations import NOW
from tests.factories.searching import READER, index, open_ticket, say


@pytest.fixture
async def talk(db: Database) -> int:
    return await make.conversation(db, await make.channel(db), wrote_at=None)


async def found(db: Database, text: str, **more: object) -> list[int]:
    hits = await db.read(find_messages, text, by=READER, **more)  # type: ignore[arg-type]
    return [hit.message_id for hit in hits.hits]


async def test_words_inside_sentences(db: Database, talk: int) -> None:
    first, second, third, fourth = await db.write(
        say,
        talk,
        "我的会员怎么还没到账",
        "自動續費的會員可以退款嗎",
        "ＥＲＲ５１０３，会不会是网络员的问题",
        "好吧👌 第 30012 单",
    )
    await index(db)
    assert await found(db, "会员") == [second, first]
    assert await found(db, "會員") == [second, first]
    assert await found(db, "退款 会员") == [second]
    assert await found(db, "err5103") == [third]
    assert await found(db, "5103") == [third]
    assert await found(db, "0012") == [fourth]
    assert await found(db, "会") == [third, second, first]
    assert await found(db, "单") == [fourth]  # the last of its run
    assert await found(db, "👌") == [fourth]
    assert await found(db, "退款 没有") == []
    assert await found(db, "  ") == []


async def test_a_hit_tells_where_it_stands_and_who_said_it(db: Database, talk: int) -> None:
    def add(session: Session) -> int:
        agent = Agent(
            login="lin", name="小林", language="zh", skills=[], capacity=3, presence="online", presence_at=NOW,
            created_at=NOW,
        )  # fmt: skip
        session.add(agent)
        session.flush()
        return say(session, talk, "您的會員已經生效", author=str(agent.id))[0]

    message_id = await db.write(add)
    await index(db)
    [hit] = (await db.read(find_messages, "会员", by=READER)).hits
    assert (hit.message_id, hit.conversation_id, hit.seq, hit.at) == (message_id, talk, 1, NOW)
    assert (hit.author_name, hit.external_id, hit.platform, hit.channel) == ("小林", "openid-1", "wechat", "main")
    assert [hit.snippet.text[start:end] for start, end in hit.snippet.marks] == ["會員"]


@pytest.mark.parametrize(("text", "size"), [("会员", 7), ("会", 4), ("会员 到账", 3), ("，", 5)])
async def test_pages_have_no_gaps_and_no_repeats_while_more_comes(
    db: Database, talk: int, text: str, size: int
) -> None:
    ids = [
        message_id
        for number in range(10)
        for message_id in await db.write(say, talk, *[f"会员，到账{number * 10 + each}" for each in range(10)])
    ]
    await index(db)
    seen, after = [], None
    while True:
        page = await db.read(find_messages, text, by=READER, after=after, limit=size)
        seen += [hit.message_id for hit in page.hits]
        if page.exhausted:
            break
        after = page.after
        await db.write(say, talk, "会员，到账，后来的")
        await index(db)
    assert seen == ids[::-1]


async def test_only_some_may_search(db: Database) -> None:
    stranger = Actor(2, "运营", frozenset({Role.operator, Role.administrator}))
    for find in (find_messages, find_viewers, find_tickets, search):
        with pytest.raises(Forbidden):
            await db.read(find, "会员", by=stranger)


async def test_what_was_recalled_or_erased_is_not_found(db: Database, talk: int) -> None:
    recalled, erased, kept = await db.write(say, talk, "会员一", "会员二", "会员三")
    await index(db)

    def change(session: Session) -> None:
        session.get_one(Message, recalled).recalled_at = NOW
        session.get_one(Message, erased).text = ""

    await db.write(change)
    assert await found(db, "会员") == [kept]


async def test_filters(db: Database, talk: int) -> None:
    other_channel = await make.channel(db, "other")
    other = await make.conversation(db, other_channel, "openid-2", wrote_at=None)
    days = [NOW + timedelta(days=day) for day in range(4)]
    own = [(await db.write(say, talk, f"会员{day.day}", at=day))[0] for day in days]
    (elsewhere,) = await db.write(say, other, "会员", at=days[3])
    (bot,) = await db.write(say, talk, "会员", author="bot", at=days[3])
    (agent,) = await db.write(say, talk, "会员", author="17", at=days[3])
    await index(db)
    assert await found(db, "会员", where=Where(channel_id=other_channel)) == [elsewhere]
    assert await found(db, "会员", where=Where(conversation_id=other)) == [elsewhere]
    assert await found(db, "会员", where=Where(conversation_id=talk), limit=3) == [agent, bot, own[3]]
    assert await found(db, "会员", where=Where(author=Author.agent)) == [agent]
    assert await found(db, "会员", where=Where(author=Author.bot)) == [bot]
    assert await found(db, "会员", where=Where(author=Author.viewer)) == [elsewhere, *own[::-1]]
    assert await found(db, "会员", where=Where(since=days[1], until=days[3])) == [own[2], own[1]]
    assert await found(db, "会", where=Where(until=days[1])) == [own[0]]


async def test_work_is_bounded_and_can_be_gone_on_with(
    db: Database, talk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (old,) = await db.write(say, talk, "会员和到账")
    for _ in range(3):
        await db.write(say, talk, *(["会员", "到账"] * 100))
    await index(db)
    monkeypatch.setattr(query, "WALKED", 100)
    page = await db.read(find_messages, "会员 到账", by=READER)
    assert (page.hits, page.exhausted) == ((), False)
    steps = 1
    while not page.hits:
        page = await db.read(find_messages, "会员 到账", by=READER, after=page.after)
        steps += 1
    assert [hit.message_id for hit in page.hits] == [old]
    assert steps <= 3


async def test_lists_that_never_meet_are_leapt_over(db: Database, talk: int) -> None:
    await db.write(say, talk, *(["到账"] * 300))
    await db.write(say, talk, *(["会员"] * 300))
    await index(db)
    page = await db.read(find_messages, "会员 到账", by=READER)
    assert (page.hits, page.exhausted) == ((), True)


async def test_viewers(db: Database, talk: int) -> None:
    await index(db)
    viewer_id = await db.write(name, "openid-1", "王小明", "投诉過兩次")
    for text in ("小明", "明", "openid-1", "OPENID", "id-1 小明", "投诉过"):
        [hit] = (await db.read(find_viewers, text, by=READER)).hits
        assert (hit.viewer_id, hit.conversation_id) == (viewer_id, talk)
    [hit] = (await db.read(find_viewers, "投诉 明 id-", by=READER)).hits
    assert (hit.name_marks, hit.remark_marks, hit.identities[0].marks) == ([(2, 3)], [(0, 2)], [(4, 7)])
    await db.write(name, "openid-1", "李雷", "")
    assert (await db.read(find_viewers, "小明", by=READER)).hits == ()


def name(session: Session, external_id: str, text: str, remark: str) -> int:
    viewer = session.query(Viewer).join(Identity).filter(Identity.external_id == external_id).one()
    viewer.name, viewer.remark = text, remark
    index_viewer(session, viewer.id)
    return viewer.id


async def test_tickets(db: Database, talk: int) -> None:
    viewer_id = await db.write(name, "openid-1", "王小明", "")
    ticket_id, number = await db.write(open_ticket, talk, viewer_id, "會員重复扣费")
    await index(db)
    for text in (f"T-{number}", str(number), "会员", "扣费"):
        [hit] = (await db.read(find_tickets, text, by=READER)).hits
        assert (hit.ticket_id, hit.number, hit.viewer_id, hit.conversation_id) == (ticket_id, number, viewer_id, talk)
    assert hit.subject_marks == [(4, 6)]

    def rename(session: Session) -> None:
        session.get_one(Ticket, ticket_id).subject = "看不了"
        index_ticket(session, ticket_id, number=number, subject="看不了")

    await db.write(rename)
    assert len((await db.read(find_tickets, "看不", by=READER)).hits) == 1
    assert (await db.read(find_tickets, "扣费", by=READER)).hits == ()


async def test_the_ticket_of_that_number_stands_before_those_that_begin_like_it(db: Database, talk: int) -> None:
    viewer_id = await db.write(name, "openid-1", "王小明", "")

    def add(session: Session) -> None:
        same = {"viewer_id": viewer_id, "conversation_id": talk, "kind": "fault", "status": "open",
                "opened_at": NOW, "updated_at": NOW}  # fmt: skip
        for number in (77, 770, 771, 1077, 8):
            session.add(Ticket(number=number, priority="normal", subject="上次的 T-77 没有下文", **same))
            session.flush()  # ids in this order

    await db.write(add)

    async def numbers(text: str, **more: int | None) -> tuple[list[int], int | None]:
        page = await db.read(find_tickets, text, by=READER, **more)  # type: ignore[arg-type]
        return [hit.number for hit in page.hits], page.after

    assert await numbers("T-77") == ([77], None)  # nothing is indexed yet: the number alone tells
    await index(db)
    for text in ("T-77", "t－77", "77"):
        assert await numbers(text) == ([77, 8, 1077, 771, 770], None)
    assert (await numbers("t77"))[0] == [77]
    assert (await numbers("t-77 没有"))[0] == [8, 1077, 771, 770, 77]
    assert (await numbers("T-7"))[0] == [8, 1077, 771, 770, 77]  # no ticket has it
    first, after = await numbers("T-77", limit=2)
    rest, end = await numbers("T-77", limit=2, after=after)
    assert (first, rest, end) == ([77, 8, 1077], [771, 770], None)
    assert await numbers("9" * 12) == ([], None)  # more than any number can be


async def test_one_box_searches_all(db: Database, talk: int) -> None:
    viewer_id = await db.write(name, "openid-1", "会员王", "")
    await db.write(open_ticket, talk, viewer_id, "会员")
    await db.write(say, talk, "会员")
    await index(db)
    all_kinds = await db.read(search, "会员", by=READER)
    assert [len(each.hits) for each in (all_kinds.messages, all_kinds.viewers, all_kinds.tickets) if each] == [1, 1, 1]
    assert (await db.read(search, "会员", by=READER, kinds=[Kind.messages])).viewers is None


async def test_what_is_forgotten_leaves_nothing(db: Database, talk: int) -> None:
    (message_id,) = await db.write(say, talk, "独一无二")
    await index(db)
    await db.write(forget, Kind.messages, message_id, "独一无二")
    assert await found(db, "独一") == []


async def test_a_long_query_is_refused_and_a_long_one_that_is_allowed_works(db: Database, talk: int) -> None:
    text = "".join(chr(0x4E00 + number) for number in range(query.LONGEST))
    (message_id,) = await db.write(say, talk, f"前{text}后")
    await index(db)
    assert await found(db, text) == [message_id]
    with pytest.raises(QueryTooLong):
        await found(db, text + "多")
