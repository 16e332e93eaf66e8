"""When something happened, as viewers say it: 昨晚八点半, 上周五, 11月3号, 三天前, 刚才.

A moment stays relative until it is asked for its instants: what is read from a text is kept with the text, and the
same text comes again on other days. Words that only tell a habit (每周五, 天天) are no moment. All times are Beijing
time. Every pattern is bounded, so that no text takes more than linear time.
"""

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from typing import NamedTuple

from app.matching.numerals import NUMERAL, number

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")


class Unit(StrEnum):
    """What ``shift`` counts from now, and which of the other numbers count."""

    minute = "minute"
    day = "day"
    week = "week"
    """A weekday of it, where ``day`` is one (Monday 0), the weekend where it is 7, else all of it."""
    month = "month"
    """A day of it, where there is one, else all of it."""
    year = "year"
    """``month`` and ``day`` of it."""
    date = "date"
    """``month`` and ``day``, of ``year`` or of the year that brings them nearest."""


class Span(NamedTuple):
    """Aware instants in Beijing time; ``end`` does not belong to it, but where both are the same instant."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Moment:
    said: str
    """The viewer's words, simplified."""
    unit: Unit
    shift: int = 0
    year: int | None = None
    month: int | None = None
    day: int | None = None
    days: int = 1
    """How many, from the first one on, for ``Unit.date``."""
    part: str = ""
    """Of the day, as said; an hour of which nobody knows whether it is before or after noon stands here too (8点)."""
    at: int | None = None
    """Minutes after midnight; from 24 hours on the next day's."""

    def __str__(self) -> str:
        return self.said

    def on(self, now: datetime) -> Span:
        """Which time is meant by somebody who says it ``now``."""
        local = now.astimezone(BEIJING)
        if self.unit is Unit.minute:
            at = local.replace(second=0, microsecond=0) + timedelta(minutes=self.shift)
            return Span(at, at)
        first, days = self._days(local.date())
        midnight = datetime(first.year, first.month, first.day, tzinfo=BEIJING)
        if self.at is not None:
            at = midnight + timedelta(minutes=self.at)
            return Span(at, at)
        if hours := PARTS.get(self.part):
            return Span(midnight + timedelta(hours=hours[0]), midnight + timedelta(hours=hours[1]))
        return Span(midnight, midnight + timedelta(days))

    def settled(self, now: datetime) -> "Moment":
        """The same time, told so that it stays the same on other days."""
        start, end = self.on(now)
        if start == end:
            at = start.hour * 60 + start.minute
            return Moment(self.said, Unit.date, 0, start.year, start.month, start.day, at=at)
        day = start.date()
        return Moment(self.said, Unit.date, 0, day.year, day.month, day.day, max(1, (end - start).days), self.part)

    def _days(self, today: date) -> tuple[date, int]:
        """The first day and how many."""
        match self.unit:
            case Unit.week:
                monday = today + timedelta(7 * self.shift - today.weekday())
                if self.day is None:
                    return monday, 7
                return (monday + timedelta(5), 2) if self.day == WEEKEND else (monday + timedelta(self.day), 1)
            case Unit.month:
                return _in_month(today, self.shift, self.day)
            case Unit.year:
                return _nearest(today.year + self.shift, self.month or 1, self.day or 1), self.days
            case Unit.date:
                return self._date(today), self.days
        return today + timedelta(self.shift), 1

    def _date(self, today: date) -> date:
        month, day = self.month or 1, self.day or 1
        if self.year is not None:
            return date(self.year, month, day)
        dates = [_nearest(year, month, day) for year in (today.year - 1, today.year, today.year + 1)]
        return min(dates, key=lambda found: abs(found - today))


WEEKEND = 7
PARTS = {
    "凌晨": (0, 6), "清晨": (5, 8), "早": (5, 10), "上午": (8, 12), "中午": (11, 14), "下午": (12, 18),
    "傍晚": (17, 19), "晚": (18, 24), "夜": (22, 29),
}  # fmt: skip
"""Hours after midnight of what a part of the day means."""
_SAID_AS = {
    "早上": "早", "早晨": "早", "晨": "早", "今早": "早", "晚上": "晚", "晚间": "晚",
    "夜里": "夜", "深夜": "夜", "半夜": "夜", "午夜": "夜",
}  # fmt: skip

