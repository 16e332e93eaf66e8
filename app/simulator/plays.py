"""A scenario, played on a phone at the pace of a person."""

import asyncio
import contextlib
from dataclasses import dataclass

from app.channels.base import Content, Text
from app.errors import AppError, NotFound
from app.simulator.acting import Acting
from app.simulator.changes import Changes
from app.simulator.faces import picture
from app.simulator.phones import Network, Phone
from app.simulator.scenarios import SCENARIOS, Picture, Scenario
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

    def before(self, line: str | Picture, number: int) -> float:
        letters = len(line) if isinstance(line, str) else 8
        return self.first if number == 1 else self.reading + min(self.longest, self.a_letter * letters)


class Plays:
    def __init__(self, stage: Stage, changes: Changes, acting: Acting, address: str, pace: Pace | None = None) -> None:
        self._stage, self._changes, self._acting, self._address = stage, changes, acting, address
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
                self._acting.act(phone, self._content(line))
            phone.played = number
            await self._quiet(phone)
            if number == 1:
                phone.network = Network.normal
        phone.play = None
        self._changes.publish(phone.id)

    async def _quiet(self, phone: Phone) -> None:
        """Until the phone waits for nothing."""
        while phone.tasks:
            await asyncio.wait(set(phone.tasks))

    def _content(self, line: str | Picture) -> Content:
        return Text(line) if isinstance(line, str) else picture(line.name, self._address)


def get(name: str) -> Scenario:
    scenario = SCENARIOS.get(name)
    if scenario is None:
        raise ScenarioNotFound
    return scenario
