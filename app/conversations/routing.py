"""Who speaks in a conversation: taken, handed on, put off, ended, opened again.

Who takes a conversation does so by one conditional UPDATE; whoever changes what he has holds its lock. The way in holds
the same lock: the bot says nothing in the transaction that finds an agent there. What the bot said before, and what has
not left yet, keeps back by itself once an agent speaks (``pending``), visibly.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import events
from app.agents import audit, rights
from app.agents.models import Agent, AgentRole, Team
from app.agents.rights import Action, Actor, Role
from app.conversations import history, queue
from app.conversations.history import Kind
from app.conversations.models import Conversation, Owner
from app.conversations.refusals import (
    CannotTake,
    ConversationClosed,
    ConversationNotFound,
    ConversationTaken,
    NewerConversation,
    NobodyNamed,
    NotYours,
    StillOpen,
    WrongPriority,
    WrongTime,
)
from app.db.sql import for_update
from app.errors import AppError

GIVEN_UP = 200
"""Conversations that one transaction gives back."""
LONGEST_SNOOZE = timedelta(days=90)

# -------------------- taken


_FREE: dict[str, Any] = {"snoozed_at": None, "snoozed_until": None, "queued_at": None, "awaiting": None}


def take_over(session: Session, conversation_id: int, *, by: Actor, now: datetime) -> None:
    """``by`` speaks from now on, and the bot no more.

    ConversationTaken where a colleague speaks already, ConversationClosed. Whom the platform's own console serves is
    nobody's here: he can be taken over.
    """
    rights.require(by, Action.speak)
    free = (Conversation.id == conversation_id, Conversation.agent_id.is_(None), Conversation.closed_at.is_(None))
    waited = _waited(session, conversation_id, now)
    taken = _take(session, *free, agent_id=by.id)
    if taken is None:
        _explain(session, conversation_id, by)
    else:
        history.write(session, taken, Kind.taken, by=by.id, now=now, **waited)
        _tell(session, taken, now, queued=True)


def take_from(session: Session, conversation_id: int, *, by: Actor, expected: int, now: datetime) -> None:
    """Take it from the colleague ``expected``; ConversationTaken where it is another's by now."""
    rights.require(by, Action.take_from)
    his = (Conversation.id == conversation_id, Conversation.agent_id == expected, Conversation.closed_at.is_(None))
    taken = _take(session, *his, agent_id=by.id)
    if taken is None:
        _explain(session, conversation_id, by)
    elif expected != by.id:
        history.write(session, taken, Kind.taken, by=by.id, now=now, former=expected)
        _audit(session, by, taken, now, former=expected)
        _tell(session, taken, now, former=expected)


def _waited(session: Session, conversation_id: int, now: datetime) -> dict[str, Any]:
    """Read before it is taken, for the figures alone: the UPDATE does not tell what was there."""
    found = session.get(Conversation, conversation_id)
    return history.waited(found, now) if found is not None else {}


def _take(session: Session, *free: ColumnElement[bool], agent_id: int) -> Conversation | None:
    values = {"owner": Owner.agent, "agent_id": agent_id, "last_agent_id": agent_id, **_FREE}
    taking = update(Conversation).where(*free).values(values).returning(Conversation)
    return session.scalars(taking, execution_options={"populate_existing": True}).one_or_none()


def _explain(session: Session, conversation_id: int, by: Actor) -> None:
    """Why it could not be taken; nothing to say where it is his already."""
    found = session.get(Conversation, conversation_id, populate_existing=True)
    if found is None:
        raise ConversationNotFound
    if found.closed_at is not None:
        raise ConversationClosed
    if found.agent_id != by.id:
        raise taken_by(session, found)


def taken_by(session: Session, conversation: Conversation) -> AppError:
    """What to tell somebody who does not have the conversation."""
    if conversation.agent_id is None:
        return NotYours()
    return ConversationTaken(session.scalars(select(Agent.name).where(Agent.id == conversation.agent_id)).one())


# -------------------- handed on


def lock(session: Session, conversation_id: int) -> Conversation:
    """The conversation for a change; ConversationNotFound."""
    locked = for_update(select(Conversation).where(Conversation.id == conversation_id))
    found = session.scalars(locked, execution_options={"populate_existing": True}).one_or_none()
    if found is None:
        raise ConversationNotFound
    return found


def lock_held(session: Session, conversation_id: int, by: Actor, *, leading: bool = True) -> Conversation:
    """One that an agent has: ``by``, or a colleague where ``by`` may take it from him (and ``leading``)."""
    found = lock(session, conversation_id)
    if found.closed_at is not None:
        raise ConversationClosed
    if found.agent_id != by.id and not (leading and found.agent_id is not None and by.may(Action.take_from)):
        raise taken_by(session, found)
    return found


def release(session: Session, conversation_id: int, *, by: Actor, now: datetime) -> None:
    """The bot speaks again, and remembers nothing of what it asked before."""
    rights.require(by, Action.speak)
    held = lock_held(session, conversation_id, by)
    _note(session, held, Kind.released, by, now)
    _give(held, Owner.bot)
    held.failures, held.waits_since = 0, None
    _tell(session, held, now)


