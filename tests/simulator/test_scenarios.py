"""Every scene plays to its end, and shows what its sentence promises with the knowledge as it is."""

import re
from collections.abc import Mapping, Sequence

import pytest

from app.conversations.outbox import WRITTEN_ON
from app.dialogue import phrases
from app.matching.devices import Device
from app.simulator.carriers.wechat import FAILURE
from app.simulator.phones import Network, Phone, Side
from app.simulator.plays import Pace, Plays
from app.simulator.scenarios import SCENARIOS, Picture
from tests.demo_knowledge import answer_of, entry, wording
from tests.simulator.conftest import Played, until

SHOWN: Mapping[str, Sequence[str]] = {
    "delayed": (answer_of("schedule.delayed"), phrases.CLARIFY, answer_of("compensation.eligibility")),
    "buffering": (
        answer_of("playback.buffering"), str(entry("playback.buffering").steps_for(Device.tv)), phrases.STILL_BROKEN,
        phrases.ADDED, phrases.PROGRESS,
    ),
    "complaint": (phrases.ANGRY, phrases.COMPLAINT, phrases.EVIDENCE, phrases.DUE),
    "stolen": (entry("account.stolen").answer, phrases.URGENT_HANDED_OVER, phrases.DUE),
    "suggestion": (phrases.ASK_SUGGESTION, phrases.SUGGESTED, phrases.WILL_TELL, phrases.PROGRESS),
    "lost_answers": (answer_of("membership.refund"),),
    "late": (FAILURE,),
    "group": (answer_of("membership.refund"), answer_of("playback.buffering"), phrases.IN_PRIVATE),
    "closed_window": (phrases.NEXT, "过了 49 小时", "过了 24 小时", WRITTEN_ON, "补录的那期这周六 20:00 上线"),
}  # fmt: skip
"""What is said in the course of each, in this order; where it has gaps, they are filled with anything."""
UNHURRIED = {"closed_window": 0.4, "group": 0.4}
"""Seconds between the lines of those in which the service acts by itself meanwhile."""


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def test_each_scene_is_proved() -> None:
    assert SHOWN.keys() == SCENARIOS.keys()


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("name", SCENARIOS)
async def test_a_scene_shows_what_it_promises(played: Played, name: str) -> None:
    plays = quick_plays(played, reading=UNHURRIED.get(name, 0))
    phone = plays.begin(name)
    await until(lambda: not phone.playing)
    lines = SCENARIOS[name].lines
    mine = [b for b in phone.chat.bubbles if b.side is Side.viewer and b.author in ("", phone.chat.openid)]
    assert (len(mine), phone.played) == (sum(isinstance(line, (str, Picture)) for line in lines), len(lines))
    assert phone.network is Network.normal
    in_order = ".*".join(wording(text).pattern for text in SHOWN[name])
    await until(lambda: re.search(in_order, said(phone), re.DOTALL))


async def test_what_plays_is_over_when_the_simulator_is_closed(played: Played) -> None:
    """The store is closed next."""
    phone = played.simulator.plays.begin("delayed")
    scene, phone.network = phone.play, Network.lost  # so that the exchange is still there when it is looked for
    assert scene is not None
    await until(lambda: phone.tasks)
    exchanges = list(phone.tasks)
    await played.simulator.close()
    assert [task.done() for task in (scene, *exchanges)] == [True] * (1 + len(exchanges))


async def test_a_scene_begins_anew_and_can_be_stopped(played: Played) -> None:
    plays = quick_plays(played)
    phone = plays.begin("delayed")
    await until(lambda: not phone.playing)
    assert plays.begin("delayed") is phone
    assert not phone.chat.bubbles
    plays.stop(phone)
    assert not phone.playing


def quick_plays(played: Played, reading: float = 0) -> Plays:
    simulator = played.simulator
    quick = Pace(reading=reading, a_letter=0, first=0)
    return Plays(simulator.stage, simulator.changes, simulator.acting, simulator.desk, simulator.address, quick)


def said(phone: Phone) -> str:
    return "\n".join(bubble.text for bubble in phone.chat.bubbles if bubble.side is not Side.viewer)
