"""Two servers on one PostgreSQL get the same pushes in different order at the same time."""

import asyncio
from collections.abc import Sequence
from random import Random

import pytest

from app.db.database import Database
from tests.faults import stored
from tests.faults.installation import Installation
from tests.faults.platform_side import Platform
from tests.faults.questions import Question, dialogue
from tests.faults.waiting import eventually
from tests.postgres import free_ports

VIEWERS, QUESTIONS, REPEATS, CLIENTS = 125, 4, 100, 32


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_two_processes_with_the_same_pushes(installation: Installation, database: Database) -> None:
    random = Random(500)
    asked = [each for number in range(VIEWERS) for each in dialogue(f"viewer-{number}", QUESTIONS, random)]
    ports = free_ports(2)
    await asyncio.gather(*(installation.serve(port=port) for port in ports))

    heard = await asyncio.gather(*(_push_all(Platform(port), _shuffled(asked, random)) for port in ports))

    # On a machine too slow for so many, some are stored first and answered later: heard is nothing, never another's.
    assert not [(each, text) for pushed in heard for each, text in pushed if text not in (None, each.answer)]
    await eventually("everything is decided", lambda: _all_handled(database))
    conversations = await database.read(stored.lines)
    assert len(conversations) == VIEWERS
    for viewer, lines in conversations.items():
        assert len({line.conversation_id for line in lines}) == 1
        assert [line.seq for line in lines] == list(range(1, 2 * QUESTIONS + 1))
        own = {(each.text, each.answer) for each in asked if each.viewer == viewer}
        assert {(question.text, answer.text) for question, answer in zip(lines[::2], lines[1::2], strict=True)} == own
    assert await database.read(stored.deadlocks) == 0


def _shuffled(asked: Sequence[Question], random: Random) -> list[Question]:
    """All of them and some again, in an order of its own."""
    pushes = [*asked, *random.sample(asked, REPEATS)]
    random.shuffle(pushes)
    return pushes


async def _all_handled(database: Database) -> bool:
    return await database.read(stored.event_states) == {"handled": VIEWERS * QUESTIONS}


async def _push_all(platform: Platform, pushes: Sequence[Question]) -> list[tuple[Question, str | None]]:
    """Each question, and what its viewer saw as the answer to the push."""
    remaining = iter(pushes)

    async def client() -> list[tuple[Question, str | None]]:
        return [(each, await platform.push(each)) for each in remaining]

    return [pair for pairs in await asyncio.gather(*(client() for _ in range(CLIENTS))) for pair in pairs]
