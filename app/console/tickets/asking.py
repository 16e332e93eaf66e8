"""What a list of tickets is asked for: narrowed how, in which order; and back into an address."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum
from typing import Annotated, Final, TypeVar
from urllib.parse import parse_qsl, urlencode

from fastapi import Depends, Request

from app.desk.tickets.filters import Due, Filters, Owner, Status
from app.desk.tickets.orders import Sort
from app.forms import find_id
from app.tickets.models import ComplaintState, Dimension, TicketKind, TicketPriority

Word = TypeVar("Word", bound=StrEnum)
_YEARS: Final = range(2000, 2200)
_LARGEST_NUMBER: Final = 2**31
_NAMES: Final = (*(field.name for field in fields(Filters)), "sort")


@dataclass(frozen=True, slots=True)
class Asked:
    filters: Filters
    sort: Sort

    @property
    def query(self) -> str:
        """As in an address; never empty."""
        return urlencode(self.values)

    @property
    def values(self) -> dict[str, str]:
        """Without what is not set."""
        given = {field.name: getattr(self.filters, field.name) for field in fields(Filters)}
        written = {name: _written(value) for name, value in given.items() if value is not None}
        return {name: text for name, text in written.items() if text} | {"sort": self.sort.value}

    def sorted_by(self, sort: str) -> str:
        """The address of the same in another order."""
        return replace(self, sort=Sort(sort)).query


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return value.isoformat() if isinstance(value, date) else str(value)


def asked(given: Mapping[str, str]) -> Asked:
    """Words that mean nothing are as if they were not there: an address that somebody kept still opens the list."""

    def text(name: str, longest: int = 64) -> str | None:
        return given.get(name, "").strip()[:longest] or None

    status = _word(Status, given.get("status", "")) or Status.unclosed
    filters = Filters(
        status=status, kind=_word(TicketKind, given.get("kind", "")), category=text("category"),
        dimension=_word(Dimension, given.get("dimension", "")),
        priority=_word(TicketPriority, given.get("priority", "")), owner=_owner(given.get("owner", "")),
        team=find_id(given.get("team", "")), source=text("source", 32), title=text("title"),
        episode=_number(given.get("episode", "")), tag=text("tag", 32), overdue=given.get("overdue") == "yes",
        due=_word(Due, given.get("due", "")), opened_from=_day(given.get("opened_from", "")),
        opened_until=_day(given.get("opened_until", "")), closed_from=_day(given.get("closed_from", "")),
        closed_until=_day(given.get("closed_until", "")), skill=text("skill", 32),
        season=_number(given.get("season", "")), breached=given.get("breached") == "yes",
        complaint=_word(ComplaintState, given.get("complaint", "")),
        watching=given.get("watching") == "yes", parent=find_id(given.get("parent", "")), q=text("q", 100) or "",
    )  # fmt: skip
    return Asked(filters, _word(Sort, given.get("sort", "")) or usual(filters))


def usual(filters: Filters) -> Sort:
    """The order where none is asked for."""
    return Sort.changed if filters.status is Status.closed else Sort.due


def read_query(query: str) -> Asked:
    """Of what ``Asked.query`` has written."""
    return asked(dict(parse_qsl(query[:4000])))


def _word(words: type[Word], text: str) -> Word | None:
    return words(text) if text in set(words) else None


def _owner(text: str) -> Owner | None:
    return "me" if text == "me" else "nobody" if text == "nobody" else find_id(text)


def _number(text: str) -> int | None:
    """Of a season, or an episode."""
    number = find_id(text)
    return number if number is not None and number < _LARGEST_NUMBER else None


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in _YEARS else None


async def _asked(request: Request) -> Asked:
    return asked({name: request.query_params[name] for name in _NAMES if name in request.query_params})


AskedDep = Annotated[Asked, Depends(_asked)]
