"""A scenario, played on a phone at the pace of a person."""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import timedelta

from app.channels import outbound
from app.channels.content import Overheard, Text
from app.errors import AppError, NotFound
from app.simulator.acting import Acting
from app.simulator.carriers.carrier import say
from app.simulator.changes import Changes
from app.simulator.deeds import Deed
from app.simulator.desk import PASSED, Desk
from app.simulator.faces import picture
from app.simulator.phones import Network, Phone, Side
from app.simulator.scenarios import (
    SCENARIOS,
    AgentSays,
    AgentTakes,
    Beside,
    Line,
    Picture,
    Scenario,
    TimePasses,
)
from app.simulator.stage import Stage


class ScenarioNotFound(NotFound):
    message = "没有这个剧本"


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds of a person at a phone."""

    reading: float = 1.6
    """Between an answer and the next line."""
    a_letter: float = 0.09
    longest: float = 3.0
    """For typing a line."""
    first: float = 0.6
    """Before the first line: whoever pressed the button waits for something to happen."""

    def before(self, line: Line, number: int) -> float:
        letters = len(line) if isinstance(line, str) else 8
        return self.first if number == 1 else self.reading + min(self.longest, self.a_letter * letters)


class Plays:
    def __init__(
        self, stage: Stage, changes: Changes, acting: Acting, desk: Desk, address: str, pace: Pace | None = None
    ) -> None:
        self._stage, self._changes, self._acting, self._desk, self._address = stage, changes, acting, desk, address
        self._pace = pace or Pace()

    def begin(self, name: str) -> Phone:
        """Play it from its first line: on its own phone again, else on one that nobody used, else on a new one."""
        scenario = get(name)
        phone = self._stage.of_scenario(name) or next((p for p in self._stage if p.untouched and not p.scenario), None)
        if phone is None:
            phone = self._stage.add(scenario.viewer, scenario.channel, name)
        self._stage.reset(phone)
        phone.viewer, phone.channel, phone.network = scenario.viewer, scenario.channel, scenario.network
        phone.scenario = name
        phone.play = asyncio.create_task(self._play(phone, scenario))
        self._changes.publish(phone.id)
        return phone

    def stop(self, phone: Phone) -> None:
        """No further line; what was said stays."""
        if phone.play is not None:
            phone.play.cancel()
            phone.play = None
        self._changes.publish(phone.id)

    async def _play(self, phone: Phone, scenario: Scenario) -> None:
        for number, line in enumerate(scenario.lines, 1):
            await asyncio.sleep(self._pace.before(line, number))
            with contextlib.suppress(AppError):  # somebody types along and keeps the phone busy, or left the account
                await self._perform(phone, line)
            phone.played = number
            self._changes.publish(phone.id)
            if number == 1:
                phone.network = Network.normal
        phone.play = None
        self._changes.publish(phone.id)

    async def _perform(self, phone: Phone, line: Line) -> None:
        """To its end: until the phone waits for nothing."""
        match line:
            case str(text):
                await self._act(phone, Text(text))
            case Picture(name=name):
                await self._act(phone, picture(name, self._address))
            case Beside(viewer=viewer, text=text, to_bot=to_bot):
                beside = self._stage.phone_of(viewer, phone.channel)
                await self._act(beside, Text(text) if to_bot else Overheard(text))
            case AgentTakes():
                await self._desk.take(phone.chat)
            case AgentSays(text=text):
                await self._desk.reply(phone.chat, outbound.Text(text))
            case TimePasses(hours=hours):
                await self._desk.pass_time(self._stage.chats_with(phone.chat), timedelta(hours=hours))
                say(phone, phone.chat, Side.system, PASSED.format(hours=hours))

    async def _act(self, phone: Phone, deed: Deed) -> None:
        self._acting.act(phone, deed)
        while phone.tasks:
            await asyncio.wait(set(phone.tasks))


def get(name: str) -> Scenario:
    scenario = SCENARIOS.get(name)
    if scenario is None:
        raise ScenarioNotFound
    return scenario
