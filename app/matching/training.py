"""Fits the confidence to labelled questions. Pure; some seconds for a few hundred phrasings and questions."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.matching.confidence import Weights, fit
from app.matching.entities import extract
from app.matching.evidence import Evidence
from app.matching.index import Index, Phrasing
from app.matching.normalise import normalise

SURE_PRECISION = 0.97
"""Aimed at among the answers, to keep 0.95 on the questions of another day."""

LIKELY_PRECISION = 0.8
"""Aimed at among the lists: how often a right target is in the first three."""

LEVEL = 0.85
"""A second candidate of more than this share of the first's score is level with it."""

COPY = 5
"""A phrasing with so many characters in a row from a question may have been written after it: with it, the question
would look easier than the next one like it."""

COMMAND = 4
"""Phrasings up to this length are words that one knows or does not (转人工): leaving them out teaches nothing."""

FOLDS = 10


@dataclass(frozen=True, slots=True)
class Example:
    """A question as it came, and the targets that are right for it; none when it is outside of everything."""

    text: str
    targets: frozenset[str]


@dataclass(frozen=True, slots=True)
class Observation:
    """What the index made of an example."""

    example: Example
    evidence: Evidence
    right: bool
    """The first candidate is."""
    listed: bool
    """One of the first three is."""


def train(phrasings: Sequence[Phrasing], examples: Sequence[Example], provenance: str = "") -> Weights:
    """Coefficients and thresholds. Deterministic. ``phrasings`` are the knowledge that the examples were asked of."""
    asked = observe(Index.build(without_copies(phrasings, examples), Weights.blank()), examples)
    left_out = observe_left_out(phrasings, examples)
    confidences = held_out_confidences(asked, left_out)
    sure = lowest_threshold(confidences, [seen.right for seen in asked], SURE_PRECISION)
    unsure = [(confidence, seen) for confidence, seen in zip(confidences, asked, strict=True) if confidence < sure]
    likely = lowest_threshold([found for found, _ in unsure], [seen.listed for _, seen in unsure], LIKELY_PRECISION)
    weights = _fit([*asked, *left_out])
    return replace(weights, sure=round(sure, 3), likely=round(min(likely, sure), 3), level=LEVEL, provenance=provenance)


def observe(index: Index, examples: Iterable[Example]) -> list[Observation]:
    """Examples that have nothing in common with the index are passed over: they teach nothing."""
    observations = []
    for example in examples:
        if ranking := index.rank(normalise(extract(example.text).rest)):
            names = [candidate.target for candidate in ranking.candidates]
            right, listed = names[0] in example.targets, not example.targets.isdisjoint(names[:3])
            observations.append(Observation(example, ranking.evidence, right, listed))
    return observations


def observe_left_out(phrasings: Sequence[Phrasing], examples: Sequence[Example]) -> list[Observation]:
    """Each phrasing asked of the knowledge without it (and without a share of the others).

    Only of targets that examples ask for: they also tell which targets are as right as the phrasing's own.
    """
    equals: dict[str, frozenset[str]] = {}
    for example in examples:
        equals |= {target: equals.get(target, frozenset()) | example.targets for target in example.targets}
    observations = []
    for fold in range(FOLDS):
        asked = [known for known in phrasings[fold::FOLDS] if known.target in equals and not _is_command(known)]
        kept = [known for place, known in enumerate(phrasings) if place % FOLDS != fold]
        left_out = [Example(known.text, equals[known.target]) for known in asked]
        observations += observe(Index.build(kept, Weights.blank()), left_out)
    return observations


def without_copies(phrasings: Sequence[Phrasing], examples: Sequence[Example]) -> list[Phrasing]:
    """The phrasings that no example of their target nearly repeats; each target keeps at least its first."""
    asked = defaultdict(list)
    for example in examples:
        for target in example.targets:
            asked[target].append(normalise(example.text))
    kept, seen = [], set()
    for phrasing in phrasings:
        text = normalise(phrasing.text)
        if phrasing.target not in seen or not any(_share_a_run(text, other) for other in asked[phrasing.target]):
            kept.append(phrasing)
        seen.add(phrasing.target)
    return kept


def held_out_confidences(asked: Sequence[Observation], always: Sequence[Observation]) -> list[float]:
    """Of each of ``asked`` by weights that were fitted without it, but with all of ``always``."""
    confidences = [0.0] * len(asked)
    for fold in range(FOLDS):
        weights = _fit([*(seen for place, seen in enumerate(asked) if place % FOLDS != fold), *always])
        for place in range(fold, len(asked), FOLDS):
            confidences[place] = weights.confidence(asked[place].evidence)
    return confidences


def lowest_threshold(confidences: Sequence[float], right: Sequence[bool], precision: float) -> float:
    """The lowest confidence from which on at least this share is right; above 1 when there is none."""
    order = np.argsort(confidences)[::-1]
    shares = np.cumsum(np.asarray(right, float)[order]) / np.arange(1, len(order) + 1)
    reached = np.flatnonzero(shares >= precision)
    return float(confidences[order[reached[-1]]]) if len(reached) else 1.01


def _fit(observations: Sequence[Observation]) -> Weights:
    return fit([seen.evidence for seen in observations], [seen.right for seen in observations])


def _is_command(phrasing: Phrasing) -> bool:
    return len(normalise(phrasing.text)) <= COMMAND


def _share_a_run(text: str, other: str) -> bool:
    return any(text[start : start + COPY] in other for start in range(len(text) - COPY + 1))
