"""The desk: the whole page, and the fragments that it is made of."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from app.agents.models import Language
from app.agents.rights import Action
from app.agents.sessions import Signed
from app.channels.registry import PLATFORMS
from app.console.catalogue import translate
from app.console.desk import labels, showing
from app.console.desk.asking import Asked, AskedDep
from app.console.guard import DbDep, Now, SignedIn
from app.conversations.accounts import Account, Directory
from app.db.database import Database
from app.desk import context, drafts, lists, notices, saved, threads, viewing
from app.desk.threads import Thread
from app.forms import Id, Seq

router = APIRouter(prefix="/desk")
OPENED = 60
"""Items of a thread that are shown at first."""


# -------------------- the list


def _list(session: Session, signed: Signed, asked: Asked, now: datetime) -> dict[str, Any]:
    return _own(session, signed) | _rows(session, signed, asked, None, now)


def _own(session: Session, signed: Signed) -> dict[str, Any]:
    own = lists.look_at_own(session, by=signed.actor)
    return {"own": own.ids, "unread": own.unread}


def _rows(session: Session, signed: Signed, asked: Asked, after: str | None, now: datetime) -> dict[str, Any]:
    page = lists.list_page(session, asked.filters, by=signed.actor, after=after, now=now)
    empty = labels.NARROWED if asked.filters.values else labels.EMPTY[asked.filters.view]
    return {"list": page, "filters": asked.filters, "query": asked.query, "empty": empty}


def _views(session: Session, signed: Signed, asked: Asked, now: datetime) -> dict[str, Any]:
    filters = asked.filters
    counts = lists.count_views(session, by=signed.actor, now=now)
    channels = lists.list_channels(session)
    names = dict(channels)
    level = labels.PRIORITIES.get(filters.priority) if filters.priority is not None else None
    narrowed = [
        names.get(filters.channel_id) if filters.channel_id is not None else None,
        translate_or_none(signed, level), filters.title and f"《{filters.title}》", filters.tag and f"#{filters.tag}",
    ]  # fmt: skip
    return {
        "counts": {view.value: count for view, count in counts.items()}, "filters": filters, "query": asked.query,
        "tabs": [(view.value, label, key) for view, label, key in labels.TABS],
        "saved_views": [(view, urlencode(view.filters)) for view in saved.list_own(session, by=signed.actor)],
        "others": {view.value: label for view, label in labels.OTHERS.items()}, "channels": channels,
        "narrowed": [label for label in narrowed if label],
    } | _own(session, signed)  # fmt: skip


def translate_or_none(signed: Signed, text: str | None) -> str | None:
    return translate(Language(signed.language), text) if text is not None else None


@router.get("")
async def show(request: Request, signed: SignedIn, asked: AskedDep, db: DbDep, now: Now, after: str = "") -> Response:
    """The desk with nothing opened."""
    shown = await db.read(_desk, signed, asked, None, after or None, now)
    return showing.page(request, "page.html", signed, **shown)


@router.get("/views")
async def show_views(request: Request, signed: SignedIn, asked: AskedDep, db: DbDep, now: Now) -> Response:
    return showing.page(request, "views.html", signed, **await db.read(_views, signed, asked, now))


@router.get("/list")
async def show_list(request: Request, signed: SignedIn, asked: AskedDep, db: DbDep, now: Now) -> Response:
    return showing.page(request, "list.html", signed, **await db.read(_list, signed, asked, now))


@router.get("/more")
async def show_more(
    request: Request, signed: SignedIn, asked: AskedDep, db: DbDep, now: Now, after: str
) -> Response:  # fmt: skip
    return showing.page(request, "more.html", signed, **await db.read(_rows, signed, asked, after, now))


# -------------------- the opened conversation


@router.get("/{conversation_id:id}")
async def show_conversation(
    request: Request, conversation_id: Id, signed: SignedIn, asked: AskedDep, db: DbDep, now: Now
) -> Response:
    account = await account_of(request, db, signed, conversation_id)
    shown = await db.read(_desk, signed, asked, conversation_id, None, now, account)
    return showing.page(request, "page.html", signed, **shown)


async def account_of(request: Request, db: Database, signed: Signed, conversation_id: int) -> Account | None:
    """The conversation's channel as this process serves it."""
    directory: Directory = request.app.state.service.directory
    return await directory.by_id(await db.look(threads.channel_of, conversation_id, by=signed.actor))


@router.get("/{conversation_id:id}/work")
async def show_work(
    request: Request, conversation_id: Id, signed: SignedIn, asked: AskedDep, db: DbDep, now: Now
) -> Response:
    account = await account_of(request, db, signed, conversation_id)
    shown = await db.read(_work, signed, conversation_id, now, account)
    return showing.page(request, "work.html", signed, query=asked.query, **shown)


