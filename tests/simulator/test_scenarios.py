"""Every scene plays to its end, and shows what its sentence promises with the knowledge as it is."""

import re
from collections.abc import Mapping, Sequence

import pytest

from app.dialogue import phrases
from app.matching.devices import Device
from app.simulator.acting import FAILURE
from app.simulator.phones import Network, Phone, Side
from app.simulator.plays import Pace, Plays
from app.simulator.scenarios import SCENARIOS
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
}  # fmt: skip
"""What is said in the course of each, in this order; where it has gaps, they are filled with anything."""


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def test_each_scene_is_proved() -> None:
    assert SHOWN.keys() == SCENARIOS.keys()


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("name", SCENARIOS)
async def test_a_scene_shows_what_it_promises(played: Played, name: str) -> None:
    plays = quick_plays(played)
    phone = plays.begin(name)
    await until(lambda: not phone.playing)
    mine = [bubble for bubble in phone.chat.bubbles if bubble.side is Side.viewer]
    assert len(mine) == phone.played == len(SCENARIOS[name].lines)
    assert phone.network is Network.normal
    in_order = ".*".join(wording(text).pattern for text in SHOWN[name])
    assert re.search(in_order, said(phone), re.DOTALL), said(phone)


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


def quick_plays(played: Played) -> Plays:
    simulator = played.simulator
    quick = Pace(reading=0, a_letter=0, first=0)
    return Plays(simulator.stage, simulator.changes, simulator.acting, simulator.address, quick)


def said(phone: Phone) -> str:
    return "\n".join(bubble.text for bubble in phone.chat.bubbles if bubble.side is not Side.viewer)
