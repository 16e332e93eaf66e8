"""Numbers that belong to one person, as agents may write them: bank cards, identity cards, mobile phones. Pure."""

import re
import unicodedata
from enum import StrEnum
from typing import Final


class Personal(StrEnum):
    identity_card = "identity_card"
    bank_card = "bank_card"
    phone = "phone"


_RUN: Final = re.compile(r"(?<![A-Za-z\d])\d(?:[ -]?\d){9,22}[Xx]?(?![A-Za-z\d])")
"""Digits that may be set in groups; an identity card may end with an X."""
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"
_PHONE: Final = re.compile(r"(?:86)?1[3-9]\d{9}")


def find_personal(text: str) -> list[Personal]:
    """Which kinds the text holds, each once. What fails its check digits is no card: orders are left alone."""
    plain = unicodedata.normalize("NFKC", text)
    runs = [re.sub("[ -]", "", found[0]).upper() for found in _RUN.finditer(plain)]
    kinds = (_kind(run) for run in runs)
    return list(dict.fromkeys(kind for kind in kinds if kind is not None))


def _kind(run: str) -> Personal | None:
    if len(run) == 18 and is_identity_card(run):
        return Personal.identity_card
    if run.isdecimal() and 15 <= len(run) <= 19 and is_bank_card(run):
        return Personal.bank_card
    return Personal.phone if _PHONE.fullmatch(run) else None


def is_identity_card(number: str) -> bool:
    """18 characters, the last of them the check digit (GB 11643-1999), the birthday a day of the calendar."""
    if not re.fullmatch(r"[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dX]", number):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=False))
    return _CHECKS[total % 11] == number[17]


def is_bank_card(number: str) -> bool:
    """By Luhn's sum, beginning as cards that are paid with in China do: 3 to 6, or 9."""
    if number[0] not in "34569" or len(set(number)) < 2:
        return False
    total = 0
    for place, digit in enumerate(map(int, reversed(number))):
        double = 2 * digit
        total += (double - 9 if double > 9 else double) if place % 2 else digit
    return total % 10 == 0
