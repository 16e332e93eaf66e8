"""The knowledge, prepared for matching: immutable, swapped as a whole when an entry changes."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from app.matching.confidence import Weights
from app.matching.evidence import Evidence, Question, Target, weigh
from app.matching.match import Candidate, Match, Tier
from app.matching.normalise import normalise
from app.matching.postings import Postings
from app.matching.ridge import PRECOMPUTED, Nearest, Whole
from app.matching.vocabulary import Reading, Vocabulary

ALGORITHM = 1
"""Raised when the same knowledge would give other results."""

CANDIDATES = 5

LONGEST = 400
"""Characters of a normalised question that are compared; a story's end adds nothing to a first guess."""


class Phrasing(NamedTuple):
    """One way to ask for a target."""

    target: str
    text: str


class Ranking(NamedTuple):
    candidates: tuple[Candidate, ...]
    evidence: Evidence


class Index:
    """Built once, asked from any thread; holds no reference to the phrasings it was built from."""

    def __init__(self, known: Sequence[Phrasing], weights: Weights) -> None:
        """``known``: normalised, without repeats, sorted, so that equal knowledge makes equal indexes."""
        texts = [phrasing.text for phrasing in known]
        self.version = _version(known, weights)
        self._weights = weights
        self._exact = _targets_by_text(known)
        self._vocabulary = Vocabulary(texts)
        readings = [self._vocabulary.read(text) for text in texts]
        self._targets = _targets(known, readings)
        self._postings = Postings(readings, self._vocabulary)
        self._ridge = self._prepare(readings)

    @classmethod
    def build(cls, phrasings: Iterable[Phrasing], weights: Weights | None = None) -> "Index":
        """Normalises the phrasings; those of which nothing is left are passed over. 0.2 s for 600 of them.

        Without ``weights`` the shipped ones judge.
        """
        normalised = {Phrasing(target, normalise(text)) for target, text in phrasings}
        return cls(sorted(phrasing for phrasing in normalised if phrasing.text), weights or Weights.load())

    def match(self, text: str) -> Match:
        """Match a viewer's text, after its entities were taken out; never raises."""
        return self.match_normalised(normalise(text))

    def match_normalised(self, normalised: str) -> Match:
        """The same for a text that is normalised already; depends on nothing but it and ``version``."""
        if targets := self._exact.get(normalised):
            return self._exact_match(normalised, targets)
        ranking = self.rank(normalised)
        if ranking is None:
            return Match(normalised, (), 0.0, Tier.none, False, self.version)
        confidence = self._weights.confidence(ranking.evidence)
        tier = self._weights.tier(confidence, ranking.evidence.runner_up)
        return Match(normalised, ranking.candidates, confidence, tier, False, self.version)

    def rank(self, normalised: str) -> Ranking | None:
        """Candidates and what speaks for the first, whether or not a phrasing equals the text; None without any."""
        text = normalised[:LONGEST]
        reading = self._vocabulary.read(text)
        if not (reading.characters or reading.syllables):
            return None
        likeness = self._postings.likeness(reading)
        scores = self._ridge.scores(likeness)
        best = [number for number in scores.argsort()[: -CANDIDATES - 1 : -1].tolist() if scores[number] > 0]
        if not best:
            return None
        candidates = tuple([Candidate(self._targets[number].name, float(scores[number])) for number in best])
        first, second = candidates[0].score, candidates[1].score if len(candidates) > 1 else 0.0
        question = Question(text, reading, likeness)
        return Ranking(candidates, weigh(question, self._targets[best[0]], first, second, self._vocabulary))

    def _exact_match(self, normalised: str, targets: tuple[str, ...]) -> Match:
        """A phrasing word for word; one that stands with several targets cannot decide between them."""
        tier = Tier.sure if len(targets) == 1 else Tier.likely
        candidates = tuple(Candidate(target, 1.0) for target in targets[:CANDIDATES])
        return Match(normalised, candidates, 1 / len(targets), tier, True, self.version)

    def _prepare(self, readings: Sequence[Reading]) -> Whole | Nearest:
        owners = np.empty(len(readings), np.intp)
        for number, target in enumerate(self._targets):
            owners[target.rows] = number
        if len(readings) > PRECOMPUTED:
            return Nearest(self._postings.between, owners, len(self._targets))
        between = np.array([self._postings.likeness(reading) for reading in readings])
        return Whole(between.reshape(len(readings), len(readings)), owners, len(self._targets))


def _targets_by_text(known: Sequence[Phrasing]) -> dict[str, tuple[str, ...]]:
    targets: dict[str, list[str]] = defaultdict(list)
    for phrasing in known:
        targets[phrasing.text].append(phrasing.target)
    return {text: tuple(found) for text, found in targets.items()}


def _targets(known: Sequence[Phrasing], readings: Sequence[Reading]) -> list[Target]:
    rows: dict[str, list[int]] = defaultdict(list)
    for row, phrasing in enumerate(known):
        rows[phrasing.target].append(row)
    return [
        Target.of(name, own, [known[row].text for row in own], [readings[row] for row in own])
        for name, own in rows.items()
    ]


def _version(known: Sequence[Phrasing], weights: Weights) -> str:
    digest = hashlib.sha256(f"{ALGORITHM}\n{weights.digest()}\n".encode())
    for phrasing in known:
        digest.update(f"{phrasing.target}\t{phrasing.text}\n".encode())
    return digest.hexdigest()[:12]
