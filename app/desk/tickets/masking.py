"""Telephones and cards in what is written of a ticket, for whoever may not speak with viewers. Pure."""

import re
from typing import Final

SHOWN: Final = 4
"""Their last characters are shown."""
_NUMBER = re.compile(r"\d{7,}[Xx]?|\d{3,4}(?:[ -]\d{4}){2,4}(?:[ -]?\d{1,3})?(?!\d)")
"""A number of that kind, also in groups; no date, and no number of a ticket."""


def end_of(contact: str) -> str:
    return f"****{contact[-SHOWN:]}"


def without_numbers(text: str) -> str:
    return _NUMBER.sub(lambda found: end_of(found[0].replace(" ", "").replace("-", "")), text)
