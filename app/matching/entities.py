"""What a text is about, taken out of what it asks: title, season, episode, error code; and when it happened.

《长风渡》第8集没字幕 asks what 没字幕 asks, about an episode. What is left must still ask it: 第二季什么时候出 asks for
the season itself, 一共36集吗 for a number, 从第6集跳到第8集 for an order of episodes; there the words stay. So do those
that say when, for 今晚 tells much of what is asked.
Every pattern is bounded, so that no text takes more than linear time.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from app.matching import moments
from app.matching.catalogue import NO_TITLES, Catalogue
from app.matching.devices import Device, device_in
from app.matching.folding import fold
from app.matching.moments import Moment, moment_in
from app.matching.numerals import NUMERAL, number
from app.matching.titles import ENDLESS, Season, Title


@dataclass(frozen=True, slots=True)
class Slots:
    title: str | None = None
    """Its name in the catalogue; one that is not there as the viewer wrote it between 《》."""
    season: int | None = None
    episode: int | None = None
    """The first that is named."""
    error_code: str | None = None
    """In capitals, without blanks: 30012, E-2004, ERR5103, -1007."""
    device: Device | None = None
    moment: Moment | None = None

    def over(self, earlier: "Slots") -> "Slots":
        """Both together; what is named here wins."""
        if earlier is NOTHING or self == earlier:
            return self
        other = self.title and earlier.title and self.title != earlier.title
        place = NOTHING if other else earlier  # what was named of another title is no place in this one
        return Slots(
            self.title or earlier.title,
            place.season if self.season is None else self.season,
            place.episode if self.episode is None else self.episode,
            self.error_code or earlier.error_code,
            self.device or earlier.device,
            self.moment or earlier.moment,
        )

    def settled(self, now: datetime) -> "Slots":
        """The same with a moment that stays what it is on other days."""
        return replace(self, moment=self.moment.settled(now)) if self.moment else self


@dataclass(frozen=True, slots=True)
class Extraction:
    rest: str
    """What is to be matched. A moment stays in it: 昨晚的直播 asks for something else than 直播."""
    slots: Slots

    @property
    def rest_without_moment(self) -> str:
        plain, moment = unicodedata.normalize("NFKC", self.rest), self.slots.moment
        start = fold(plain).find(moment.said) if moment else -1
        return plain[:start] + " " + plain[start + len(moment.said) :] if moment and start >= 0 else self.rest


NOTHING = Slots()
_HINT = re.compile(r"[《第\d]")
"""Without one of these a text names nothing but what the catalogue knows."""

_TITLE = re.compile(r"《([^《》]{1,60})》")

_NUMBER = rf"(?:\d{{1,4}}|[{NUMERAL}]{{1,7}})"
_SEASON = re.compile(rf"第\s?({_NUMBER})\s?季|(?<![a-z\d])s(?:eason)?\s?0?(\d{{1,2}})(?![a-z\d])", re.IGNORECASE)
_PART = r"(?:\s?\([上中下]\))?"
"""Of an episode that is shown in two or three."""
_SEASON_AND_EPISODE = re.compile(
    rf"(?:第\s?({_NUMBER})\s?季\s?第?|({_NUMBER})\s?季\s?第)\s?({_NUMBER})\s?[集期话話]{_PART}|(?<![a-z\d])s(\d{{1,2}})\s?ep?(\d{{1,4}})(?![a-z\d])",
    re.IGNORECASE,
)
_EPISODE = re.compile(
    rf"(?:第\s?({_NUMBER})\s?(?P<several>[集期话話]?\s?[-~到至和跟、]\s?第?\s?{_NUMBER}\s?)?[集期话話]{_PART}"
    # a bare number of episodes is a count (一共36集) unless it stands where a place in the series is named
    rf"|(?<![^\s,.!?;:》到看点播放开])(\d{{1,4}})\s?(?P<more>集?[-~到至和跟、]\s?\d{{1,4}}\s?)?集(?![多全吗嘛还以左完连打都])"
    rf"|(?<![a-z\d])ep?\.?\s?(\d{{1,3}})(?![a-z\d]))",
    re.IGNORECASE,
)
_ANY_EPISODE = re.compile(rf"{_NUMBER}\s?[集期话話]")
_AFTER_TITLE = re.compile(
    rf"\s?(?:(?:第\s?)?(?P<season>\d{{1,2}}|[{NUMERAL}]{{1,3}})\s?[季部](?!分)"
    rf"|(?P<episode>\d{{1,4}}|[{NUMERAL}]{{1,7}})\s?[期话](?![免分更全])"
    # 长风渡2, but not 长风渡2点更新, 长风渡4K or 长风渡3天没更了
    r"|(?P<bare>\d{1,3}|[二三四五六七八九十](?=[^\w]|$))"
    r"(?!\s?[\d.:%a-z点时分秒月日号年天周星礼小个次遍人倍块元毛台部条张位岁度级寸帧路集期话話季到至和跟、~-]))"
)
_NUMBERED = re.compile(rf"(.{{1,56}}?)\s?(?:第\s?)?(\d{{1,2}}|[{NUMERAL}]{{1,3}}(?=\s?[季部]))\s?[季部]?")
_ASKS_FOR_SEQUEL = re.compile(r"\s?(?:什么时候|啥时|何时|多久|哪天|几号)?(?:会|能|还|要)?(?:出|拍|定档|有吗|有没有)")
_LAST = re.compile(r"最后[一1][集期]|大结局")
_ERROR_CODE = re.compile(
    r"(?:(?:错误|錯誤|报错|報錯|异常|異常|故障)代?[码碼号號]?|(?<![惠换換])代[码碼]|error\s?code)"
    r"[\s:#是为為]{0,3}([a-z]{0,5}[-_\s]?\d{2,8})(?![a-z\d集季期])"
    r"|(?<![a-z\d])(e-?\d{4,8}|e-\d{3}|err(?:or)?[-_\s:]?\d{2,8}|-\d{4,6})(?![a-z\d])",
    re.IGNORECASE,
)

_ASKS_FOR_EPISODE = re.compile(
    r"[少缺漏跳更播出]|没有第|没第|[该没]上|什么时候|啥时|何时|几点|哪天|上线|上架|顺序|不见"
)
_ASKS_FOR_SEASON = re.compile(r"[播出拍续更]|什么时候|啥时|何时|多久|哪天|几号|上线|定档|有没有|会有|还有|有第|预告")
_SAYS_ERROR = re.compile(r"错误|錯誤|报错|報錯|代[码碼]|error\s?code", re.IGNORECASE)


def extract(text: str, catalogue: Catalogue = NO_TITLES) -> Extraction:
    """Never raises; a text that names nothing comes back as it is."""
    device = device_in(text)
    hinted, timed = _HINT.search(text), moments.HINT.search(text)
    if not (hinted or timed or catalogue):
        return Extraction(text, Slots(device=device) if device else NOTHING)
    plain, named = _take_brackets(text, catalogue)
    folded = fold(plain)
    named += [_Named(start, end, title.name, title) for start, end, title in catalogue.find(folded)]
    named.sort(key=lambda one: one.start)
    rest, slots = text, NOTHING
    if named or hinted:
        rest, slots = _take(plain, folded, named)
        rest = text if slots == NOTHING else rest
    moment = moment_in(_without(folded, named)) if timed else None
    if device or moment:
        slots = replace(slots, device=device, moment=moment)
    return Extraction(rest, slots)


class _Named(NamedTuple):
    """A title and where it stands; between 《》 that is one blank."""

    start: int
    end: int
    name: str
    title: Title | None
    place: str = ""
    """The season that is part of what stands between 《》."""


def _take_brackets(text: str, catalogue: Catalogue) -> tuple[str, list[_Named]]:
    """The text in NFKC with a blank for each title between 《》. The titles themselves stay as written."""
    if "《" not in text:
        return unicodedata.normalize("NFKC", text), []
    plain, named = "", []
    parts = _TITLE.split(text)
    for outside, inside in zip(parts[::2], [*parts[1::2], ""], strict=True):
        plain += unicodedata.normalize("NFKC", outside)
        if written := inside.strip():
            title, place = _between_brackets(written, catalogue)
            named.append(_Named(len(plain), len(plain) + 1, title.name if title else written, title, place))
            plain += " "
    return plain, named


def _between_brackets(written: str, catalogue: Catalogue) -> tuple[Title | None, str]:
    """Also 《长风渡2》 and 《长风渡 第二季》, unless there is a title of that name."""
    if (title := catalogue.named(written)) or not (more := _NUMBERED.fullmatch(written)):
        return title, ""
    title = catalogue.named(more[1])
    return (title, f"第{more[2]}季") if title and title.seasons else (None, "")


def _take(plain: str, folded: str, named: list[_Named]) -> tuple[str, Slots]:
    """What is left of a text without titles, code and place in a series; and these."""
    rest, cursor = "", 0
    for one in named:
        place, end = (one.place, one.end) if one.place or not one.title else _after_title(folded, one.end, one.title)
        rest += plain[cursor : one.start] + " " + place
        cursor = end
    rest, error_code = _take_error_code(rest + plain[cursor:])
    rest, season, episode = _take_place(rest)
    about = next((one for one in named if one.title), named[0] if named else None)
    if episode is None and about and about.title and _LAST.search(folded):
        episode = _last_episode(about.title, season)
    slots = Slots(about.name if about else None, season, episode, error_code)
    return rest.strip(), slots


def _after_title(folded: str, end: int, title: Title) -> tuple[str, int]:
    """The place in the series that follows a title at once, as it is usually written, and where it ends."""
    found = _AFTER_TITLE.match(folded, end)
    if found is None or not title.seasons:
        return "", end
    if found["season"]:
        return f"第{found['season']}季", found.end()
    if found["episode"]:
        return f"第{found['episode']}集", found.end()
    place = number(found["bare"])
    season = next((season for season in title.seasons if season.number == place), None)
    if season or _ASKS_FOR_SEQUEL.match(folded, found.end()):
        return f"第{place}季", found.end()
    return (f"第{place}集", found.end()) if 0 < place <= _most_episodes(title.seasons) else ("", end)


def _most_episodes(seasons: tuple[Season, ...]) -> int:
    return max((season.episodes or ENDLESS for season in seasons), default=0)


def _last_episode(title: Title, number: int | None) -> int | None:
    """Of the season that is named, or of the last one."""
    seasons = [season for season in title.seasons if number in (None, season.number)]
    return seasons[-1].episodes if seasons else None


def _without(folded: str, named: list[_Named]) -> str:
    """周五一起闯 is no Friday."""
    ends = (0, *(one.end for one in named))
    starts = (*(one.start for one in named), len(folded))
    return " ".join(folded[end:start] for end, start in zip(ends, starts, strict=True))


def _take_error_code(text: str) -> tuple[str, str | None]:
    found = _ERROR_CODE.search(text)
    if found is None:
        return text, None
    start, end = found.span(found.lastindex or 0)
    word = "" if _SAYS_ERROR.search(text) else " 错误码 "
    return text[:start] + word + text[end:], re.sub(r"[\s:_]", "", text[start:end]).upper()


def _take_place(text: str) -> tuple[str, int | None, int | None]:
    """Season and episode."""
    if both := _SEASON_AND_EPISODE.search(text):
        return _cut(text, both), number(both[1] or both[2] or both[4]), number(both[3] or both[5])
    text, season = _take_season(text)
    text, episode = _take_episode(text)
    return text, season, episode


def _take_season(text: str) -> tuple[str, int | None]:
    found = _SEASON.search(text)
    if found is None:
        return text, None
    season = number(found[1] or found[2])
    return (text if _ASKS_FOR_SEASON.search(text) else _cut(text, found)), season


def _take_episode(text: str) -> tuple[str, int | None]:
    first = _EPISODE.search(text)
    if first is None:
        return text, None
    episode = number(next(group for group in first.groups() if group))
    if len(_ANY_EPISODE.findall(text)) > 1 or first["several"] or first["more"]:
        return text, episode
    return _cut(text, first, "这集" if _ASKS_FOR_EPISODE.search(text) else ""), episode


def _cut(text: str, found: re.Match[str], instead: str = "") -> str:
    return text[: found.start()] + instead + text[found.end() :]
