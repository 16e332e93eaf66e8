"""What is taken out of a viewer's text before it leaves the house.

It finds what has a form: numbers of seven digits or more (telephones, identity cards, bank cards, orders), e-mail
addresses, links. Names and postal addresses have none and stay; README says so. Every pattern takes linear time.
"""

import re
import unicodedata

LONGEST = 300
"""Characters of a text that are sent at the most."""

_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}")
_LINK = re.compile(r"(?:https?://|www\.)[!-~]+", re.IGNORECASE)
_DIGIT = "[\\d零〇一二两三四五六七八九幺]"
_NUMBER = re.compile(rf"{_DIGIT}(?:[\W_]{{0,3}}{_DIGIT}){{6,}}[Xx]?")
"""Blanks, hyphens and invisible marks may stand between the digits; an identity card may end with an X."""


def mask(text: str) -> str:
    """The text in plain width on one line, without such data, at most ``LONGEST`` characters."""
    plain = unicodedata.normalize("NFKC", text)
    for pattern, instead in ((_EMAIL, "〔邮箱〕"), (_LINK, "〔链接〕"), (_NUMBER, "〔号码〕")):
        plain = pattern.sub(instead, plain)
    return " ".join(plain.split())[:LONGEST]
