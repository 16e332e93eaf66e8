import numpy as np
import pytest

from app.matching.postings import Floats, Postings, sums
from app.matching.ridge import NEAREST, Nearest, Whole, kernel, solve
from app.matching.vocabulary import Vocabulary

WORDS = ["会员", "字幕", "投屏", "退款", "登录", "怎么", "为什么", "没有", "打开", "多少钱"]
TEXTS = [first + second for first in WORDS for second in WORDS if first != second]
OWNERS = np.arange(len(TEXTS)) % 7
VOCABULARY = Vocabulary(TEXTS)
POSTINGS = Postings([VOCABULARY.read(text) for text in TEXTS], VOCABULARY)
BETWEEN = np.array([POSTINGS.likeness(VOCABULARY.read(text)) for text in TEXTS])


@pytest.fixture(params=["会员怎么退款", "字幕打不开", "钱", "为什么登录不了会员投屏"])
def likeness(request: pytest.FixtureRequest) -> Floats:
    return POSTINGS.likeness(VOCABULARY.read(request.param))


def test_likeness_is_a_cosine() -> None:
    np.testing.assert_allclose(np.diag(BETWEEN), 1)
    np.testing.assert_allclose(BETWEEN, BETWEEN.T)
    assert BETWEEN.min() >= 0


def test_what_is_precomputed_equals_what_is_solved(likeness: Floats) -> None:
    solved = sums(solve(BETWEEN, likeness), OWNERS, 7)
    np.testing.assert_allclose(Whole(BETWEEN, OWNERS, 7).scores(likeness), solved, atol=1e-6)


def test_the_solution_is_that_of_the_formula(likeness: Floats) -> None:
    inverse = np.linalg.inv(np.exp(2 * (BETWEEN - 1)) + 0.1 * np.eye(len(TEXTS)))
    members = np.eye(7)[OWNERS]
    scores = Whole(BETWEEN, OWNERS, 7).scores(likeness)
    np.testing.assert_allclose(scores, kernel(likeness) @ inverse @ members, atol=1e-6)


def test_the_neighbourhood_sees_only_the_nearest(likeness: Floats) -> None:
    likeness = likeness + np.linspace(0, 1e-9, len(TEXTS))  # no ties at the border
    near = np.argsort(likeness)[-NEAREST:]
    expected = sums(solve(BETWEEN[np.ix_(near, near)], likeness[near]), OWNERS[near], 7)
    np.testing.assert_allclose(Nearest(POSTINGS.between, OWNERS, 7).scores(likeness), expected, atol=1e-4)


def test_cosines_between_some_are_those_between_all() -> None:
    rows = np.array([3, 50, 17])
    np.testing.assert_allclose(POSTINGS.between(rows), BETWEEN[np.ix_(rows, rows)], atol=1e-6)