def put_back(session: Session, conversation_id: int, *, by: Actor, now: datetime) -> None:
    """To the queue, where it waits as if it had never left: since the viewer waits."""
    rights.require(by, Action.speak)
    held = lock_held(session, conversation_id, by)
    _note(session, held, Kind.queued, by, now)
    _requeue(session, held, now)


def transfer(
    session: Session, conversation_id: int, *, by: Actor, to_agent: int | None = None, to_team: int | None = None,
    to_skill: str | None = None, note: str = "", now: datetime,
) -> None:  # fmt: skip
    """To one colleague, who has it at once, or to the queue for a team or a skill; NobodyNamed for none or several.

    ``note`` stays in the history, for whoever gets it. Who waits in the queue can be handed on by whoever may take it.
    """
    rights.require(by, Action.speak)
    if sum(target is not None for target in (to_agent, to_team, to_skill)) != 1:
        raise NobodyNamed
    if to_agent is not None:
        _require_speaker(session, to_agent)
    elif to_team is not None:
        _require_team(session, to_team)
    held = _lock_to_transfer(session, conversation_id, by)
    former, waited = held.agent_id, held.owner == Owner.queue
    given = {"to": to_agent, "team": to_team, "skill": to_skill}
    data: dict[str, Any] = {name: target for name, target in given.items() if target is not None}
    if to_agent is not None:
        data |= history.waited(held, now)
    _note(session, held, Kind.transferred, by, now, text=note.strip(), **data)
    if to_agent is not None:
        _give(held, Owner.agent, to_agent)
        _tell(session, held, now, queued=waited, former=former)
    else:
        held.team_id, held.skill = to_team, to_skill
        _requeue(session, held, now)


def _lock_to_transfer(session: Session, conversation_id: int, by: Actor) -> Conversation:
    found = lock(session, conversation_id)
    if found.closed_at is None and found.owner == Owner.queue and by.may(Action.take_from):
        return found
    return lock_held(session, conversation_id, by)


def _require_speaker(session: Session, agent_id: int) -> None:
    """His row is locked, so that he is not deactivated meanwhile: people first, then conversations."""
    agent = session.scalars(for_update(select(Agent).where(Agent.id == agent_id))).one_or_none()
    roles = session.scalars(select(AgentRole.role).where(AgentRole.agent_id == agent_id))
    speakers = rights.ALLOWED[Action.speak]
    if agent is None or agent.deactivated_at is not None or speakers.isdisjoint(Role(role) for role in roles):
        raise CannotTake


def _require_team(session: Session, team_id: int) -> None:
    if session.scalar(select(Team.id).where(Team.id == team_id, Team.archived_at.is_(None))) is None:
        raise NobodyNamed


def give_up_all(session: Session, agent_id: int, *, now: datetime, by: Actor | None = None) -> int:
    """Whoever is gone speaks with nobody: his open conversations wait in the queue again. How many, a page at most."""
    his = select(Conversation).where(Conversation.agent_id == agent_id, Conversation.closed_at.is_(None))
    page = for_update(his.order_by(Conversation.id).limit(GIVEN_UP))
    found = session.scalars(page, execution_options={"populate_existing": True}).all()
    for held in found:
        history.write(session, held, Kind.queued, by=by.id if by else None, now=now, former=agent_id)
        _give(held, Owner.queue)
        held.queued_at = held.waits_since or now
    if found:
        session.flush()
        queue.rank(session, [held.id for held in found], priority=0)
        events.publish(session, events.Kind.conversation, [held.id for held in found], now=now)
        events.publish(session, events.Kind.agent, [agent_id], now=now)
        events.publish(session, events.Kind.queue, now=now)
    return len(found)


def _give(held: Conversation, owner: Owner, agent_id: int | None = None) -> None:
    held.owner, held.agent_id = owner, agent_id
    held.last_agent_id = agent_id or held.last_agent_id
    held.acknowledged = False
    for name, value in _FREE.items():
        setattr(held, name, value)


def _requeue(session: Session, held: Conversation, now: datetime) -> None:
    since = held.queued_at or held.waits_since or now
    _give(held, Owner.queue)
    held.queued_at = since
    session.flush()
    queue.rank(session, [held.id], priority=0)
    _tell(session, held, now, queued=True)


# -------------------- put off


def snooze(session: Session, conversation_id: int, *, by: Actor, until: datetime, now: datetime) -> None:
    """Out of sight until then, or until the viewer writes; WrongTime for the past and beyond ``LONGEST_SNOOZE``."""
    rights.require(by, Action.speak)
    if not now < until <= now + LONGEST_SNOOZE:
        raise WrongTime
    held = lock_held(session, conversation_id, by, leading=False)
    held.snoozed_at, held.snoozed_until = now, until
    _note(session, held, Kind.snoozed, by, now, until=until.isoformat())
    _tell(session, held, now)