@router.get("/{conversation_id:id}/log")
async def show_log(
    request: Request, conversation_id: Id, signed: SignedIn, asked: AskedDep, db: DbDep, now: Now, first: Seq = 0,
    read: Seq = 0,
) -> Response:  # fmt: skip
    """From ``first`` to now, with how the conversation stands; what came after ``read`` is marked as new."""
    thread = await db.read(threads.read_from, conversation_id, by=signed.actor, first_seq=first, now=now)
    shown = _bar_of(signed, thread)
    return showing.page(request, "now.html", signed, query=asked.query, first=first, read_seq=read, **shown)


@router.get("/{conversation_id:id}/older")
async def show_older(
    request: Request, conversation_id: Id, signed: SignedIn, db: DbDep, now: Now, before: Seq
) -> Response:
    thread = await db.read(threads.read, conversation_id, by=signed.actor, before=before, limit=OPENED, now=now)
    return showing.page(request, "older.html", signed, thread=thread)


@router.get("/{conversation_id:id}/context")
async def show_context(
    request: Request, conversation_id: Id, signed: SignedIn, asked: AskedDep, db: DbDep, now: Now
) -> Response:
    account = await account_of(request, db, signed, conversation_id)
    shown = await db.read(_context, signed, conversation_id, now, account)
    return showing.page(request, "beside_now.html", signed, query=asked.query, **shown)


@router.get("/{conversation_id:id}/beside")
async def show_beside(request: Request, conversation_id: Id, signed: SignedIn, db: DbDep, now: Now) -> Response:
    shown = await db.read(_beside, signed, conversation_id, now)
    return showing.page(request, "beside.html", signed, **shown)


# -------------------- what they show


def _desk(
    session: Session, signed: Signed, asked: Asked, conversation_id: int | None, after: str | None, now: datetime,
    account: Account | None = None,
) -> dict[str, Any]:  # fmt: skip
    opened = _work(session, signed, conversation_id, now, account) if conversation_id is not None else {"thread": None}
    return _views(session, signed, asked, now) | _rows(session, signed, asked, after, now) | opened


def _work(
    session: Session, signed: Signed, conversation_id: int, now: datetime, account: Account | None
) -> dict[str, Any]:
    thread = threads.read(session, conversation_id, by=signed.actor, limit=OPENED, now=now)
    shown = _bar_of(signed, thread)
    shown |= _context_of(session, signed, thread, now, account)
    first = next((item.seq if isinstance(item, threads.Said) else item.after_seq for item in thread.items), 0)
    return shown | {
        "thread": thread, "first": first, "read_seq": thread.read_seq,
        "lookers": viewing.who_else(session, conversation_id, by=signed.actor, now=now),
        "limit": PLATFORMS[thread.head.platform].capability.text_bytes,
        "approved": notices.list_for(session, conversation_id, by=signed.actor),
        "draft": drafts.find(session, conversation_id, by=signed.actor) if shown["may_speak"] else None,
    }  # fmt: skip


def _bar_of(signed: Signed, thread: Thread) -> dict[str, Any]:
    stance = stance_of(thread, signed)
    looks = {"own": "own", "bot": "bot", "queue": "waiting", "closed": "done"}
    return {
        "thread": thread, "stance": stance, "stance_look": looks.get(stance, ""),
        "may_speak": signed.actor.may(Action.speak), "may_take_from": signed.actor.may(Action.take_from),
    }  # fmt: skip


def stance_of(thread: Thread, signed: Signed) -> str:
    """Whose turn it is, as this person sees it: own, colleague, bot, queue, closed."""
    head = thread.head
    if head.closed_at is not None:
        return "closed"
    if head.agent_id == signed.actor.id:
        return "own"
    return "colleague" if head.owner == "agent" else head.owner


def _context(
    session: Session, signed: Signed, conversation_id: int, now: datetime, account: Account | None
) -> dict[str, Any]:
    thread = threads.look(session, conversation_id, by=signed.actor, now=now)
    approved = notices.list_for(session, conversation_id, by=signed.actor)
    given = {"approved": approved, "may_speak": signed.actor.may(Action.speak)}
    return given | _context_of(session, signed, thread, now, account)


def _context_of(
    session: Session, signed: Signed, thread: Thread, now: datetime, account: Account | None
) -> dict[str, Any]:
    beside = context.read(session, thread.head.id, by=signed.actor, account=account, now=now)
    return {"thread": thread, "beside": beside, "may_name": signed.actor.may(Action.name_viewers)}


def _beside(session: Session, signed: Signed, conversation_id: int, now: datetime) -> dict[str, Any]:
    who = viewing.who_else(session, conversation_id, by=signed.actor, now=now)
    return {"lookers": who, "thread": threads.look(session, conversation_id, by=signed.actor, now=now)}
