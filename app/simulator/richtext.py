"""Texts of an account as the platform's phone shows them: links are tapped, everything else is text. Pure."""

import html
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

_LINK = re.compile(r"<a\s[^<>]*?href=([\"'])(?P<address>[^\"'<>]{1,2048})\1[^<>]*>(?P<label>[^<>]{1,500})</a>")
_MENU = ("weixin", "bizmsgmenu")


@dataclass(frozen=True, slots=True)
class Part:
    """``tap``: what a tap sends as the viewer's text, with ``menu_id``; ``address``: where a web link leads."""

    text: str
    tap: str | None = None
    menu_id: str | None = None
    address: str | None = None


def parts(text: str) -> list[Part]:
    found: list[Part] = []
    end = 0
    for match in _LINK.finditer(text):
        if match.start() > end:
            found.append(Part(text[end : match.start()]))
        found.append(_link(html.unescape(match["address"]), html.unescape(match["label"])))
        end = match.end()
    if end < len(text):
        found.append(Part(text[end:]))
    return found


def plain(text: str) -> str:
    """As it reads, without what is behind its links."""
    return "".join(part.text for part in parts(text))


def _link(address: str, label: str) -> Part:
    split = urlsplit(address)
    if (split.scheme, split.netloc) == _MENU:
        asked = parse_qs(split.query, keep_blank_values=True)
        return Part(label, tap=asked.get("msgmenucontent", [label])[0], menu_id=asked.get("msgmenuid", [""])[0])
    return Part(label, address=address) if split.scheme in ("http", "https") else Part(label)
