import pytest

from app.advisers.masking import LONGEST, mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("我手机13812345678收不到验证码", "我手机〔号码〕收不到验证码"),
        ("打 138-1234-5678 找我", "打 〔号码〕 找我"),
        ("+86 138 1234 5678", "+〔号码〕"),
        ("１３８１２３４５６７８", "〔号码〕"),
        ("138\u200b1234\u200b5678", "〔号码〕"),
        ("138，1234，5678", "〔号码〕"),
        ("一三八一二三四五六七八", "〔号码〕"),
        ("座机010-62345678", "座机〔号码〕"),
        ("身份证11010119900307765X", "身份证〔号码〕"),
        ("110101 19900307 765x 是我的", "〔号码〕 是我的"),
        ("卡号6222 0212 3456 7890 123扣了", "卡号〔号码〕扣了"),
        ("订单 E20260302123456 没到", "订单 E〔号码〕 没到"),
        ("发到zhang.san+tv@mail.example.com.cn吧", "发到〔邮箱〕吧"),
        ("ＡＢＣ＠ｑｑ．ｃｏｍ", "〔邮箱〕"),
        ("看 https://example.com/a?token=secret 这个", "看 〔链接〕 这个"),
        ("www.example.com/me打不开", "〔链接〕打不开"),
    ],
)
def test_what_tells_who_somebody_is_stays_here(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize("text", ["第12集没有声音", "错误码30012", "2026年第3季还有吗", "三三两两", "12345@6"])
def test_what_the_question_is_about_stays_readable(text: str) -> None:
    assert mask(text) == text


def test_it_is_one_short_line() -> None:
    assert mask("第一行\n\n第二行\t") == "第一行 第二行"
    assert len(mask("卡" * 3000)) == LONGEST


@pytest.mark.parametrize("piece", ["1", "a@", "1a", "a.", "www.", "https://a ", "一 "])
def test_no_text_keeps_it_busy(piece: str) -> None:
    """With a pattern of quadratic time this would not end."""
    mask(piece * 200_000)