HINT = re.compile(r"[今昨明前后後周週星礼禮月号號刚剛点點元国國劳勞圣聖情跨節节早晚凌清午]|[五六]一|20\d\d|\d:\d")
"""Without one of these a text names no moment; for texts in any writing."""

_WEEKDAYS = "一二三四五六日"
_SHIFTS = {"上上": -2, "上": -1, "这": 0, "本": 0, "": 0, "下": 1, "下下": 2}
_NAMED = {
    "大前天": -3, "前天": -2, "前": -2, "昨天": -1, "昨日": -1, "昨儿": -1, "昨": -1, "今天": 0, "今日": 0, "今儿": 0,
    "今": 0, "明天": 1, "明日": 1, "明儿": 1, "明": 1, "后天": 2, "大后天": 3,
}  # fmt: skip
_YEARS = {"前": -2, "去": -1, "今": 0, "明": 1}
_LENGTHS = {"天": 1, "日": 1, "周": 7, "星期": 7, "礼拜": 7}
_MINUTES = {"小时": 60, "钟头": 60, "分钟": 1}
_HOLIDAYS = {
    "元旦": (1, 1), "情人节": (2, 14), "劳动节": (5, 1), "五一": (5, 1), "儿童节": (6, 1), "六一": (6, 1),
    "国庆": (10, 1), "圣诞": (12, 25), "跨年": (12, 31),
}  # fmt: skip
"""Those of the solar calendar. The others move, and nothing here knows the moon."""

_NOT_PAID = "(?![卡费付票租度])"  # 月卡, 月费: what is bought by the month
_DAY = re.compile(
    # what it can begin with, for speed alone
    rf"(?=[大前昨今明后\d半{NUMERAL}上这本下个周星礼月去元情劳儿国圣跨刚方])(?:"
    r"(?P<named>大前天|(?<![目以之提])前天|昨[天日儿]|今[天日儿]|明[天日儿]|大后天|(?<![然先之以])后天(?!天)"
    r"|(?<![目以之提])前(?=[晚夜])|昨(?=[晚早夜晨])|今(?=[晚早夜晨])|(?<![清说])明(?=[晚早晨]))"
    rf"|(?<![\d.{NUMERAL}])(?P<count>\d{{1,3}}|半|[{NUMERAL}]{{1,4}})\s?"
    r"(?P<length>天|日|周|个?星期|个?礼拜|个月|个?小时|个?钟头|分钟)[之以]?(?P<way>[前后])(?![台面])"
    rf"|(?<![每逢隔至到~、和\-\d{NUMERAL}几个首双单半])(?P<week>上上|上|这|本|下下|下)?个?(?:周|星期|礼拜)"
    r"(?P<weekday>[一二三四五六日天末1-6])(?!\s?[至到~、和\-]\s?(?:周|星期|礼拜)?[一二三四五六日天末])"
    r"|(?P<all_week>上上|(?<![晚早线网以])上|这|本|下下|(?<![线以])下)个?(?:周|星期|礼拜)(?![一二三四五六日天末])"
    rf"|(?P<month>上上|(?<![晚早线网以])上|这|本|下下|(?<![线以])下)个?月份?{_NOT_PAID}"
    rf"(?:的?(?P<month_day>\d{{1,2}}|[{NUMERAL}]{{1,3}})[号日])?"
    r"|(?<!\d)(?P<iso>20\d\d[-/.](?:1[0-2]|0?[1-9])[-/.](?:3[01]|[12]\d|0?[1-9]))(?!\d)"
    rf"|(?:(?P<year>20\d\d|[前去今明])年的?\s?)?(?<![\d.{NUMERAL}])(?P<in_month>\d{{1,2}}|[{NUMERAL}]{{1,2}})月"
    rf"(?:份|\s?(?P<date>\d{{1,2}}|[{NUMERAL}]{{1,3}})[号日]|{_NOT_PAID})"
    rf"|(?<![\d.\-第男女头账帐尾编{NUMERAL}])(?P<only>\d{{1,2}}|[{NUMERAL}]{{1,3}})号(?![线楼店机厅房门院位球码男女选主嘉库台])"
    rf"|(?<![{NUMERAL}])(?P<holiday>{'|'.join(_HOLIDAYS)})"
    r"|(?P<just>刚才|刚刚|方才))"
)
_HOUR = rf"(?!一点(?![钟整半零一二三四五十\d]))(?P<hour>\d{{1,2}}|[{NUMERAL}]{{1,3}})"
_TENS = "[一二三四五]?十[一二三四五六七八九]?"
_CLOCK = (
    rf"{_HOUR}(?:点钟?整?(?:(?P<half>半)|(?P<quarter>[一三])刻|(?P<minute>[0-5]?\d(?!\d)|{_TENS}|零[一二三四五六七八九])"
    r"(?:分(?!钟))?)?|:(?P<colon>[0-5]\d)(?![\d:]))"
)
_PART = "(?P<part>凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|晚间|夜里|深夜|半夜|午夜{})"
_AFTER_DAY = re.compile(rf"(?:份|节)?\s?的?\s?(?:{_PART.format('|[早晚夜晨]')})?\s?(?:{_CLOCK})?")
_PART_AND_CLOCK = re.compile(rf"(?<![早晚]){_PART.format('')}\s?的?\s?{_CLOCK}")
_BARE_CLOCK = re.compile(
    r"(?<![a-z\d.:第这那有差快早晚几零一二三四五六七八九十两])"
    r"(?P<hour>1\d|2[0-4]|[1-9]|十[一二]?|[二三四五六七八九])点"
    rf"(?:(?P<half>半)|(?P<quarter>[一三])刻|(?P<minute>[0-5]\d(?!\d)|{_TENS})(?:分(?!钟))?|钟|整|(?=[更播开就还没了到前以]))"
)
_HABIT = re.compile(r"每|逢|天天|经常|总是|一到|平时|平常|固定|一般")
_BEFORE = 6
"""Characters in which a word that makes it a habit stands before it."""


