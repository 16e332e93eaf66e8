"""The orders of lists of tickets. Each is a row of stretches, one behind the other, each a range of an index.

What has no clock comes last, and behind it what is closed, the newest first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, literal_column

from app.desk import cursors
from app.desk.tickets.filters import IS_CLOSED, IS_OPEN
from app.tickets.models import Ticket


class Sort(StrEnum):
    due = "due"
    """What ends first."""
    priority = "priority"
    """The most urgent, of these what ends first."""
    newest = "newest"
    oldest = "oldest"
    changed = "changed"
    """What changed last."""


@dataclass(frozen=True, slots=True)
class Stretch:
    columns: Sequence[Any]
    """Its order; the last one is unique."""
    here: Sequence[ColumnElement[bool]] = ()
    is_descending: bool = False
    led_by: Any = None
    """A column that is the same for all here, and the first of the index."""
    implied: frozenset[str] = frozenset()
    """Conditions that all here meet."""
    within: frozenset[str] = frozenset()
    """Conditions that are a range of the same index."""
    barred: frozenset[str] = frozenset()
    """Conditions that none here meets."""
    rank: int | None = None


_CLOCKS: Final = frozenset({"overdue", "due_from", "due_until"})
_OPENED: Final = frozenset({"opened_from", "opened_until"})
_CLOSED: Final = Stretch(
    (Ticket.closed_at, Ticket.id), (IS_CLOSED,), True,
    implied=frozenset({"closed"}), within=frozenset({"closed_from", "closed_until"}),
    barred=_CLOCKS | {"unclosed", "status"},
)  # fmt: skip


def _open(rank: int | None = None) -> tuple[Stretch, Stretch]:
    """Those whose clock runs, and those without one."""
    here = (IS_OPEN,) if rank is None else (IS_OPEN, Ticket.rank == literal_column(str(rank)))
    implied = frozenset({"unclosed"} if rank is None else {"unclosed", "rank"})
    barred = frozenset({"closed", "closed_from", "closed_until"})
    return (
        Stretch(
            (Ticket.next_due_at, Ticket.id), (*here, Ticket.next_due_at.is_not(None)), implied=implied, within=_CLOCKS,
            barred=barred, rank=rank,
        ),
        Stretch(
            (Ticket.id,), (*here, Ticket.next_due_at.is_(None)), led_by=Ticket.next_due_at, implied=implied,
            barred=barred | _CLOCKS, rank=rank,
        ),
    )  # fmt: skip


SORTS: Final[Mapping[Sort, Sequence[Stretch]]] = {
    Sort.due: (*_open(), _CLOSED),
    Sort.priority: (*(stretch for rank in (3, 2, 1, 0) for stretch in _open(rank)), _CLOSED),
    Sort.newest: (Stretch((Ticket.opened_at, Ticket.id), is_descending=True, within=_OPENED),),
    Sort.oldest: (Stretch((Ticket.opened_at, Ticket.id), within=_OPENED),),
    Sort.changed: (Stretch((Ticket.updated_at, Ticket.id), is_descending=True),),
}


def reaches(stretch: Stretch, given: Mapping[str, Any]) -> bool:
    """Whether something that meets these conditions can be there."""
    return stretch.barred.isdisjoint(given) and (
        stretch.rank is None or given.get("rank", stretch.rank) == stretch.rank
    )


def write(place: int, key: Sequence[Any]) -> str:
    """The cursor behind a row: its stretch, and where it is there."""
    at, row_id = key if len(key) == 2 else (None, key[0])
    return cursors.write([place, cursors.number(at) if isinstance(at, datetime) else 0, row_id])


def read(sort: Sort, cursor: str) -> tuple[int, dict[str, Any]]:
    """The stretch, and the parameters of ``walks.beyond``; WrongCursor."""
    place, at, row_id = cursors.read(cursor, 3)
    if not 0 <= place < len(SORTS[sort]):
        raise cursors.WrongCursor
    if len(SORTS[sort][place].columns) == 1:
        return place, {"k0": row_id}
    return place, {"k0": cursors.moment(at), "k1": row_id}
