"""Giving those who wait to those who are there: a few statements a round, however long the queue is.

Any number of processes may do it at once. Each locks the agents it gives to, and passes over whom another one holds, so
what an agent has is counted by one process at a time. Conversations are locked in the order of their ids, as the way in
locks them, without waiting for any; the UPDATE itself asks again whether they still wait. People are locked before
conversations, as everywhere.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import events
from app.agents.models import Agent
from app.conversations import history, queue
from app.conversations.history import Entry, Kind
from app.conversations.models import Conversation, Owner
from app.conversations.queue import Waiting
from app.db.rows import Update, table_of, together
from app.db.sql import for_update, is_any
from app.desk import staff
from app.desk.choosing import choose

LOOKED_AT = 500
"""Conversations of the queue in one round: so many whom nobody can take hold up the others."""
REMEMBERED = timedelta(days=7)
"""For so long after he wrote a viewer's earlier conversation says who knows him."""


class Assigned(NamedTuple):
    conversation_id: int
    agent_id: int


class State(StrEnum):
    """Of the queue, for whoever gives."""

    empty = "empty"
    stuck = "stuck"
    """Nobody who is there has room."""
    due = "due"


def look(session: Session, *, now: datetime) -> State:
    """Whether there may be something to give; reads only."""
    if not queue.queue_length(session, most=1):
        return State.empty
    return State.due if staff.list_free(session, now=now) else State.stuck


def assign(session: Session, *, now: datetime, limit: int = 50) -> list[Assigned]:
    """Give ``limit`` conversations at most: the urgent first, then whose viewers go first, then who waits longest."""
    members = staff.list_free(session, now=now, lock=True)
    if not members:
        return []
    waiting = _remembering(session, queue.head(session, most=LOOKED_AT), now)
    chosen = choose(waiting, members, limit=limit, now=now)
    held = _lock(session, [talk.id for talk, _ in chosen])
    given = [(held[talk.id], member.id) for talk, member in chosen if talk.id in held]
    _give(session, given, now)
    return [Assigned(talk.id, agent_id) for talk, agent_id in given]


def _remembering(session: Session, waiting: Sequence[Waiting], now: datetime) -> list[Waiting]:
    """With the last agent of an earlier conversation, where none has had this one."""
    strangers = {talk.identity_id for talk in waiting if talk.last_agent_id is None}
    known = _last_agents(session, strangers, now) if strangers else {}
    return [
        talk._replace(last_agent_id=known.get(talk.identity_id)) if talk.last_agent_id is None else talk
        for talk in waiting
    ]


def _last_agents(session: Session, identity_ids: Collection[int], now: datetime) -> dict[int, int]:
    """No ORDER BY: it would tempt the planner to walk all conversations backwards."""
    earlier = select(Conversation.identity_id, Conversation.id, Conversation.last_agent_id).where(
        is_any(Conversation.identity_id, identity_ids),
        Conversation.last_agent_id.is_not(None), Conversation.viewer_wrote_at > now - REMEMBERED,
    )  # fmt: skip
    rows = sorted((talk, identity, agent) for identity, talk, agent in session.execute(earlier) if agent is not None)
    return {identity: agent for _, identity, agent in rows}


def _lock(session: Session, conversation_ids: Sequence[int]) -> dict[int, Conversation]:
    """Those that still wait, and that nobody is at this moment: the others come with the next round.

    Found by their ids alone: with the conditions of the queue's index the planner would walk all of it.
    """
    rows = select(Conversation).where(is_any(Conversation.id, sorted(conversation_ids))).order_by(Conversation.id)
    found = session.scalars(for_update(rows, skip_locked=True), execution_options={"populate_existing": True})
    return {talk.id: talk for talk in found if talk.owner == Owner.queue and talk.closed_at is None}


_take = Update(
    table_of(Conversation),
    ("owner", "agent_id", "last_agent_id", "acknowledged", "awaiting", "queued_at", "snoozed_at", "snoozed_until"),
    only="conversations.agent_id IS NULL",
)


def _give(session: Session, given: Sequence[tuple[Conversation, int]], now: datetime) -> None:
    if not given:
        return
    agents = sorted({agent_id for _, agent_id in given})
    rows = [(talk.id, Owner.agent, agent_id, agent_id, False, None, None, None, None) for talk, agent_id in given]
    told = [
        Entry(talk.id, talk.last_seq, Kind.assigned, now, {"to": agent_id, **history.waited(talk, now)})
        for talk, agent_id in given
    ]
    together(session, [(_take, rows), history.entries(told)])
    session.execute(update(Agent).where(is_any(Agent.id, agents)).values(given_at=now))
    events.publish(session, events.Kind.conversation, [talk.id for talk, _ in given], now=now)
    events.publish(session, events.Kind.queue, now=now)
    events.publish(session, events.Kind.agent, agents, now=now)