def moment_in(text: str) -> Moment | None:
    """The first moment that is named in a text, folded by ``folding``; None where there is none."""
    for found in _DAY.finditer(text):
        if moment := _at_day(text, found):
            return moment
    for pattern in (_PART_AND_CLOCK, _BARE_CLOCK):
        if (found_clock := pattern.search(text)) and not _is_habit(text, found_clock):
            part = found_clock.groupdict().get("part") or ""
            return _with_clock(Moment(found_clock[0], Unit.day), part, found_clock)
    return None


def _is_habit(text: str, found: re.Match[str]) -> bool:
    return _HABIT.search(text, max(0, found.start() - _BEFORE), found.start()) is not None


def _at_day(text: str, found: re.Match[str]) -> Moment | None:
    day = _READ[found.lastgroup or ""](found) if not _is_habit(text, found) else None
    if day is None or day.unit is Unit.minute:
        return day
    more = _AFTER_DAY.match(text, found.end())
    if more is None or not (more["part"] or more["hour"]):
        return day
    timed = _with_clock(day, more["part"] or "", more)
    return Moment(
        (found[0] + more[0]).strip(), day.unit, day.shift, day.year, day.month, day.day, day.days, timed.part, timed.at
    )  # fmt: skip


def _with_clock(day: Moment, part: str, found: re.Match[str]) -> Moment:
    part = _SAID_AS.get(part, part)
    label, at = part, None
    if found["hour"]:
        hour, minute = number(found["hour"]), _minute(found)
        if hour <= 24 and minute < 60:
            at = _after_midnight(part, hour, minute)
            label = part if at is not None or part else f"{hour}点{f'{minute:02d}' if minute else ''}"
    return Moment(day.said, day.unit, day.shift, day.year, day.month, day.day, day.days, label, at)


def _minute(found: re.Match[str]) -> int:
    groups = found.groupdict()
    if groups["half"]:
        return 30
    if groups["quarter"]:
        return 15 * number(groups["quarter"])
    return number(groups["minute"] or groups.get("colon") or "0")


