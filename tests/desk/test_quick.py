"""Quick replies: whose they are, what is offered, what variables become; on both engines."""

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.agents.models import AuditEntry
from app.agents.rights import Actor, Forbidden, Role
from app.conversations.models import Conversation
from app.db.database import Database
from app.desk import quick, quick_csv, quick_lists, variables
from app.desk.quick import Picture, Place, Scope, Written
from tests.factories.conversations import NOW, channel, conversation
from tests.factories.people import actor_of, make_agent, make_team

OWN, ALL = Place(Scope.own), Place(Scope.all)
PICTURE = Picture("ab/" + "ab" * 32, "步骤.png")


async def add(db: Database, by: Actor, shortcut: str, text: str = "好的", place: Place = OWN) -> int:
    return await db.write(quick.add, by=by, place=place, written=Written(shortcut, text), now=NOW)


async def offered(db: Database, by: Actor, prefix: str = "") -> list[str]:
    return [reply.shortcut for reply in await db.read(quick_lists.list_for, by=by, prefix=prefix)]


async def test_ones_own_come_first_then_the_teams_then_alls(db: Database) -> None:
    team, other = await make_team(db, "会员"), await make_team(db, "播放")
    lin, boss = await make_agent(db, "lin", teams=[team]), await make_agent(db, "zhou", roles=[Role.supervisor])
    await add(db, boss, "all", place=ALL)
    await add(db, boss, "team", place=Place(Scope.team, team))
    await add(db, boss, "others", place=Place(Scope.team, other))
    await add(db, boss, "bosses")
    await add(db, lin, "own")
    assert await offered(db, lin) == ["own", "team", "all"]


async def test_letters_find_the_shortcut_first_then_words_of_the_text_then_what_is_used_most(db: Database) -> None:
    lin = await make_agent(db)
    await add(db, lin, "tk2", "退款要三天")
    used = await add(db, lin, "tk1", "退款")
    await add(db, lin, "x", "请写 TK 加编号")
    await add(db, lin, "100%", "别的")
    await db.write(quick.count_use, used, by=lin)
    assert await offered(db, lin, "Tk") == ["tk1", "tk2", "x"]
    assert await offered(db, lin, "ｔｋ２") == ["tk2"]
    assert await offered(db, lin, "三天 退款") == ["tk2"]
    assert await offered(db, lin, "100%") == ["100%"]
    assert await offered(db, lin, "%") == []


async def test_a_shortcut_is_there_once_in_each_place(db: Database) -> None:
    lin, boss = await make_agent(db, "lin"), await make_agent(db, "zhou", roles=[Role.supervisor])
    team = await make_team(db)
    for by, place in ((lin, OWN), (boss, OWN), (boss, ALL), (boss, Place(Scope.team, team))):
        await add(db, by, "/HI", place=place)
        with pytest.raises(quick.ShortcutTaken):
            await add(db, by, "hi", place=place)
    moved = await add(db, boss, "ho", place=ALL)
    with pytest.raises(quick.ShortcutTaken):
        await db.write(quick.edit, moved, by=boss, place=OWN, written=Written("hi", "x"), now=NOW)


@pytest.mark.parametrize("shortcut", ["", "a b", "a/b", "长" * 33, "\u200b"])
async def test_a_shortcut_is_one_short_word(db: Database, shortcut: str) -> None:
    with pytest.raises(quick.ShortcutInvalid):
        await add(db, actor_of(Role.agent), shortcut)


async def test_a_reply_is_a_text_or_pictures(db: Database) -> None:
    lin = await make_agent(db)
    with pytest.raises(quick.TextInvalid):
        await add(db, lin, "a", " ")
    with pytest.raises(quick.TextInvalid):
        await add(db, lin, "a", "长" * (quick.LONGEST + 1))
    reply_id = await db.write(quick.add, by=lin, place=OWN, written=Written("a", "", [PICTURE]), now=NOW)
    assert (await db.read(quick_lists.get_reply, reply_id, by=lin)).pictures == (PICTURE,)


async def test_what_is_shared_only_those_who_may_change_and_it_is_recorded(db: Database) -> None:
    lin, operator = await make_agent(db, "lin"), await make_agent(db, "yun", roles=[Role.operator])
    shared = await add(db, operator, "all", place=ALL)
    own = await add(db, lin, "own")
    with pytest.raises(Forbidden):
        await add(db, lin, "no", place=ALL)
    with pytest.raises(Forbidden):
        await db.write(quick.edit, shared, by=lin, place=OWN, written=Written("mine", "x"), now=NOW)
    with pytest.raises(Forbidden):
        await db.write(quick.edit, own, by=lin, place=ALL, written=Written("own", "x"), now=NOW)
    with pytest.raises(Forbidden):
        await db.write(quick.delete_reply, shared, by=lin, now=NOW)
    with pytest.raises(quick.ReplyNotFound):  # somebody else's own does not exist for him
        await db.write(quick.delete_reply, own, by=operator, now=NOW)
    with pytest.raises(Forbidden):
        await add(db, operator, "own")
    await db.write(quick.edit, shared, by=operator, place=ALL, written=Written("all", "新的"), now=NOW)
    await db.write(quick.delete_reply, shared, by=operator, now=NOW)
    await db.write(quick.delete_reply, own, by=lin, now=NOW)
    assert await db.read(_recorded) == ["replies.add", "replies.edit", "replies.delete"]


