"""The files of the catalogue: what is wrong is named by file, line and field; the demo's titles are always alive."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.faq.loader import KnowledgeError
from app.faq.titles import load_titles
from app.matching.catalogue import Catalogue
from app.matching.entities import extract
from app.matching.moments import BEIJING
from app.matching.titles import Day, First, Kind, Title
from app.settings import ROOT

GOOD = """\
titles:
  - id: lantern_street
    name: 灯市口旧事
    kind: series
    aliases: [灯市口, DSK]
    genre: 年代
    seasons:
      - {episodes: 24}
      - episodes: 24
        starts: "2026-11-06"
        days: [周五, 周六]
        at: "20:00"
        each: 2
        members_ahead: 1 day
      - {out: 0}
    station: {name: 江月卫视, days: [周一至周四], at: "19:30", first: tv}
  - id: winter_gala
    name: 冬夜晚会
    kind: live
    starts: +2 days
    at: "20:00"
    days: [每天]
    hours: 3
  - {id: lighthouse, name: 北方灯塔, kind: film}
"""


def load(folder: Path, content: str | bytes, name: str = "ours.yaml") -> tuple[Title, ...]:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return load_titles(folder, demo=False)


def problems(folder: Path, content: str | bytes, name: str = "ours.yaml") -> list[str]:
    with pytest.raises(KnowledgeError) as caught:
        load(folder, content, name)
    return [line.removeprefix(f"{folder.parent.name}/{folder.name}/") for line in str(caught.value).splitlines()]


def test_everything_is_read(tmp_path: Path) -> None:
    series, live, film = load(tmp_path / "catalogue", GOOD)
    assert (series.name, series.kind, series.aliases) == ("灯市口旧事", Kind.series, ("灯市口", "DSK"))
    first, second, third = series.seasons
    assert (first.number, first.episodes, first.starts) == (1, 24, None)
    assert (second.number, second.weekdays, second.at, second.each) == (2, (4, 5), 1200, 2)
    assert second.starts == Day(datetime(2026, 11, 6, tzinfo=BEIJING).date())
    assert second.early == timedelta(days=1)
    assert (third.number, third.announced) == (3, True)
    assert series.station is not None
    assert (series.station.weekdays, series.station.first) == ((0, 1, 2, 3), First.tv)
    assert live.show is not None
    assert (live.show.starts, live.show.weekdays, live.show.lasts) == (
        Day(days=2),
        tuple(range(7)),
        timedelta(hours=3),
    )
    assert film.show is None


def test_demo_titles_are_for_demo_mode_alone(tmp_path: Path) -> None:
    folder = tmp_path / "catalogue"
    load(folder, GOOD)
    load(folder, GOOD.replace("灯市口", "灯市街"), "demo.yaml")
    assert [title.name for title in load_titles(folder, demo=True)][:1] == ["灯市街旧事"]
    assert [title.name for title in load_titles(folder, demo=False)][:1] == ["灯市口旧事"]


def test_without_files_there_are_no_titles(tmp_path: Path) -> None:
    assert load_titles(tmp_path / "nowhere", demo=False) == ()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("kind: series", "kind: serial", "ours.yaml:4: titles[0].kind: must be one of series, variety, film"),
        ("    name: 灯市口旧事\n", "", "ours.yaml:2: titles[0].name: missing"),
        ("name: 灯市口旧事", "name: 《灯市口旧事》", "ours.yaml:3: titles[0].name: must be one line"),
        ("id: lantern_street", "id: Lantern", "ours.yaml:2: titles[0].id: must be a name of small letters"),
        ("id: winter_gala", "id: lantern_street", "titles[1].id: 'lantern_street' already stands at"),
        ("name: 冬夜晚会", "name: 燈市口", "titles[1].name: '燈市口' already stands at"),
        ("genre: 年代", "gender: 年代", "ours.yaml:6: titles[0].gender: unknown field"),
        ('"2026-11-06"', "2026-11-06", "ours.yaml:10: titles[0].seasons[1].starts: must be text; put it in quotes"),
        ('"2026-11-06"', '"2026-13-06"', "ours.yaml:10: titles[0].seasons[1].starts: must be a day such as"),
        ("+2 days", "soon", 'titles[1].starts: must be a day such as "2026-11-06", or today'),
        ("[周五, 周六]", "[周五, 周八]", "ours.yaml:11: titles[0].seasons[1].days[1]: must be 周一 to 周日"),
        ("周一至周四", "周四至周一", "station.days[0]: must be 周一 to 周日"),
        ('"19:30"', '"19.30"', 'station.at: must be a time such as "20:00"'),
        ("first: tv", "first: radio", "station.first: must be one of web, tv, both"),
        ("1 day", "early", "seasons[1].members_ahead: must be a time such as 1 day or 2 hours"),
        ("each: 2", "each: 0", "seasons[1].each: must be 1 to 5000"),
        ("{out: 0}", "{number: 1, out: 0}", "seasons[2]: must have a higher number than the season before it"),
        ("{out: 0}", "{number: 4}", "seasons[2]: needs episodes, starts or out"),
        ("{out: 0}", "{episodes: 3, out: 4}", "seasons[2].out: more are out than there are episodes"),
        ("{out: 0}", '{out: 0, at: "20:00"}', "seasons[2].at: needs starts"),
        ("    starts: +2 days\n", "", "titles[1].starts: missing"),
        ("kind: film}", "kind: film, hours: 2}", "titles[2].at: missing"),
        ("kind: film}", "kind: series}", "titles[2].seasons: missing"),
        ("kind: live", "kind: series", "titles[1].at: stands in the seasons of a series or variety show"),
        ("kind: series", "kind: film", "titles[0].seasons: only series and variety shows have seasons"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert old in GOOD
    found = problems(tmp_path / "catalogue", GOOD.replace(old, new, 1))
    assert [line for line in found if problem in line], found


def test_everything_wrong_is_named_at_once(tmp_path: Path) -> None:
    broken = GOOD.replace("kind: series", "kind: x").replace('"19:30"', '"7"').replace("genre:", "colour:")
    assert len(problems(tmp_path / "catalogue", broken)) == 3


@pytest.mark.parametrize("content", ["", "titles: []", "titles: 5", "- x", "titles:\n\t- x", b"\xff", "titles: [{}]"])
def test_broken_files_are_no_crash(tmp_path: Path, content: str | bytes) -> None:
    assert problems(tmp_path / "catalogue", content)


def test_a_file_that_nobody_would_read_is_named(tmp_path: Path) -> None:
    assert problems(tmp_path / "catalogue", GOOD, "ours.yml") == [
        "ours.yml: name the file .yaml; it is not read as it is"
    ]


# -------------------- the demo's


DEMO = load_titles(ROOT / "faq" / "catalogue", demo=True)


def test_the_demo_has_some_of_each_kind() -> None:
    kinds = [title.kind for title in DEMO]
    assert len(DEMO) >= 60
    assert min(kinds.count(Kind.series), kinds.count(Kind.variety), kinds.count(Kind.film)) >= 12
    assert kinds.count(Kind.live) + kinds.count(Kind.event) >= 11
    assert {"长风渡", "周五一起闯"} <= {title.name for title in DEMO}


@pytest.mark.parametrize("days", [0, 3, 100, 1000])
def test_whenever_the_demo_runs_something_is_on(days: int) -> None:
    now = datetime(2026, 11, 26, 12, tzinfo=BEIJING) + timedelta(days)
    coming = [season.next_after(now) for title in DEMO for season in title.seasons]
    shows = [title.show.at_or_after(now) for title in DEMO if title.show and title.kind is not Kind.film]
    assert sum(airing is not None and airing.at < now + timedelta(8) for airing in coming) >= 20
    assert len(shows) == sum(at is not None for at in shows)


def test_every_name_is_found_where_it_is_meant() -> None:
    catalogue = Catalogue.build(DEMO)
    for title in DEMO:
        for name in title.names:
            assert extract(f"《{name}》没声音", catalogue).slots.title == title.name
            assert extract(f"{name}第3集没声音", catalogue).slots.title == title.name
