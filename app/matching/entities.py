"""What a text is about, taken out of what it asks: title, season, episode, error code.

《长风渡》第8集没字幕 asks what 没字幕 asks, about an episode. What is left must still ask it: 第二季什么时候出 asks for
the season itself, 一共36集吗 for a number, 从第6集跳到第8集 for an order of episodes; there the words stay.
Every pattern is bounded, so that no text takes more than linear time.
"""

import re
import unicodedata
from dataclasses import dataclass, replace

from app.matching.devices import Device, device_in


@dataclass(frozen=True, slots=True)
class Slots:
    title: str | None = None
    """As the viewer wrote it between 《》."""
    season: int | None = None
    episode: int | None = None
    """The first that is named."""
    error_code: str | None = None
    """In capitals, without blanks: 30012, E-2004, ERR5103, -1007."""
    device: Device | None = None

    def over(self, earlier: "Slots") -> "Slots":
        """Both together; what is named here wins."""
        if earlier is NOTHING or self == earlier:
            return self
        return Slots(
            self.title or earlier.title,
            earlier.season if self.season is None else self.season,
            earlier.episode if self.episode is None else self.episode,
            self.error_code or earlier.error_code,
            self.device or earlier.device,
        )


@dataclass(frozen=True, slots=True)
class Extraction:
    rest: str
    """What is to be matched."""
    slots: Slots


NOTHING = Slots()
_HINT = re.compile(r"[《第\d]")
"""Without one of these a text names nothing."""

_TITLE = re.compile(r"《([^《》]{1,60})》")

_NUMBER = r"(?:\d{1,4}|[零〇一二两三四五六七八九十百]{1,7})"
_SEASON = re.compile(rf"第\s?({_NUMBER})\s?季|(?<![a-z\d])s(?:eason)?\s?0?(\d{{1,2}})(?![a-z\d])", re.IGNORECASE)
_SEASON_AND_EPISODE = re.compile(
    rf"第\s?({_NUMBER})\s?季\s?第?\s?({_NUMBER})\s?[集期话話]|(?<![a-z\d])s(\d{{1,2}})\s?ep?(\d{{1,4}})(?![a-z\d])",
    re.IGNORECASE,
)
_EPISODE = re.compile(
    rf"(?:第\s?({_NUMBER})\s?(?P<several>[集期话話]?\s?[-~到至和跟、]\s?第?\s?{_NUMBER}\s?)?[集期话話]"
    # a bare number of episodes is a count (一共36集) unless it stands where a place in the series is named
    rf"|(?<![^\s,.!?;:》到看点播放开])(\d{{1,4}})\s?(?P<more>集?[-~到至和跟、]\s?\d{{1,4}}\s?)?集(?![多全吗嘛还以左完连打都])"
    rf"|(?<![a-z\d])ep?\.?\s?(\d{{1,3}})(?![a-z\d]))",
    re.IGNORECASE,
)
_ANY_EPISODE = re.compile(rf"{_NUMBER}\s?[集期话話]")
_ERROR_CODE = re.compile(
    r"(?:(?:错误|錯誤|报错|報錯|异常|異常|故障)代?[码碼号號]?|(?<![惠换換])代[码碼]|error\s?code)"
    r"[\s:#是为為]{0,3}([a-z]{0,5}[-_\s]?\d{2,8})(?![a-z\d集季期])"
    r"|(?<![a-z\d])(e-?\d{4,8}|e-\d{3}|err(?:or)?[-_\s:]?\d{2,8}|-\d{4,6})(?![a-z\d])",
    re.IGNORECASE,
)

_ASKS_FOR_EPISODE = re.compile(
    r"[少缺漏跳更播出]|没有第|没第|[该没]上|什么时候|啥时|何时|几点|哪天|上线|上架|顺序|不见"
)
_ASKS_FOR_SEASON = re.compile(r"[播出拍续更]|什么时候|啥时|何时|多久|哪天|几号|上线|定档|有没有|会有|还有|预告")
_SAYS_ERROR = re.compile(r"错误|錯誤|报错|報錯|代[码碼]|error\s?code", re.IGNORECASE)


def extract(text: str) -> Extraction:
    """Never raises; a text that names nothing comes back as it is."""
    device = device_in(text)
    if not _HINT.search(text):
        return Extraction(text, Slots(device=device) if device else NOTHING)
    found = _TITLE.search(text)
    title = found[1].strip() if found else ""
    rest = unicodedata.normalize("NFKC", _TITLE.sub(" ", text) if title else text)
    rest, error_code = _take_error_code(rest)
    rest, season, episode = _take_place(rest)
    slots = Slots(title or None, season, episode, error_code)
    return Extraction(rest.strip() if slots != NOTHING else text, replace(slots, device=device))


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
        return _cut(text, both), _number(both[1] or both[3]), _number(both[2] or both[4])
    text, season = _take_season(text)
    text, episode = _take_episode(text)
    return text, season, episode


def _take_season(text: str) -> tuple[str, int | None]:
    found = _SEASON.search(text)
    if found is None:
        return text, None
    season = _number(found[1] or found[2])
    return (text if _ASKS_FOR_SEASON.search(text) else _cut(text, found)), season


def _take_episode(text: str) -> tuple[str, int | None]:
    first = _EPISODE.search(text)
    if first is None:
        return text, None
    episode = _number(next(group for group in first.groups() if group))
    if len(_ANY_EPISODE.findall(text)) > 1 or first["several"] or first["more"]:
        return text, episode
    return _cut(text, first, "这集" if _ASKS_FOR_EPISODE.search(text) else ""), episode


def _cut(text: str, found: re.Match[str], instead: str = "") -> str:
    return text[: found.start()] + instead + text[found.end() :]


_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100}


def _number(text: str) -> int:
    """12, 十二, 一百零五, 一〇五 → the number."""
    if text.isdecimal():
        return int(text)
    if not any(unit in text for unit in _UNITS):
        return int("".join(str(_DIGITS[digit]) for digit in text))
    total, digit = 0, 0
    for character in text:
        if unit := _UNITS.get(character):
            total, digit = total + (digit or 1) * unit, 0
        else:
            digit = _DIGITS[character]
    return total + digit
