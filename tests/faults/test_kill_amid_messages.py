"""The service is killed while 64 clients bring messages: nothing is lost, nothing happens twice."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from random import Random

import pytest

from app.conversations import passive
from app.conversations.models import MessageState, Via
from app.db.database import Database
from tests.faults import stored
from tests.faults.customer_service import CustomerService
from tests.faults.installation import ONLY_STORE, Installation
from tests.faults.platform_side import Platform
from tests.faults.questions import Question, dialogue
from tests.faults.stored import Line
from tests.faults.waiting import eventually

CLIENTS, QUESTIONS = 64, 4
"""Viewers who write at the same time, and how much each of them asks."""


async def test_2000_messages_through_two_kills(
    installation: Installation, database: Database, api: CustomerService
) -> None:
    await _survive(installation, database, api, messages=2_000, kills=2)


async def test_messages_that_are_only_stored_at_first_through_a_kill(
    installation: Installation, database: Database, api: CustomerService
) -> None:
    """Every answer comes from the backlog and leaves through the outbox, whose sender is killed too."""
    await _survive(installation, database, api, ONLY_STORE, messages=160, kills=1)


async def _survive(
    installation: Installation, database: Database, api: CustomerService, *faults: str, messages: int, kills: int
) -> None:
    random = Random(messages)
    dialogues = [dialogue(f"viewer-{number}", QUESTIONS, random) for number in range(messages // QUESTIONS)]
    server = await installation.serve(*faults)
    installation.send()
    platform = Platform(server.port)
    talking = asyncio.create_task(platform.converse(dialogues, clients=CLIENTS))
    for moment in _moments(messages, kills, random):
        await eventually(f"{moment} messages", partial(_reached, platform, moment, talking))
        await installation.kill()
        await installation.serve(*faults, port=server.port)
        installation.send()
    await talking
    await database.write(stored.end_leases)
    await eventually("nothing is left to do", lambda: database.read(stored.is_idle))
    await database.write(passive.mark_unknown, before=datetime.now(UTC))  # as if the platform's last retry was over

    assert platform.acknowledged == messages
    assert await database.read(stored.event_states) == {"handled": messages}
    conversations = await database.read(stored.lines)
    assert conversations.keys() == {asked[0].viewer for asked in dialogues}
    for asked in dialogues:
        viewer = asked[0].viewer
        _stored_and_answered_once(conversations[viewer], asked)
        _seen_once(conversations[viewer], Counter(platform.shown[viewer] + api.to(viewer)))


def _moments(messages: int, kills: int, random: Random) -> list[int]:
    """After how many messages to kill: one moment in each part of the run but the last."""
    part = messages // (kills + 1)
    return [random.randrange(part * number + part // 4, part * (number + 1)) for number in range(kills)]


async def _reached(platform: Platform, moment: int, talking: "asyncio.Task[None]") -> bool:
    if talking.done():
        talking.result()
        pytest.fail("the platform finished before the server was killed")
    return platform.acknowledged >= moment


def _stored_and_answered_once(lines: Sequence[Line], asked: Sequence[Question]) -> None:
    assert len({line.conversation_id for line in lines}) == 1
    assert [line.seq for line in lines] == list(range(1, 2 * len(asked) + 1))
    expected = [turn for question in asked for turn in (("in", question.text), ("out", question.answer))]
    assert [(line.direction, line.text) for line in lines] == expected


def _seen_once(lines: Sequence[Line], seen: Counter[str]) -> None:
    """Each answer reached its viewer exactly once; only of one that a killed sender had in hand it may be unknown."""
    answers = [line for line in lines if line.is_answer]
    assert seen.keys() <= {line.text for line in answers}
    for line in answers:
        assert line.state in (MessageState.sent, MessageState.unknown)
        in_a_dead_hand = line.via == Via.outbox and line.state == MessageState.unknown
        assert seen[line.text] <= 1 if in_a_dead_hand else seen[line.text] == 1, line
