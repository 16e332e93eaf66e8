"""Which answers are suggested to an agent; on both engines where something is read."""

import pytest
from sqlalchemy.orm import Session

from app.agents.rights import Actor
from app.conversations.models import Conversation, Direction, Message, MessageState
from app.db.database import Database
from app.desk import suggestions
from app.desk.suggestions import Asked
from app.matching.devices import Device
from tests.demo_knowledge import answer_of, brain, entry
from tests.factories import conversations as make
from tests.factories import desk
from tests.factories.conversations import NOW

AUTO_RENEWAL = "怎么取消自动续费"


def say(session: Session, talk: int, text: str, author: str, *, kind: str = "text") -> None:
    conversation = session.get_one(Conversation, talk)
    conversation.last_seq += 1
    heard = author == "viewer"
    session.add(
        Message(
            conversation_id=talk, seq=conversation.last_seq, author=author, kind=kind, text=text, created_at=NOW,
            direction=Direction.inbound if heard else Direction.outbound,
            state=MessageState.received if heard else MessageState.sent,
        )
    )  # fmt: skip


async def asked(db: Database, by: Actor, *said: tuple[str, str]) -> Asked:
    talk = await make.conversation(db, await make.channel(db), wrote_at=None)
    for author, text in said:
        await db.write(say, talk, text, author)
    await desk.change(db, talk, heard='{"device": "ios"}')
    return await db.read(suggestions.read_asked, talk, by=by)


async def test_what_the_viewer_wrote_since_a_person_answered_is_looked_at(db: Database, lin: Actor) -> None:
    found = await asked(
        db, lin, ("viewer", "很早"), (str(lin.id), "好的"), ("viewer", "一"), ("bot", "已转人工"), ("viewer", "二")
    )
    assert found == Asked(("一", "二"), Device.ios)


async def test_after_an_answer_the_last_text_is_looked_at(db: Database, lin: Actor) -> None:
    assert (await asked(db, lin, ("viewer", "一"), ("viewer", "二"), (str(lin.id), "好的"))).texts == ("二",)


async def test_nothing_said_asks_nothing(db: Database, lin: Actor) -> None:
    assert (await asked(db, lin)).texts == ()
    assert suggestions.suggest(Asked((), None), brain()) == []


def test_the_best_entry_comes_first_with_its_version_and_score() -> None:
    found = suggestions.suggest(Asked((AUTO_RENEWAL, "转人工"), None), brain())
    assert 1 <= len(found) <= suggestions.SUGGESTED
    first = found[0]
    known = entry(first.entry)
    assert (first.title, first.text, first.version) == (known.title, known.answer, known.version)
    assert "自动续费" in first.title
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)


@pytest.mark.parametrize("text", ["", "转人工", "嗯嗯", "🙂🙂"])
def test_what_is_no_question_has_no_answer(text: str) -> None:
    assert suggestions.suggest(Asked((text,), None), brain()) == []


def test_the_steps_are_those_for_the_viewers_device() -> None:
    (name, steps), *_ = [
        (name, known.steps_for(Device.ios))
        for name, known in brain().knowledge.entries.items()
        if known.steps_for(Device.ios)
    ]
    question = entry(name).question
    texts = {each.entry: each.text for each in suggestions.suggest(Asked((question,), Device.ios), brain())}
    assert texts[name] == steps
    assert answer_of(name) != steps
