"""Words of time against the clock: Thursday, 26 November 2026, 20:44 in Beijing."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from app.matching.folding import fold
from app.matching.moments import BEIJING, HINT, Moment, moment_in

NOW = datetime(2026, 11, 26, 20, 44, tzinfo=BEIJING)


def named(text: str) -> Moment:
    moment = moment_in(fold(text))
    assert moment is not None, text
    assert HINT.search(text), "a moment that nobody would look for"
    return moment


def told(text: str, now: datetime = NOW) -> str:
    """The span as month-day hour:minute; one instant stands alone."""
    start, end = named(text).on(now)
    first, last = f"{start:%m-%d %H:%M}", f"{end:%m-%d %H:%M}"
    return first if start == end else f"{first} {last}"


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("今天更不更", "11-26 00:00 11-27 00:00"),
        ("昨天买的", "11-25 00:00 11-26 00:00"),
        ("前天还能看", "11-24 00:00 11-25 00:00"),
        ("大前天买的", "11-23 00:00 11-24 00:00"),
        ("明天有吗", "11-27 00:00 11-28 00:00"),
        ("后天直播", "11-28 00:00 11-29 00:00"),
        ("大后天", "11-29 00:00 11-30 00:00"),
        ("三天前", "11-23 00:00 11-24 00:00"),
        ("两个星期前扣的", "11-12 00:00 11-13 00:00"),
        ("7天后到期", "12-03 00:00 12-04 00:00"),
        ("上周五没更", "11-20 00:00 11-21 00:00"),
        ("上上周五", "11-13 00:00 11-14 00:00"),
        ("这周六", "11-28 00:00 11-29 00:00"),
        ("下周一", "11-30 00:00 12-01 00:00"),
        ("下週一", "11-30 00:00 12-01 00:00"),
        ("礼拜天", "11-29 00:00 11-30 00:00"),
        ("星期三买的", "11-25 00:00 11-26 00:00"),
        ("周末", "11-28 00:00 11-30 00:00"),
        ("上周末", "11-21 00:00 11-23 00:00"),
        ("上个星期", "11-16 00:00 11-23 00:00"),
        ("下周", "11-30 00:00 12-07 00:00"),
        ("上个月", "10-01 00:00 11-01 00:00"),
        ("上個月5號", "10-05 00:00 10-06 00:00"),
        ("这个月", "11-01 00:00 12-01 00:00"),
        ("11月3号", "11-03 00:00 11-04 00:00"),
        ("十一月三号", "11-03 00:00 11-04 00:00"),
        ("3号扣的", "11-03 00:00 11-04 00:00"),
        ("31号扣的", "10-31 00:00 11-01 00:00"),
        ("11月份", "11-01 00:00 12-01 00:00"),
        ("元旦", "01-01 00:00 01-02 00:00"),
        ("国庆", "10-01 00:00 10-02 00:00"),
        ("昨晚", "11-25 18:00 11-26 00:00"),
        ("昨天夜里", "11-25 22:00 11-26 05:00"),
        ("今早", "11-26 05:00 11-26 10:00"),
        ("周五下午", "11-27 12:00 11-27 18:00"),
        ("昨晚八点半", "11-25 20:30"),
        ("昨天下午3点一刻", "11-25 15:15"),
        ("昨天20:00", "11-25 20:00"),
        ("明晚8点", "11-27 20:00"),
        ("早上八点", "11-26 08:00"),
        ("晚上8点20分", "11-26 20:20"),
        ("中午12点", "11-26 12:00"),
        ("中午1点", "11-26 13:00"),
        ("凌晨12点", "11-26 00:00"),
        ("昨天半夜2点", "11-26 02:00"),
        ("昨晚12点", "11-26 00:00"),
        ("刚才", "11-26 20:44"),
        ("半小时前", "11-26 20:14"),
        ("三个小时前", "11-26 17:44"),
    ],
)
def test_the_time_that_is_meant(text: str, span: str) -> None:
    assert told(text) == span


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026年1月1日", "2026-01-01"),
        ("2025-03-09", "2025-03-09"),
        ("去年11月3号", "2025-11-03"),
        ("明年元月", ""),
        ("元旦", "2027-01-01"),
        ("2月29号", "2027-02-28"),
    ],
)
def test_the_year(text: str, day: str) -> None:
    moment = moment_in(fold(text))
    assert (f"{moment.on(NOW).start:%Y-%m-%d}" if moment else "") == day


def test_the_same_words_mean_another_day_a_week_later() -> None:
    moment = named("上周五")
    later = NOW + timedelta(7)
    assert moment.on(later).start - moment.on(NOW).start == timedelta(7)


def test_a_day_ends_at_midnight_in_beijing() -> None:
    assert told("昨晚", datetime(2026, 11, 26, 15, 59, tzinfo=UTC)) == "11-25 18:00 11-26 00:00"
    assert told("昨晚", datetime(2026, 11, 26, 16, 1, tzinfo=UTC)) == "11-26 18:00 11-27 00:00"


def test_before_or_after_noon_is_not_guessed() -> None:
    assert (named("昨天8点").part, told("昨天8点")) == ("8点", "11-25 00:00 11-26 00:00")
    assert named("都八点二十了").part == "8点20"


@pytest.mark.parametrize(
    "text",
    [
        "每周五晚上8点更新", "每天晚上8点卡", "天天晚上八点卡", "周一到周五", "一周五集", "一个星期五集", "目前天气",
        "然后天天卡", "有一点卡", "快点", "一点都不卡", "线上月卡", "月卡", "12个月", "16:9", "工单尾号0823", "2月30号",
        "13月1号", "二十五一共", "第3号选手", "打12315", "1080P", "一天三块", "十周年", "更新到几号", "99号",
        "女二号是谁", "ep7点开是ep8",
        "平时都是固定八点更吗", "",
    ],
)  # fmt: skip
def test_no_moment(text: str) -> None:
    assert moment_in(fold(text)) is None


@pytest.mark.parametrize("text", ["昨晚八点半", "昨晚", "上周", "11月份", "三天前", "刚才", "昨天8点", "昨天半夜2点"])
def test_a_settled_moment_stays_what_it_was(text: str) -> None:
    moment = named(text)
    settled = moment.settled(NOW)
    assert settled.on(NOW + timedelta(400)) == moment.on(NOW)
    assert settled.settled(NOW + timedelta(3)).on(NOW) == moment.on(NOW)
    assert settled.part == moment.part or settled.at is not None


_PIECES = "今昨明前后天日大上下这本周星期礼拜个月号年一二三十百零两半点分刻:早晚午夜凌晨0129刚才元旦每 -/"


def test_whatever_is_found_has_a_time() -> None:
    chance, found = random.Random(8), 0
    for _ in range(20_000):
        moment = moment_in("".join(chance.choices(_PIECES, k=chance.randrange(12))))
        if moment is not None:
            start, end = moment.on(NOW + timedelta(chance.randrange(-9000, 9000), chance.randrange(86400)))
            assert start <= end
            assert moment.said
            found += 1
    assert found


@pytest.mark.parametrize("piece", ["昨", "上", "1", "一", "周五", "每", "10月", "早", "8点", "前", " "])
def test_long_texts_take_linear_time(piece: str) -> None:
    """A pattern that backtracks would need hours here."""
    moment_in(piece * 50_000)
