"""What the catalogue knows of a title, said before the entry's own words. Pure: the clock is given."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from app.dialogue import phrases
from app.dialogue.phrases import when
from app.faq.knowledge import TitleFacts
from app.matching.catalogue import Catalogue
from app.matching.entities import Slots
from app.matching.titles import Airing, Kind, Season, Show, Title

_WEEKDAYS = "一二三四五六日"
_ORDINALS = "零一二三四五六七八九十"


def told(facts: TitleFacts | None, heard: Slots, catalogue: Catalogue, now: datetime) -> str:
    """ "" where nothing is known: no title, none of the catalogue, or not this of it."""
    title = catalogue.titles.get(heard.title) if facts and heard.title else None
    if title is None or facts is None:
        return ""
    if title.seasons:
        return _OF_SEASONS[facts](title, heard, now)
    return _shown(title, now) if facts in (TitleFacts.airing, TitleFacts.start) else ""


# -------------------- series and variety shows


def _airing(title: Title, heard: Slots, now: datetime) -> str:
    season = title.season(heard.season, now)
    return _state(title, season, heard.episode, now) if season else ""


def _state(title: Title, season: Season, episode: int | None, now: datetime) -> str:
    """When new episodes come, how far it is, and when the next one comes, or the one that is asked for."""
    name, out = _name(title, season), season.out_at(now)
    if season.announced:
        return phrases.SEASON_ANNOUNCED.format(name=name)
    if season.episodes and out >= season.episodes:
        return phrases.ALL_OUT.format(name=name, count=season.episodes, unit=_unit(title))
    if not out:
        return _before(title, season, now)
    rhythm = _rhythm(title, season)
    said = phrases.SO_FAR.format(
        name=name, rhythm=rhythm and f"{rhythm}，", out=out, members=_members(title, season, out, now),
        total=_total(title, season), unit=_unit(title),
    )  # fmt: skip
    if episode and episode > out and (asked := season.airing(episode, now)):
        return said + _coming(phrases.ASKED_COMES, title, str(episode), asked, now)
    coming = season.next_after(now)
    return said + _coming(phrases.NEXT_COMES, title, _range(coming), coming, now) if coming else said


def _before(title: Title, season: Season, now: datetime) -> str:
    coming = season.next_after(now)
    if coming is None:
        return ""
    rhythm = _rhythm(title, season)
    return phrases.NOT_YET.format(
        name=_name(title, season), at=when(coming.at, now), rhythm=rhythm and f"，{rhythm}",
        total=_total(title, season),
    )  # fmt: skip


def _coming(wording: str, title: Title, which: str, airing: Airing, now: datetime) -> str:
    sooner = now < airing.members_at < airing.at
    members = phrases.MEMBERS_AT.format(at=when(airing.members_at, now)) if sooner else ""
    return wording.format(which=which, unit=_unit(title), at=when(airing.at, now), members=members)


def _members(title: Title, season: Season, out: int, now: datetime) -> str:
    ahead = season.out_at(now, members=True)
    return phrases.MEMBERS_SEE.format(out=ahead, unit=_unit(title)) if ahead > out else ""


def _episodes(title: Title, heard: Slots, now: datetime) -> str:
    season = title.season(heard.season, now)
    if season is None or season.announced:
        return ""
    name, unit, out = _name(title, season), _unit(title), season.out_at(now)
    if season.episodes is None:
        return phrases.NO_TOTAL.format(name=name, out=out, unit=unit) if out else ""
    if out >= season.episodes:
        return phrases.ALL_OUT.format(name=name, count=season.episodes, unit=unit)
    last = season.last_at(now)
    so_far = phrases.SO_FAR_OF.format(out=out, unit=unit) if out else ""
    ends = phrases.ENDS.format(at=when(last, now)) if last else ""
    return phrases.TOTAL_OF.format(name=name, count=season.episodes, unit=unit, so_far=so_far, ends=ends)


def _next_season(title: Title, heard: Slots, now: datetime) -> str:
    """Of the season that is asked for, else of the one after the newest."""
    newest = title.season(None, now)
    assert newest is not None
    if not newest.out_at(now, members=True) and heard.season is None:
        return _state(title, newest, None, now)
    asked = title.season(heard.season, now) if heard.season is not None else title.after(newest)
    if asked is not None:
        return _state(title, asked, None, now)
    if heard.season is not None and heard.season <= newest.number:
        return ""
    number = f"第{_ordinal(heard.season or newest.number + 1)}季"
    return phrases.NO_NEXT_SEASON.format(
        title=title.name, newest=f"第{_ordinal(newest.number)}季", total=_total(title, newest), asked=number
    )  # fmt: skip


def _station(title: Title, heard: Slots, now: datetime) -> str:
    if title.station is None:
        return ""
    season, station = title.season(heard.season, now), title.station
    web = ""
    if season and season.starts and season.weekdays and season.next_after(now):
        web = phrases.WEB_AIRS.format(days=_days(season.weekdays), at=_clock(season.at))
    return phrases.STATION_AIRS.format(
        title=title.name, station=station.name, days=_days(station.weekdays), at=_clock(station.at), web=web,
        first=phrases.FIRST[station.first],
    )  # fmt: skip


_OF_SEASONS: dict[TitleFacts, Callable[[Title, Slots, datetime], str]] = {
    TitleFacts.airing: _airing,
    TitleFacts.start: _airing,
    TitleFacts.episodes: _episodes,
    TitleFacts.next_season: _next_season,
    TitleFacts.station: _station,
}


# -------------------- films, broadcasts, events


def _shown(title: Title, now: datetime) -> str:
    show = title.show
    if show is None:
        return phrases.FILM_OUT.format(title=title.name)
    if title.kind is Kind.film:
        first = show.first_at(now)
        wording = phrases.FILM_OUT if first <= now else phrases.FILM_COMES
        return wording.format(title=title.name, at=when(first, now))
    return _broadcast(title, show, now)


def _broadcast(title: Title, show: Show, now: datetime) -> str:
    at = show.at_or_after(now)
    if at is None:
        return phrases.SHOW_OVER.format(title=title.name, at=when(show.first_at(now), now))
    if at <= now:
        return phrases.SHOW_RUNS.format(title=title.name, at=when(at, now))
    if show.weekdays:
        days, clock = _days(show.weekdays), _clock(show.at)
        return phrases.SHOW_WEEKLY.format(title=title.name, days=days, clock=clock, at=when(at, now))
    return phrases.SHOW_COMES.format(title=title.name, at=when(at, now))


# -------------------- pieces


def _name(title: Title, season: Season) -> str:
    several = len(title.seasons) > 1
    return f"《{title.name}》第{_ordinal(season.number)}季" if several else f"《{title.name}》"


def _unit(title: Title) -> str:
    return "期" if title.kind is Kind.variety else "集"


def _total(title: Title, season: Season) -> str:
    return phrases.TOTAL.format(count=season.episodes, unit=_unit(title)) if season.episodes else ""


def _rhythm(title: Title, season: Season) -> str:
    """每周五、周六 20:00 更新，每次 2 集，会员早一天; "" where all comes at once or nobody knows when."""
    if not season.weekdays or season.starts is None or season.out is not None:
        return ""
    each = phrases.EACH.format(count=season.each, unit=_unit(title)) if season.each > 1 else ""
    early = phrases.EARLY.format(time=_length(season.early)) if season.early else ""
    return phrases.RHYTHM.format(days=_days(season.weekdays), at=_clock(season.at), each=each, early=early)


def _days(weekdays: Sequence[int]) -> str:
    """每天, 每周五、周六, 每周一至周四."""
    if len(weekdays) in (0, 7):
        return "每天"
    first, last = weekdays[0], weekdays[-1]
    if len(weekdays) > 2 and last - first == len(weekdays) - 1:
        return f"每周{_WEEKDAYS[first]}至周{_WEEKDAYS[last]}"
    return "每" + "、".join(f"周{_WEEKDAYS[day]}" for day in weekdays)


def _length(time: timedelta) -> str:
    if time.seconds:
        return f" {int(time.total_seconds()) // 3600} 小时"
    return "一天" if time.days == 1 else f" {time.days} 天"


def _clock(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02d}"


def _range(airing: Airing) -> str:
    return str(airing.first) if airing.first == airing.last else f"{airing.first}–{airing.last}"


def _ordinal(number: int) -> str:
    return _ORDINALS[number] if number < len(_ORDINALS) else f" {number} "
