import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.matching.clauses import LONGEST, MOST, SHORTEST, asks, split
from app.matching.normalise import clean


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("", []),
        ("🤔！！", []),
        ("会员怎么退款", ["会员怎么退款"]),
        ("会员怎么退款？发票怎么开", ["会员怎么退款", "发票怎么开"]),
        ("会员怎么退款\n发票怎么开", ["会员怎么退款", "发票怎么开"]),
        ("会员怎么退款 发票怎么开", ["会员怎么退款", "发票怎么开"]),
        ("会员怎么退款,发票怎么开", ["会员怎么退款", "发票怎么开"]),
        ("会员怎么退款另外发票怎么开", ["会员怎么退款", "发票怎么开"]),
        ("会员怎么退款，顺便问一下发票怎么开", ["会员怎么退款", "发票怎么开"]),
        ("播放卡顿、黑屏怎么办", ["播放卡顿、黑屏怎么办"]),
        ("打开 App 就闪退", ["打开 App 就闪退"]),
        ("装的是8.2.1版", ["装的是8.2.1版"]),
    ],
)
def test_cuts_stand_where_the_writer_made_them(text: str, clauses: list[str]) -> None:
    assert split(text) == clauses


def test_a_word_that_may_belong_to_the_question_cuts_only_between_two() -> None:
    assert split("为什么会员还有广告") == ["为什么会员还有广告"]
    assert split("会员怎么退款还有发票怎么开") == ["会员怎么退款", "发票怎么开"]


def test_a_fragment_joins_its_neighbour() -> None:
    assert split("唉，我的会员没到账，急") == ["唉，我的会员没到账，急"]


def test_what_stands_by_itself_is_no_fragment() -> None:
    assert split("退订，会员怎么退款", {"退订"}.__contains__) == ["退订", "会员怎么退款"]
    assert split("唉，退订，急", {"退订"}.__contains__) == ["唉", "退订", "急"]


def test_there_is_an_end_to_it() -> None:
    assert len(split("会员怎么退款，" * 50)) == MOST
    assert sum(map(len, split("会" * 10_000))) == LONGEST


@given(st.text(alphabet=st.sampled_from("会员怎么退款还有另外，。？ \n1a.:,吗"), max_size=700))
def test_clauses_are_bounded_and_in_order(text: str) -> None:
    clauses = split(text)
    assert len(clauses) <= MOST
    assert all(map(clean, clauses))
    assert len(clauses) < 2 or all(len(clean(clause)) >= SHORTEST for clause in clauses)
    whole = iter(clean(text[:LONGEST]))
    assert all(character in whole for character in clean("".join(clauses)))  # a subsequence
    assert split(text) == clauses


@given(st.text(max_size=100))
def test_nothing_raises(text: str) -> None:
    assert len(split(text)) <= MOST


def test_what_asks_and_what_tells() -> None:
    assert asks("发票怎么开")
    assert asks("可以退款")
    assert not asks("奖品寄到了")