def _recorded(session: Session) -> list[str]:
    own = select(AuditEntry.action).where(AuditEntry.subject == "reply").order_by(AuditEntry.id)
    return list(session.scalars(own))


async def test_a_team_that_is_not_there_has_no_replies(db: Database) -> None:
    boss = await make_agent(db, roles=[Role.supervisor])
    with pytest.raises(quick.TeamWrong):
        await add(db, boss, "a", place=Place(Scope.team, 99))
    with pytest.raises(quick.TeamWrong):
        await add(db, boss, "a", place=Place(Scope.team))


async def test_pages_have_no_gap_and_filters_narrow(db: Database) -> None:
    boss = await make_agent(db, roles=[Role.supervisor])
    ids = [await add(db, boss, f"s{n}", "退款" if n % 2 else "会员", ALL if n < 3 else OWN) for n in range(5)]
    first = await db.read(quick_lists.list_page, by=boss, limit=3)
    rest = await db.read(quick_lists.list_page, by=boss, limit=3, after=first.after)
    assert [reply.id for reply in (*first.replies, *rest.replies)] == ids[::-1]
    assert rest.after is None
    own = await db.read(quick_lists.list_page, by=boss, place=OWN)
    assert [reply.shortcut for reply in own.replies] == ["s4", "s3"]
    found = await db.read(quick_lists.list_page, by=boss, query="退款", place=ALL)
    assert [reply.shortcut for reply in found.replies] == ["s1"]


# -------------------- tables


async def test_a_table_goes_out_and_comes_back(db: Database) -> None:
    lin = await make_agent(db)
    await add(db, lin, "hi", "您好，\n“{观众}”")
    await add(db, lin, "sum", "=1+1")
    table = await db.read(quick_csv.write_table, by=lin)
    assert "'=1+1" in table
    other = await make_agent(db, "wu")
    done = await db.write(quick_csv.read_table, by=other, content=table.encode(), place=OWN, now=NOW)
    assert (done.added, done.changed) == (2, 0)
    texts = {reply.shortcut: reply.text for reply in await db.read(quick_lists.list_for, by=other)}
    assert texts == {"hi": "您好，\n“{观众}”", "sum": "=1+1"}
    again = await db.write(
        quick_csv.read_table, by=other, content="快捷词,内容\nhi,新的\nnew,一条\n\n".encode("gbk"), place=OWN, now=NOW
    )
    assert (again.added, again.changed) == (1, 1)
    assert (await db.read(quick_lists.list_for, by=other, prefix="hi"))[0].text == "新的"


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"\xff\xfe\xff", quick_csv.TableInvalid),
        ("名字,别的\n".encode(), quick_csv.TableInvalid),
        ("快捷词,内容\na b,好\n".encode(), quick_csv.RowInvalid),
        ("快捷词,内容\na,\n".encode(), quick_csv.RowInvalid),
        (("快捷词,内容\n" + "a,b\n" * 501).encode(), quick_csv.TooManyRows),
    ],
)
async def test_of_a_table_that_is_wrong_nothing_is_taken(
    db: Database, content: bytes, error: type[Exception]
) -> None:  # fmt: skip
    lin = await make_agent(db)
    with pytest.raises(error):
        await db.write(quick_csv.read_table, by=lin, content=content, place=OWN, now=NOW)
    assert await offered(db, lin) == []


async def test_a_full_table_is_taken_at_once(db: Database) -> None:
    lin = await make_agent(db)
    content = "快捷词,内容\n" + "".join(f"s{n},内容 {n}\n" for n in range(quick.MOST))
    done = await db.write(quick_csv.read_table, by=lin, content=content.encode(), place=OWN, now=NOW)
    assert done.added == quick.MOST
    with pytest.raises(quick.TooManyReplies):
        await add(db, lin, "more")


# -------------------- variables


def test_what_nobody_knows_is_left_as_a_blank() -> None:
    text = variables.render("您好{观众}，我是｛客服｝。{订单}{ }{", {"客服": "小林", "观众": ""})
    assert text == "您好【观众】，我是小林。【订单】{ }{"
    assert variables.blanks(text) == ("观众", "订单")
    assert variables.unknown("{订单}{观众}{订单}") == ("订单",)


async def test_variables_of_a_conversation(db: Database) -> None:
    lin = await make_agent(db, name="小林")
    conversation_id = await conversation(db, await channel(db))

    def fill(session: Session) -> None:
        told = {"title": "长风渡", "heard": '{"title": "长风渡", "season": 2, "episode": 5}'}
        session.execute(update(Conversation).where(Conversation.id == conversation_id).values(told))

    bare = await db.read(variables.values_for, conversation_id, by=lin, now=NOW)
    assert bare == {"客服": "小林", "渠道": "微信公众号", "时间": "11月23日 20:00"}
    await db.write(fill)
    known = await db.read(variables.values_for, conversation_id, by=lin, now=NOW)
    assert known["作品"] == "长风渡"
    assert known["剧集"] == "第2季第5集"
