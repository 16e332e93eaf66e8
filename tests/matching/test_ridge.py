import numpy as np
import pytest

from app.matching.entries import runs
from app.matching.joined import Joined
from app.matching.postings import Arrays, Postings, sums
from app.matching.ridge import NEAREST, NOISE, SHARPNESS, kernel, nearest, solve
from app.matching.vocabulary import Floats, Vector, Vocabulary
from tests.language import LANGUAGE

WORDS = ["会员", "字幕", "投屏", "退款", "登录", "怎么", "为什么", "没有", "打开", "多少钱"]
TEXTS = [first + second for first in WORDS for second in WORDS if first != second]
VOCABULARY = Vocabulary.of(TEXTS, LANGUAGE)
GRAMS = len(VOCABULARY.rarities)


def vector(text: str) -> Vector:
    return VOCABULARY.vector(VOCABULARY.read(text))


def dense(text: str) -> Floats:
    full = np.zeros(GRAMS)
    full[vector(text).grams] = vector(text).weights
    return full


MATRIX = np.array([dense(text) for text in TEXTS])
BETWEEN = MATRIX @ MATRIX.T
NONE = np.array([], np.intp)
POSTINGS = Postings(Arrays.of([vector(text) for text in TEXTS], GRAMS))


@pytest.fixture(params=["会员怎么退款", "字幕打不开", "钱", "为什么登录不了会员投屏"])
def question(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_likeness_is_the_product_of_the_vectors(question: str) -> None:
    rows, likeness = POSTINGS.nearest(vector(question), NONE)
    np.testing.assert_allclose(likeness, (MATRIX @ dense(question))[rows], atol=1e-6)
    assert len(set(rows)) == len(rows) > 0


def test_what_is_gone_is_not_found(question: str) -> None:
    rows, likeness = POSTINGS.nearest(vector(question), NONE)
    gone = rows[likeness.argsort()[-3:]]
    assert set(POSTINGS.nearest(vector(question), gone)[0]) == set(rows) - set(gone)


def test_a_text_that_has_all_kinds_of_grams_has_length_one() -> None:
    assert np.linalg.norm(dense("会员怎么退款")) == pytest.approx(1)


def test_reading_the_rarest_grams_first_finds_the_same_phrasings(
    question: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = MATRIX @ dense(question)
    monkeypatch.setattr("app.matching.postings.BUDGET", 150)
    monkeypatch.setattr("app.matching.postings.POOL", 40)
    rows, likeness = POSTINGS.nearest(vector(question), NONE)
    assert len(rows) <= 40
    np.testing.assert_allclose(likeness, whole[rows], atol=1e-6)
    assert likeness.max() == pytest.approx(whole.max())


def test_cosines_between_some_are_those_between_all() -> None:
    rows = np.array([3, 50, 17])
    np.testing.assert_allclose(POSTINGS.between(rows), BETWEEN[np.ix_(rows, rows)], atol=1e-6)


def test_a_base_and_a_delta_are_compared_like_one() -> None:
    vectors, asked = [vector(text) for text in TEXTS], vector("会员怎么退款")
    base, delta = (Postings(Arrays.of(part, GRAMS)) for part in (vectors[:60], vectors[60:]))
    joined = Joined(base, delta, GRAMS)
    rows = np.array([75, 3, 60, 50, 89])
    np.testing.assert_allclose(joined.between(rows), BETWEEN[np.ix_(rows, rows)], atol=1e-6)
    np.testing.assert_allclose(joined.cosines(asked, rows), POSTINGS.cosines(asked, rows), atol=1e-6)
    assert joined.grams_of(rows).tolist() == POSTINGS.grams_of(rows).tolist()
    assert [joined.grams(row) for row in (3, 75)] == [POSTINGS.grams(row) for row in (3, 75)]


def test_the_solution_is_that_of_the_formula(question: str) -> None:
    likeness = MATRIX @ dense(question)
    inverse = np.linalg.inv(np.exp(SHARPNESS * (BETWEEN - 1)) + NOISE * np.eye(len(TEXTS)))
    owners = np.arange(len(TEXTS)) % 7
    solved = sums(solve(BETWEEN, likeness), owners, 7)
    np.testing.assert_allclose(solved, kernel(likeness) @ inverse @ np.eye(7)[owners], atol=1e-6)


def test_the_nearest_are_the_most_alike() -> None:
    likeness = np.random.default_rng(1).permutation(200) / 200
    assert set(likeness[nearest(likeness)]) == set(np.sort(likeness)[-NEAREST:])
    assert set(nearest(likeness[:10])) == set(range(10))


def test_runs_count_up_to_their_stops() -> None:
    assert runs(np.array([3, 10, 10]), np.array([2, 3, 0])).tolist() == [1, 2, 7, 8, 9]
    assert runs(np.array([], np.intp), np.array([], np.intp)).tolist() == []


def test_a_vocabulary_that_learns_leaves_the_first_as_it_was() -> None:
    before = VOCABULARY.read("会员蓝光画质")
    learned = VOCABULARY.extended(["蓝光画质", "会员蓝光"])
    after = learned.read("会员蓝光画质")
    assert VOCABULARY.read("会员蓝光画质") == before
    assert set(before.characters) < set(after.characters)
    assert set(before.pairs) < set(after.pairs)
    assert (after.strangers, before.strangers) == (0, 4)
    new = {*after.characters, *after.pairs, *after.syllables, *after.groups} - set(range(GRAMS))
    assert new == set(range(GRAMS, GRAMS + len(new)))
    assert len(learned.rarities) == GRAMS + len(new)
