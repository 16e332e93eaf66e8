"""While the first attempt still waits for its decision: repeats that meet it, and answers that come too late."""

import asyncio

import pytest

from app.conversations.models import MessageState
from app.db.database import Database
from tests.faults import stored
from tests.faults.customer_service import CustomerService
from tests.faults.holding import conversations_held, waiting_for_locks
from tests.faults.installation import Installation
from tests.faults.platform_side import Heard, Platform
from tests.faults.questions import Question, question
from tests.faults.waiting import eventually
from tests.postgres import free_ports

SHORT_WINDOW = "set@app.channels.wechat.limits:CAPABILITY.passive_window=0.5"
SOON_GIVEN_UP = "set@app.channels.wechat.limits:CAPABILITY.last_retry=3"
VIEWER = "viewer"
LATE = Heard(503)


async def test_repeat_to_the_same_process_gets_the_same_answer(
    installation: Installation, database: Database, database_url: str
) -> None:
    server = await installation.serve()
    platform = Platform(server.port)
    opening, asked = await _conversation_open(platform, database), question(VIEWER, 1)
    async with conversations_held(database_url):
        attempts = [asyncio.create_task(platform.attempt(asked)) for _ in range(2)]
        await eventually("the repeat has met the first attempt", lambda: server.count("viewerdesk_duplicates_total"))
    assert [await attempt for attempt in attempts] == [Heard(200, asked.answer)] * 2
    await _all_sent_once(database, opening, asked)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_repeat_to_another_process_waits_for_the_same_answer(
    installation: Installation, database: Database, database_url: str
) -> None:
    ports = free_ports(2)
    await asyncio.gather(*(installation.serve(port=port) for port in ports))
    one, other = (Platform(port) for port in ports)
    opening, asked = await _conversation_open(one, database), question(VIEWER, 1)

    async def are_waiting(count: int) -> bool:
        return await waiting_for_locks(database_url) == count

    async with conversations_held(database_url):
        first = asyncio.create_task(one.attempt(asked))
        await eventually("the first attempt waits for the conversation", lambda: are_waiting(1))
        repeat = asyncio.create_task(other.attempt(asked))
        await eventually("the repeat waits for the first attempt", lambda: are_waiting(2))
    assert [await first, await repeat] == [Heard(200, asked.answer)] * 2
    await _all_sent_once(database, opening, asked)


async def test_late_answers_ride_on_a_repeat_or_leave_by_themselves(
    installation: Installation, database: Database, database_url: str, api: CustomerService
) -> None:
    server = await installation.serve(SHORT_WINDOW, SOON_GIVEN_UP)
    installation.send()
    platform = Platform(server.port)
    opening, repeated, given_up = await _conversation_open(platform, database), question(VIEWER, 1), question(VIEWER, 2)

    async with conversations_held(database_url):
        assert [await platform.attempt(repeated) for _ in range(2)] == [LATE] * 2
    assert await platform.attempt(repeated) == Heard(200, repeated.answer)
    await _all_sent_once(database, opening, repeated)
    assert not api.sent

    async with conversations_held(database_url):
        assert [await platform.attempt(given_up) for _ in range(3)] == [LATE] * 3
    await eventually("the answer that nobody fetched is sent", lambda: _are_sent(database, 3))
    await _all_sent_once(database, opening, repeated, given_up)
    assert api.to(VIEWER) == [given_up.answer]


async def _conversation_open(platform: Platform, database: Database) -> Question:
    """Ask a first question, so that there is a conversation to wait for; afterwards nothing is being written."""
    opening = question(VIEWER, 0)
    assert await platform.attempt(opening) == Heard(200, opening.answer)
    await eventually("the first answer is known as sent", lambda: _are_sent(database, 1))
    return opening


async def _are_sent(database: Database, count: int) -> bool:
    lines = (await database.read(stored.lines))[VIEWER]
    return sum(line.state == MessageState.sent for line in lines) == count


async def _all_sent_once(database: Database, *asked: Question) -> None:
    await eventually("the answers are known as sent", lambda: _are_sent(database, len(asked)))
    lines = (await database.read(stored.lines))[VIEWER]
    assert [line.text for line in lines] == [text for each in asked for text in (each.text, each.answer)]
    assert await database.read(stored.event_states) == {"handled": len(asked)}
