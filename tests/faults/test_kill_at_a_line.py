"""Killed at the worst lines: what was acknowledged is answered, and nothing is said twice."""

from app.conversations.models import MessageState
from app.db.database import Database
from tests.faults import stored
from tests.faults.customer_service import CustomerService
from tests.faults.installation import ONLY_STORE, Installation, Process
from tests.faults.platform_side import Heard, Platform
from tests.faults.questions import question
from tests.faults.stored import Line
from tests.faults.waiting import eventually

BEFORE_COMMIT = "kill@app.dialogue.actions:Book._answer"
BEFORE_RESPONSE = "kill@app.dialogue.ingest:Ingest._resolve"
BEFORE_SETTLING = "kill@app.conversations.settling:settle"
DECIDE_NOTHING = "stall@app.dialogue.backlog:Backlog.page"

VIEWER = "viewer"
ACKNOWLEDGED = Heard(200)
BROKEN = Heard(None)


async def test_the_third_attempt_carries_what_two_kills_left(installation: Installation, database: Database) -> None:
    asked = question(VIEWER)
    server = await installation.serve(BEFORE_COMMIT)
    platform = Platform(server.port)
    assert await platform.attempt(asked) == BROKEN
    await server.died()
    assert not await database.read(stored.event_states), "a batch that was not committed leaves nothing"

    server = await installation.serve(BEFORE_RESPONSE, port=server.port)
    assert await platform.attempt(asked) == BROKEN
    await server.died()
    committed = await _lines(database)
    assert [(line.text, line.state) for line in committed] == [
        (asked.text, MessageState.received),
        (asked.answer, MessageState.sending),
    ]

    await installation.serve(port=server.port)
    assert await platform.attempt(asked) == Heard(200, asked.answer)
    await eventually("the answer is known as sent", lambda: _are_sent(database, 1))
    assert [line.id for line in await _lines(database)] == [line.id for line in committed]
    assert await database.read(stored.event_states) == {"handled": 1}


async def test_what_was_only_stored_is_answered_after_a_kill_and_damage_harms_no_other(
    installation: Installation, database: Database, api: CustomerService
) -> None:
    asked = [question(VIEWER, number) for number in range(3)]
    server = await installation.serve(ONLY_STORE, DECIDE_NOTHING)
    platform = Platform(server.port)
    damaged = question("another")
    assert [await platform.attempt(each) for each in [damaged, *asked]] == [ACKNOWLEDGED] * 4
    await installation.kill()
    assert await database.read(stored.event_states) == {"stored": 4}
    assert not await database.read(stored.lines)
    await database.write(stored.damage_body, damaged.message_id)

    await installation.serve(port=server.port)
    installation.send()
    await eventually("the answers are sent", lambda: _are_sent(database, 3))
    answers = [each.answer for each in asked]
    assert api.to(VIEWER) == answers
    assert [line.text for line in await _lines(database) if line.is_answer] == answers
    assert await database.read(stored.event_states) == {"handled": 3, "failed": 1}

    assert await platform.attempt(asked[0]) == ACKNOWLEDGED, "a late repeat gets no second answer"
    assert api.to(VIEWER) == answers


async def test_what_a_killed_sender_had_in_hand_is_unknown_and_not_repeated(
    installation: Installation, database: Database, api: CustomerService
) -> None:
    first, second = question(VIEWER, 0), question(VIEWER, 1)
    dying: Process
    if installation.embedded:
        dying = server = await installation.serve(ONLY_STORE, BEFORE_SETTLING)
    else:
        server, dying = await installation.serve(ONLY_STORE), installation.work(BEFORE_SETTLING)
    platform = Platform(server.port)
    assert await platform.attempt(first) == ACKNOWLEDGED
    await dying.died()
    assert api.to(VIEWER) == [first.answer]

    await database.write(stored.end_leases)
    if installation.embedded:
        await installation.serve(ONLY_STORE, port=server.port)
    installation.send()
    await eventually("nothing is left to do", lambda: database.read(stored.is_idle))
    assert [line.state for line in await _lines(database)] == [MessageState.received, MessageState.unknown]

    assert await platform.attempt(second) == ACKNOWLEDGED
    await eventually("the next answer is sent", lambda: _are_sent(database, 1))
    assert api.to(VIEWER) == [first.answer, second.answer]


async def _lines(database: Database) -> list[Line]:
    return (await database.read(stored.lines))[VIEWER]


async def _are_sent(database: Database, count: int) -> bool:
    return sum(line.state == MessageState.sent for line in await _lines(database)) == count
