import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.matching.confidence import Weights
from app.matching.entities import extract
from app.matching.index import Index, Phrasing
from app.matching.language import PLAIN
from app.matching.match import Candidate, Match, Tier
from app.matching.ridge import NEAREST
from tests.language import LANGUAGE

KNOWN = [
    Phrasing("subtitle", "没有字幕怎么打开？"),
    Phrasing("subtitle", "字幕不见了"),
    Phrasing("subtitle", "看不到字幕"),
    Phrasing("refund", "会员可以退款吗？"),
    Phrasing("refund", "买错了会员能退钱吗"),
    Phrasing("cast", "怎么投屏到电视？"),
    Phrasing("cast", "手机上的片子怎么放到电视上"),
    Phrasing("error", "播放提示错误代码怎么办？"),
    Phrasing("error", "弹出错误码"),
]


@pytest.fixture(scope="module")
def index() -> Index:
    return Index.build(KNOWN, LANGUAGE)


def best(match: Match) -> str:
    return match.candidates[0].target


@pytest.mark.parametrize("phrasing", KNOWN)
def test_a_phrasing_itself_is_sure(index: Index, phrasing: Phrasing) -> None:
    match = index.match(phrasing.text)
    assert (match.tier, match.exact, match.confidence) == (Tier.sure, True, 1.0)
    assert match.candidates == (Candidate(phrasing.target, 1.0),)


@pytest.mark.parametrize("text", ["没有字幕咋打开啊", "請問沒有字幕怎麼打開？", "没有字幕如何打开😭"])
def test_so_is_the_same_in_other_words(index: Index, text: str) -> None:
    assert index.match(text).exact


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("我这边字幕没有了", "subtitle"),
        ("退款退到哪", "refund"),
        ("投频到电视上", "cast"),
        ("怎么头屏", "cast"),
        ("一直弹错误码", "error"),
    ],
)
def test_the_nearest_target_comes_first(index: Index, text: str, target: str) -> None:
    match = index.match(text)
    assert best(match) == target
    assert not match.exact
    assert 0 < match.confidence < 1


def test_entities_leave_what_matches(index: Index) -> None:
    assert best(index.match(extract("《长风渡》第8集没字幕").rest)) == "subtitle"
    assert best(index.match(extract("错误码30012").rest)) == "error"


@pytest.mark.parametrize("text", ["", "？？", "😭", "[微笑]", "ψω"])
def test_nothing_in_common_is_no_match(index: Index, text: str) -> None:
    match = index.match(text)
    assert (match.tier, match.candidates, match.confidence) == (Tier.none, (), 0.0)


def test_a_phrasing_of_two_targets_is_never_sure() -> None:
    match = Index.build([*KNOWN, Phrasing("other", "字幕不见了")], LANGUAGE).match("字幕不见了")
    assert match.tier is Tier.likely
    assert {candidate.target for candidate in match.candidates} == {"subtitle", "other"}


def test_an_empty_index_matches_nothing() -> None:
    assert Index.build([], LANGUAGE).match("没有字幕").tier is Tier.none


def test_a_single_target_has_no_runner_up() -> None:
    assert best(Index.build([Phrasing("a", "没有字幕")], LANGUAGE).match("字幕没有了吗")) == "a"


def test_phrasings_of_symbols_are_passed_over() -> None:
    assert Index.build([Phrasing("a", "？？？")], LANGUAGE).match("？？？").candidates == ()


@given(st.text())
def test_never_raises_and_is_deterministic(index: Index, text: str) -> None:
    match = index.match(text)
    assert match == index.match(text)
    assert len(match.candidates) <= 5
    assert list(match.candidates) == sorted(match.candidates, key=lambda candidate: -candidate.score)
    assert 0 <= match.confidence <= 1


def test_normalised_text_and_version_decide_alone(index: Index) -> None:
    text = "我这边字幕没有了"
    match = index.match(text)
    assert match == index.match_normalised(LANGUAGE.normalise(text))
    assert match.normalised == LANGUAGE.normalise(text)
    assert match.index_version == index.version


def test_the_order_of_phrasings_does_not_matter(index: Index) -> None:
    again = Index.build(reversed([*KNOWN, *KNOWN]), LANGUAGE)
    assert again.version == index.version
    assert again.match("我这边字幕没有了") == index.match("我这边字幕没有了")


def test_the_version_follows_phrasings_rules_and_weights(index: Index) -> None:
    others = [(KNOWN[1:], LANGUAGE, None), (KNOWN, LANGUAGE, Weights.blank()), (KNOWN, PLAIN, None)]
    assert len({index.version, *(Index.build(*parts).version for parts in others)}) == 4


def test_words_of_other_peoples_business_count_until_a_phrasing_has_them() -> None:
    price = [Phrasing("price", "会员多少钱"), Phrasing("refund", "会员退款")]
    for known, elsewhere in ((price, 1.0), ([*price, Phrasing("price", "物业公司买会员有折扣吗")], 0.0)):
        ranking = Index.build(known, LANGUAGE).rank("物业费多少钱")
        assert ranking is not None
        assert ranking.evidence.elsewhere == elsewhere


def test_a_long_story_is_cut_not_refused(index: Index) -> None:
    assert best(index.match("没有字幕" + "今天天气真好" * 5000)) == "subtitle"


def test_large_knowledge_is_matched_by_its_neighbourhood() -> None:
    things = [chr(code) for code in range(0x4E00, 0x4E00 + 10 * NEAREST)]
    known = [Phrasing(thing, text) for thing in things for text in (f"怎么打开{thing}功能", f"{thing}在哪里")]
    index = Index.build(known, LANGUAGE)
    for thing in things[::100]:
        assert best(index.match(f"{thing}要怎么打开")) == thing


def test_the_service_does_without_pypinyin() -> None:
    code = "import sys, app.matching.index, app.matching.entities; sys.exit('pypinyin' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
