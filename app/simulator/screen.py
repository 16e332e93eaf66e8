"""A conversation as the phone shows it: bubbles in groups, a time where some passed, links to tap. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from app.channels.base import Content
from app.simulator.acting import recallable
from app.simulator.phones import Bubble, Chat, Side
from app.simulator.richtext import Part, parts

BEIJING = timezone(timedelta(hours=8))
_SEPARATED = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Row:
    bubble: Bubble
    separator: str
    """A time to show above, or nothing."""
    parts: Sequence[Part]
    recallable: bool

    @property
    def content(self) -> Content | None:
        return self.bubble.content


def rows(chat: Chat, now: datetime) -> list[Row]:
    found: list[Row] = []
    shown: datetime | None = None
    for bubble in chat.bubbles:
        apart = shown is None or bubble.at - shown > _SEPARATED
        shown = bubble.at if apart else shown
        separator = clock(bubble.at, now) if apart else ""
        tappable = parts(bubble.text) if bubble.side is Side.account else ()
        found.append(Row(bubble, separator, tappable, recallable(bubble, now)))
    return found


def clock(at: datetime, now: datetime) -> str:
    """As the platform writes it: the time today, with the day before that."""
    local, today = at.astimezone(BEIJING), now.astimezone(BEIJING)
    return f"{local:%H:%M}" if local.date() == today.date() else f"{local.month}月{local.day}日 {local:%H:%M}"


def exactly(at: datetime) -> str:
    return f"{at.astimezone(BEIJING):%H:%M:%S}"
