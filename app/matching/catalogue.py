"""Finds the names of works in a text, in linear time: as written, or typed with characters that sound the same.

A wrong title is worse than none. So the longest name wins; one or two characters, and names that the knowledge itself
uses as words, count only before a season or an episode; and a name that is only heard must have three characters, one
in three of them as written, and must not be made of words that the knowledge uses.

Memory and time: ``tests/bench/titles.py``. Aho–Corasick automata of pyahocorasick, which are only read once built.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

import ahocorasick

from app.matching.folding import fold
from app.matching.moments import moment_in
from app.matching.normalise import clean, simplify
from app.matching.numerals import NUMERAL
from app.matching.syllables import SYLLABLES
from app.matching.titles import Title

HEARD = 3
"""Characters from which on a name is recognised by its sound; so many to one that is written right."""
BARE = 3
"""Characters from which on a name counts without a mark."""

_CODES = {sound: chr(0xE000 + place) for place, sound in enumerate(SYLLABLES.sounds)}
"""Fuzzy syllable → a character of the private use area."""


class _Sounds(dict[int, str]):
    """For ``str.translate``: character → code of its syllable. Filled as characters come: texts use a few thousand of
    the 27,000, and a whole table would take more memory than a catalogue."""

    def __missing__(self, character: int) -> str:
        code = _CODES[SYLLABLES[chr(character)]]  # a LookupError leaves the character as it is
        self[character] = code
        return code


_SIGNS = (*range(0x80), *range(0x2010, 0x2040), *range(0x3000, 0x3020))
_SOUNDS = _Sounds({sign: chr(sign) for sign in _SIGNS})

_BRACKETED = re.compile("《[^《》]*》")
_MARK = re.compile(
    rf"\s?(?:第?\s?(?:\d{{1,4}}|[{NUMERAL}]{{1,7}})\s?[集期话季]|第\s?(?:\d{{1,2}}|[{NUMERAL}]{{1,3}})\s?部"
    r"|s\d|ep?\.?\s?\d|最后一[集期]|大结局)"
)
"""What follows a name that is also a word, where it is meant as a name."""
_AFTER_WORD = re.compile(r"[^\W看追播放开刷]")
"""What stands before a word that is no name."""


class Found(NamedTuple):
    start: int
    end: int
    """Behind the last character."""
    title: Title


class _Needs(Enum):
    """What a name needs to be one, where it does not stand between 《》."""

    nothing = 0
    mark = 1
    """A season or an episode behind it."""
    place = 2
    """That, and no word before it."""
    brackets = 3


class _Name(NamedTuple):
    text: str
    """Folded."""
    title: Title
    needs: _Needs


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Immutable, swapped whole when the titles change."""

    titles: Mapping[str, Title]
    """By name."""
    _by_writing: Mapping[str, Title] = field(repr=False)
    """Letters and digits of every name → its title."""
    _names: tuple[_Name, ...] = field(repr=False)
    _spelled: ahocorasick.Automaton = field(repr=False)
    """Folded names → places in ``_names``."""
    _heard: ahocorasick.Automaton = field(repr=False)
    """Names as sounds → places in ``_names``."""
    _words: str = field(repr=False)
    """The texts of the knowledge, folded."""

    @classmethod
    def build(cls, titles: Iterable[Title], texts: Iterable[str] = ()) -> "Catalogue":
        """``texts``: phrasings of the knowledge; what they spell, but not between 《》, is no name by itself. Of two
        titles with the same name the first has it."""
        titles = tuple(titles)
        words = "\n".join(fold(unicodedata.normalize("NFKC", _BRACKETED.sub("\n", text))) for text in texts)
        written = dict(_names_of(titles))
        spelled = _automaton(written)
        ordinary = {place for _, place in spelled.iter(words)} if written else set()
        names = tuple(
            _Name(text, title, _needs(text, place in ordinary)) for place, (text, title) in enumerate(written.items())
        )
        heard = _automaton(_sounds(name.text) if _can_be_heard(name) else "" for name in names)
        by_writing = {_writing(name): title for title in reversed(titles) for name in title.names}
        by_name = {title.name: title for title in titles}
        return cls(MappingProxyType(by_name), MappingProxyType(by_writing), names, spelled, heard, words)

    def __bool__(self) -> bool:
        return bool(self.titles)

    def named(self, name: str) -> Title | None:
        """The title with this name, nickname or abbreviation, however it is typed: what stands between 《》."""
        if title := self._by_writing.get(_writing(name)):
            return title
        folded = fold(unicodedata.normalize("NFKC", name))
        whole = [found for found in self._all_heard(folded) if found.end - found.start == len(folded)]
        return whole[0].title if whole else None

    def find(self, text: str) -> list[Found]:
        """The names in a folded text, in order, none over another."""
        if not self.titles:
            return []
        return _longest(self._all_spelled(text) or self._all_heard(text))

    def _all_spelled(self, text: str) -> list[Found]:
        if not len(self._spelled):
            return []
        found = []
        for last, place in self._spelled.iter(text):
            name = self._names[place]
            start, end = last + 1 - len(name.text), last + 1
            if _stands_alone(text, start, end) and _is_meant(name, text, start, end):
                found.append(Found(start, end, name.title))
        return found

    def _all_heard(self, text: str) -> list[Found]:
        if not len(self._heard):
            return []
        found = []
        for last, place in self._heard.iter(_sounds(text)):
            name = self._names[place]
            start, end = last + 1 - len(name.text), last + 1
            written = text[start:end]
            if _is_near(written, name.text) and written not in self._words:
                found.append(Found(start, end, name.title))
        return found


