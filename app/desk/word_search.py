"""Finds sensitive words in a text, also disguised: full width, traditional, with signs in between. Pure."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import ahocorasick

from app.matching.folding import fold

_ENDS: Final = frozenset("。!?;,、:\n")
"""What ends a clause, in NFKC: letters on both sides of it are no one word."""
_GAP: Final = 3
"""Signs between two letters of a word, at the most."""


@dataclass(frozen=True, slots=True)
class Word:
    id: int
    word: str
    blocks: bool
    advice: str


class Search:
    """Built once for a list of words; Aho–Corasick, so that a text costs the same however many words there are."""

    def __init__(self, words: Iterable[Word]) -> None:
        by_letters: dict[str, Word] = {}
        for word in words:
            letters = letters_of(word.word)
            if letters and (letters not in by_letters or word.blocks):
                by_letters[letters] = word
        self._automaton = ahocorasick.Automaton()
        for letters, word in by_letters.items():
            self._automaton.add_word(letters, (letters, word))
        self._automaton.make_automaton()
        self._is_empty = not by_letters

    def find(self, text: str) -> list[Word]:
        """Each word once, those that block first, then in the order of the text."""
        if self._is_empty:
            return []
        folded = _folded(text)
        places = [at for at, char in enumerate(folded) if char.isalnum()]
        found: dict[int, Word] = {}
        for end, (letters, word) in self._automaton.iter("".join(folded[at] for at in places)):
            first = end - len(letters) + 1
            if word.id not in found and _is_one(folded, places[first : end + 1]):
                found[word.id] = word
        return sorted(found.values(), key=lambda word: not word.blocks)


def letters_of(text: str) -> str:
    """What of a word is compared."""
    return "".join(filter(str.isalnum, _folded(text)))


def _folded(text: str) -> str:
    return fold(unicodedata.normalize("NFKC", text))


def _is_one(folded: str, places: list[int]) -> bool:
    """Whether these letters are read as one word: near each other, in one clause, and not a piece of a Latin one."""
    for before, after in pairwise(places):
        between = folded[before + 1 : after]
        if len(between) > _GAP or not _ENDS.isdisjoint(between):
            return False
    return not (_goes_on(folded, places[0], -1) or _goes_on(folded, places[-1], 1))


def _goes_on(folded: str, at: int, step: int) -> bool:
    """Whether a Latin word or a number has more letters beyond its end."""
    beyond = folded[at + step] if 0 <= at + step < len(folded) else ""
    return _is_latin(folded[at]) and _is_latin(beyond)


def _is_latin(char: str) -> bool:
    return char.isascii() and char.isalnum()
