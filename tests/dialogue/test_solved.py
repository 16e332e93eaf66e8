"""Whether it is solved, as viewers say it."""

import pytest

from app.dialogue import solved

YES = [
    "解决了", "解决了，谢谢", "这次行了", "这次行了，4分吧", "现在正常了", "已经好了", "都好了！",
    "没有问题了", "没问题了，谢谢", "没有别的问题了",
    "没事了", "没想到这么快，好了", "終於，解決了",
]  # fmt: skip
NO = [
    "没有", "还没有", "没", "沒有", "還沒好", "没解决", "根本没解决！", "未解决", "还是不行", "还是老样子",
    "还没好呢", "一点用没有", "没有用",
    "解决了一半，第9集还是没有", "第9集能看了，第10集没声音", "钱还没退",
    "没有，字幕还是没有", "看不了", "好了一会儿又不行",
]  # fmt: skip
NEITHER = [
    "", "谢谢", "在吗", "等我回家看看", "解决了吗你们？", "解决了？我怎么没看到", "没有会员能看吗",
    "有没有别的办法", "好了再告诉你", "还是可以的",
    "会员可以退款吗？", "怎么还没到账",
]  # fmt: skip


@pytest.mark.parametrize("text", YES)
def test_a_yes(text: str) -> None:
    assert solved.read(text) is True


@pytest.mark.parametrize("text", NO)
def test_a_no_wins_as_it_says_what_is_left(text: str) -> None:
    assert solved.read(text) is False


@pytest.mark.parametrize("text", NEITHER)
def test_what_asks_or_speaks_of_something_else_is_neither(text: str) -> None:
    assert solved.read(text) is None


def test_a_long_text_costs_nothing() -> None:
    assert solved.read("好" * 20_000 + "没" * 20_000) is False