def _automaton(words: Iterable[str]) -> ahocorasick.Automaton:
    """Finds the words, with their places; an empty one is none, and the first of two equal ones counts."""
    automaton = ahocorasick.Automaton(ahocorasick.STORE_INTS)
    for place, word in enumerate(words):
        if word and word not in automaton:
            automaton.add_word(word, place)
    if len(automaton):
        automaton.make_automaton()
    return automaton


def _names_of(titles: Sequence[Title]) -> Iterator[tuple[str, Title]]:
    """Each name, folded: as it is written, and without its signs. Of equal ones the first title's comes last."""
    for title in reversed(titles):
        for name in title.names:
            folded = fold(unicodedata.normalize("NFKC", name))
            yield from ((text, title) for text in (folded, simplify(clean(folded))) if text)


def _needs(name: str, ordinary: bool) -> _Needs:
    moment = moment_in(name)
    if moment and moment.said == name:  # 今晚第8集 names no 《今晚》
        return _Needs.brackets
    if ordinary or len(name) == 1:
        return _Needs.place
    return _Needs.nothing if len(name) >= BARE else _Needs.mark


def _can_be_heard(name: _Name) -> bool:
    spoken = all(SYLLABLES[character] for character in name.text)
    return len(name.text) >= HEARD and name.needs is _Needs.nothing and spoken


def _writing(name: str) -> str:
    return simplify(clean(name))


def _sounds(text: str) -> str:
    return text.translate(_SOUNDS)


def _is_near(written: str, name: str) -> bool:
    """Whether it is not the name itself, but enough of it."""
    same = sum(one == other for one, other in zip(written, name, strict=True))
    return same < len(name) <= same * HEARD


def _stands_alone(text: str, start: int, end: int) -> bool:
    """No name stands inside of a longer word of Latin letters, or of a longer number."""
    return not _joined(text[start - 1 : start], text[start]) and not _joined(text[end - 1], text[end : end + 1])


def _joined(one: str, other: str) -> bool:
    both = one + other
    return len(both) == 2 and both.isascii() and (both.isalpha() or both.isdigit())


def _is_meant(name: _Name, text: str, start: int, end: int) -> bool:
    """Whether a name that is short, or also a word, is used as a name."""
    match name.needs:
        case _Needs.nothing:
            return True
        case _Needs.brackets:
            return False
        case _Needs.place if start and _AFTER_WORD.match(text[start - 1]):
            return False
    return _MARK.match(text, end) is not None


def _longest(found: Iterable[Found]) -> list[Found]:
    """The first, of those that begin together the longest, then what comes after it."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


NO_TITLES = Catalogue.build(())
