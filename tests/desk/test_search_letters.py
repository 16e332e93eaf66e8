"""How texts are compared, and where in the text as it was written something stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.desk.search.grams import BITS, grams, ranges, wanted
from app.desk.search.letters import find, fold
from app.desk.search.query import parse
from app.desk.search.snippets import LENGTH, cut

_LETTERS = st.text(st.sampled_from("会員员ＡaÉe\u0301ﬁﬀ①1ß😀👨\u200d👩，。 -里裡"), max_size=12)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("我的會員沒有生效", "会员"),
        ("我的会员没有生效", "會員"),
        ("ＥＲＲ５１０３ 打不开", "err5103"),
        ("播放 err5103", "Ｅｒｒ"),
        ("Cafe\u0301 里见", "café 裡"),
        ("会\u200b员", "会员"),  # written so that a filter does not see it
        ("工单 T－20416 呢", "t-20416"),
        ("哈哈😀", "😀"),
    ],
)
def test_what_reads_alike_is_alike(text: str, word: str) -> None:
    assert parse(word).meets(text)


def test_places_are_those_of_the_text_as_it_was_written() -> None:
    text = "😀ﬁ①：ＥＲＲ５１０３，e\u0301會員和会员会员"
    marked = [text[start:end] for start, end in find(text, ["5103", "1:", "e", "会员"])]
    assert marked == ["①：Ｅ", "５１０３", "e\u0301會員", "会员会员"]
    assert find("没有", ["会员"]) == []


@given(_LETTERS, _LETTERS)
def test_a_part_of_a_text_is_folded_to_a_part_of_the_folded_text(one: str, other: str) -> None:
    assert fold(one + other) == fold(one) + fold(other)
    assert fold(fold(one)) == fold(one)


@given(_LETTERS, _LETTERS, _LETTERS)
def test_what_holds_a_word_holds_its_grams(before: str, word: str, after: str) -> None:
    held, terms = grams(before + word + after), fold(word).split()
    assert set(wanted(terms)) <= held
    assert all(any(first <= gram <= last for gram in held) for first, last in ranges(terms))


def test_neighbours_are_indexed_once_and_not_across_punctuation() -> None:
    held = {(gram >> BITS, gram & (1 << BITS) - 1) for gram in grams("会员，会员T-1")}
    assert held == {(ord("会"), ord("员")), (ord("员"), 0), (ord("员"), ord("t")), (ord("t"), 0), (ord("1"), 0)}


def test_a_long_text_is_shown_around_the_first_hit() -> None:
    text = "前" * 300 + "会员" + "后" * 300
    snippet = cut(text, ["会员"])
    assert len(snippet.text) == LENGTH
    assert [snippet.text[start:end] for start, end in snippet.marks] == ["会员"]
    assert (snippet.is_begun, snippet.is_cut) == (True, True)
    assert cut("我的会员", ["会员"]).text == "我的会员"


def test_what_is_one_character_to_the_eye_is_not_cut() -> None:
    text = "会员" + "后" * (LENGTH - 3) + "👨\u200d👩\u200d👧" + "后" * 50
    assert cut(text, ["会员"]).text.endswith("后")
