from pathlib import Path

import numpy as np
import pytest

from app.matching.confidence import PENALTY, Weights, fit
from app.matching.evidence import Evidence
from app.matching.match import Tier

WIDTH = len(Evidence._fields)


def sample(size: int) -> tuple[list[list[float]], list[bool]]:
    """Rows of which the second number decides, with noise."""
    random = np.random.default_rng(7)
    rows = random.normal(3, 2, (size, WIDTH))
    return rows.tolist(), (rows[:, 1] + random.normal(0, 1, size) > 3).tolist()


def confidences(weights: Weights, rows: list[list[float]]) -> list[float]:
    return [weights.confidence(Evidence(*row)) for row in rows]


def test_fit_finds_what_decides() -> None:
    rows, labels = sample(500)
    weights = fit(rows, labels)
    decisive = weights.coefficients[Evidence._fields[1]]
    assert decisive > 5 * max(abs(value) for name, value in weights.coefficients.items() if name != Evidence._fields[1])
    found = np.array(confidences(weights, rows)) > 0.5
    assert np.mean(found == labels) > 0.8


def test_fit_is_calibrated_on_what_it_saw() -> None:
    rows, labels = sample(500)
    assert np.mean(confidences(fit(rows, labels), rows)) == pytest.approx(np.mean(labels), abs=1e-6)


def test_fit_is_the_minimum() -> None:
    """The gradient of the penalised loss vanishes, in the units of the standardised numbers."""
    rows, labels = sample(300)
    weights = fit(rows, labels)
    values = np.array(rows)
    scaled = np.array(list(weights.coefficients.values())) * values.std(axis=0)
    standard = (values - values.mean(axis=0)) / values.std(axis=0)
    slope = standard.T @ (np.array(confidences(weights, rows)) - labels) + PENALTY * scaled
    np.testing.assert_allclose(slope, 0, atol=1e-5)


def test_fit_bears_a_number_that_never_varies() -> None:
    rows, labels = sample(50)
    constant = [[*row[:-1], 0.0] for row in rows]
    assert fit(constant, labels).coefficients[Evidence._fields[-1]] == pytest.approx(0)


def test_weights_survive_their_file(tmp_path: Path) -> None:
    weights = Weights(dict.fromkeys(Evidence._fields, 0.1), -1.0, 0.8, 0.3, 0.9, "by hand，手工")
    weights.save(tmp_path / "weights.json")
    assert Weights.load(tmp_path / "weights.json") == weights


def test_weights_for_other_evidence_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.json"
    Weights({"score": 1.0}, 0.0).save(path)
    with pytest.raises(ValueError, match="other evidence"):
        Weights.load(path)


def test_shipped_weights_can_be_read_and_say_where_they_come_from() -> None:
    weights = Weights.load()
    assert 0 < weights.likely < weights.sure < 1
    assert weights.level < 1
    assert weights.provenance.startswith("app matching train")
    assert weights.coefficients["elsewhere"] < 0 < weights.coefficients["cover"]


@pytest.mark.parametrize(
    ("confidence", "runner_up", "tier"),
    [
        (0.9, 0.1, Tier.sure),
        (0.8, 0.9, Tier.sure),
        (0.9, 0.95, Tier.likely),
        (0.79, 0.1, Tier.likely),
        (0.3, 0.99, Tier.likely),
        (0.29, 0.0, Tier.none),
    ],
)
def test_tiers_follow_confidence_and_lead(confidence: float, runner_up: float, tier: Tier) -> None:
    weights = Weights(dict.fromkeys(Evidence._fields, 0.0), 0.0, sure=0.8, likely=0.3, level=0.9)
    assert weights.tier(confidence, runner_up) is tier


def test_blank_weights_allow_nothing() -> None:
    assert Weights.blank().tier(1.0, 0.0) is Tier.none


def test_extreme_evidence_does_not_overflow() -> None:
    weights = Weights(dict.fromkeys(Evidence._fields, 1e6), 0.0)
    assert weights.confidence(Evidence(*[1e6] * WIDTH)) == pytest.approx(1)
    assert weights.confidence(Evidence(*[-1e6] * WIDTH)) == pytest.approx(0)


def test_the_digest_follows_every_number() -> None:
    plain = Weights(dict.fromkeys(Evidence._fields, 0.0), 0.0)
    other = Weights(dict.fromkeys(Evidence._fields, 0.0), 0.0, sure=0.9)
    assert plain.digest() != other.digest()
