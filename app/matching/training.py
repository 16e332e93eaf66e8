"""Fits the confidence to the knowledge itself. Pure; some ten seconds for five thousand phrasings.

What a phrasing would have met as a question is seen by holding it back: whole styles at a time, because the next viewer
writes in a way of his own, not like a line's neighbours. Utterances outside of everything teach when to be silent;
where there are none, whole targets are left out in turn, and what asks for them is outside. The same is done with
thinned knowledge: the weights must also hold for a company that begins with few phrasings.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple
from zlib import crc32

import numpy as np

from app.matching.confidence import Weights, fit
from app.matching.entities import extract
from app.matching.evidence import Evidence
from app.matching.index import Index, said, spoken
from app.matching.language import Language
from app.matching.meanings import Meaning, MeaningWeights

HELD_BACK = ("usual", "short", "plain", "story", "typo", "traditional")
"""Styles that resemble a day's traffic. The others were composed to be hard: thresholds from them would be timid."""

SURE_PRECISION = 0.97
"""Aimed at among the answers, to keep 0.95 on the questions of another day."""

SURE_OUTSIDE = 0.02
"""At most this share of the utterances outside of everything may be answered, to keep 0.03 on another day."""

LIKELY_PRECISION = 0.85
"""Aimed at among the lists: how often a right target is in the first three."""

LEVEL = 0.85
"""A second candidate of more than this share of the first's score is level with it."""

FOLDS = 10

THINNED = (20, 8)
"""Phrasings of a target in knowledge that is thinner than what is there."""
SAMPLED = 3
"""Of thinned knowledge every third text is asked, and of a target that is left out: to teach, not to outweigh."""


class Known(NamedTuple):
    """A phrasing and how it is written; "" where nobody said."""

    target: str
    text: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class Material:
    """What a training reads."""

    known: Sequence[Known]
    outside: Sequence[str]
    """Utterances that no target answers; they teach more than targets that are left out, which resemble others."""
    chat: frozenset[str]
    """Targets that are right for them all the same: small talk."""
    language: Language
    meanings: Mapping[str, Meaning] | None = None
    """By ``index.said`` of the texts; with them the weights are fitted to evidence in which they take part."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What an index made of a text whose right target is known."""

    evidence: Evidence
    right: bool
    """The first candidate is."""
    listed: bool
    """One of the first three is."""
    outside: bool


def train(material: Material, provenance: str = "", thinned_to: Sequence[int] = THINNED) -> Weights:
    """Coefficients and thresholds. Deterministic, up to the last digits of the linear algebra.

    ``thinned_to``: for thinner knowledge the weights are to hold as well; empty where they serve this one alone.
    """
    seen = list(observe(material))
    thinned = [one for size in thinned_to for one in observe(thin(material, size), SAMPLED)]
    confidences = np.array(held_out_confidences(seen, thinned))
    sure = _sure(confidences, seen)
    unsure = [(found, one) for found, one in zip(confidences.tolist(), seen, strict=True) if found < sure]
    likely = lowest_threshold([found for found, _ in unsure], [one.listed for _, one in unsure], LIKELY_PRECISION)
    fitted = _fit([*seen, *thinned])
    return replace(
        fitted,
        coefficients={name: round(value, 4) for name, value in fitted.coefficients.items()},
        intercept=round(fitted.intercept, 4),
        sure=round(sure, 3),
        likely=round(min(likely, sure), 3),
        level=LEVEL,
        provenance=provenance,
    )


def thin(material: Material, size: int) -> Material:
    """At most so many phrasings of each target, chosen by their checksums, so that every style keeps its share."""
    chosen: dict[str, list[Known]] = {}
    for one in sorted(material.known, key=lambda one: crc32(one.text.encode())):
        chosen.setdefault(one.target, []).append(one)
    return replace(material, known=[one for ones in chosen.values() for one in ones[:size]])


