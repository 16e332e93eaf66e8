"""Reads ``faq/language/*.yaml``: what operators teach the matcher about words.

``rewrites.yaml``::

    same:                        # the word on the left stands for each variant; longer variants win
      怎么: [咋, 如何]
    drop: [请问, 麻烦]            # words that say nothing
    particles: 吗呢啊             # single characters that say nothing
    patterns:                    # optional, RE2 expressions on lower-case text without blanks and punctuation
      - {find: "[0-9]{8,}", put: ""}

``thesaurus.yaml``: groups of words that mean the same thing in a question, under the name of the group::

    退款: [退钱, 退费, 返还]
"""

from collections.abc import Iterator
from pathlib import Path

from app.faq import source
from app.faq.source import Place, Problem
from app.matching.language import PLAIN, Language, Pattern, check_pattern
from app.matching.normalise import clean, simplify

LONGEST_WORD = 20
LONGEST_PATTERN = 200


def read_language(directory: Path, problems: list[Problem]) -> Language:
    """The rules of a folder, none where there is no such folder; what is wrong with them is added to ``problems``."""
    if not directory.exists():
        return PLAIN
    roots = dict(source.open_files(directory, problems))
    rewrites, thesaurus = roots.pop("rewrites", None), roots.pop("thesaurus", None)
    for root in roots.values():
        root.report("unknown file; there are rewrites.yaml and thesaurus.yaml")
    optional = frozenset({"same", "drop", "particles", "patterns"})
    fields = source.record(rewrites, frozenset(), optional) if rewrites else {}
    return Language(
        same=_groups(fields.get("same")),
        dropped=[*_words(fields.get("drop")), *source.text(fields.get("particles"))],
        patterns=[_pattern(place) for place in source.items(fields.get("patterns"))],
        thesaurus=_groups(thesaurus),
    )


def _groups(place: Place | None) -> dict[str, list[str]]:
    """Word → its variants; a variant stands once."""
    groups: dict[str, list[str]] = {}
    seen: dict[str, Place] = {}
    for key, value in source.pairs(place):
        groups[_word(key)] = [word for item in source.items(value) if (word := _once(item, seen))]
    return groups


def _words(place: Place | None) -> Iterator[str]:
    return (_word(item) for item in source.items(place))


def _once(place: Place, seen: dict[str, Place]) -> str:
    word = _word(place)
    first = seen.setdefault(word, place)
    if first is not place:
        place.report(f"'{word}' already stands in line {first.line}")
    return word


def _word(place: Place) -> str:
    """A word as it stands in text that is compared: lower case, simplified, letters and digits only."""
    word = source.text(place)
    compared = simplify(clean(word))
    if word and not compared:
        place.report("has neither letters nor digits")
    if len(word) > LONGEST_WORD:
        place.report(f"must have at most {LONGEST_WORD} characters")
    return compared


def _pattern(place: Place) -> Pattern:
    fields = source.record(place, frozenset({"find"}), frozenset({"put"}))
    find, put = source.text(fields.get("find")), source.plain(fields.get("put"))
    if "find" in fields and find and (wrong := _wrong(find)):
        fields["find"].report(wrong)
        find = ""
    if len(put) > LONGEST_WORD:
        fields["put"].report(f"must have at most {LONGEST_WORD} characters")
    return Pattern(find or "a^", put)


def _wrong(find: str) -> str | None:
    if len(find) > LONGEST_PATTERN:
        return f"must have at most {LONGEST_PATTERN} characters"
    return check_pattern(find)
