"""Strangers: two processes that meet the same viewer at the same moment."""

import asyncio

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.conversations.models import Conversation, Message
from app.dialogue import batch
from app.dialogue.push import Answer, Push
from app.dialogue.turn import Said
from app.viewers.models import Identity, Viewer
from tests.db.gates import Gate, until_blocked
from tests.dialogue.conftest import Talk

REFUND = "会员可以退款吗？"
STALL = "播放卡顿、一直缓冲怎么办？"


def counts(session: Session) -> list[int]:
    return [session.scalar(select(func.count()).select_from(m)) or 0 for m in (Viewer, Identity, Conversation)]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_the_second_joins_the_conversation_of_the_first(talk: Talk, database_url: str) -> None:
    gate = Gate()

    def handle_and_stop(session: Session, pushes: list[Push]) -> list[Answer]:
        answers = batch.handle(session, pushes, talk.rules, now=talk.now)
        gate.stop(session)
        return answers

    leading = asyncio.ensure_future(talk.db.write(handle_and_stop, [talk.push(REFUND), talk.push(REFUND, "other")]))
    await gate.reached()
    following = asyncio.ensure_future(talk.bring([talk.push(STALL), talk.push(STALL, "third")]))
    await until_blocked(database_url)
    gate.open()
    answers = await leading + await following
    assert [answer.said for answer in answers] == [Said.answered] * 4
    assert await talk.db.read(counts) == [3, 3, 3]
    seqs = select(Message.seq).where(Message.conversation_id == answers[0].conversation_id).order_by(Message.seq)
    assert await talk.db.read(lambda session: list(session.scalars(seqs))) == [1, 2, 3, 4]


async def test_strangers_and_acquaintances_come_in_one_batch(talk: Talk) -> None:
    await talk.say(REFUND, "known")
    answers = await talk.bring([talk.push(STALL, name) for name in ("z", "known", "a", "known", "z")])
    assert [answer.said for answer in answers] == [Said.answered] * 5
    assert await talk.db.read(counts) == [3, 3, 3]
    assert len({answer.conversation_id for answer in answers}) == 3
    assert answers[0].conversation_id == answers[4].conversation_id
