"""Which browser it was, in a few words, from what it says of itself."""

import re
from typing import Final

_NAMES: Final = (
    ("Edg/", "Edge"), ("MicroMessenger/", "微信"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"), ("Version/", "Safari"),
)  # fmt: skip
_SYSTEMS: Final = (
    ("Windows NT", "Windows"), ("HarmonyOS", "HarmonyOS"), ("OpenHarmony", "HarmonyOS"), ("iPhone", "iPhone"),
    ("iPad", "iPad"), ("Android", "Android"), ("Mac OS X", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


def name_browser(agent: str) -> str:
    """``Chrome 131 · Windows``; what says nothing known is shown as it is, cut to 40 characters."""
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    for mark, name in _NAMES:
        found = re.search(re.escape(mark) + r"(\d+)", agent)
        if found:
            return " · ".join(part for part in (f"{name} {found[1]}", system) if part)
    return agent[:40] or "–"
