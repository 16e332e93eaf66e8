"""Notes, tags, marks, who else looks, and what is tidied up."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents import people
from app.agents.rights import Actor
from app.conversations import history
from app.conversations.refusals import ConversationNotFound
from app.db.database import Database
from app.desk import marks, notes, sweeps, tags, viewing
from app.desk.models import Mention, ReadMark
from app.desk.viewing import Beside
from tests.factories import conversations as make
from tests.factories import desk
from tests.factories.conversations import NOW
from tests.factories.people import make_agent

SECOND = timedelta(seconds=1)


@pytest.fixture
async def talk(db: Database, lin: Actor) -> int:
    return await desk.taken(db, lin)


def mentions(session: Session) -> list[tuple[int, bool]]:
    rows = session.execute(select(Mention.agent_id, Mention.seen_at).order_by(Mention.agent_id))
    return [(row[0], row[1] is not None) for row in rows]


# -------------------- notes


async def test_a_note_names_colleagues_who_are_told(
    db: Database, talk: int, lin: Actor, chen: Actor, zhou: Actor
) -> None:
    entry = await db.write(notes.add, talk, by=lin, text=" @陈一诺请看，@ZHOU 也看看 ", now=NOW)
    kept = await db.read(lambda session: session.get_one(history.HistoryEntry, entry).text)
    assert kept == "@陈一诺请看，@ZHOU 也看看"
    assert await db.read(mentions) == [(chen.id, False), (zhou.id, False)]
    assert await db.write(notes.see_mentions, talk, by=chen, now=NOW) == 1
    assert await db.write(notes.see_mentions, talk, by=chen, now=NOW) == 0
    await db.write(notes.see_mention, entry, by=lin, now=NOW)
    assert await db.read(mentions) == [(chen.id, True), (zhou.id, False)]


PEOPLE = [(1, "lin", "林小满"), (2, "linda", "林小"), (3, "chen", "陈一诺"), (4, "chen2", "陈一诺")]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("@lin", {1}), ("@linda 看", {2}), ("@lind", set()), ("@lin.", set()), ("@lin，看", {1}), ("@LIN看", {1}),
        ("@林小满你看", {1}), ("@林小你看", {2}), ("@陈一诺", {3, 4}), ("找 @lin@chen", {1, 3}), ("lin", set()),
        ("a@", set()), ("@ lin", set()),
    ],
)  # fmt: skip
def test_whom_a_text_names(text: str, named: set[int]) -> None:
    assert notes.named_in(text, PEOPLE) == named


async def test_who_is_gone_is_not_named_and_an_empty_note_is_none(db: Database, talk: int, lin: Actor) -> None:
    gone = await make_agent(db, "gone")
    await db.write(people.deactivate, gone.id, by=None, now=NOW)
    await db.write(notes.add, talk, by=lin, text="@gone 在吗", now=NOW)
    assert await db.read(mentions) == []
    with pytest.raises(notes.NoteEmpty):
        await db.write(notes.add, talk, by=lin, text=" \n", now=NOW)
    with pytest.raises(notes.NoteTooLong):
        await db.write(notes.add, talk, by=lin, text="长" * 5001, now=NOW)


# -------------------- tags


async def test_tags_are_tidied_and_kept_once(db: Database, talk: int, lin: Actor) -> None:
    await db.write(tags.add, talk, by=lin, tag=" #退款 ", now=NOW)
    assert await db.write(tags.add, talk, by=lin, tag="退款", now=NOW) == ("退款",)
    assert await db.write(tags.set_tags, talk, by=lin, tags=["b", "a  b", "b"], now=NOW) == ("a b", "b")
    assert await db.write(tags.remove, talk, by=lin, tag="b", now=NOW) == ("a b",)
    for wrong in ("", "#", "长" * 33):
        with pytest.raises(tags.TagUnusable):
            await db.write(tags.add, talk, by=lin, tag=wrong, now=NOW)
    with pytest.raises(tags.TooManyTags):
        await db.write(tags.set_tags, talk, by=lin, tags=map(str, range(21)), now=NOW)


async def test_known_tags_by_their_beginning(db: Database, lin: Actor) -> None:
    channel = await make.channel(db)
    for n in range(3):
        talk = await make.conversation(db, channel, f"v-{n}")
        await db.write(tags.set_tags, talk, by=lin, tags=["退款", "退订", "卡顿", f"t{n}"], now=NOW)
    assert set(await db.read(tags.known_tags, by=lin, prefix="退")) == {"退款", "退订"}
    assert set(await db.read(tags.known_tags, by=lin)) == {"退款", "退订", "卡顿", "t0", "t1", "t2"}
    assert len(await db.read(tags.known_tags, by=lin, limit=2)) == 2


# -------------------- marks


async def test_a_mark_only_moves_forward_and_no_further_than_to_the_newest(db: Database, talk: int, lin: Actor) -> None:
    await desk.hear(db, talk, count=4)
    for seq, marked in [(3, 3), (1, 3), (99, 5), (-4, 5)]:
        await db.write(marks.mark_read, talk, by=lin, seq=seq)
        assert await db.read(lambda session: session.get_one(ReadMark, (lin.id, talk)).seq) == marked
    with pytest.raises(ConversationNotFound):
        await db.write(marks.mark_read, 999, by=lin, seq=1)


# -------------------- who else looks


async def look(db: Database, talk: int, by: Actor, seconds: int = 0, *, writing: bool = False) -> bool:
    """Whether the others are told of it."""
    await db.write(desk.forget_told)
    await db.write(viewing.look, talk, by=by, writing=writing, now=NOW + seconds * SECOND)
    return bool(await db.read(desk.told))


async def test_colleagues_see_who_looks_and_who_writes(db: Database, talk: int, lin: Actor, chen: Actor) -> None:
    await look(db, talk, lin)
    await look(db, talk, chen, writing=True)

    async def seen(by: Actor, seconds: int) -> list[Beside]:
        return list(await db.read(viewing.who_else, talk, by=by, now=NOW + seconds * SECOND))

    assert await seen(lin, 1) == [Beside(chen.id, "陈一诺", True)]
    assert await seen(chen, 1) == [Beside(lin.id, "林小满", False)]
    assert await seen(lin, 9) == [Beside(chen.id, "陈一诺", False)]
    assert await seen(lin, 46) == []
    await db.write(viewing.leave, talk, by=chen, now=NOW)
    assert await seen(lin, 1) == []


async def test_others_are_told_only_what_is_new(db: Database, talk: int, lin: Actor) -> None:
    looks = [(0, False), (20, False), (22, True), (25, True), (40, True), (41, False), (50, False), (100, False)]
    told = [await look(db, talk, lin, seconds, writing=writing) for seconds, writing in looks]
    assert told == [True, False, True, False, True, True, False, True]
    await db.write(desk.forget_told)
    for _ in range(2):
        await db.write(viewing.leave, talk, by=lin, now=NOW)
    assert await db.read(desk.told) == {"viewing"}


# -------------------- tidied up


async def test_old_looks_and_drafts_are_forgotten(db: Database, talk: int, lin: Actor) -> None:
    await look(db, talk, lin)
    assert await db.write(sweeps.forget, now=NOW + sweeps.KEPT) == 0
    assert await db.write(sweeps.forget, now=NOW + sweeps.KEPT + SECOND) == 1
