"""What is to be said, posted bit by bit while it is being sent."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from random import Random

from sqlalchemy.orm import Session

from app.channels.outbound import Text
from app.conversations import outbox
from app.db.database import Database
from app.jobs.models import Priority
from tests.faults.filling import Talk

PRIORITIES = [Priority.urgent, Priority.agent, Priority.bot, Priority.notice]
PAGE = 25
Said = tuple[Talk, str, Priority]


def lines(talks: Sequence[Talk], each: int, random: Random) -> list[Said]:
    """``each`` messages for everybody, in an order in which those of one conversation lie far apart."""
    rounds: list[Said] = []
    for number in range(1, each + 1):
        shuffled = random.sample(list(talks), len(talks))
        rounds += [(t, f"{t.viewer.replace(':', ' ')} {number}", random.choice(PRIORITIES)) for t in shuffled]
    return rounds


def _now() -> datetime:
    return datetime.now(UTC)


async def speak(database: Database, said: Sequence[Said], clock: Callable[[], datetime] = _now) -> None:
    for at in range(0, len(said), PAGE):
        await database.write(_post, said[at : at + PAGE], clock())
        await asyncio.sleep(0)


def _post(session: Session, said: Sequence[Said], now: datetime) -> None:
    for talk, text, priority in sorted(said, key=lambda s: s[0].conversation_id):  # as all lock conversations
        outbox.post(session, talk.conversation_id, Text(text), author="bot", priority=priority, now=now)
