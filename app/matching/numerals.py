"""Numbers as they are written in Chinese texts."""

NUMERAL = "零〇一二两三四五六七八九十百"
"""The characters, simplified, for a class of a pattern."""
_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100}


def number(text: str) -> int:
    """12, 十二, 一百零五, 一〇五 → the number, of decimal digits or of ``NUMERAL`` alone."""
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
