"""Tickets that nobody has: given to whoever speaks with the viewer, else to who can do it and has the fewest.

Who waits in the queue is given his tickets' owner with whoever takes him, so those are left alone until then. People
are locked before tickets, as everywhere; what another process holds is left to the next look.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import and_, case, exists, func, not_, or_, select
from sqlalchemy.orm import Session

from app.agents import duty
from app.agents.models import Agent
from app.agents.rights import Actor
from app.conversations.models import Conversation, Owner
from app.db.sql import for_update, is_any
from app.desk import staff
from app.tickets import classifying, history
from app.tickets.models import Ticket, TicketKind

GRACE: Final = timedelta(minutes=2)
"""So long whoever opens a ticket, or speaks with its viewer, has to take it himself."""
PAGE: Final = 50
MORE: Final = 5
"""Tickets that somebody may have more than others, where his skills are what they are about."""
LOOKED_AT: Final = 500
"""Tickets in one round: so many whom nobody can take hold up the others."""
_GIVEN: Final = [kind for kind in TicketKind if kind is not TicketKind.suggestion]
"""Suggestions are read by those who plan programmes, when they plan them."""
_UNOWNED = (Ticket.owner_id.is_(None), Ticket.status != "closed", Ticket.kind.in_(_GIVEN))


def is_due(session: Session, *, now: datetime) -> bool:
    return session.scalar(select(Ticket.id).where(*_UNOWNED, Ticket.opened_at <= now).limit(1)) is not None


def share(session: Session, *, now: datetime, limit: int = PAGE) -> int:
    """How many found somebody, the urgent first, then the oldest."""
    there = _people(session, now)
    if not there:
        return 0
    loads = _loads(session, list(there))
    chosen: dict[int, int] = {}
    for ticket in _unowned(session, now):
        speaks = ticket.speaker if ticket.speaker in there else None
        if speaks is None and ticket.opened_at > now - GRACE:
            continue
        agent = speaks if speaks is not None else _choose(ticket, there, loads)
        if agent is not None:
            chosen[ticket.id] = agent
            loads[agent] = loads.get(agent, 0) + 1
        if len(chosen) == limit:
            break
    held = select(Ticket).where(is_any(Ticket.id, sorted(chosen)), *_UNOWNED).order_by(Ticket.id)
    given = session.scalars(
        for_update(held, skip_locked=True), execution_options={"populate_existing": True}
    ).all()  # fmt: skip
    for row in given:
        _give(session, row, chosen[row.id], now)
    return len(given)


class _Unowned(NamedTuple):
    id: int
    team_id: int | None
    skill: str | None
    opened_at: datetime
    kind: str
    dimension: str | None
    subject: str
    speaker: int | None
    """Who speaks with its viewer this moment."""


def _unowned(session: Session, now: datetime) -> list[_Unowned]:
    """Not locked: most of them may be for somebody who is not there."""
    talks = and_(Conversation.owner == Owner.agent, Conversation.closed_at.is_(None))
    queues = and_(Conversation.owner == Owner.queue, Conversation.closed_at.is_(None))
    rows = (
        select(
            Ticket.id,
            Ticket.team_id,
            Ticket.skill,
            Ticket.opened_at,
            Ticket.kind,
            Ticket.dimension,
            Ticket.subject,
            case((talks, Conversation.agent_id), else_=None),
        )
        .outerjoin(Conversation, Conversation.id == Ticket.conversation_id)
        .where(*_UNOWNED, or_(talks, Ticket.opened_at <= now - GRACE))
        .where(func.coalesce(not_(queues), True))
        .order_by(Ticket.rank.desc(), Ticket.opened_at, Ticket.id)
        .limit(LOOKED_AT)
    )
    return [_Unowned(*row) for row in session.execute(rows)]


def give_up_gone(session: Session, *, now: datetime) -> int:
    """Whoever left, or lost the role for it, has no tickets: nobody has them then. How many, a page."""
    holds = exists().where(Ticket.owner_id == Agent.id, Ticket.closed_at.is_(None))
    gone = select(Agent.id).where(not_(and_(*duty.speaks())), holds).order_by(Agent.id).limit(1)
    agent_id = session.scalars(gone).one_or_none()
    return 0 if agent_id is None else give_up_all(session, agent_id, now=now)


def give_up_all(session: Session, agent_id: int, *, now: datetime, limit: int = PAGE) -> int:
    """A page of his open tickets; those who lead are told."""
    his = select(Ticket).where(Ticket.owner_id == agent_id, Ticket.closed_at.is_(None)).order_by(Ticket.id)
    held = session.scalars(for_update(his.limit(limit), skip_locked=True)).all()
    for ticket in held:
        ticket.owner_id = None
        also = history.leaders(session, ticket.team_id)
        detail = {"owner_id": [agent_id, None]}
        history.write_down(session, ticket, "changed", by=history.CLOCK, now=now, detail=detail, also=also)
    return len(held)


def _people(session: Session, now: datetime) -> Mapping[int, Actor]:
    """Who can be given something, and is not deactivated before it is."""
    online = select(Agent.id).where(*duty.is_online(now)).order_by(Agent.id).limit(staff.MOST)
    return staff.actors_of(session, list(session.scalars(for_update(online, skip_locked=True, refer=True))))


def _loads(session: Session, agent_ids: Sequence[int]) -> dict[int, int]:
    """Open tickets of each."""
    own = (is_any(Ticket.owner_id, agent_ids), Ticket.closed_at.is_(None))
    rows = session.execute(select(Ticket.owner_id, func.count()).where(*own).group_by(Ticket.owner_id))
    return {agent: count for agent, count in rows if agent is not None}


def _choose(ticket: _Unowned, there: Mapping[int, Actor], loads: Mapping[int, int]) -> int | None:
    """Who can do it and has the fewest; whose skills it speaks of may have some more than others."""
    said = classifying.words_of(ticket.kind, ticket.dimension, ticket.subject)

    def burden(agent: int) -> tuple[int, int]:
        speaks_of_him = any(skill in said for skill in there[agent].skills)
        return loads.get(agent, 0) - MORE * speaks_of_him, agent

    able = [agent for agent, actor in there.items() if actor.can_take(ticket.team_id, ticket.skill)]
    return min(able, key=burden, default=None)


def _give(session: Session, ticket: Ticket, agent_id: int, now: datetime) -> None:
    ticket.owner_id = agent_id
    detail = {"owner_id": [None, agent_id]}
    history.write_down(session, ticket, "changed", by=history.CLOCK, now=now, detail=detail)
