"""A year's holidays and make-up days from a file: a table, or the JSON in which the State Council's are published.

A table has lines of ``date,name,休|班`` (also off, holiday, work, workday), with or
without a head or names. The JSON is
``{"year": 2027, "days": [{"name": "元旦", "date": "2027-01-01", "isOffDay": true}, …]}``.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from app.channels.text import carriable
from app.errors import AppError

LARGEST: Final = 256 * 1024
"""Bytes."""
MOST_DAYS: Final = 400
_KINDS: Final = {"休": True, "off": True, "holiday": True, "班": False, "work": False, "workday": False}
"""Whether nobody works."""
_DATE: Final = re.compile(r"(\d{4})(?:[-/.年])(\d{1,2})(?:[-/.月])(\d{1,2})日?|(\d{4})(\d\d)(\d\d)", re.ASCII)
_FIRST, _LAST = 2000, 2100
LONGEST_NAME: Final = 32
"""Characters of a holiday's name; longer ones are cut."""
Line = tuple[int, date, str, bool]
"""(number, day, its name, whether nobody works)"""
_DECEMBER = 12


class FileTooLarge(AppError):
    status_code, message = 422, f"文件太大：最多 {LARGEST // 1024} KB、{MOST_DAYS} 天"


class FileUnreadable(AppError):
    status_code, message = 422, "读不懂这个文件：请用每行“日期,名称,休或班”的 CSV，或者国务院放假安排的 JSON"


class FileEmpty(AppError):
    status_code, message = 422, "文件里没有假日，也没有调休上班的日子"


class LineInvalid(AppError):
    """In a JSON file the number is that of the day."""

    status_code, message = 422, "第 {line} 行读不懂：{text}。什么也没有导入"


class DayTwice(AppError):
    status_code, message = 422, "第 {line} 行和前面的不一样：{day} 又是休又是班。什么也没有导入"


@dataclass(frozen=True, slots=True)
class YearDays:
    holidays: frozenset[date]
    workdays: frozenset[date]
    years: tuple[int, ...]
    """Which the file tells as a whole. Days of other years are single ones: the New Year's arrangement may make up a
    day of the December before it."""
    names: Mapping[date, str]
    """What the file calls them; not all need one."""

    def replaced(self, days: Set[date], own: Set[date]) -> frozenset[date]:
        """``days`` of a calendar, once the file's ``own`` of the same kind took the place of those of its years."""
        told = self.holidays | self.workdays
        return frozenset(day for day in days if day.year not in self.years and day not in told) | own


def read_file(content: bytes) -> YearDays:
    """FileTooLarge, FileUnreadable, FileEmpty; LineInvalid and DayTwice name the line."""
    if len(content) > LARGEST:
        raise FileTooLarge
    text = _decoded(content)
    year, days = _read_json(text) if text.lstrip()[:1] in ("{", "[") else (None, _read_table(text))
    kinds: dict[date, bool] = {}
    names: dict[date, str] = {}
    for line, day, name, is_off in days:
        if kinds.setdefault(day, is_off) is not is_off:
            raise DayTwice(line=line, day=day)
        if len(kinds) > MOST_DAYS:
            raise FileTooLarge
        if name:
            names.setdefault(day, name)
    if not kinds:
        raise FileEmpty
    off = frozenset(day for day, is_off in kinds.items() if is_off)
    told = (year,) if year in {day.year for day in kinds} else tuple(_years(kinds.keys()))
    return YearDays(off, frozenset(kinds.keys() - off), told, names)


def _years(days: Set[date]) -> Iterator[int]:
    """A December before a year that is told belongs to that year's arrangement."""
    years = {day.year for day in days}
    for year in sorted(years):
        if year + 1 not in years or any(day.year == year and day.month != _DECEMBER for day in days):
            yield year


def _decoded(content: bytes) -> str:
    for name in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(name)
        except UnicodeDecodeError:
            continue
    raise FileUnreadable


def _read_table(text: str) -> Iterator[Line]:
    """Whatever stands between day and kind is the name; empty lines and a head are passed over."""
    try:
        table = csv.reader(io.StringIO(text, newline=""), strict=True)
        for number, cells in enumerate(table, 1):
            filled = [cell.strip() for cell in cells if cell.strip()]
            if not filled or (number == 1 and not re.search(r"\d", filled[0])):
                continue
            is_off = _KINDS.get(filled[-1].lower())
            if len(filled) < 2 or is_off is None:
                raise _invalid(number, ",".join(filled))
            yield number, _read_date(number, filled[0]), _read_name(" ".join(filled[1:-1])), is_off
    except csv.Error:
        raise FileUnreadable from None


def _read_json(text: str) -> tuple[int | None, Iterator[Line]]:
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise FileUnreadable from None
    days, year = (found.get("days"), found.get("year")) if isinstance(found, dict) else (None, None)
    if not isinstance(days, list) or (year is not None and not _is_year(year)):
        raise FileUnreadable
    return year, (_read_day(number, day) for number, day in enumerate(days, 1))


def _read_day(number: int, day: Any) -> Line:
    found = day if isinstance(day, dict) else {}
    given, name, is_off = found.get("date"), found.get("name"), found.get("isOffDay")
    if not isinstance(given, str) or not isinstance(is_off, bool):
        raise _invalid(number, json.dumps(day, ensure_ascii=False))
    return number, _read_date(number, given), _read_name(name if isinstance(name, str) else ""), is_off


def _read_name(text: str) -> str:
    """As it can be shown: a file may hold anything."""
    shown = "".join(letter if letter.isprintable() else " " for letter in carriable(text))
    return " ".join(shown.split())[:LONGEST_NAME]


def _is_year(value: Any) -> bool:
    return type(value) is int and _FIRST <= value < _LAST


def _read_date(number: int, text: str) -> date:
    found = _DATE.fullmatch(text)
    try:
        year, month, day = (int(part) for part in found.groups() if part) if found else (0, 0, 0)
        if _is_year(year):
            return date(year, month, day)
    except ValueError:
        pass
    raise _invalid(number, text)


def _invalid(number: int, text: str) -> LineInvalid:
    return LineInvalid(line=number, text=text if len(text) <= 40 else f"{text[:40]}…")
