"""The checked-in tables are what their sources give.

After an update of pypinyin or OpenCC: ``python -m app.matching.tables``.
"""

from app.matching import tables
from app.matching.normalise import TRIGGERS_PATH
from app.matching.syllables import SYLLABLES, TABLE_PATH


def test_the_pinyin_table_is_what_pypinyin_gives() -> None:
    assert TABLE_PATH.read_text(encoding="utf-8") == tables.pinyin_table()


def test_the_triggers_are_what_opencc_gives() -> None:
    assert TRIGGERS_PATH.read_text(encoding="utf-8") == tables.conversion_triggers()


def test_every_character_of_the_table_has_its_sound_and_nothing_else_has_one() -> None:
    for line in TABLE_PATH.read_text(encoding="utf-8").splitlines():
        sound, characters = line.split(" ")
        assert {SYLLABLES[character] for character in characters} == {sound}
    assert [SYLLABLES[character] for character in ("a", "1", "é", "ᄀ", "\ua000", "𠀀", "😀")] == [""] * 7
    assert list(SYLLABLES.sounds) == sorted({*SYLLABLES.values()})


def test_confused_sounds_are_one() -> None:
    assert SYLLABLES["平"] == SYLLABLES["频"]
    assert SYLLABLES["是"] == SYLLABLES["四"]
    assert SYLLABLES["常"] == SYLLABLES["残"]
    assert SYLLABLES["屏"] != SYLLABLES["兵"]
