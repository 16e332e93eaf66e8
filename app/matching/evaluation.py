"""Figures that tell how well questions with known answers are treated. Pure.

An answer is what is given surely from an entry; small talk and control intents are none, and right for a question that
no entry answers.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

PRECISION = 0.95
"""At which ``right_at_p95`` is read."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one question fared."""

    text: str
    expected: str | None
    """The entry that answers it; None: no entry does."""
    ranked: tuple[str, ...]
    """Targets, best first."""
    confidence: float
    """That the first is right."""
    answered: bool
    """Surely, from an entry."""
    could_answer: bool
    """Whether the first is an entry."""
    seconds: float
    style: str = ""

    @property
    def right(self) -> bool:
        return self.expected is not None and self.ranked[:1] == (self.expected,)


@dataclass(frozen=True, slots=True)
class Figures:
    questions: int
    top1: float
    """Share of the answerable questions whose entry is ranked first."""
    top3: float
    right_at_p95: float
    """Right answers as a share of the answerable questions, at the confidence from which on 95 % of the given answers
    are right."""
    sure_precision: float
    """Share of the answers that are right, at the threshold in force."""
    sure_right: float
    """Right answers as a share of the answerable questions, at the threshold in force."""
    oos_answered: float
    """Share of the questions without an entry that were answered."""
    p95_ms: float


def figures(verdicts: Sequence[Verdict]) -> Figures:
    inside = [one for one in verdicts if one.expected is not None]
    outside = [one for one in verdicts if one.expected is None]
    answered = [one for one in verdicts if one.answered]
    times = sorted(one.seconds for one in verdicts)
    return Figures(
        questions=len(verdicts),
        top1=_share(one.right for one in inside),
        top3=_share(one.expected in one.ranked[:3] for one in inside),
        right_at_p95=right_at(verdicts, PRECISION) / len(inside) if inside else 0.0,
        sure_precision=_share(one.right for one in answered),
        sure_right=sum(one.right for one in answered) / len(inside) if inside else 0.0,
        oos_answered=_share(one.answered for one in outside),
        p95_ms=1000 * times[int(0.95 * (len(times) - 1))] if times else 0.0,
    )


def right_at(verdicts: Iterable[Verdict], precision: float) -> int:
    """How many are answered rightly at the lowest confidence from which on this share of the answers is right."""
    order = sorted((one for one in verdicts if one.could_answer), key=lambda one: -one.confidence)
    best = right = 0
    for place, one in enumerate(order, 1):
        right += one.right
        level = place < len(order) and order[place].confidence == one.confidence
        if not level and right >= precision * place:
            best = right
    return best


def confusions(verdicts: Iterable[Verdict]) -> list[tuple[str, str, int]]:
    """(expected, ranked first instead, how often), the most frequent first."""
    wrong = Counter((one.expected, one.ranked[0] if one.ranked else "–") for one in verdicts if not one.right)
    return [(expected, instead, count) for (expected, instead), count in wrong.most_common() if expected is not None]


def by_style(verdicts: Iterable[Verdict]) -> dict[str, list[Verdict]]:
    """In the order of appearance; "" where no style is named."""
    found: dict[str, list[Verdict]] = {}
    for one in verdicts:
        found.setdefault(one.style, []).append(one)
    return found


def _share(flags: Iterable[bool]) -> float:
    counted = list(flags)
    return sum(counted) / len(counted) if counted else 0.0
