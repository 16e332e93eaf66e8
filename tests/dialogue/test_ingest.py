"""The ingest task: batches, shared attempts, poison, pressure."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import metrics
from app.channels.content import Image
from app.conversations import passive
from app.conversations.accounts import Directory
from app.conversations.models import InboundEvent, Message
from app.conversations.passive import Carried
from app.dialogue import ingest as module
from app.dialogue.backlog import Backlog
from app.dialogue.ingest import Ingest
from app.dialogue.push import Fate, Push
from app.dialogue.reading import read_arrived
from app.dialogue.turn import Said
from tests.db.gates import Gate
from tests.dialogue.conftest import Talk

REFUND = "会员可以退款吗？"


def states(session: Session) -> list[tuple[str, str | None]]:
    rows = session.execute(select(InboundEvent.state, InboundEvent.error).order_by(InboundEvent.id))
    return [(row[0], row[1]) for row in rows]


def outbound(session: Session) -> list[str]:
    return list(session.scalars(select(Message.state).where(Message.direction == "out").order_by(Message.id)))


@pytest.fixture(autouse=True)
def on_time(talk: Talk) -> None:
    """The task keeps its own clock: a push of the tests' usual day would be overdue before it is submitted."""
    talk.now = datetime.now(UTC)


@asynccontextmanager
async def serving(talk: Talk) -> AsyncIterator[Ingest]:
    ingest = Ingest(talk.db, talk.rules, asyncio.Event())
    task = asyncio.create_task(ingest.run())
    try:
        yield ingest
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await ingest.drain()


async def test_what_waits_becomes_one_batch(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(metrics.batch_size, "observe", sizes.append)
    async with serving(talk) as ingest:
        answers = await asyncio.gather(*(ingest.submit(talk.push(REFUND, f"v{n}")) for n in range(40)))
    assert {answer.said for answer in answers} == {Said.answered}
    assert sizes == [40]


async def test_two_attempts_of_one_push_share_one_answer(talk: Talk) -> None:
    async with serving(talk) as ingest:
        push = talk.push(REFUND)
        first, second = await asyncio.gather(ingest.submit(push), ingest.submit(push))
    assert first is second
    assert len(await talk.db.read(states)) == 1


async def test_an_abandoned_attempt_does_not_take_the_other_with_it(talk: Talk) -> None:
    async with serving(talk) as ingest:
        push = talk.push(REFUND)
        abandoned, kept = ingest.submit(push), ingest.submit(push)
        abandoned.cancel()
        assert (await kept).said is Said.answered


async def test_a_push_that_cannot_be_handled_is_kept_as_failed_and_harms_no_other(talk: Talk) -> None:
    poison = talk.push(Image(object(), "MEDIA"), "poison")  # type: ignore[arg-type]  # what no column can hold
    others = [talk.push(REFUND, f"v{n}") for n in range(6)]
    async with serving(talk) as ingest:
        answers = await asyncio.gather(*(ingest.submit(push) for push in [*others[:3], poison, *others[3:]]))
    assert [answer.said for answer in answers] == [Said.answered] * 3 + [None] + [Said.answered] * 3
    found = await talk.db.read(states)
    assert sorted(state for state, _ in found) == ["failed"] + ["handled"] * 6
    assert "TypeError" in next(error for state, error in found if state == "failed" and error)


async def test_where_nothing_can_be_stored_the_platform_is_not_told_received(talk: Talk) -> None:
    push = talk.push(REFUND)
    async with serving(talk) as ingest:
        await talk.db.write(_drop_events)
        with pytest.raises(Exception, match="inbound_events"):
            await ingest.submit(push)


async def test_hand_overs_are_gathered_and_written(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HAND_OVERS_EVERY", 0.01)
    async with serving(talk) as ingest:
        for name in ("a", "b"):
            ingest.handed_over(await ingest.submit(talk.push(REFUND, name)))
        await _until(lambda: talk.db.read(outbound), ["sent", "sent"])


async def test_the_last_hand_overs_are_written_at_the_end(talk: Talk) -> None:
    async with serving(talk) as ingest:
        ingest.handed_over(await ingest.submit(talk.push(REFUND)))
        assert await talk.db.read(outbound) == ["sending"]
    assert await talk.db.read(outbound) == ["sent"]


async def test_the_end_waits_for_hand_overs_that_are_being_written(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the store is closed while they are on their way into it."""
    gate, mark_sent = Gate(), passive.mark_sent

    def mark_and_stop(session: Session, handed: list[Carried]) -> None:
        gate.stop(session)
        mark_sent(session, handed)

    monkeypatch.setattr(passive, "mark_sent", mark_and_stop)
    async with serving(talk) as ingest:
        ingest.handed_over(await ingest.submit(talk.push(REFUND)))
        await gate.reached()
        end = asyncio.create_task(ingest.drain())
        assert not (await asyncio.wait([end], timeout=0.1))[0]
        gate.open()
        await end
        assert await talk.db.read(outbound) == ["sent"]


async def test_a_repeat_takes_the_first_hand_over_back(talk: Talk) -> None:
    """The platform asks again because the first response did not arrive, although it had left."""
    async with serving(talk) as ingest:
        push = talk.push(REFUND)
        ingest.handed_over(await ingest.submit(push))
        assert (await ingest.submit(push)).fate is Fate.repeated
    assert await talk.db.read(outbound) == ["sending"]


async def test_under_pressure_pushes_are_stored_first_and_answered_from_the_backlog(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PRESSURE", -1.0)
    async with serving(talk) as ingest:
        answers = await asyncio.gather(*(ingest.submit(push(talk, n)) for n in range(5)))
    assert {answer.fate for answer in answers} == {Fate.deferred}
    directory = Directory(talk.db, talk.keyring, simulated=False)
    await directory.refresh()
    backlog = Backlog(talk.db, directory, talk.keyring, talk.rules)
    assert await backlog.page() == 5
    assert await talk.db.read(outbound) == ["queued"] * 5
    assert {state for state, _ in await talk.db.read(states)} == {"handled"}


def push(talk: Talk, number: int) -> Push:
    """A push whose stored body can be read again, as the backlog does."""
    body = (
        f"<xml><ToUserName>gh</ToUserName><FromUserName>v{number}</FromUserName><CreateTime>1772424000</CreateTime>"
        f"<MsgType>text</MsgType><Content>{REFUND}</Content><MsgId>{number + 1}</MsgId></xml>"
    ).encode()
    message = talk.account.platform.restore(body)
    return read_arrived(talk.account, message, talk.keyring, talk.rules.brain, talk.now)


def _drop_events(session: Session) -> None:
    session.connection().exec_driver_sql("ALTER TABLE inbound_events RENAME TO gone")


async def _until(look: Callable[[], Any], wanted: Sequence[str]) -> None:
    async with asyncio.timeout(5):
        while await look() != wanted:  # noqa: ASYNC110  (a database sets no event)
            await asyncio.sleep(0)
