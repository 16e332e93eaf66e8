"""What is searched: three tables, and the text that each of their rows is found by."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.conversations.models import Message
from app.db.driver import Prepared
from app.db.sql import is_any
from app.tickets.models import Ticket
from app.viewers.models import Identity, Viewer


class Kind(IntEnum):
    messages = 1
    viewers = 2
    tickets = 3


@dataclass(frozen=True, slots=True)
class Source:
    """Rows in the order of their ids, as (id, whose it is, …text)."""

    id: InstrumentedAttribute[int]
    rows: Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Row:
    id: int
    subject_id: int
    text: str


SOURCES = {
    Kind.messages: Source(Message.id, select(Message.id, Message.id, Message.text)),
    # A viewer has no name yet when he comes; what is written later is indexed by whoever writes it.
    Kind.viewers: Source(Identity.id, select(Identity.id, Identity.viewer_id, Identity.external_id)),
    Kind.tickets: Source(Ticket.id, select(Ticket.id, Ticket.id, Ticket.number, Ticket.subject)),
}


def newest_id(session: Session, kind: Kind) -> int:
    return session.scalar(select(func.max(SOURCES[kind].id))) or 0


def ascending(session: Session, kind: Kind, first: int, last: int | None, limit: int) -> list[Row]:
    """The rows with ids from ``first`` on, up to ``last``."""
    source = SOURCES[kind]
    within = source.rows.where(source.id >= first, *([] if last is None else [source.id <= last]))
    return _read(session, kind, within.order_by(source.id).limit(limit))


def descending(session: Session, kind: Kind, below: int, limit: int) -> list[Row]:
    source = SOURCES[kind]
    return _read(session, kind, source.rows.where(source.id < below).order_by(source.id.desc()).limit(limit))


def _read(session: Session, kind: Kind, statement: Select[Any]) -> list[Row]:
    compose = ticket_text if kind is Kind.tickets else str
    return [Row(row_id, subject, compose(*text)) for row_id, subject, *text in session.execute(statement)]


def ticket_text(number: int, subject: str) -> str:
    return f"T-{number}\n{subject}"


def viewer_texts(session: Session, viewer_ids: Sequence[int]) -> dict[int, str]:
    """By viewer: name, remark and what the platforms call him, a line each."""
    lines = {viewer_id: [name or "", remark or ""] for viewer_id, name, remark in _VIEWERS(session, ids=viewer_ids)}
    for viewer_id, external_id in _ADDRESSES(session, ids=viewer_ids):
        lines[viewer_id].append(external_id)
    return {viewer_id: "\n".join(each) for viewer_id, each in lines.items()}


_VIEWERS = Prepared(select(Viewer.id, Viewer.name, Viewer.remark).where(is_any(Viewer.id, "ids")))
_ADDRESSES = Prepared(
    select(Identity.viewer_id, Identity.external_id).where(is_any(Identity.viewer_id, "ids")).order_by(Identity.id)
)
