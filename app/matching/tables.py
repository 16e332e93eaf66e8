"""Generates the checked-in tables from the development tools: ``python -m app.matching.tables``.

The service reads only the results, so neither pypinyin (58 MB of memory) nor the dictionaries of OpenCC are loaded
while it runs. Needs the development dependencies.
"""

import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path

import opencc
from pypinyin import lazy_pinyin

from app.matching.normalise import TRIGGERS_PATH, clean, convert
from app.matching.syllables import TABLE_PATH, fuzzy

FIRST_IDEOGRAPH, LAST_IDEOGRAPH = 0x4E00, 0x9FFF
"""The basic block; what lies outside is too rare to be misspelt by its sound."""

DICTIONARIES = (
    "CJK_Compatibility_Ideographs",
    "TWPhrasesRev",
    "TWVariantsRevPhrases",
    "TWVariantsRev",
    "TSPhrases",
    "TSCharactersExt",
    "TSCharacters",
)
"""All dictionaries that the conversions tw2sp and t2s of OpenCC 1.4 read."""


def pinyin_table() -> str:
    """One line a fuzzy syllable: the syllable, a space, all its characters."""
    characters: dict[str, list[str]] = defaultdict(list)
    for code in range(FIRST_IDEOGRAPH, LAST_IDEOGRAPH + 1):
        syllable = lazy_pinyin(chr(code))[0]
        if syllable.isascii():
            characters[fuzzy(syllable)].append(chr(code))
    return "".join(f"{syllable} {''.join(found)}\n" for syllable, found in sorted(characters.items()))


def conversion_triggers() -> str:
    """What must stand in a text for the conversion to simplified Chinese to change it: characters, then phrases.

    The first line holds all characters that are changed by themselves, the second all changed phrases without such a
    character (影片, 程式). Phrases with capital letters or punctuation are left out: cleaned text has none.
    """
    changed = {key for name in DICTIONARIES for key in _dictionary(name) if convert(key) != key}
    characters = {key for key in changed if len(key) == 1}
    phrases = {key for key in changed if characters.isdisjoint(key) and key == clean(key)}
    return f"{''.join(sorted(characters))}\n{' '.join(sorted(phrases))}\n"


def _dictionary(name: str) -> dict[str, str]:
    """A dictionary of the OpenCC wheel as text; the wheel has only the binary form and the tool that converts it."""
    package = Path(opencc.__file__).parent / "clib"
    tool, source = package / "bin" / "opencc_dict", package / "share" / "opencc" / f"{name}.ocd2"
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "dictionary.txt"
        command: list[str | Path] = [tool, "--input", source, "--output", target, "--from", "ocd2", "--to", "text"]
        subprocess.run(command, check=True, capture_output=True)
        lines = target.read_text(encoding="utf-8").splitlines()
    return {key: values.split()[0] for key, values in (line.split("\t") for line in lines)}


def main() -> None:
    TABLE_PATH.write_text(pinyin_table(), encoding="utf-8")
    TRIGGERS_PATH.write_text(conversion_triggers(), encoding="utf-8")


if __name__ == "__main__":
    main()
