"""WeChat's side of the webhook: it pushes, repeats what is not acknowledged, and shows the viewer what it hears."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.channels.wechat.limits import PUSH_ATTEMPTS, PUSH_CUT_SECONDS
from tests.bench.messages import push, read_answer
from tests.faults.installation import WEBHOOK
from tests.faults.questions import Question
from tests.faults.requesting import request
from tests.faults.waiting import eventually


@dataclass(frozen=True, slots=True)
class Heard:
    """What the platform heard on one attempt; ``status`` is None where the connection broke or was cut."""

    status: int | None
    text: str | None = None

    @property
    def done(self) -> bool:
        return self.status == 200


class Platform:
    def __init__(self, port: int) -> None:
        self._port = port
        self.acknowledged = 0
        """Pushes that need no further attempt."""
        self.shown: dict[str, list[str]] = defaultdict(list)
        """What each viewer saw as an answer on a push, in order."""

    async def attempt(self, question: Question) -> Heard:
        """Push once."""
        signed = push(question.text, question.viewer, question.message_id, "plain")
        try:
            target = f"{WEBHOOK}?{signed.query}"
            response = await request(self._port, "POST", target, signed.body, seconds=PUSH_CUT_SECONDS)
        except OSError:
            return Heard(None)
        return Heard(response.status, read_answer(response.body, "plain") if response.status == 200 else None)

    async def push(self, question: Question) -> str | None:
        """Push until it is acknowledged; AssertionError where the platform would give up."""
        for _ in range(PUSH_ATTEMPTS):
            heard = await self.attempt(question)
            if heard.done:
                self.acknowledged += 1
                if heard.text:
                    self.shown[question.viewer].append(heard.text)
                return heard.text
            await self._interval()
        raise AssertionError(f"lost: three attempts of {question} were not acknowledged")

    async def converse(self, dialogues: Iterable[Sequence[Question]], *, clients: int) -> None:
        """Push all, ``clients`` viewers at a time; a viewer writes on when the last message was acknowledged."""
        remaining = iter(dialogues)

        async def client() -> None:
            for dialogue in remaining:
                for question in dialogue:
                    await self.push(question)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(clients):
                tasks.create_task(client())

    async def _interval(self) -> None:
        """The time to the next attempt: until a server answers again, however long this machine takes to start one."""
        await eventually("a server answers", self._answers)

    async def _answers(self) -> bool:
        try:
            return (await request(self._port, "GET", "/readyz", seconds=PUSH_CUT_SECONDS)).status == 200
        except OSError:
            return False
