"""How likely the first candidate is right: a logistic model over the evidence, and the tiers it leads to."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import exp
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.matching.evidence import Evidence
from app.matching.match import Tier

SHIPPED = Path(__file__).with_name("weights.json")

PENALTY = 3.0
"""L2 penalty on the coefficients of the standardised numbers."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Plain numbers, so that a reviewer can read what counts."""

    coefficients: dict[str, float]
    """By name of the evidence, for its values as they are."""
    intercept: float
    sure: float = 1.01
    """From this confidence on the service answers."""
    likely: float = 1.01
    """From this confidence on it offers a list."""
    level: float = 1.0
    """A second candidate of more than this share of the first's score is level with it: then never more than a list."""
    provenance: str = ""
    """On what, how and how well they were fitted."""

    def confidence(self, evidence: Evidence) -> float:
        total = self.intercept
        for weight, value in zip(self.coefficients.values(), evidence, strict=True):
            total += weight * value
        return 1 / (1 + exp(-max(-30.0, min(30.0, total))))

    def tier(self, confidence: float, runner_up: float) -> Tier:
        if confidence >= self.sure and runner_up <= self.level:
            return Tier.sure
        return Tier.likely if confidence >= self.likely else Tier.none

    def digest(self) -> str:
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()

    def save(self, path: Path = SHIPPED) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def blank(cls) -> "Weights":
        """Judges nothing; enough to rank."""
        return cls(dict.fromkeys(Evidence._fields, 0.0), 0.0)

    @classmethod
    def load(cls, path: Path = SHIPPED) -> "Weights":
        """Raises ValueError when the file is of another version of the evidence."""
        return cls.of(json.loads(path.read_text(encoding="utf-8")), path)

    @classmethod
    def of(cls, fields: Mapping[str, Any], path: Path) -> "Weights":
        """As they stand in ``path``."""
        weights = cls(**fields)
        if tuple(weights.coefficients) != Evidence._fields:
            raise ValueError(f"{path}: fitted for other evidence than this version gathers")
        return weights


def fit(features: Sequence[Sequence[float]], labels: Sequence[bool]) -> Weights:
    """Fit by Newton's method with an L2 penalty; a row of ``features`` is an Evidence, a label says "was right".

    Deterministic. The thresholds of the result allow nothing until they are chosen.
    """
    values = np.asarray(features, np.float64)
    centre, spread = values.mean(axis=0), values.std(axis=0) + 1e-9
    standard = np.column_stack([(values - centre) / spread, np.ones(len(values))])
    solution = _newton(standard, np.asarray(labels, np.float64))
    coefficients = solution[:-1] / spread
    named = dict(zip(Evidence._fields, map(float, coefficients), strict=True))
    return Weights(named, float(solution[-1] - coefficients @ centre))


def _newton(rows: NDArray[np.float64], labels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coefficients of penalised logistic regression; the last column of ``rows`` is the intercept, not penalised."""
    penalty = np.diag([PENALTY] * (rows.shape[1] - 1) + [0.0])
    solution = np.zeros(rows.shape[1])
    for _ in range(50):
        expected = 1 / (1 + np.exp(-rows @ solution))
        slope = rows.T @ (expected - labels) + penalty @ solution
        curvature = (rows.T * (expected * (1 - expected))) @ rows + penalty
        step = np.linalg.solve(curvature, slope)
        solution = solution - step
        if np.abs(step).max() < 1e-9:
            break
    return solution
