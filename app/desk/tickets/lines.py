"""The history of a ticket as its page shows it: each line with how its message stands, and its files."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.conversations.attachments import Attachment, AttachmentState
from app.conversations.models import Message
from app.db.sql import is_any
from app.desk.tickets import masking
from app.tickets.models import Ticket, TicketEvent, TicketFile
from app.tickets.service import ELSEWHERE


@dataclass(frozen=True, slots=True)
class Sent:
    """The message by which the viewer was told, as it stands now."""

    state: str
    via: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class FileLine:
    id: int
    name: str
    size: int
    content_type: str
    is_evidence: bool
    to_viewer: bool
    """He gets it with the line; else it is for colleagues alone."""
    sent: Sent | None


@dataclass(frozen=True, slots=True)
class Line:
    id: int
    kind: str
    author: str
    """``viewer``, ``bot``, ``clock``, a person's name, or as a command called itself."""
    is_person: bool
    text: str
    detail: Mapping[str, Any]
    at: datetime
    sent: Sent | None
    files: tuple[FileLine, ...]
    pictures: tuple[int, ...]
    """Files of the viewer's own message: ids of attachments."""


def read(
    session: Session, ticket: Ticket, rows: Sequence[TicketEvent], people: Mapping[int, str], *, whole: bool
) -> tuple[Line, ...]:
    """``people``: their names. Numbers are hidden, unless ``whole``."""
    sent = _sent(session, [row.message_id for row in rows if row.message_id is not None])
    files = _files(session, ticket.id)
    pictures = _pictures(session, ticket, rows)
    return tuple(
        Line(
            row.id, row.kind, people.get(person_of(row.author), row.author), row.author.isdecimal(),
            row.text if whole else masking.without_numbers(row.text), _detail(row, whole=whole), row.at,
            sent.get(row.message_id or 0), tuple(files.get(row.id, ())), tuple(pictures.get(row.id, ())),
        )
        for row in rows
    )  # fmt: skip


def _detail(row: TicketEvent, *, whole: bool) -> Mapping[str, Any]:
    detail = row.detail or {}
    if whole or "contact" not in detail:
        return detail
    return {**detail, "contact": [None if each is None else masking.end_of(each) for each in detail["contact"]]}


def _sent(session: Session, message_ids: Collection[int]) -> dict[int, Sent]:
    if not message_ids:
        return {}
    rows = select(Message.id, Message.state, Message.via, Message.error).where(is_any(Message.id, sorted(message_ids)))
    return {row[0]: Sent(*row[1:]) for row in session.execute(rows)}


def _files(session: Session, ticket_id: int) -> dict[int, list[FileLine]]:
    found: dict[int, list[FileLine]] = {}
    own = select(TicketFile).where(TicketFile.ticket_id == ticket_id).order_by(TicketFile.id)
    rows = session.scalars(own).all()
    sent = _sent(session, [row.message_id for row in rows if row.message_id is not None])
    for row in rows:
        line = FileLine(
            row.id, row.name, row.size, row.content_type, row.is_evidence, row.message_id is not None,
            sent.get(row.message_id or 0),
        )  # fmt: skip
        found.setdefault(row.event_id, []).append(line)
    return found


def _pictures(session: Session, ticket: Ticket, rows: Sequence[TicketEvent]) -> dict[int, list[int]]:
    """What the viewer sent with the lines, by line; also in another conversation than the ticket's."""
    lines: dict[tuple[int, int], int] = {}
    for row in rows:
        place = (row.detail or {}).get(ELSEWHERE, ticket.conversation_id)
        if row.seq is not None and place is not None:
            lines.setdefault((place, row.seq), row.id)
    if not lines:
        return {}
    wanted = (
        select(Message.conversation_id, Message.seq, Attachment.id)
        .join(Attachment, Attachment.message_id == Message.id)
        .where(
            is_any(Message.conversation_id, sorted({place for place, _ in lines})),
            is_any(Message.seq, sorted({seq for _, seq in lines})),
            Attachment.state == AttachmentState.stored,
        )
    )  # fmt: skip
    found: dict[int, list[int]] = {}
    for place, seq, attachment_id in session.execute(wanted.order_by(Attachment.id)):
        if (place, seq) in lines:
            found.setdefault(lines[place, seq], []).append(attachment_id)
    return found


def person_of(author: str) -> int:
    """The id of the person who wrote it; 0: it was none of ours."""
    return int(author) if author.isdecimal() else 0
