"""Files that tell a year's holidays: what is read, and what is refused with its line."""

from datetime import date

import pytest

from app.agents.calendars import read_days
from app.agents.day_files import (
    LONGEST_NAME,
    DayTwice,
    FileEmpty,
    FileTooLarge,
    FileUnreadable,
    LineInvalid,
    read_file,
)
from app.errors import AppError
from tests.agents.years import NEXT_YEAR, as_json, as_table

HOLIDAYS = read_days("2027-01-01..2027-01-03, 2027-02-05..2027-02-07, 2027-10-01")
WORKDAYS = read_days("2027-02-14, 2027-10-09")
NAMES = {date.fromisoformat(day): name for name, day, _ in NEXT_YEAR}


@pytest.mark.parametrize(
    "content",
    [
        as_json(),
        as_table().encode(),
        as_table().encode("utf-8-sig"),
        as_table().encode("gb18030"),
        as_table(head="").replace("\n", "\r\n\r\n").encode(),
        as_table().replace("-", "/").replace("/0", "/").encode(),  # as spreadsheets write it back
        as_table().replace("休\n", "Holiday\n").replace("班\n", "WorkDay,\n").encode(),
        as_table().replace("休\n", "off\n").replace("班\n", "work\n").replace("2027-10-01", "20271001").encode(),
        as_table().replace("2027-10-01", "2027年10月1日").encode(),
    ],
    ids=["json", "table", "bom", "gb18030", "no-head", "slashes", "english", "compact", "chinese"],
)
def test_a_year_is_read_in_every_form(content: bytes) -> None:
    told = read_file(content)
    assert (told.holidays, told.workdays, told.years) == (HOLIDAYS, WORKDAYS, (2027,))
    assert told.names == NAMES


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("2027-10-01,休\n", None),
        ("2027-10-01,国庆节,中秋节,休\n", "国庆节 中秋节"),
        ("2027-10-01, 国庆\t节\u0000 \u2028,休\n", "国庆 节"),
        (f"2027-10-01,{'长' * 50},休\n", "长" * LONGEST_NAME),
        ("2027-10-01,国庆节,休\n2027-10-01,,休\n", "国庆节"),
        ("2027-10-01,国庆节,休\n2027-10-01,中秋节,休\n", "国庆节"),
        ('{"days": [{"date": "2027-10-01", "isOffDay": true}]}', None),
        ('{"days": [{"date": "2027-10-01", "isOffDay": true, "name": 7}]}', None),
        ('{"days": [{"date": "2027-10-01", "isOffDay": true, "name": "\\ud800国庆\\u0000"}]}', "国庆"),
    ],
)
def test_a_name_is_read_as_it_can_be_shown(content: str, name: str | None) -> None:
    told = read_file(content.encode())
    assert told.holidays == read_days("2027-10-01")
    assert told.names == ({date(2027, 10, 1): name} if name else {})


@pytest.mark.parametrize(
    ("content", "error", "named"),
    [
        ("日期,名称,休班\n2027-02-30,春节,休\n", LineInvalid, "第 2 行读不懂：2027-02-30"),
        ("2027-13-01,元旦,休\n", LineInvalid, "第 1 行"),  # no head, though the first line cannot be read
        ("2027-01-01,元旦,休\n\n2027-01-02,元旦,假\n", LineInvalid, "第 3 行"),
        ("2027-01-01\n", LineInvalid, "第 1 行"),
        ("0027-01-01,元旦,休\n", LineInvalid, "第 1 行"),
        ("2027-01-01,元旦,休\n2027-01-01,元旦,班\n", DayTwice, "第 2 行和前面的不一样：2027-01-01"),
        ("日期,名称,休班\n", FileEmpty, "没有假日"),
        ("", FileEmpty, "没有假日"),
        ('"2027-01-01,元旦,休\n', FileUnreadable, "读不懂"),
        ('{"year": 2027, "days": {}}', FileUnreadable, "读不懂"),
        ('{"year": "2027", "days": []}', FileUnreadable, "读不懂"),
        ('{"days": [{"date": "2027-01-01", "isOffDay": "yes"}]}', LineInvalid, "第 1 行"),
        ('{"days": [{"date": "2027-01-01", "isOffDay": true}, 7]}', LineInvalid, "第 2 行读不懂：7"),
        ("[" * 100_000, FileUnreadable, "读不懂"),
        ('{"days": [', FileUnreadable, "读不懂"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(content: str, error: type[AppError], named: str) -> None:
    with pytest.raises(error, match=named):
        read_file(content.encode())


def test_a_file_has_a_size() -> None:
    with pytest.raises(FileTooLarge):
        read_file(b"," * 300_000)
    many = [date.fromordinal(date(2027, 1, 1).toordinal() + n) for n in range(401)]
    with pytest.raises(FileTooLarge):
        read_file("".join(f"{day},假,休\n" for day in many).encode())
    assert len(read_file("".join(f"{day},假,休\n" for day in many[:400]).encode()).holidays) == 400


def test_a_december_day_does_not_tell_the_whole_of_its_year() -> None:
    """The arrangement of 2019 made up 29 December 2018."""
    table = "2018-12-29,元旦,班\n2019-01-01,元旦,休\n".encode()
    told = read_file(table)
    assert told.years == (2019,)
    kept = told.replaced(read_days("2018-10-01, 2018-12-29, 2019-05-01"), told.holidays)
    assert kept == read_days("2018-10-01, 2019-01-01")
    named = '{"date": "%s", "isOffDay": true}'
    both = f'"days": [{named % "2018-12-31"}, {named % "2018-11-30"}, {named % "2019-01-01"}]'
    assert read_file(f'{{"year": 2019, {both}}}'.encode()).years == (2019,)  # it says so itself
    assert read_file(f"{{{both}}}".encode()).years == (2018, 2019)
    assert read_file(f'{{"year": 2027, {both}}}'.encode()).years == (2018, 2019)  # none of its days is of that year
    assert read_file("2018-12-29,元旦,班\n2018-10-01,国庆,休\n2019-01-01,元旦,休\n".encode()).years == (2018, 2019)
