"""Generates the checked-in tables from the development tools: ``python -m app.matching.tables``.

The service reads only the results: pypinyin would cost it 58 MB of memory. Needs the development dependencies.
"""

import subprocess
import tempfile
from collections import defaultdict
from itertools import chain
from pathlib import Path

import opencc
from pypinyin import lazy_pinyin

from app.matching.normalise import TRIGGERS_PATH, clean, convert
from app.matching.syllables import TABLE_PATH, fuzzy

IDEOGRAPHS = [chr(code) for code in range(0x4E00, 0xA000)]
"""The basic block; what lies outside is too rare to be mistaken for its sound."""

DICTIONARIES = (
    "CJK_Compatibility_Ideographs",
    "TWPhrasesRev",
    "TWVariantsRevPhrases",
    "TWVariantsRev",
    "TSPhrases",
    "TSCharactersExt",
    "TSCharacters",
)
"""All dictionaries that the conversion tw2sp of OpenCC 1.4 reads."""


def pinyin_table() -> str:
    """One line a fuzzy syllable: the syllable, a space, all its characters."""
    characters: dict[str, list[str]] = defaultdict(list)
    for character in IDEOGRAPHS:
        syllable = lazy_pinyin(character)[0]
        if syllable.isascii():
            characters[fuzzy(syllable)].append(character)
    return "".join(f"{syllable} {''.join(found)}\n" for syllable, found in sorted(characters.items()))


def conversion_triggers() -> str:
    """What must stand in a text for the conversion to simplified Chinese to change it: characters, then phrases.

    The first line holds all characters that are changed by themselves, the second all changed phrases without such a
    character (影片, 程式). Phrases with capital letters or punctuation are left out: cleaned text has none.
    """
    keys = (key for name in DICTIONARIES for key in _keys(name))
    changed = {key for key in chain(keys, IDEOGRAPHS) if convert(key) != key}
    characters = {key for key in changed if len(key) == 1}
    phrases = {key for key in changed if characters.isdisjoint(key) and key == clean(key)}
    return f"{''.join(sorted(characters))}\n{' '.join(sorted(phrases))}\n"


def _keys(name: str) -> list[str]:
    """What a dictionary of the OpenCC wheel converts; the wheel has only the binary form and the tool that reads it."""
    package = Path(opencc.__file__).parent / "clib"
    tool, source = package / "bin" / "opencc_dict", package / "share" / "opencc" / f"{name}.ocd2"
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "dictionary.txt"
        command: list[str | Path] = [tool, "--input", source, "--output", target, "--from", "ocd2", "--to", "text"]
        subprocess.run(command, check=True, capture_output=True)
        return [line.split("\t")[0] for line in target.read_text(encoding="utf-8").splitlines()]


def main() -> None:
    TABLE_PATH.write_text(pinyin_table(), encoding="utf-8")
    TRIGGERS_PATH.write_text(conversion_triggers(), encoding="utf-8")


if __name__ == "__main__":
    main()