def _after_midnight(part: str, hour: int, minute: int) -> int | None:
    """None where it can be before noon or after it."""
    if part in ("晚", "夜"):
        hour += 24 if hour < 5 else 12 if hour < 12 else 12 if hour == 12 else 0
    elif part in ("下午", "傍晚"):
        hour += 12 if hour < 12 else 0
    elif part == "中午":
        hour += 12 if hour < 5 else 0
    elif part == "凌晨" and hour == 12:
        hour = 0
    elif not part and 0 < hour <= 12:
        return None
    return hour * 60 + minute


# -------------------- what each kind of words says


def _named(found: re.Match[str]) -> Moment:
    return Moment(found[0], Unit.day, _NAMED[found["named"]])


def _ago(found: re.Match[str]) -> Moment | None:
    sign = -1 if found["way"] == "前" else 1
    unit, half = found["length"].removeprefix("个"), found["count"] == "半"
    if unit in _MINUTES:
        minutes = _MINUTES[unit] // 2 if half else _MINUTES[unit] * number(found["count"])
        return Moment(found[0], Unit.minute, sign * minutes)
    if unit == "月":
        if half:
            return Moment(found[0], Unit.day, sign * 15)
        return Moment(found[0], Unit.month, sign * number(found["count"]))
    return None if half else Moment(found[0], Unit.day, sign * number(found["count"]) * _LENGTHS[unit])


def _weekday(found: re.Match[str]) -> Moment:
    name = found["weekday"].replace("天", "日")
    day = WEEKEND if name == "末" else int(name) - 1 if name.isdecimal() else _WEEKDAYS.index(name)
    return Moment(found[0], Unit.week, _SHIFTS[found["week"] or ""], day=day)


def _all_week(found: re.Match[str]) -> Moment:
    return Moment(found[0], Unit.week, _SHIFTS[found["all_week"]])


def _month(found: re.Match[str]) -> Moment | None:
    day = number(found["month_day"]) if found["month_day"] else None
    if day is not None and not 1 <= day <= 31:
        return None
    return Moment(found[0], Unit.month, _SHIFTS[found["month"]], day=day)


def _iso(found: re.Match[str]) -> Moment | None:
    year, month, day = map(int, re.split("[-/.]", found["iso"]))
    return Moment(found[0], Unit.date, 0, year, month, day) if _exists(year, month, day) else None


def _date(found: re.Match[str]) -> Moment | None:
    month, year = number(found["in_month"]), found["year"]
    day = number(found["date"]) if found["date"] else None
    if not (year or day or found[0].endswith("份")) or not _exists(2000, month, 1 if day is None else day):
        return None
    length = 1 if day else calendar.monthrange(2001, month)[1]
    if year in _YEARS:
        return Moment(found[0], Unit.year, _YEARS[year], month=month, day=day or 1, days=length)
    if year and not _exists(int(year), month, day or 1):
        return None
    return Moment(found[0], Unit.date, 0, int(year) if year else None, month, day or 1, length)


def _only(found: re.Match[str]) -> Moment | None:
    day = number(found["only"])
    return Moment(found[0], Unit.month, day=day) if 1 <= day <= 31 else None


def _holiday(found: re.Match[str]) -> Moment:
    month, day = _HOLIDAYS[found["holiday"]]
    return Moment(found[0], Unit.date, month=month, day=day)


def _just(found: re.Match[str]) -> Moment:
    return Moment(found[0], Unit.minute)


_READ: dict[str, Callable[[re.Match[str]], Moment | None]] = {
    "named": _named, "way": _ago, "weekday": _weekday, "all_week": _all_week, "month": _month, "month_day": _month,
    "iso": _iso, "in_month": _date, "date": _date, "only": _only, "holiday": _holiday, "just": _just,
}  # fmt: skip
"""By the last group of ``_DAY`` that is there."""


# -------------------- the calendar


def _exists(year: int, month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]


def _nearest(year: int, month: int, day: int) -> date:
    """29 February is the 28th where there is none."""
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def _in_month(today: date, shift: int, day: int | None) -> tuple[date, int]:
    """A day of the month so many months from now; where it has no such day, of the last one before that has."""
    months = today.year * 12 + today.month - 1 + shift
    while True:
        year, month = divmod(months, 12)
        length = calendar.monthrange(year, month + 1)[1]
        if day is None:
            return date(year, month + 1, 1), length
        if day <= length:
            return date(year, month + 1, day), 1
        months -= 1
