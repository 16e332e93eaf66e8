"""What agents do not send: sensitive words and their disguises, personal data, blanks; on both engines."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents.models import AuditEntry
from app.agents.rights import Role
from app.commands import demo_words
from app.db.database import Database
from app.desk import words
from app.desk.personal import Personal, find_personal
from app.desk.word_search import Search, Word
from tests.factories.conversations import NOW
from tests.factories.people import make_agent

RUBBISH = Word(1, "垃圾", True, "请换个说法")
SEARCH = Search([RUBBISH, Word(2, "保证", False, ""), Word(3, "vx", True, "")])


@pytest.mark.parametrize(
    "text",
    ["这是垃圾", "垃.圾", "垃 圾", "垃\u200b圾", "垃 * 圾", "垃-_-圾", "加ＶＸ", "加V X吧", "v.x", "保證", "給 VX 號"],
)
def test_a_disguised_word_is_found(text: str) -> None:
    assert SEARCH.find(text)


@pytest.mark.parametrize("text", ["", "垃，圾", "垃。\n圾", "垃      圾", "avxb", "envx9", "很好", "a b"])
def test_what_is_no_word_is_not_found(text: str) -> None:
    assert SEARCH.find(text) == []


def test_what_blocks_comes_first_and_each_word_once() -> None:
    assert [word.id for word in SEARCH.find("保证不是垃圾，保证")] == [2, 1][::-1]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("11010519491231002X", [Personal.identity_card]),
        ("身份证１１０１０５１９４９１２３１００２ｘ", [Personal.identity_card]),
        ("110105194912310021", []),
        ("110105194913310026", []),
        ("卡号 6222 0200 0000 0000 003", []),
        ("卡号 4111 1111 1111 1111", [Personal.bank_card]),
        ("4111-1111-1111-1112", []),
        ("6217000010001234567 和 13800138000", [Personal.phone]),
        ("+8613800138000", [Personal.phone]),
        ("订单 2026112313800138000", []),
        ("T-10086，第 5 集", []),
    ],
)
def test_numbers_are_personal_by_their_check_digits(text: str, kinds: list[Personal]) -> None:
    assert find_personal(text) == kinds


async def test_a_word_blocks_or_wants_a_second_look_until_it_is_taken_off_the_list(db: Database) -> None:
    by = await make_agent(db, roles=[Role.operator])
    await db.read(words.check, "这是垃圾，我保证")
    await db.write(words.add, by=by, words=["保证"], blocks=False, advice="不要许诺", now=NOW)
    with pytest.raises(words.WordDoubtful, match="不要许诺"):
        await db.read(words.check, "这是垃圾，我保证")
    await db.write(words.add, by=by, words=["垃圾"], blocks=True, advice="", now=NOW)
    with pytest.raises(words.WordBlocked, match="请换个说法"):
        await db.read(words.check, "这是垃圾，我保证")
    page = await db.read(words.list_page, by=by)
    await db.write(words.delete_word, page.words[0].id, by=by, now=NOW)
    await db.write(words.edit, page.words[1].id, by=by, word="承诺", blocks=True, advice="", now=NOW)
    await db.read(words.check, "这是垃圾，我保证")
    with pytest.raises(words.WordBlocked):
        await db.read(words.check, "我承诺")


async def test_personal_data_wants_a_second_look_and_is_not_said_in_a_group(db: Database) -> None:
    with pytest.raises(words.CardDoubtful):
        await db.read(words.check, "4111111111111111")
    await db.read(words.check, "请打 13800138000")
    for text in ("请打 13800138000", "4111111111111111"):
        with pytest.raises(words.GroupPersonal):
            await db.read(words.check, text, in_group=True)
    with pytest.raises(words.BlankDoubtful, match="【观众】"):
        await db.read(words.check, "您好【观众】")


async def test_many_words_are_added_at_once_and_those_that_are_there_stay(db: Database) -> None:
    by = await make_agent(db, roles=[Role.quality])
    await db.write(words.add, by=by, words=["垃圾"], blocks=True, advice="旧的", now=NOW)
    new = await db.write(words.add, by=by, words=["蠢货", "", " 垃圾 ", "蠢货"], blocks=False, advice="", now=NOW)
    assert new == ["蠢货"]
    page = await db.read(words.list_page, by=by, blocks=True)
    assert [(word.word, word.advice) for word in page.words] == [("垃圾", "旧的")]
    with pytest.raises(words.WordTaken):
        await db.write(words.edit, page.words[0].id, by=by, word="蠢货", blocks=True, advice="", now=NOW)
    for wrong in ([""], ["。。"], ["长" * 65]):
        with pytest.raises(words.WordInvalid):
            await db.write(words.add, by=by, words=wrong, blocks=True, advice="", now=NOW)
    assert await db.read(_recorded) == ["words.add", "words.add"]


def _recorded(session: Session) -> list[str]:
    own = select(AuditEntry.action).where(AuditEntry.subject == "word").order_by(AuditEntry.id)
    return list(session.scalars(own))


async def test_the_demonstration_has_some_words_once(db: Database) -> None:
    ye = await make_agent(db, roles=[Role.operator])
    await demo_words.add_words(db)
    page = await db.read(words.list_page, by=ye)
    assert len(page.words) == sum(len(listed) for listed, _, _ in demo_words.SEED)
    await db.write(words.delete_word, page.words[0].id, by=ye, now=NOW)
    await demo_words.add_words(db)
    assert len((await db.read(words.list_page, by=ye)).words) == len(page.words) - 1
