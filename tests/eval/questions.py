"""Where the questions with known answers stand, and the knowledge that they are asked of."""

from pathlib import Path

from app.commands.matching import read_questions
from app.dialogue.judging import Question

DATA = Path(__file__).with_name("data")

VIEWERS = DATA / "viewer_dev.jsonl"
"""474 questions of viewers, labelled by two readers; none was in view when phrasings were written or weights fitted."""
SECOND = DATA / "second_writers.jsonl"
"""968 questions in eight manners, by writers who knew the topics and nothing of the phrasings."""


def viewers() -> list[Question]:
    return read_questions(VIEWERS)


def second() -> list[Question]:
    return read_questions(SECOND)
