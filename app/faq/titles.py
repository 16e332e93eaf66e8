"""Reads the catalogue of titles, ``faq/catalogue/*.yaml``, and reports all problems at once.

The format of ``faq/catalogue/<any name>.yaml``::

    titles:
      - id: lantern_street          # unique; it never changes
        name: 灯市口往事              # as it is written between 《》
        kind: series                # series, variety; film, live, event
        aliases: [灯市口, DSK]        # optional: nicknames and abbreviations; no name stands for two titles
        genre: 年代                  # optional
        seasons:                    # of series and variety shows, oldest first
          - episodes: 24            # how many there will be; left out where nobody knows yet
            number: 1               # optional: counted from 1
            starts: "2026-11-06"    # the day of the first episodes; left out where all of it is out for long
            days: [周五, 周六]        # when new ones come: also 周一至周四, 每天; left out where all come at once
            at: "20:00"             # Beijing time
            each: 2                 # optional: episodes a time
            members_ahead: 1 day    # optional: how much earlier for members, also 2 hours
            out: 12                 # optional: so many are out, whatever the schedule says; 0: announced without a day
        station:                    # optional: television shows it too
          {name: 江月卫视, days: [每天], at: "19:30", first: web}   # who shows it first: web, tv, both
      - id: winter_gala
        name: 冬夜星光晚会
        kind: live                  # these have no seasons but
        starts: +2 days             # a day; needed by live and event
        at: "20:00"
        days: [周六]                 # optional: it comes again, every week
        hours: 3                    # optional: how long it takes, 2 unless given

``starts`` may move with the day on which somebody asks: ``today``, ``+2 days``, ``-3 weeks`` (from this week's Monday).
``demo.yaml`` is read in demo mode alone, and every other file outside of it.
"""

import re
from datetime import date, timedelta
from pathlib import Path

from app.faq import source
from app.faq.knowledge import bare
from app.faq.loader import KnowledgeError
from app.faq.source import Place, Problem
from app.matching.normalise import clean, simplify
from app.matching.titles import Day, First, Kind, Season, Show, Station, Title

DEMO = "demo.yaml"
TITLE_ID = re.compile(r"[a-z][a-z0-9_]*")
MAX_NAME = 60
MAX_EPISODES = 5000

REQUIRED = frozenset({"id", "name", "kind"})
OPTIONAL = frozenset({"aliases", "genre", "seasons", "station", "starts", "at", "days", "hours"})
SEASON = frozenset({"number", "episodes", "starts", "days", "at", "each", "members_ahead", "out"})
STATION = frozenset({"name", "days", "at", "first"})
OF_SEASONS = frozenset({Kind.series, Kind.variety})

_WEEKDAYS = "一二三四五六日"
_DAYS = re.compile(rf"周([{_WEEKDAYS}])(?:至周([{_WEEKDAYS}]))?")
_CLOCK = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")
_MOVING = re.compile(r"([+-]\d{1,4}) (day|week)s?")
_AHEAD = re.compile(r"(\d{1,3}) (hour|day|week)s?")
_YEARS = range(1900, 2101)


def load_titles(directory: Path, *, demo: bool) -> tuple[Title, ...]:
    """The titles in a folder; none where there is no file for this mode. KnowledgeError lists all that is wrong."""
    problems: list[Problem] = []
    where = f"{directory.parent.name}/{directory.name}"
    for path in sorted(directory.glob("*.yml")):
        problems.append(Problem(f"{where}/{path.name}", 0, "", "name the file .yaml; it is not read as it is"))
    paths = [path for path in sorted(directory.glob("*.yaml")) if (path.name == DEMO) is demo]
    roots = [source.open_file(f"{where}/{path.name}", path, problems) for path in paths]
    titles = [_read_title(place) for root in roots if root for place in _titles_of(root)]
    _check_names([(place, title) for place, title in titles])
    if problems:
        raise KnowledgeError(problems)
    return tuple(title for _, title in titles)


Fields = dict[str, Place]


def _titles_of(root: Place) -> list[Place]:
    return source.items(source.record(root, frozenset({"titles"}), frozenset()).get("titles"))


def _read_title(place: Place) -> tuple[Fields, Title]:
    fields = source.record(place, REQUIRED, OPTIONAL)
    kind = _kind(fields.get("kind"))
    if kind:
        _check_kind(place, fields, kind)
    title = Title(
        id=_id(fields.get("id")),
        name=_name(fields.get("name")),
        kind=kind or Kind.film,
        genre=source.text(fields.get("genre")),
        aliases=tuple(_name(item) for item in source.items(fields.get("aliases"))),
        seasons=_seasons(fields.get("seasons")),
        show=_show(fields),
        station=_station(fields.get("station")),
    )
    return fields, title


def _check_kind(place: Place, fields: Fields, kind: Kind) -> None:
    """Which fields a kind has."""
    if kind in OF_SEASONS:
        for name in sorted({"starts", "at", "days", "hours"} & fields.keys()):
            fields[name].report("stands in the seasons of a series or variety show")
        if "seasons" not in fields:
            place.field("seasons", place.node).report("missing")
        return
    if "seasons" in fields:
        fields["seasons"].report("only series and variety shows have seasons")
    needed = {"starts", "at"} if kind is not Kind.film or {"starts", "at", "days", "hours"} & fields.keys() else set()
    for name in sorted(needed - fields.keys()):
        place.field(name, place.node).report("missing")


