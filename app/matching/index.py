"""The knowledge, prepared for matching: immutable, swapped as a whole when an entry changes.

An index is a base, built once, and after edits of a large one a small delta on top: the phrasings that are new, read
with the base's vocabulary, while those that are gone no longer count.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from app.matching.confidence import Weights
from app.matching.entities import extract
from app.matching.evidence import Evidence, weigh
from app.matching.joined import Joined
from app.matching.language import Language
from app.matching.match import Candidate, Match, Tier
from app.matching.meanings import Meaning, Meanings, MeaningWeights, Meant, Misfit, Rows, version_of
from app.matching.postings import Arrays, Postings, sums
from app.matching.ridge import nearest, solve
from app.matching.vocabulary import Floats, Integers, Reading, Vector, Vocabulary

ALGORITHM = 4
"""Raised when the same knowledge would give other results."""

CANDIDATES = 5

LONGEST = 400
"""Characters of a normalised question that are compared; a story's end adds nothing to a first guess."""

DELTA_FROM = 5000
"""Phrasings of a base from which on an edit makes a delta; a smaller one is built anew, in under a second."""
DELTA_SHARE = 0.1
"""Of the base: a larger edit builds everything anew."""


class Phrasing(NamedTuple):
    """One way to ask for a target."""

    target: str
    text: str


class Ranking(NamedTuple):
    candidates: tuple[Candidate, ...]
    evidence: Evidence


@dataclass(frozen=True)
class Base:
    """Everything that is built once for a set of phrasings, and that ``store`` keeps on disk."""

    known: Sequence[Phrasing]
    """Normalised, without repeats, sorted, so that equal knowledge makes equal indexes."""
    vocabulary: Vocabulary
    postings: Postings

    @classmethod
    def build(cls, known: Sequence[Phrasing], language: Language) -> "Base":
        texts = [phrasing.text for phrasing in known]
        vocabulary = Vocabulary.of(texts, language)
        return cls(known, vocabulary, _postings(texts, vocabulary))

    @cached_property
    def places(self) -> dict[Phrasing, int]:
        return {phrasing: row for row, phrasing in enumerate(self.known)}


