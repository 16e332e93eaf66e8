"""Internal notes, and the people whom they name with @."""

import re
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import events
from app.agents import rights
from app.agents.models import Agent
from app.agents.rights import Action, Actor
from app.channels.text import carriable
from app.conversations import history, routing
from app.conversations.history import Kind
from app.db.sql import changed
from app.desk.models import Mention
from app.errors import AppError

LONGEST = 5000
_LOGIN_GOES_ON = re.compile(r"[a-z0-9._-]")


class NoteEmpty(AppError):
    status_code, message = 422, "请先写下备注的内容"


class NoteTooLong(AppError):
    status_code, message = 422, f"备注太长，最多 {LONGEST} 字"


def add(session: Session, conversation_id: int, *, by: Actor, text: str, now: datetime) -> int:
    """A note for colleagues, whoever has the conversation; the id of its entry. Whom it names is told."""
    rights.require(by, Action.note)
    text = carriable(text).strip()
    if not text:
        raise NoteEmpty
    if len(text) > LONGEST:
        raise NoteTooLong
    conversation = routing.lock(session, conversation_id)
    entry = history.write(session, conversation, Kind.note, by=by.id, now=now, text=text)
    session.flush()
    named = named_in(text, _people(session)) if "@" in text else set[int]()
    for agent_id in sorted(named):
        session.add(Mention(agent_id=agent_id, entry_id=entry.id, conversation_id=conversation_id))
    events.publish(session, events.Kind.conversation, [conversation_id], now=now)
    events.publish(session, events.Kind.agent, named, now=now)
    return entry.id


def _people(session: Session) -> list[tuple[int, str, str]]:
    active = select(Agent.id, Agent.login, Agent.name).where(Agent.deactivated_at.is_(None))
    return [(row[0], row[1], row[2]) for row in session.execute(active)]


def named_in(text: str, people: Iterable[tuple[int, str, str]]) -> set[int]:
    """Whom ``@`` names in the text: the longest login or name that fits each. ``people``: (id, login, name). Pure.

    A name may be followed by anything (@林小满请看); of two people of one name, both are meant.
    """
    known = list(people)
    names = [(name.casefold(), agent_id) for agent_id, _, name in known]
    logins = [(login, agent_id) for agent_id, login, _ in known]
    folded, found = text.casefold(), set[int]()
    for at in (match.end() for match in re.finditer("@", folded)):
        fits = [(len(name), agent_id) for name, agent_id in names if folded.startswith(name, at)]
        fits += [
            (len(login), agent_id)
            for login, agent_id in logins
            if folded.startswith(login, at) and not _LOGIN_GOES_ON.match(folded, at + len(login))
        ]
        longest = max((length for length, _ in fits), default=0)
        found |= {agent_id for length, agent_id in fits if length == longest}
    return found


def see_mentions(session: Session, conversation_id: int, *, by: Actor, now: datetime) -> int:
    """``by`` has seen where he is named in this conversation; how many of these were new."""
    rights.require(by, Action.see_conversations)
    unseen = (Mention.agent_id == by.id, Mention.conversation_id == conversation_id, Mention.seen_at.is_(None))
    count = changed(session.execute(update(Mention).where(*unseen).values(seen_at=now)))
    if count:
        events.publish(session, events.Kind.conversation, [conversation_id], now=now)
    return count


def see_mention(session: Session, entry_id: int, *, by: Actor, now: datetime) -> None:
    """``by`` has seen this one; of others' mentions nothing is told."""
    rights.require(by, Action.see_conversations)
    own = (Mention.agent_id == by.id, Mention.entry_id == entry_id, Mention.seen_at.is_(None))
    session.execute(update(Mention).where(*own).values(seen_at=now))