def _seasons(place: Place | None) -> tuple[Season, ...]:
    seasons: list[Season] = []
    for item in source.items(place):
        season = _season(item, seasons[-1].number + 1 if seasons else 1)
        if seasons and season.number <= seasons[-1].number:
            item.report("must have a higher number than the season before it")
        seasons.append(season)
    return tuple(seasons)


def _season(place: Place, number: int) -> Season:
    fields = source.record(place, frozenset(), SEASON)
    episodes = _count(fields["episodes"]) if "episodes" in fields else None
    out = source.number(fields["out"]) if "out" in fields else None
    if not fields.keys() & {"episodes", "starts", "out"}:
        place.report("needs episodes, starts or out")
    if out is not None and episodes is not None and out > episodes:
        fields["out"].report("more are out than there are episodes")
    if "starts" in fields and "at" not in fields:
        place.field("at", place.node).report("missing")
    for name in sorted({"days", "at", "each", "members_ahead"} & fields.keys()):
        if "starts" not in fields:
            fields[name].report("needs starts")
    return Season(
        number=_count(fields.get("number"), number),
        episodes=episodes,
        starts=_day(fields.get("starts")) if "starts" in fields else None,
        weekdays=_weekdays(fields.get("days")),
        at=_clock(fields.get("at")),
        each=_count(fields.get("each")),
        early=_ahead(fields.get("members_ahead")),
        out=out,
    )


def _show(fields: Fields) -> Show | None:
    if "starts" not in fields:
        return None
    hours = _count(fields.get("hours"), 2)
    days = _weekdays(fields.get("days"))
    return Show(_day(fields["starts"]), _clock(fields.get("at")), days, timedelta(hours=hours))


def _station(place: Place | None) -> Station | None:
    if place is None:
        return None
    fields = source.record(place, STATION, frozenset())
    first = source.text(fields.get("first"))
    if "first" in fields and first and first not in set(First):
        fields["first"].report(f"must be one of {', '.join(First)}")
    return Station(
        name=source.text(fields.get("name")),
        weekdays=_weekdays(fields.get("days")),
        at=_clock(fields.get("at")),
        first=First(first) if first in set(First) else First.both,
    )


# -------------------- the fields


def _id(place: Place | None) -> str:
    id_ = source.text(place)
    if place and id_ and not TITLE_ID.fullmatch(id_):
        place.report("must be a name of small letters, digits and _")
    return id_


def _name(place: Place | None) -> str:
    name = source.text(place)
    if place and name and ("\n" in name or len(name) > MAX_NAME or not bare(name) or set(name) & set("《》{}")):
        place.report(f"must be one line of at most {MAX_NAME} characters, without 《》 and braces")
    return name


def _kind(place: Place | None) -> Kind | None:
    kind = source.text(place)
    if place and kind and kind not in set(Kind):
        place.report(f"must be one of {', '.join(Kind)}")
    return Kind(kind) if kind in set(Kind) else None


def _count(place: Place | None, otherwise: int = 1) -> int:
    if place is None:
        return otherwise
    count = source.number(place)
    if not 1 <= count <= MAX_EPISODES:
        place.report(f"must be 1 to {MAX_EPISODES}")
        return 1
    return count


def _day(place: Place | None) -> Day:
    text = source.text(place)
    if found := _MOVING.fullmatch(text):
        count = int(found[1])
        return Day(weeks=count) if found[2] == "week" else Day(days=count)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day and day.year in _YEARS:
        return Day(day)
    if place and text and text != "today":
        place.report('must be a day such as "2026-11-06", or today, +2 days, -3 weeks')
    return Day()


def _weekdays(place: Place | None) -> tuple[int, ...]:
    days: set[int] = set()
    for item in source.items(place):
        text = source.text(item)
        found = _DAYS.fullmatch(text)
        first, last = (_WEEKDAYS.index(found[1]), _WEEKDAYS.index(found[2] or found[1])) if found else (0, 6)
        if text and (last < first or not (found or text == "每天")):
            item.report("must be 周一 to 周日, 周一至周四 or 每天")
        days.update(range(first, last + 1))
    return tuple(sorted(days))


def _clock(place: Place | None) -> int:
    """Minutes after midnight."""
    text = source.text(place)
    found = _CLOCK.fullmatch(text)
    if place and text and not found:
        place.report('must be a time such as "20:00"')
    return int(found[1]) * 60 + int(found[2]) if found else 0


def _ahead(place: Place | None) -> timedelta:
    text = source.text(place)
    found = _AHEAD.fullmatch(text)
    if place and text and not found:
        place.report("must be a time such as 1 day or 2 hours")
    return timedelta(**{f"{found[2]}s": int(found[1])}) if found else timedelta()


# -------------------- across all files


def _check_names(titles: list[tuple[Fields, Title]]) -> None:
    """No two titles share an id or a name, however it is written."""
    ids: dict[str, Place] = {}
    names: dict[str, Place] = {}
    for fields, title in titles:
        if title.id:
            _check_once(ids, title.id, fields["id"], title.id)
        places = [fields["name"]] if "name" in fields else []
        places += source.items(fields.get("aliases"))
        for place, name in zip(places, title.names if "name" in fields else title.aliases, strict=True):
            if key := simplify(clean(name)):
                _check_once(names, key, place, name)


def _check_once(seen: dict[str, Place], key: str, place: Place, text: str) -> None:
    first = seen.setdefault(key, place)
    if first is not place:
        place.report(f"'{text}' already stands at {first.file}:{first.line}")
