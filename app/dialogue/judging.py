"""Questions with known answers, put to a brain or to an index alone: how each fared."""

from collections.abc import Callable, Iterable, Sequence
from time import perf_counter
from typing import NamedTuple

from app.dialogue.understand import Brain
from app.faq.knowledge import INTENT_PREFIX
from app.matching.entities import extract
from app.matching.evaluation import Verdict
from app.matching.index import Index
from app.matching.match import Match, Tier

ROUNDS = 3
"""The time of a question is the best of these: what else the machine did is left out."""


class Question(NamedTuple):
    text: str
    id: str | None
    """The entry that answers it; None: no entry does."""
    style: str = ""


def judge_brain(brain: Brain, questions: Iterable[Question]) -> list[Verdict]:
    """As a conversation begins: exact words, intents and entries together."""

    def judge(question: Question) -> Verdict:
        understood = brain.understand(question.text)
        match = understood.match
        ranked = tuple(candidate.target for candidate in match.candidates)
        if understood.meant is None:
            return _verdict(question, ranked, match.confidence, False, brain.index)
        meant = brain.name_of(understood.meant)
        by_match = ranked[:1] == (meant,)
        others = tuple(target for target in ranked if target != meant)
        confidence = match.confidence if by_match else 1.0
        return _verdict(question, (meant, *others), confidence, _is_entry(meant), brain.index)

    return list(map(judge, questions))


def judge_index(index: Index, questions: Iterable[Question]) -> list[Verdict]:
    """The engine alone."""

    def judge(question: Question) -> Verdict:
        match = _match(index, question.text)
        ranked = tuple(candidate.target for candidate in match.candidates)
        return _verdict(question, ranked, match.confidence, match.tier is Tier.sure, index)

    return list(map(judge, questions))


def _verdict(question: Question, ranked: Sequence[str], confidence: float, answered: bool, index: Index) -> Verdict:
    could_answer = bool(ranked) and _is_entry(ranked[0])
    seconds = min(_timed(lambda: _match(index, question.text)) for _ in range(ROUNDS))
    return Verdict(
        question.text, question.id, tuple(ranked), confidence, answered, could_answer, seconds, question.style
    )


def _match(index: Index, text: str) -> Match:
    return index.match(extract(text).rest)


def _timed(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def _is_entry(target: str) -> bool:
    return not target.startswith(INTENT_PREFIX)
