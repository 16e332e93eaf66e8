"""The meanings of phrasings, as a language model sees them: a further block of the likeness of two texts.

The other blocks compare what is written; this one also finds that 片子弄到客厅看 and 投屏到电视 are one. It is
optional: the vectors come from outside, so an index works without them, and every result without a vector of the
question is the same whether or not the index holds meanings.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.matching.confidence import Weights
from app.matching.vocabulary import Floats, Integers

SHARE = 0.4
"""How much of the likeness of two texts comes from the cosine of their meanings; the rest from what is written. Less
than half, because titles of functions and error codes must be met by the letter. Changing it needs new weights."""

POOL = 64
"""Phrasings that are nearest by meaning and are compared in full, besides those that are by what is written."""

Rows = NDArray[np.float32]
"""(phrasings, dimensions), each row of length 1."""
Meaning = NDArray[np.float32]
"""(dimensions,), of length 1."""


class Misfit(ValueError):
    """Vectors that do not belong to these phrasings or weights; its text says what is wrong with them."""


@dataclass(frozen=True, slots=True)
class MeaningWeights:
    """What judges evidence in which meanings take part: it has other distributions than what is written alone."""

    model: str
    """Only vectors of this model mean what these weights were fitted to."""
    dimensions: int
    weights: Weights

    def digest(self) -> str:
        return hashlib.sha256(f"{SHARE}\n{self.model}\n{self.dimensions}\n{self.weights.digest()}".encode()).hexdigest()

    def save(self, path: Path) -> None:
        head = {"model": self.model, "dimensions": self.dimensions, "share": SHARE}
        path.write_text(json.dumps(head | asdict(self.weights), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "MeaningWeights":
        """Raises OSError, or ValueError when the file is none of this version."""
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError(f"{path}: not as it was written")
        model, dimensions, share = (found.pop(name, None) for name in ("model", "dimensions", "share"))
        if not isinstance(model, str) or type(dimensions) is not int:
            raise ValueError(f"{path}: not as it was written")
        if share != SHARE:
            raise ValueError(f"{path}: fitted for another share of the meanings")
        return cls(model, dimensions, Weights.of(found, path))


@dataclass(frozen=True, slots=True, eq=False)
class Meanings:
    """Of the phrasings of an index, row by row; a phrasing that is gone has none. Immutable."""

    rows: Rows
    judge: MeaningWeights

    @classmethod
    def of(cls, rows: Rows, count: int, judge: MeaningWeights) -> "Meanings":
        """Misfit where ``rows`` are not those of ``count`` phrasings, or of other dimensions than was trained for."""
        if rows.ndim != 2 or len(rows) != count:
            raise Misfit(f"vectors of shape {rows.shape} for {count} phrasings")
        if rows.shape[1] != judge.dimensions:
            raise Misfit(f"vectors of {rows.shape[1]} dimensions, but the weights are fitted to {judge.dimensions}")
        return cls(rows, judge)

    def fits(self, meaning: Meaning) -> bool:
        return meaning.shape == (self.judge.dimensions,)

    def beside(self, meaning: Meaning, gone: Integers) -> "Meant":
        cosines = self.rows @ meaning
        cosines[gone] = -1
        return Meant(self, cosines)


@dataclass(frozen=True, slots=True, eq=False)
class Meant:
    """A question's meaning beside those of all phrasings."""

    meanings: Meanings
    cosines: Floats
    """With each phrasing; -1 for what is gone."""

    def nearest(self) -> Integers:
        """The rows of ``POOL`` phrasings that are nearest, in no order."""
        found: Integers = (
            self.cosines.argpartition(-POOL)[-POOL:] if len(self.cosines) > POOL else np.arange(len(self.cosines))
        )
        return found[self.cosines[found] > 0]

    def blend(self, written: Floats, rows: Integers) -> Floats:
        """The likeness of the question to some phrasings, given the cosines of what is written."""
        return blended(written, self.cosines[rows])

    def between(self, written: Floats, rows: Integers) -> Floats:
        """The same between these phrasings."""
        held = self.meanings.rows[rows]
        return blended(written, held @ held.T)


def blended(written: Floats, meant: Floats) -> Floats:
    likeness: Floats = (1 - SHARE) * written + SHARE * meant
    return likeness


def version_of(written: str, judge: MeaningWeights) -> str:
    """Of matches by meaning, given the version of those without."""
    return hashlib.sha256(f"{written}\n{judge.digest()}".encode()).hexdigest()[:12]