def wake(session: Session, conversation_id: int, *, by: Actor, now: datetime) -> None:
    rights.require(by, Action.speak)
    held = lock_held(session, conversation_id, by, leading=False)
    if held.snoozed_until is None:
        return
    held.snoozed_at = held.snoozed_until = None
    _note(session, held, Kind.woken, by, now)
    _tell(session, held, now)


# -------------------- ended, and opened again


def resolve(session: Session, conversation_id: int, *, by: Actor, now: datetime) -> None:
    """End it; what waits in its outbox still leaves, and the viewer's next message begins a new one.

    One that nobody has, or a colleague, is ended by whoever may take it from him.
    """
    rights.require(by, Action.speak)
    found = lock(session, conversation_id)
    if found.closed_at is not None:
        raise ConversationClosed
    if found.agent_id != by.id and not by.may(Action.take_from):
        raise taken_by(session, found)
    _note(session, found, Kind.resolved, by, now)
    waited = found.owner == Owner.queue
    if waited:  # only who waits stands in the queue's index
        found.owner, found.queued_at = Owner.bot, None
    found.closed_at, found.closed_by = now, by.id
    found.waits_since = found.snoozed_at = found.snoozed_until = None
    _tell(session, found, now, queued=waited)


def reopen(session: Session, conversation_id: int, *, by: Actor, now: datetime) -> None:
    """Open it again for whoever had it, or for ``by`` where nobody did; NewerConversation where it is not the newest.

    Two at once, or the viewer who begins a new one meanwhile: the unique key of open conversations decides.
    """
    rights.require(by, Action.speak)
    found = lock(session, conversation_id)
    if found.closed_at is None:
        raise StillOpen
    if found.agent_id not in (None, by.id) and not by.may(Action.take_from):
        raise taken_by(session, found)
    _require_newest(session, found)
    _note(session, found, Kind.reopened, by, now)
    try:
        with session.begin_nested():
            _give(found, Owner.agent, found.agent_id or by.id)
            found.closed_at = found.closed_by = None
    except IntegrityError:
        _require_newest(session, found)
        raise
    _tell(session, found, now)


def open_for_answer(session: Session, talk: Conversation, *, by: Actor | None, now: datetime) -> None:
    """The viewer is about to be asked something in his newest conversation, which is locked: the bot hears the answer.

    Before anything is said in it: who begins a new one this moment may wait for its lane. Then that one stays open.
    """
    if talk.closed_at is None:
        return
    try:
        with session.begin_nested():
            _give(talk, Owner.bot)
            talk.closed_at = talk.closed_by = None
    except IntegrityError:
        return
    history.write(session, talk, Kind.reopened, by=by.id if by is not None else None, now=now)
    _tell(session, talk, now)


def _require_newest(session: Session, found: Conversation) -> None:
    newest = select(func.max(Conversation.id)).where(Conversation.identity_id == found.identity_id)
    conversation_id = session.scalars(newest).one()
    if conversation_id is not None and conversation_id > found.id:
        raise NewerConversation(conversation_id)


# -------------------- put first


def set_priority(session: Session, conversation_id: int, *, by: Actor, priority: int, now: datetime) -> None:
    """0 as usual, 1 high, 2 urgent."""
    rights.require(by, Action.speak)
    if priority not in (0, 1, 2):
        raise WrongPriority
    found = lock(session, conversation_id)
    if found.closed_at is not None:
        raise ConversationClosed
    if found.priority == priority:
        return
    before, found.priority = found.priority, priority
    history.write(session, found, Kind.prioritised, by=by.id, now=now, priority=priority)
    audit.record(session, by, "conversations.prioritise", subject="conversation", subject_id=found.id, now=now,
                 before=before, after=priority)  # fmt: skip
    _tell(session, found, now, queued=found.owner == Owner.queue)


# -------------------- told


def _note(
    session: Session, held: Conversation, kind: Kind, by: Actor, now: datetime, text: str = "", **data: Any
) -> None:
    """Into the history, and into the record where it was a colleague's."""
    history.write(session, held, kind, by=by.id, now=now, text=text, **data)
    if held.agent_id is not None and held.agent_id != by.id:
        _audit(session, by, held, now, did=kind.value, former=held.agent_id)


def _audit(session: Session, by: Actor, held: Conversation, now: datetime, **detail: Any) -> None:
    audit.record(session, by, Action.take_from, subject="conversation", subject_id=held.id, now=now, **detail)


def _tell(
    session: Session, held: Conversation, now: datetime, *, queued: bool = False, former: int | None = None
) -> None:
    """``former``: who had it until now."""
    events.publish(session, events.Kind.conversation, [held.id], now=now)
    concerned = (held.agent_id, held.last_agent_id, former)
    events.publish(session, events.Kind.agent, [each for each in concerned if each is not None], now=now)
    if queued:
        events.publish(session, events.Kind.queue, now=now)
