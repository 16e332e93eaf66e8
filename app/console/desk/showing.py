"""What the desk's templates know beside their own data."""

import re
import unicodedata
from datetime import datetime
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from app.agents.calendars import BEIJING
from app.agents.sessions import Signed
from app.console import rendering, ticket_words
from app.console.desk import labels
from app.console.desk.lines import is_long, lines
from app.console.times import said_of
from app.desk import reasons
from app.storage.sniffing import SHOWN

_TONES: Final = 4
_MENTION: Final = re.compile(r"(@[^\s@，。；：、,;:]{1,64})")


def page(request: Request, name: str, signed: Signed, status: int = 200, **context: Any) -> HTMLResponse:
    own = {"entry_title": lambda entry: entry_title(request, entry)}
    return rendering.page(request, f"desk/{name}", signed, status, **_SHARED | own | context)


def entry_title(request: Request, entry_id: str) -> str:
    """As the knowledge calls it today; of one that has left it, its id."""
    entry = request.app.state.service.ingest.rules.brain.knowledge.entries.get(entry_id)
    return entry.title if entry is not None else entry_id


def tone(name: str) -> int:
    """One of a few quiet colours, the same for a name on each page."""
    return sum(map(ord, name)) % _TONES


def initial(name: str) -> str:
    """The letter that stands for a name: of one that we made of a platform and an address, from the address."""
    own = name.partition("·")[2] or name
    return next((char.upper() for char in own if unicodedata.category(char)[0] in "LN"), "?")


def clock(at: datetime) -> str:
    return f"{at.astimezone(BEIJING):%H:%M}"


def stamp(at: datetime) -> Markup:
    """The time of day, with all of it on hover."""
    local = at.astimezone(BEIJING)
    exactly = f"{local:%Y-%m-%d %H:%M:%S}"
    return Markup(f'<time datetime="{at.isoformat()}" title="{exactly}">{exactly[11:16]}</time>')


@pass_context
def said(context: Context, at: datetime) -> str:
    """A time within a sentence."""
    return said_of(at, context["now"], context["language"])


@pass_context
def until(context: Context, written: str | None) -> str:
    return said(context, datetime.fromisoformat(written)) if written else ""


@pass_context
def lines_of(context: Context, items: Any, read_seq: int | None = None) -> Any:
    return lines(items, read_seq, context["now"])


def mentioned(text: str) -> Markup:
    """A note, with the colleagues that it names made plain to see."""
    pieces = _MENTION.split(text)
    marked = Markup('<b class="mention">{}</b>')
    return Markup().join(marked.format(piece) if piece.startswith("@") else piece for piece in pieces)


def _shown(kind: str) -> frozenset[str]:
    return frozenset(name for name in SHOWN if name.startswith(f"{kind}/"))


rendering.TEMPLATES.filters |= {"clock": clock, "stamp": stamp, "said": said}
_SHARED: Final[dict[str, Any]] = {
    "platforms": labels.PLATFORMS, "priorities": labels.PRIORITIES, "weekdays": labels.WEEKDAYS,
    "ticket_states": ticket_words.STATUSES, "ticket_looks": ticket_words.LOOKS, "emoji": labels.EMOJI,
    "shortcuts": labels.SHORTCUTS, "tone": tone, "initial": initial, "until": until, "lines": lines_of,
    "is_long": is_long, "why": reasons.why, "mentioned": mentioned, "shown_pictures": _shown("image"),
    "shown_sounds": _shown("audio"), "shown_films": _shown("video"),
}  # fmt: skip
