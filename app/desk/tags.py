"""Words by which people find conversations again."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import events
from app.agents import rights
from app.agents.rights import Action, Actor
from app.channels.text import carriable
from app.conversations import routing
from app.db.rows import Insert, table_of
from app.db.sql import is_any
from app.desk.models import Tag
from app.errors import AppError

MOST = 20
LONGEST = 32
BESIDE = 10
"""Tags that a language's order may put between those of one beginning."""
_insert = Insert(table_of(Tag), ("conversation_id", "tag"), or_ignore=True)


class TooManyTags(AppError):
    status_code, message = 422, f"最多 {MOST} 个标签"


class TagUnusable(AppError):
    status_code, message = 422, f"标签为 1 到 {LONGEST} 个字"


def set_tags(
    session: Session, conversation_id: int, *, by: Actor, tags: Iterable[str], now: datetime
) -> tuple[str, ...]:
    """Exactly these; as they are kept now, sorted. TooManyTags, TagUnusable."""
    rights.require(by, Action.speak)
    wanted = {read_tag(tag) for tag in tags}
    routing.lock(session, conversation_id)
    return _change(session, conversation_id, _known(session, conversation_id), wanted, now)


def add(session: Session, conversation_id: int, *, by: Actor, tag: str, now: datetime) -> tuple[str, ...]:
    rights.require(by, Action.speak)
    wanted = read_tag(tag)
    routing.lock(session, conversation_id)
    known = _known(session, conversation_id)
    return _change(session, conversation_id, known, known | {wanted}, now)


def remove(session: Session, conversation_id: int, *, by: Actor, tag: str, now: datetime) -> tuple[str, ...]:
    rights.require(by, Action.speak)
    routing.lock(session, conversation_id)
    known = _known(session, conversation_id)
    return _change(session, conversation_id, known, known - {_tidy(tag)}, now)


def known_tags(session: Session, *, by: Actor, prefix: str = "", limit: int = 20) -> list[str]:
    """Tags in use that begin so, in the database's order: each is a step to the next one in the index."""
    rights.require(by, Action.see_conversations)
    start = _tidy(prefix)
    found: list[str] = []
    following = Tag.tag >= start
    for _ in range(limit + BESIDE):
        tag = session.scalar(select(Tag.tag).where(following).order_by(Tag.tag).limit(1))
        if tag is None or len(found) == limit:
            break
        if tag.startswith(start):
            found.append(tag)
        following = Tag.tag > tag
    return found


def _change(
    session: Session, conversation_id: int, known: set[str], wanted: set[str], now: datetime
) -> tuple[str, ...]:
    if len(wanted) > MOST:
        raise TooManyTags
    if gone := known - wanted:
        _drop(session, conversation_id, gone)
    _insert(session, [(conversation_id, tag) for tag in sorted(wanted - known)])
    if known != wanted:
        events.publish(session, events.Kind.conversation, [conversation_id], now=now)
    return tuple(sorted(wanted))


def _drop(session: Session, conversation_id: int, gone: Collection[str]) -> None:
    session.execute(delete(Tag).where(Tag.conversation_id == conversation_id, is_any(Tag.tag, sorted(gone))))


def _known(session: Session, conversation_id: int) -> set[str]:
    return set(session.scalars(select(Tag.tag).where(Tag.conversation_id == conversation_id)))


def read_tag(text: str) -> str:
    """As it is kept; TagUnusable."""
    tag = _tidy(text)
    if not tag or len(tag) > LONGEST:
        raise TagUnusable
    return tag


def _tidy(text: str) -> str:
    """Blanks within become one; a leading # is what people type before a tag."""
    return " ".join(carriable(text).split()).lstrip("#").strip()
