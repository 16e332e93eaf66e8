"""Meanings as a further block of the likeness: what they find, and that nothing changes without them."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from app.matching import index as indexes
from app.matching.confidence import Weights
from app.matching.index import Index, Phrasing, normalised, spoken
from app.matching.match import Tier
from app.matching.meanings import SHARE, Meaning, MeaningWeights, Misfit, Rows
from tests.fakes.openai import OpenAi
from tests.language import LANGUAGE

DIMENSIONS = 48
JUDGE = MeaningWeights("tiny", DIMENSIONS, Weights.load())
THINGS = ["字幕", "弹幕", "投屏", "倍速", "退款", "发票", "密码", "缓存", "会员", "黑屏", "评论", "抽奖"]
WISHES = ["怎么打开{}", "{}不见了怎么办", "我想问问{}的事情", "为什么没有{}了", "{}在哪里看", "关闭{}"]
PAIRS = [(thing, wish.format(thing)) for thing in THINGS for wish in WISHES]
STRANGE = "把客厅里那台大家伙亮起来"
"""It has hardly a character in common with what it means."""
MODEL = OpenAi(dimensions=DIMENSIONS, alike={STRANGE: "怎么打开投屏"})
TEXTS = ["字幕怎么没有了", "关掉弹幕", "投频打不开", "我的会员呢", "怎么打开投屏", "谁知道", "😀", ""]


def meaning(text: str) -> Meaning:
    vector = np.array(MODEL.vector_of(text), np.float32)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def rows_of(phrasings: Sequence[Phrasing]) -> Rows:
    return np.stack([meaning(phrasing.text) for phrasing in phrasings])


def enriched(index: Index) -> Index:
    return index.with_meanings(rows_of(index.phrasings), JUDGE)


@pytest.fixture(scope="module")
def plain() -> Index:
    return Index.build(PAIRS, LANGUAGE)


@pytest.fixture(scope="module")
def index(plain: Index) -> Index:
    return enriched(plain)


@pytest.mark.parametrize("text", [*TEXTS, STRANGE])
def test_without_the_questions_meaning_nothing_changes(plain: Index, index: Index, text: str) -> None:
    assert index.match(text) == plain.match(text)
    assert index.rank(LANGUAGE.normalise(text)) == plain.rank(LANGUAGE.normalise(text))


def test_what_is_meant_is_found_whatever_is_written(plain: Index, index: Index) -> None:
    asked = LANGUAGE.normalise(STRANGE)
    before, after = plain.match_normalised(asked), index.match_normalised(asked, meaning(STRANGE))
    assert "投屏" not in [candidate.target for candidate in before.candidates[:1]]
    assert after.candidates[0].target == "投屏"


def test_a_text_without_a_known_character_is_found_too(plain: Index, index: Index) -> None:
    assert plain.rank("zzz") is None
    ranking = index.rank("zzz", meaning(STRANGE))
    assert ranking is not None
    assert ranking.candidates[0].target == "投屏"
    assert index.rank("", meaning(STRANGE)) is None


def test_what_is_written_still_counts_for_more(index: Index) -> None:
    """A meaning that leads astray does not outweigh the words."""
    assert SHARE < 0.5
    astray = index.match_normalised(LANGUAGE.normalise("怎么打开字幕呀这个"), meaning(STRANGE))
    assert astray.candidates[0].target == "字幕"


def test_it_is_judged_by_weights_of_its_own(plain: Index) -> None:
    asked = LANGUAGE.normalise("字幕没了打不开")
    silent = MeaningWeights("tiny", DIMENSIONS, Weights.blank())
    judged = plain.with_meanings(rows_of(plain.phrasings), silent)
    assert judged.match_normalised(asked, meaning("字幕没了")).tier is Tier.none
    assert judged.match_normalised(asked).confidence != 0.5


def test_versions_tell_what_a_match_depends_on(plain: Index, index: Index) -> None:
    asked = LANGUAGE.normalise(STRANGE)
    assert index.version == plain.version == index.match_normalised(asked).index_version
    assert index.match_normalised(asked, meaning(STRANGE)).index_version == index.meaning_version != index.version
    other = plain.with_meanings(rows_of(plain.phrasings), MeaningWeights("large", DIMENSIONS, JUDGE.weights))
    assert other.meaning_version != index.meaning_version


def test_a_phrasing_itself_needs_no_meaning(index: Index) -> None:
    match = index.match_normalised(LANGUAGE.normalise("怎么打开字幕"), meaning(STRANGE))
    assert (match.exact, match.candidates[0].target) == (True, "字幕")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda rows: rows[:-1],
        lambda rows: rows[:, :-1],
        lambda rows: np.concatenate([rows, rows], axis=1),
        lambda rows: rows[0],
        lambda rows: rows[:0],
    ],
)
def test_vectors_that_do_not_belong_are_refused_at_once(plain: Index, spoil: Callable[[Rows], Rows]) -> None:
    with pytest.raises(Misfit, match="vectors of"):
        plain.with_meanings(spoil(rows_of(plain.phrasings)), JUDGE)


def test_a_question_of_another_kind_is_refused(plain: Index, index: Index) -> None:
    for asked in (index, plain):
        with pytest.raises(Misfit):
            asked.match_normalised("字幕", np.ones(3, np.float32))


# ----------------------------------------------------------------------------------------------------------- the delta


@pytest.fixture
def edited(plain: Index, monkeypatch: pytest.MonkeyPatch) -> Index:
    monkeypatch.setattr(indexes, "DELTA_FROM", 10)
    pairs = [pair for pair in PAIRS if pair[1] not in ("怎么打开投屏", "抽奖在哪里看")] + [("电视", "大屏上放出来")]
    known = normalised(pairs, LANGUAGE)
    assert plain.pays_to_update(known, plain.language, plain.weights)
    return plain.updated(known)


def test_a_delta_has_no_meanings_until_it_gets_its_own(index: Index, edited: Index) -> None:
    assert edited.meanings is None
    assert index.updated(edited.phrasings).meanings is None


def test_the_meanings_of_a_delta_stand_beside_their_phrasings(edited: Index) -> None:
    after, anew = enriched(edited), enriched(Index.build(edited.phrasings, LANGUAGE))
    assert after.meaning_version == anew.meaning_version
    for target, text in edited.phrasings:
        ranking = after.rank("龘", meaning(text))
        assert ranking is not None
        assert ranking.candidates[0].target == target, text


def test_what_is_gone_is_not_found_by_its_meaning(index: Index, edited: Index) -> None:
    before, after = (
        one.match_normalised("龘", meaning("怎么打开投屏")).candidates for one in (index, enriched(edited))
    )
    assert before[0].target == "投屏"
    assert (before[0].target, before[0].score) not in [(one.target, one.score) for one in after]
    assert max(one.score for one in after) < 0.8 * before[0].score


def test_phrasings_are_compared_by_what_was_said_and_not_by_their_order() -> None:
    pairs = [("a", "《长风渡》第8集没字幕，咋办？"), ("b", "有字幕吗？"), ("b", "有字幕啊"), ("c", "《长风渡》")]
    said = spoken(pairs, LANGUAGE)
    assert said == spoken(pairs[::-1], LANGUAGE)
    assert sorted(said) == normalised(pairs, LANGUAGE)
    assert "长风渡" not in said[normalised(pairs[:1], LANGUAGE)[0]]
    assert "长风渡" in said[normalised(pairs[3:], LANGUAGE)[0]]


# --------------------------------------------------------------------------------------------------------- the weights


def test_weights_come_back_as_they_were_saved(tmp_path: Path) -> None:
    JUDGE.save(tmp_path / "weights.json")
    assert MeaningWeights.load(tmp_path / "weights.json") == JUDGE


@pytest.mark.parametrize(
    "change",
    [
        {"share": SHARE + 0.1},
        {"model": None},
        {"dimensions": "48"},
        {"dimensions": True},
        {"coefficients": {"strength": 1.0}},
    ],
)
def test_weights_of_another_kind_are_refused(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "weights.json"
    JUDGE.save(path)
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | change), encoding="utf-8")
    with pytest.raises(ValueError, match=r"weights\.json"):
        MeaningWeights.load(path)


def test_a_file_that_holds_no_weights(tmp_path: Path) -> None:
    path = tmp_path / "weights.json"
    for content in ("", "[]", "{}"):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(ValueError, match=r"weights\.json|JSON|Expecting"):
            MeaningWeights.load(path)
