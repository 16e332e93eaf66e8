"""A conversation as the phone shows it: bubbles in groups, a time where some passed, links to tap. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.agents.calendars import BEIJING
from app.simulator.acting import recallable
from app.simulator.deeds import SPINS, Deed
from app.simulator.phones import Bubble, Chat, Side
from app.simulator.qq.world import World
from app.simulator.richtext import Part, parts

_SEPARATED = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Row:
    bubble: Bubble
    separator: str
    """A time to show above, or nothing."""
    parts: Sequence[Part]
    recallable: bool
    mine: bool
    """Said by this viewer; of a group's bubbles also by somebody else."""
    named: bool
    """Who speaks stands above it: the first of several by one in a group."""
    taps: Sequence[str]
    """How each button stands: empty, ``waiting``, ``done`` or ``late``."""

    @property
    def content(self) -> Deed | None:
        return self.bubble.content


def rows(chat: Chat, now: datetime, world: World) -> list[Row]:
    found: list[Row] = []
    shown: datetime | None = None
    speaker: tuple[Side, str] | None = None
    for bubble in chat.bubbles:
        apart = shown is None or bubble.at - shown > _SEPARATED
        shown = bubble.at if apart else shown
        separator = clock(bubble.at, now) if apart else ""
        mine = bubble.side is Side.viewer and bubble.author in ("", chat.openid)
        named = chat.face.is_group and not mine and (apart or speaker != (bubble.side, bubble.author))
        speaker = bubble.side, bubble.author
        tappable = parts(bubble.text) if bubble.side is Side.account else ()
        taps = tuple(_tapped(bubble, place, world) for place in range(len(bubble.buttons)))
        found.append(Row(bubble, separator, tappable, recallable(bubble, chat, now), mine, named, taps))
    return found


def _tapped(bubble: Bubble, place: int, world: World) -> str:
    tap = bubble.taps.get(place)
    if tap is None:
        return ""
    if tap in world.settled:
        return "done"
    begun = world.taps.get(tap)
    return "late" if begun is not None and world.clock.now() - begun > SPINS else "waiting"


def clock(at: datetime, now: datetime) -> str:
    """As the platform writes it: the time today, with the day before that."""
    local, today = at.astimezone(BEIJING), now.astimezone(BEIJING)
    return f"{local:%H:%M}" if local.date() == today.date() else f"{local.month}月{local.day}日 {local:%H:%M}"


def exactly(at: datetime) -> str:
    return f"{at.astimezone(BEIJING):%H:%M:%S}"
