"""Questions that the shipped knowledge answers for sure, so that conversations stay with the bot."""

from dataclasses import dataclass
from functools import cache
from itertools import count
from random import Random

from app.dialogue.answers import first_words
from app.matching.devices import device_in
from app.settings import Settings
from tests.demo_knowledge import brain_of

_ids = count(7_000_000_000_000)


@dataclass(frozen=True, slots=True)
class Question:
    """A message that a viewer is about to send, with the answer that he must get."""

    viewer: str
    text: str
    answer: str
    message_id: int


@cache
def _known() -> list[tuple[str, str]]:
    """(question, answer) of every entry that its own question surely leads to."""
    brain = brain_of(Settings(mode="demo"))
    entries = brain.knowledge.entries.values()
    known = [
        (entry.question, first_words(entry))
        for entry in entries
        # What names a device changes the answers that follow; what is urgent is answered with a ticket's number.
        if brain.understand(entry.question).meant is entry and not device_in(entry.question) and not entry.urgent
    ]
    assert len(known) > 50
    assert len({answer for _, answer in known}) == len(known), "an answer must tell which question it belongs to"
    return known


def dialogue(viewer: str, length: int, random: Random) -> list[Question]:
    """``length`` different questions of one viewer."""
    chosen = random.sample(_known(), length)
    return [Question(viewer, text, answer, next(_ids)) for text, answer in chosen]


def question(viewer: str, number: int = 0) -> Question:
    """The ``number``-th question of the knowledge, asked by ``viewer``."""
    text, answer = _known()[number]
    return Question(viewer, text, answer, next(_ids))
