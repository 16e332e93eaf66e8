"""Files of tickets that colleagues bring: their bytes are in the storage already, checked by their first bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.rights import Action, Actor
from app.channels.text import carriable
from app.desk.files import FileNotFound, Kept
from app.errors import AppError
from app.tickets import finding, history
from app.tickets.models import TicketFile

MOST: Final = 50
"""Files of one ticket."""
AT_ONCE: Final = 10
LONGEST_NAME: Final = 100


class TooManyFiles(AppError):
    status_code, message = 409, f"一个工单最多 {MOST} 个附件，一次最多 {AT_ONCE} 个"


@dataclass(frozen=True, slots=True)
class Brought:
    key: str
    """In the storage."""
    name: str
    size: int
    content_type: str


def attach(
    session: Session, ticket_id: int, *, by: Actor, files: Sequence[Brought], is_evidence: bool, now: datetime
) -> int:
    """Also to a closed one; the line's id. What is there already is not added again: a repeat returns its line.

    TooManyFiles.
    """
    rights.require(by, Action.note_tickets)
    ticket = finding.lock(session, ticket_id)
    own = select(TicketFile.key, TicketFile.event_id).where(
        TicketFile.ticket_id == ticket_id, TicketFile.message_id.is_(None)
    )
    there: dict[str, int] = {row.key: row.event_id for row in session.execute(own)}
    brought = {one.key: one for one in files}
    files = [one for key, one in brought.items() if key not in there]
    if not 0 < len(brought) <= AT_ONCE:
        raise TooManyFiles
    _require_room(session, ticket_id, len(files))
    if not files:
        return max(there[key] for key in brought)
    names = [_named(one) for one in files]
    detail = {"files": names, "evidence": is_evidence}
    line = history.write_down(session, ticket, "filed", by=str(by.id), now=now, detail=detail)
    session.add_all([_row(ticket_id, line, one, is_evidence=is_evidence) for one in files])
    return line


def keep_sent(session: Session, ticket_id: int, line: int, sent: Sequence[tuple[Brought, int]]) -> None:
    """What the viewer gets with a line of the ticket, which is locked: (file, its message). TooManyFiles."""
    _require_room(session, ticket_id, len(sent))
    session.add_all([_row(ticket_id, line, one, message_id=message_id) for one, message_id in sent])


def _require_room(session: Session, ticket_id: int, more: int) -> None:
    there = session.scalar(select(func.count()).where(TicketFile.ticket_id == ticket_id)) or 0
    if more and there + more > MOST:
        raise TooManyFiles


def _row(
    ticket_id: int, line: int, one: Brought, *, is_evidence: bool = False, message_id: int | None = None
) -> TicketFile:
    return TicketFile(
        ticket_id=ticket_id, event_id=line, key=one.key, name=_named(one), size=one.size,
        content_type=one.content_type, is_evidence=is_evidence, message_id=message_id,
    )  # fmt: skip


def _named(one: Brought) -> str:
    return " ".join(carriable(one.name).split())[:LONGEST_NAME] or "附件"


def get_file(session: Session, file_id: int, *, by: Actor) -> Kept:
    """FileNotFound."""
    rights.require(by, Action.see_tickets)
    found = session.get(TicketFile, file_id)
    if found is None:
        raise FileNotFound
    return Kept(found.key, found.content_type, found.name)
