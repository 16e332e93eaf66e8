import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.channels.text import carriable, split_text

CHINESE = st.text(st.sampled_from("会员退款，。！？；\n 第5集a,b!👍🏽👨‍👩‍👧🇨🇳e\u0301"), max_size=300)


def size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


@settings(deadline=None, max_examples=60)
@given(st.text() | CHINESE, st.integers(4, 60))
def test_parts_fit_and_joined_are_the_text(text: str, limit: int) -> None:
    parts = split_text(text, limit)
    assert "".join(parts) == text
    assert all(parts)
    assert all(size(part) <= limit for part in parts)


@settings(deadline=None)
@given(CHINESE, st.integers(64, 200))
def test_no_visible_character_is_torn(text: str, limit: int) -> None:
    for part in split_text(text, limit)[1:]:
        assert not part.startswith(("\u200d", "\u0301", "\U0001f3fd", "\ufe0f"))
    for part in split_text(text, limit)[:-1]:
        assert not part.endswith("\u200d")


@settings(deadline=None)
@given(CHINESE, st.integers(40, 200))
def test_no_more_parts_than_a_quarter_filled_each(text: str, limit: int) -> None:
    # The quarter is one of characters; the widest here has four bytes, the narrowest one.
    assert len(split_text(text, limit)) <= 1 + 16 * size(text) // limit


def test_a_text_that_fits_is_one_part() -> None:
    assert split_text("", 10) == []
    assert split_text("一二三", 9) == ["一二三"]
    assert split_text("一二三", 8) == ["一二", "三"]


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        ("第一句。第二句。第三句", 27, ["第一句。第二句。", "第三句"]),
        ("真的吗？是的！好；行", 24, ["真的吗？是的！", "好；行"]),
        ("他说“走。”然后离开了", 20, ["他说“走。”", "然后离开了"]),
        ("第一行\n\n第二行很长", 18, ["第一行\n\n", "第二行很长"]),
        ("没有句号，只有逗号，到处都是", 33, ["没有句号，只有逗号，", "到处都是"]),
        ("没有任何标点的文字", 12, ["没有任何", "标点的文", "字"]),
        ("Only words and blanks here", 12, ["Only words ", "and blanks ", "here"]),
        ("详情请见 https://a.test/?id=3 好", 24, ["详情请见 ", "https://a.test/?id=3 好"]),
        ("一共1,000,000元", 12, ["一共1,000,", "000元"]),
        ("啊啊啊\r\n啊", 10, ["啊啊啊", "\r\n啊"]),
        ("一二三!\ufe0f四五六", 12, ["一二三", "!\ufe0f四五", "六"]),
        ("好。这一句没有标点而且非常长", 33, ["好。这一句没有标点而且", "非常长"]),
    ],
)
def test_where_a_text_is_cut(text: str, limit: int, parts: list[str]) -> None:
    assert split_text(text, limit) == parts


@pytest.mark.parametrize("emoji", ["👍🏽", "👨‍👩‍👧", "🇨🇳", "1️⃣", "❤️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "e\u0301"])
def test_an_emoji_stays_whole(emoji: str) -> None:
    text = "啊" * 5 + emoji * 3 + "啊" * 5
    for limit in range(size(emoji) + 3, size(text)):
        for part in split_text(text, limit):
            assert part.strip("啊").replace(emoji, "") == ""


def test_an_emoji_larger_than_the_limit_is_cut_rather_than_lost() -> None:
    assert "".join(split_text("👨‍👩‍👧", 10)) == "👨‍👩‍👧"


@pytest.mark.parametrize("limit", [-1, 0, 3])
def test_a_limit_that_cannot_hold_every_character_is_an_error(limit: int) -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        split_text("字", limit)


def test_what_cannot_be_carried_is_left_out() -> None:
    assert carriable("a\x00\x08\x0b\x0c\x1f\ud800\ufffe\uffffb\t\n\r\x7f😀") == "ab\t\n\r\x7f😀"
