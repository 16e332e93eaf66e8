import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.matching.entities import Extraction, Slots, extract


@pytest.mark.parametrize(
    ("text", "rest", "slots"),
    [
        ("《长风渡》第8集没字幕", "没字幕", Slots(title="长风渡", episode=8)),
        ("《 你好，李焕英 》没有字幕", "没有字幕", Slots(title="你好，李焕英")),
        ("第十二集没声音", "没声音", Slots(episode=12)),
        ("第２集没字幕", "没字幕", Slots(episode=2)),
        ("第12期卡", "卡", Slots(episode=12)),
        ("第3話沒字幕", "沒字幕", Slots(episode=3)),
        ("第一百零五集黑屏", "黑屏", Slots(episode=105)),
        ("第二十集黑屏", "黑屏", Slots(episode=20)),
        ("第一〇五集黑屏", "黑屏", Slots(episode=105)),
        ("12集黑屏", "黑屏", Slots(episode=12)),
        ("E12 黑屏", "黑屏", Slots(episode=12)),
        ("ep.7黑屏", "黑屏", Slots(episode=7)),
        ("S2E5 没声音", "没声音", Slots(season=2, episode=5)),
        ("s02e05没声音", "没声音", Slots(season=2, episode=5)),
        ("第二季第5集卡顿", "卡顿", Slots(season=2, episode=5)),
        ("第2季5集卡顿", "卡顿", Slots(season=2, episode=5)),
        ("《庆余年》第二季没字幕", "没字幕", Slots(title="庆余年", season=2)),
    ],
)
def test_a_place_in_a_series_leaves_the_question(text: str, rest: str, slots: Slots) -> None:
    assert extract(text) == Extraction(rest, slots)


@pytest.mark.parametrize(
    ("text", "rest", "code"),
    [
        ("错误码30012", "错误码", "30012"),
        ("错误代码 E-30012", "错误代码", "E-30012"),
        ("錯誤碼：5001", "錯誤碼:", "5001"),
        ("报错1234怎么办", "报错怎么办", "1234"),
        ("error code 5001", "error code", "5001"),
    ],
)
def test_an_error_code_leaves_the_word(text: str, rest: str, code: str) -> None:
    assert extract(text) == Extraction(rest, Slots(error_code=code))


@pytest.mark.parametrize(
    ("text", "code"), [("提示 E-2004", "E-2004"), ("ERR 5103", "ERR5103"), ("异常 -1007", "-1007")]
)
def test_a_bare_error_code_becomes_the_word(text: str, code: str) -> None:
    found = extract(text)
    assert found.slots.error_code == code
    assert "错误码" in found.rest
    assert code not in found.rest


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("第二季什么时候出", Slots(season=2)),
        ("会有第三季吗", Slots(season=3)),
        ("有第二季吗", Slots(season=2)),
        ("从第6集直接跳到第8集", Slots(episode=6)),
        ("12集和13集内容一样", Slots(episode=12)),
        ("第5到8集没有声音", Slots(episode=5)),
    ],
)
def test_a_question_about_the_place_itself_keeps_it(text: str, slots: Slots) -> None:
    assert extract(text) == Extraction(text, slots)


@pytest.mark.parametrize(
    ("text", "rest"),
    [("少了第7集", "少了这集"), ("第8集什么时候更新", "这集什么时候更新"), ("第9集还没上", "这集还没上")],
)
def test_a_missing_episode_stays_an_episode(text: str, rest: str) -> None:
    assert extract(text).rest == rest


@pytest.mark.parametrize(
    "text",
    [
        "一共多少集",
        "一共36集吗",
        "全剧24集还是36集",
        "更新到第几集了",
        "每天更两集",
        "能不能只买其中两集",
        "一集三块",
        "分12期免息",
        "工单尾号0823，处理到哪一步了",
        "验证码 123456 不对",
        "打12315投诉",
        "1080P看不清",
        "第一次输入就说已被使用",
        "《》",
        "",
    ],
)
def test_counts_and_other_numbers_are_no_place(text: str) -> None:
    assert extract(text) == Extraction(text, Slots())


def test_only_a_title_leaves_nothing_to_ask() -> None:
    assert extract("《长风渡》第8集") == Extraction("", Slots(title="长风渡", episode=8))


@given(st.text(alphabet="《》第季集期一十百零0129E e-sSpP.:错误码code代碼和到、 \n"))
def test_never_raises(text: str) -> None:
    extract(text)


@given(st.text())
def test_a_text_that_names_nothing_comes_back_as_it_is(text: str) -> None:
    found = extract(text)
    assert found.slots != Slots() or found.rest == text


@pytest.mark.parametrize(
    "piece", ["《", "《 ", "第1", "第1集到", "12集和", "错误码 ", "E-", "s1", "一", "第 ", "1", "-1 "]
)
def test_long_texts_take_linear_time(piece: str) -> None:
    """A pattern that backtracks would need hours here."""
    extract(piece * 50_000)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("昨晚没字幕", "没字幕"),
        ("上週五 ２０點沒有字幕", "沒有字幕"),
        ("没字幕", "没字幕"),
        ("《长风渡》昨晚没字幕", "没字幕"),
    ],
)
def test_a_moment_can_be_left_out(text: str, rest: str) -> None:
    found = extract(text)
    assert found.rest_without_moment.split() == [rest]
    assert (found.slots.moment is None) == (found.rest.strip() == rest)
