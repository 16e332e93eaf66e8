"""The search box of the desk: viewers and tickets first, since they are few; then messages, the newest first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents.models import Language
from app.agents.sessions import Signed
from app.console.catalogue import marked, translate
from app.console.desk import showing
from app.console.desk.asking import AskedDep
from app.console.desk.pages import show_list
from app.console.guard import DbDep, Now, SignedIn
from app.conversations.models import Channel
from app.desk import names
from app.desk.search.found import MessageHit, Snippet, Span, TicketHit, ViewerHit
from app.desk.search.messages import find_messages
from app.desk.search.search import search
from app.forms import Id

router = APIRouter(prefix="/desk")
FEW = 5
"""Viewers and tickets."""
PAGE = 30
MORE = "…"
_VIEWER, _TICKET = marked("观众"), marked("工单")
_AUTHORS: Mapping[str, str] = {"bot": marked("机器人"), "system": marked("系统")}
Pieces = Sequence[tuple[str, bool]]
"""A text cut where marks begin and end, each with whether it is marked."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A row of what was found, whatever it is."""

    conversation_id: int | None
    name: str
    platform: str | None
    """None: it is of none, as a ticket."""
    at: datetime | None
    by: str
    """Who said it, or what it is."""
    pieces: Pieces
    ticket_id: int | None = None
    """Of a ticket: it has a page of its own."""


@router.get("/found")
async def find(
    request: Request, signed: SignedIn, asked: AskedDep, db: DbDep, now: Now, q: str = "", after: Id | None = None
) -> Response:
    """In place of the list. Without a word the list itself, in which ``q`` is none."""
    words = q.strip()
    if not words:
        return await show_list(request, signed, asked, db, now)
    shown = await db.read(_find, signed, words, after)
    return showing.page(request, "found.html", signed, words=words, query=asked.query, **shown)


def _find(session: Session, signed: Signed, words: str, after: int | None) -> dict[str, Any]:
    if after is not None:
        messages = find_messages(session, words, by=signed.actor, after=after, limit=PAGE)
        return {"hits": [_message(signed, hit) for hit in messages.hits], "after": messages.after}
    found = search(session, words, by=signed.actor, limit=PAGE)
    assert found.messages is not None
    assert found.viewers is not None
    assert found.tickets is not None
    platforms = {row[0]: row[1] for row in session.execute(select(Channel.id, Channel.platform))}
    hits = [_viewer(signed, hit, platforms) for hit in found.viewers.hits[:FEW]]
    hits += [_ticket(signed, hit) for hit in found.tickets.hits[:FEW]]
    hits += [_message(signed, hit) for hit in found.messages.hits]
    return {"hits": hits, "after": found.messages.after}


def _viewer(signed: Signed, hit: ViewerHit, platforms: Mapping[int, str]) -> Hit:
    first = hit.identities[0] if hit.identities else None
    platform = platforms.get(first.channel_id, "wechat") if first else "wechat"
    name = hit.name or names.display(None, platform, first.external_id if first else "")
    told: Pieces = tuple(cut(hit.remark, hit.remark_marks)) if hit.remark_marks else ()
    if not told and first is not None:
        told = tuple(cut(first.external_id, first.marks))
    return Hit(hit.conversation_id, name, platform, None, _told(signed, _VIEWER), told)


def _ticket(signed: Signed, hit: TicketHit) -> Hit:
    told = tuple(cut(hit.subject, hit.subject_marks))
    return Hit(None, f"T-{hit.number}", None, hit.opened_at, _told(signed, _TICKET), told, hit.ticket_id)


def _message(signed: Signed, hit: MessageHit) -> Hit:
    name = names.display(hit.viewer_name, hit.platform, hit.external_id)
    by = hit.author_name or _told(signed, _AUTHORS.get(hit.author, ""))
    return Hit(hit.conversation_id, name, hit.platform, hit.at, by, tuple(_cut_snippet(hit.snippet)))


def _told(signed: Signed, text: str) -> str:
    return translate(Language(signed.language), text)


def _cut_snippet(snippet: Snippet) -> Iterator[tuple[str, bool]]:
    if snippet.is_begun:
        yield MORE, False
    yield from cut(snippet.text, snippet.marks)
    if snippet.is_cut:
        yield MORE, False


def cut(text: str, marks: Sequence[Span]) -> Iterator[tuple[str, bool]]:
    at = 0
    for start, end in marks:
        if start > at:
            yield text[at:start], False
        yield text[start:end], True
        at = end
    if at < len(text):
        yield text[at:], False
