"""What could only leave after the viewer's next message leaves after it, however that comes."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.channels.outbound import Text
from app.conversations import outbox
from app.conversations.models import Conversation
from app.conversations.pending import NEVER
from app.jobs.models import Job, Lane, Priority, Waits
from tests.dialogue.conftest import Talk

REFUND = "会员可以退款吗？"


def wait_for_viewer(session: Session, conversation_id: int, talk: Talk) -> int:
    """Two messages that found no open window."""
    for text in ("等着的", "后面的"):
        message_id = outbox.post(
            session, conversation_id, Text(text), author="7", priority=Priority.agent, now=talk.now
        )
    session.execute(update(Job).values(waits=Waits.window, not_before=NEVER))
    session.execute(update(Lane).values(ready_at=NEVER))
    return message_id


def waiting(session: Session) -> list[tuple[str | None, bool]]:
    """(Why it waits, whether for ever) of each job of an agent's message."""
    jobs = select(Job).where(Job.priority == Priority.agent.rank).order_by(Job.id)
    return [(job.waits, job.not_before == NEVER) for job in session.scalars(jobs)]


def due(session: Session, talk: Talk) -> list[int]:
    """Conversations from whose lanes something can leave."""
    return list(session.scalars(select(Lane.subject_id).where(Lane.ready_at <= talk.now).order_by(Lane.subject_id)))


async def test_the_first_rides_on_the_response_and_the_rest_follows(talk: Talk) -> None:
    asked = await talk.say(REFUND)
    await talk.db.write(wait_for_viewer, asked.conversation_id or 0, talk)
    answer = await talk.say(REFUND)
    assert answer.text == "等着的"
    assert await talk.db.read(waiting) == [(None, False)]
    assert await talk.db.read(due, talk) == [asked.conversation_id]


async def test_without_a_response_to_ride_on_all_of_it_leaves_by_itself(talk: Talk) -> None:
    """Too late for the response, or on a platform that has none."""
    asked = await talk.say(REFUND)
    await talk.db.write(wait_for_viewer, asked.conversation_id or 0, talk)
    (answer,) = await talk.bring([talk.late(REFUND)])
    assert answer.text is None
    assert await talk.db.read(waiting) == [(None, False)] * 2
    assert await talk.db.read(due, talk) == [asked.conversation_id]


async def test_it_comes_first_also_after_a_long_silence(talk: Talk) -> None:
    """The conversation that it belongs to goes on; what was asked before the silence is forgotten."""
    asked = await talk.say(REFUND)
    await talk.db.write(wait_for_viewer, asked.conversation_id or 0, talk)
    talk.now += timedelta(days=3)
    (answer,) = await talk.bring([talk.push(REFUND)])
    assert answer.conversation_id == asked.conversation_id
    assert (answer.text or "").endswith("日写给您的回复）\n等着的")
    assert answer.before is not None
    assert answer.before.last_entry is None
    assert await talk.db.read(waiting) == [(None, False)]


@pytest.mark.parametrize("late", [False, True])
async def test_it_leaves_also_where_his_conversation_was_ended(talk: Talk, late: bool) -> None:
    asked = await talk.say(REFUND)
    await talk.db.write(wait_for_viewer, asked.conversation_id or 0, talk)
    await talk.db.write(lambda session: _end(session, talk))
    talk.now += timedelta(days=3)
    (answer,) = await talk.bring([talk.late(REFUND) if late else talk.push(REFUND)])
    assert answer.conversation_id != asked.conversation_id
    assert await talk.db.read(waiting) == [(None, False)] * 2
    assert asked.conversation_id in await talk.db.read(due, talk)
    assert await talk.db.read(lambda s: len(s.scalars(select(Conversation)).all())) == 2


def _end(session: Session, talk: Talk) -> None:
    session.execute(update(Conversation).values(closed_at=talk.now))
