"""How good the knowledge is for viewers whose manner of writing it does not hold, and what fewer phrasings do."""

from collections.abc import Iterable, Iterator

from app.dialogue.judging import Question, judge_index
from app.faq.knowledge import INTENT_PREFIX
from app.faq.records import STYLES
from app.matching.confidence import Weights
from app.matching.evaluation import Figures, Verdict, figures
from app.matching.index import Index
from app.matching.training import Known, Material, thin

SIZES = (5, 10, 20)
"""Phrasings of a topic; then all."""


def by_style(material: Material) -> Iterator[tuple[str, Figures]]:
    """Each style asked of the knowledge without it; the weights are the shipped ones, which have seen five of them."""
    verdicts: list[Verdict] = []
    for style in STYLES:
        held = [one for one in material.known if one.style == style]
        index = _index((one for one in material.known if one.style != style), material)
        found = judge_index(index, [Question(one.text, one.target, style) for one in held])
        verdicts += found
        yield f"held back: {style}", figures(found)
    yield "held back: all styles", figures(verdicts)


def curve(material: Material, questions: list[Question]) -> Iterator[tuple[str, Figures]]:
    """Unseen questions asked of ever more phrasings. The intents keep theirs: they are not what is counted."""
    intents = [one for one in material.known if one.target.startswith(INTENT_PREFIX)]
    topics = Material(
        [one for one in material.known if not one.target.startswith(INTENT_PREFIX)], (), frozenset(), material.language
    )
    for size in SIZES:
        known = [*thin(topics, size).known, *intents]
        yield f"{size} phrasings a topic", figures(judge_index(_index(known, material), questions))
    yield "all phrasings", figures(judge_index(_index(material.known, material), questions))


def _index(known: Iterable[Known], material: Material) -> Index:
    return Index.build(((one.target, one.text) for one in known), material.language, Weights.load())