class Index:
    """Asked from any thread."""

    meanings: Meanings | None = None
    """Where there are some, a question that comes with its own is compared by them too."""
    meaning_version: str = ""
    """The ``index_version`` of such matches."""

    def __init__(self, base: Base, language: Language, weights: Weights, now: Sequence[Phrasing] | None = None) -> None:
        """``now``: all phrasings that count, if they are others than the base's."""
        self.language, self.weights = language, weights
        self.phrasings: Sequence[Phrasing] = base.known if now is None else now
        """Those that count; ``with_meanings`` takes their vectors in this order."""
        current = self.phrasings
        self.size = len(current)
        self.version = _version(current, language, weights)
        self._base = base
        added = [] if now is None else [phrasing for phrasing in now if phrasing not in base.places]
        self._known = [*base.known, *added]
        self._gone = _gone(base, now)
        texts = [phrasing.text for phrasing in added]
        self._vocabulary = base.vocabulary.extended(texts) if added else base.vocabulary
        self._postings: Postings | Joined = base.postings
        if added:
            delta = _postings(texts, self._vocabulary)
            self._postings = Joined(base.postings, delta, len(self._vocabulary.rarities))
        self._targets, self._owners = _owners(self._known)
        self._exact = _targets_by_text(current)
        self._held: dict[int, Integers] = {}

    @classmethod
    def build(cls, phrasings: Iterable[tuple[str, str]], language: Language, weights: Weights | None = None) -> "Index":
        """Of (target, text); texts of which nothing is left are passed over. Some 0.16 ms each.

        Without ``weights`` the shipped ones judge.
        """
        return cls(Base.build(normalised(phrasings, language), language), language, weights or Weights.load())

    def pays_to_update(self, known: Sequence[Phrasing], language: Language, weights: Weights) -> bool:
        """Whether ``updated`` would be quicker than a new base, and as good."""
        size, same = len(self._base.known), (language.digest, weights) == (self.language.digest, self.weights)
        return same and size >= DELTA_FROM and len(self._base.places.keys() ^ set(known)) <= DELTA_SHARE * size

    def updated(self, known: Sequence[Phrasing]) -> "Index":
        """An index of these phrasings, as ``normalised`` gives them, by a delta on this one's base."""
        return Index(self._base, self.language, self.weights, known)

    def with_meanings(self, rows: Rows, judge: MeaningWeights) -> "Index":
        """The same with the meanings of its ``phrasings``, row by row. Misfit where they cannot be these.

        Everything else is shared, so that it costs next to nothing.
        """
        meanings = Meanings.of(rows, self.size, judge)
        if self.phrasings is not self._base.known:
            meanings = replace(meanings, rows=self._by_row(rows))
        other = copy(self)
        other.meanings, other.meaning_version = meanings, version_of(self.version, judge)
        return other

    def match(self, text: str) -> Match:
        """Match a viewer's text, after its entities were taken out; never raises."""
        return self.match_normalised(self.language.normalise(text))

    def match_normalised(self, normalised: str, meaning: Meaning | None = None) -> Match:
        """The same for a text that is normalised already; depends on nothing but it and ``version``.

        With the ``meaning`` of the text it is judged by the weights for that, and depends on ``meaning_version`` too.
        Misfit where the index holds no meanings, or those of another kind.
        """
        judge, version = self.weights, self.version
        if meaning is not None:
            judge, version = self._comparable(meaning).judge.weights, self.meaning_version
        if targets := self._exact.get(normalised):
            return self._exact_match(normalised, targets)
        return self._judge(normalised, self.rank(normalised, meaning), judge, version)

    def left_out(self) -> Iterator[tuple[Phrasing, Match]]:
        """What each phrasing would match if it were not known itself; some 0.7 ms each."""
        gone = set(self._gone.tolist())
        for row, known in enumerate(self._known):
            if row not in gone:
                ranking = self.rank(known.text, gone=np.append(self._gone, row))
                yield known, self._judge(known.text, ranking, self.weights, self.version)

    def _judge(self, normalised: str, ranking: Ranking | None, judge: Weights, version: str) -> Match:
        if ranking is None:
            return Match(normalised, (), 0.0, Tier.none, False, version)
        confidence = judge.confidence(ranking.evidence)
        tier = judge.tier(confidence, ranking.evidence.runner_up)
        return Match(normalised, ranking.candidates, confidence, tier, False, version)

    def rank(self, normalised: str, meaning: Meaning | None = None, gone: Integers | None = None) -> Ranking | None:
        """Candidates and what speaks for the first, whether or not a phrasing equals the text; None without any.

        ``gone``: rows that do not count, in place of those that edits took away.
        """
        text = normalised[:LONGEST]
        reading = self._vocabulary.read(text)
        if not self.size or not text or (meaning is None and reading.is_empty()):
            return None
        gone = self._gone if gone is None else gone
        meant = None if meaning is None else self._comparable(meaning).beside(meaning, gone)
        pool, likeness = self._pool(self._vocabulary.vector(reading), meant, gone)
        if not len(pool):
            return None
        near = nearest(likeness)
        owners = self._owners[pool]
        between = self._postings.between(pool[near])
        if meant is not None:
            between = meant.between(between, pool[near])
        support = solve(between, likeness[near])
        scores = sums(support, owners[near], len(self._targets))
        best = [number for number in scores.argsort()[: -CANDIDATES - 1 : -1].tolist() if scores[number] > 0]
        if not best:
            return None
        candidates = tuple([Candidate(self._targets[number], float(scores[number])) for number in best])
        first, second = candidates[0].score, candidates[1].score if len(candidates) > 1 else 0.0
        own = (owners == best[0]).nonzero()[0]
        target = _Asked(self, best[0], int(pool[own[likeness[own].argmax()]]))
        return Ranking(candidates, weigh(text, reading, target, first, second, self._vocabulary))

    def explain(self, normalised: str) -> tuple[Reading, list[tuple[Phrasing, float]]]:
        """How a text is read, and the phrasings that are most like it with their cosines, for people."""
        reading = self._vocabulary.read(normalised[:LONGEST])
        pool, likeness = self._postings.nearest(self._vocabulary.vector(reading), self._gone)
        order = likeness.argsort()[: -CANDIDATES - 1 : -1]
        return reading, [(self._known[pool[place]], float(likeness[place])) for place in order]

    def _comparable(self, meaning: Meaning) -> Meanings:
        if self.meanings is None or not self.meanings.fits(meaning):
            raise Misfit("the question's meaning is of another kind than those of the index")
        return self.meanings

    def _by_row(self, rows: Rows) -> Rows:
        """Vectors of ``phrasings`` in the order in which they stand here; zeros for what is gone."""
        places = {phrasing: place for place, phrasing in enumerate(self.phrasings)}
        found = np.zeros((len(self._known), rows.shape[1]), np.float32)
        for row, phrasing in enumerate(self._known):
            if (place := places.get(phrasing)) is not None:
                found[row] = rows[place]
        return found

    def _pool(self, vector: Vector, meant: Meant | None, gone: Integers) -> tuple[Integers, Floats]:
        """The phrasings that resemble a text: rows, and how alike they are."""
        pool, written = self._postings.nearest(vector, gone)
        if meant is None:
            return pool, written
        more = np.setdiff1d(meant.nearest(), pool)
        pool, written = np.concatenate([pool, more]), np.concatenate([written, self._postings.cosines(vector, more)])
        return pool, meant.blend(written, pool)

    def _grams_of(self, target: int) -> Integers:
        """All grams of a target's phrasings, sorted; kept, since those of a target that is asked for are few."""
        found = self._held.get(target)
        if found is None:
            found = self._held[target] = self._postings.grams_of(self._rows_of(target))
        return found

    def _rows_of(self, target: int) -> Integers:
        """Where its phrasings stand that are not gone."""
        return np.setdiff1d((self._owners == target).nonzero()[0], self._gone, assume_unique=True)

    def _exact_match(self, normalised: str, targets: tuple[str, ...]) -> Match:
        """A phrasing word for word; one that stands with several targets cannot decide between them."""
        tier = Tier.sure if len(targets) == 1 else Tier.likely
        candidates = tuple(Candidate(target, 1.0) for target in targets[:CANDIDATES])
        return Match(normalised, candidates, 1 / len(targets), tier, True, self.version)


