from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.matching.normalise import clean, convert, simplify
from tests.language import LANGUAGE

normalise = LANGUAGE.normalise
QUESTIONS = Path(__file__).parents[1] / "eval" / "data" / "viewer_dev.jsonl"


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("ＶＩＰ　会员１个月多少钱？", "vip会员1个月多少钱"),
        ("会 员\u200b怎\ufeff么 退\u00ad款", "会员怎么退款"),
        ("没字幕😭😭👨‍👩‍👧", "没字幕"),
        ("没字幕[流泪][Facepalm]", "没字幕"),
        ("没字幕/::~/:rose/:,@-D", "没字幕"),
        ("出现[错误码30012]", "出现错误码30012"),
        ("Wi-Fi 没问题", "wifi没问题"),
    ],
)
def test_width_case_blanks_and_emoji_do_not_matter(written: str, compared: str) -> None:
    assert normalise(written) == compared


@pytest.mark.parametrize(
    ("taiwanese", "mainland"),
    [
        ("網路明明沒問題", "网络明明没问题"),
        ("收不到驗證簡訊", "收不到验证短信"),
        ("怎麼登入帳號", "怎么登录账号"),
        ("這部影片的解析度", "这部视频的分辨率"),
        ("程式打不開", "程序打不开"),
    ],
)
def test_taiwanese_reads_like_the_mainland(taiwanese: str, mainland: str) -> None:
    assert normalise(taiwanese) == mainland


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("请问如何退款呢？", "怎么退款"),
        ("会员咋退款啊", "会员怎么退款"),
        ("为啥黑屏", "为什么黑屏"),
        ("能不能退款", "可否退款"),
        ("弹幕在哪儿关", "弹幕哪里关"),
        ("啥时候更新", "什么时候更新"),
    ],
)
def test_same_meaning_looks_the_same(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize("text", ["", "？？？", "😭", "[微笑][微笑]", "。 。", "___", "\u200b", "/:rose", "👍🏻"])
def test_nothing_but_symbols_is_nothing(text: str) -> None:
    assert normalise(text) == ""


@pytest.mark.parametrize("text", ["你好", "谢谢", "谢谢你", "请问", "哈哈", "吗"])
def test_rules_that_would_leave_nothing_are_not_applied(text: str) -> None:
    assert normalise(text) == text


def test_money_is_not_taken_for_a_particle() -> None:
    assert normalise("退款金额") == "退款金额"


@given(st.text())
def test_any_text_has_a_form_that_is_clean(text: str) -> None:
    form = normalise(text)
    assert form == clean(form)


def test_the_short_cut_changes_nothing() -> None:
    """Simplified, traditional and Taiwanese texts come out as if OpenCC had always been asked."""
    for line in QUESTIONS.read_text(encoding="utf-8").splitlines():
        text = clean(line)
        assert simplify(text) == convert(text)


@given(st.text("的怎么秘幺影片程式登入只里後网網使用者停用坏瞭藉覆为為1a", max_size=12))
def test_the_short_cut_sees_every_trigger(text: str) -> None:
    assert simplify(text) == convert(text)