def observe(material: Material, sampled: int = 1) -> Iterator[Observation]:
    """Held-back phrasings, then what is outside; texts that have nothing in common with the index teach nothing."""
    for held in held_back(material.known):
        asked = set(held)
        index = _index([one for one in material.known if one not in asked], material)
        for one in held[::sampled]:
            if found := _ask(index, one.text, frozenset({one.target}), material, outside=False):
                yield found
    yield from _observe_outside(material, sampled) if material.outside else _observe_absent(material, sampled)


def _observe_outside(material: Material, sampled: int) -> Iterator[Observation]:
    index = _index(material.known, material)
    for text in material.outside[::sampled]:
        if found := _ask(index, text, material.chat, material, outside=True):
            yield found


def _observe_absent(material: Material, sampled: int) -> Iterator[Observation]:
    """Phrasings of targets that the index lacks: nothing that it finds can be right."""
    targets = sorted({one.target for one in material.known})
    for fold in range(FOLDS):
        absent = set(targets[fold::FOLDS])
        index = _index([one for one in material.known if one.target not in absent], material)
        for one in [one for one in material.known if one.target in absent][:: SAMPLED * sampled]:
            if found := _ask(index, one.text, frozenset(), material, outside=True):
                yield found


def held_back(known: Sequence[Known]) -> list[list[Known]]:
    """By style; knowledge that names none is cut into equal parts."""
    styles = [[one for one in known if one.style == style] for style in HELD_BACK]
    return [part for part in styles if part] or [list(known[fold::FOLDS]) for fold in range(FOLDS)]


def held_out_confidences(seen: Sequence[Observation], always: Sequence[Observation] = ()) -> list[float]:
    """Of each of ``seen`` by weights that were fitted without it, but with all of ``always``."""
    confidences = [0.0] * len(seen)
    for fold in range(FOLDS):
        weights = _fit([*(one for place, one in enumerate(seen) if place % FOLDS != fold), *always])
        for place in range(fold, len(seen), FOLDS):
            confidences[place] = weights.confidence(seen[place].evidence)
    return confidences


def lowest_threshold(confidences: Sequence[float], right: Sequence[bool], precision: float) -> float:
    """The lowest confidence from which on at least this share is right; above 1 when there is none."""
    order = np.argsort(confidences)[::-1]
    shares = np.cumsum(np.asarray(right, float)[order]) / np.arange(1, len(order) + 1)
    reached = np.flatnonzero(shares >= precision)
    return float(confidences[order[reached[-1]]]) if len(reached) else 1.01


def _sure(confidences: np.ndarray, seen: Sequence[Observation]) -> float:
    """High enough for both promises."""
    precise = lowest_threshold(confidences.tolist(), [one.right for one in seen], SURE_PRECISION)
    wrong = np.array([one.outside and not one.right for one in seen])
    allowed = int(SURE_OUTSIDE * sum(one.outside for one in seen))
    foreign = np.sort(confidences[wrong])[::-1]
    silent = float(foreign[allowed]) + 0.0005 if len(foreign) > allowed else 0.0
    return max(precise, silent)


def _index(known: Sequence[Known], material: Material) -> Index:
    pairs = [(one.target, one.text) for one in known]
    index = Index.build(pairs, material.language, Weights.blank())
    if material.meanings is None or not index.size:
        return index
    words = spoken(pairs, material.language)
    rows = np.stack([material.meanings[words[phrasing]] for phrasing in index.phrasings])
    return index.with_meanings(rows, MeaningWeights("", rows.shape[1], Weights.blank()))


def _ask(index: Index, text: str, targets: frozenset[str], material: Material, *, outside: bool) -> Observation | None:
    meaning = material.meanings[said(text)] if material.meanings is not None and index.meanings is not None else None
    ranking = index.rank(index.language.normalise(extract(text).rest), meaning)
    if ranking is None:
        return None
    names = [candidate.target for candidate in ranking.candidates]
    return Observation(ranking.evidence, names[0] in targets, not targets.isdisjoint(names[:3]), outside)


def _fit(seen: Sequence[Observation]) -> Weights:
    return fit([one.evidence for one in seen], [one.right for one in seen])