class _Asked:
    """A target beside a question; see ``evidence.Target``."""

    def __init__(self, index: Index, number: int, nearest_row: int) -> None:
        self._index, self._number, self._nearest = index, number, nearest_row

    def nearest(self) -> set[int]:
        return set(self._index._postings.grams(self._nearest))

    def holds(self, grams: list[int]) -> list[bool]:
        held = self._index._grams_of(self._number)
        found: list[bool] = (held.take(held.searchsorted(grams), mode="clip") == grams).tolist()
        return found

    def has(self, word: str) -> bool:
        return any(word in self._index._known[row].text for row in self._index._rows_of(self._number).tolist())


def normalised(phrasings: Iterable[tuple[str, str]], language: Language) -> list[Phrasing]:
    """Without entities, repeats and what nothing is left of, in an order that depends on nothing but the phrasings."""
    found = {Phrasing(target, _asked(text, language)) for target, text in phrasings}
    return sorted(phrasing for phrasing in found if phrasing.text)


def spoken(phrasings: Iterable[tuple[str, str]], language: Language) -> dict[Phrasing, str]:
    """How each of ``normalised`` is said in plain words, which is what models of language know.

    Where several are the same once normalised, one of them stands for all: the same whatever their order.
    """
    return {Phrasing(target, _asked(text, language)): said(text) for target, text in sorted(phrasings, reverse=True)}


def said(text: str) -> str:
    """The words of a phrasing whose meaning is compared: without its entities, unless they are all it says."""
    return extract(text).rest or text


def _asked(text: str, language: Language) -> str:
    """As a question is read: without its entities, unless they are all it says."""
    return language.normalise(extract(text).rest) or language.normalise(text)


def _postings(texts: Iterable[str], vocabulary: Vocabulary) -> Postings:
    vectors = [vocabulary.vector(vocabulary.read(text)) for text in texts]
    return Postings(Arrays.of(vectors, len(vocabulary.rarities)))


def _gone(base: Base, now: Sequence[Phrasing] | None) -> Integers:
    rows = [] if now is None else [base.places[phrasing] for phrasing in base.places.keys() - set(now)]
    return np.array(rows, np.intp)


def _owners(known: Sequence[Phrasing]) -> tuple[list[str], Integers]:
    """The targets, and by row of the phrasing the number of its target."""
    numbers: dict[str, int] = {}
    owners = np.array([numbers.setdefault(phrasing.target, len(numbers)) for phrasing in known], np.intp)
    return list(numbers), owners


def _targets_by_text(known: Iterable[Phrasing]) -> dict[str, tuple[str, ...]]:
    targets: dict[str, tuple[str, ...]] = {}
    for target, text in known:
        targets[text] = (*targets.get(text, ()), target)
    return targets


def _version(known: Iterable[Phrasing], language: Language, weights: Weights) -> str:
    digest = hashlib.sha256(f"{ALGORITHM}\n{weights.digest()}\n{language.digest}\n".encode())
    digest.update("\n".join(_lines(known)).encode())
    return digest.hexdigest()[:12]


def _lines(known: Iterable[Phrasing]) -> Iterator[str]:
    return (f"{target}\t{text}" for target, text in known)
