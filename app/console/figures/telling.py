"""What figures come to, in words."""

from collections.abc import Callable, Sequence
from typing import Final

from app.agents.models import Language
from app.console.catalogue import marked, translate

_MOST: Final = 200
"""Percent; above them people think in times as much."""


class Teller:
    """Says things in a person's language."""

    def __init__(self, language: Language, name_entry: Callable[[str], str]) -> None:
        """``name_entry``: what the knowledge calls an entry."""
        self._language, self._name_entry = language, name_entry

    def say(self, text: str, **values: object) -> str:
        """A text of the catalogue, marked where it stands."""
        return translate(self._language, text).format(**values)

    def name_of(self, entry: str) -> str:
        return self._name_entry(entry)

    def share(self, part: int, whole: int) -> str:
        return f"{100 * part / whole:.0f}%" if whole else "–"

    def length(self, seconds: float | None) -> str:
        """Of service time: 35 分钟, 12.5 小时; a dash where there is none."""
        if seconds is None:
            return "–"
        if seconds < 3600:
            return self.say(marked("{num} 分钟"), num=round(seconds / 60))
        return self.say(marked("{num} 小时"), num=f"{seconds / 3600:.1f}")

    def compared(self, days: int, figures: Sequence[tuple[str, float | None, float | None]]) -> list[str]:
        """With as many days before, each as (what, how many now, how many then): “登记比前 30 天多 12%”."""
        found = [self._changed(what, now, before, days) for what, now, before in figures if now is not None and before]
        return found or [self.say(marked("前 {days} 天没有可以比较的"), days=days)]

    def _changed(self, what: str, now: float, before: float, days: int) -> str:
        change = round(100 * (now - before) / before)
        if change == 0:
            return self.say(marked("{what}和前 {days} 天差不多"), what=what, days=days)
        if change > _MOST:
            times = f"{now / before:.1f}"
            return self.say(marked("{what}是前 {days} 天的 {times} 倍"), what=what, days=days, times=times)
        said = marked("{what}比前 {days} 天多 {change}%") if change > 0 else marked("{what}比前 {days} 天少 {change}%")
        return self.say(said, what=what, days=days, change=abs(change))
