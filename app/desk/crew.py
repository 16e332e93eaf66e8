"""Everybody who speaks with viewers, as whoever leads them sees it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import String, bindparam, cast, func, literal_column, select
from sqlalchemy.orm import Session

from app.agents import duty, presence
from app.agents.models import Agent, Team
from app.agents.presence import Shown
from app.agents.rights import Actor
from app.conversations.history import HistoryEntry, Kind
from app.conversations.models import Channel, Conversation, Message
from app.db.base import UtcDateTime
from app.db.driver import Prepared
from app.db.sql import is_any
from app.desk import names, staff
from app.desk.flow import quantile
from app.desk.loads import is_awake
from app.viewers.models import Identity, Viewer

MEASURED = 500
"""Conversations of the day, the newest, from which response times are taken."""
_MOST_HELD = 5000


class Held(NamedTuple):
    """A conversation that an agent has."""

    id: int
    viewer: str
    title: str | None
    waits_since: datetime | None
    """Since when the viewer has waited for a word; None: it is his turn."""
    is_put_off: bool


@dataclass(frozen=True, slots=True)
class OnDuty:
    id: int
    name: str
    shown: Shown
    since: datetime | None
    """Since when that is so; offline: when he was seen last, None: never."""
    away_reason: str | None
    load: int
    """Without what is put off."""
    capacity: int
    conversations: tuple[Held, ...]
    """Whose viewers wait longest first."""
    handled_today: int
    """Conversations that he ended since midnight in Beijing."""
    first_response: timedelta | None
    """Median of today, from when he had a conversation to his first word in it."""

    @property
    def has_room(self) -> bool:
        return self.shown is Shown.online and self.load < self.capacity


@dataclass(frozen=True, slots=True)
class TeamOnDuty:
    id: int
    name: str
    members: int
    """Of those who speak with viewers."""
    there: int
    """Online."""
    room: int
    """Conversations that could be given to them this moment."""
    waiting: int
    """Conversations in the queue that are for this team."""


class Crew(NamedTuple):
    agents: tuple[OnDuty, ...]
    actors: Mapping[int, Actor]


_ORDER = {shown: place for place, shown in enumerate((Shown.online, Shown.busy, Shown.away, Shown.offline))}


def list_speakers(session: Session, *, since: datetime, now: datetime) -> Crew:
    """``since``: when the day began."""
    rows = select(*_AGENT).where(*duty.speaks()).order_by(Agent.id).limit(staff.MOST)
    agents = [_Agent(*row) for row in session.execute(rows)]
    ids = [agent.id for agent in agents]
    held, handled = _held(session, ids, now), _handled(session, since)
    responses = _responses(session, since)
    found = [
        _on_duty(agent, held.get(agent.id, ()), handled.get(agent.id, 0), responses.get(agent.id, ()), now)
        for agent in agents
    ]
    ordered = sorted(found, key=lambda each: (_ORDER[each.shown], -each.load, each.name, each.id))
    return Crew(tuple(ordered), staff.actors_of(session, ids))


class _Agent(NamedTuple):
    """What of his row is shown; no object of the session's, since there are hundreds."""

    id: int
    name: str
    presence: str
    presence_at: datetime
    away_reason: str | None
    seen_at: datetime | None
    capacity: int


_AGENT = [getattr(Agent, name) for name in _Agent._fields]


def _on_duty(
    agent: _Agent, held: Sequence[Held], handled: int, responses: Iterable[timedelta], now: datetime
) -> OnDuty:
    shown = presence.state_of(agent.presence, agent.seen_at, now)
    load = sum(not talk.is_put_off for talk in held)
    since = agent.seen_at if shown is Shown.offline else agent.presence_at
    reason = agent.away_reason if shown is Shown.away else None
    return OnDuty(
        agent.id, agent.name, shown, since, reason, load, agent.capacity, tuple(held), handled,
        quantile(sorted(responses), 0.5),
    )  # fmt: skip


_HELD = Prepared(
    select(
        Conversation.agent_id, Conversation.id, Viewer.name, Channel.platform, Identity.external_id,
        Conversation.title, Conversation.waits_since, is_awake(bindparam("now", type_=UtcDateTime)),
    )
    .join(Identity, Identity.id == Conversation.identity_id)
    .join(Viewer, Viewer.id == Identity.viewer_id)
    .join(Channel, Channel.id == Conversation.channel_id)
    .where(
        is_any(Conversation.agent_id, "agents"), Conversation.agent_id.is_not(None), Conversation.closed_at.is_(None)
    )
    .limit(literal_column(str(_MOST_HELD)))
)  # fmt: skip


def _held(session: Session, agent_ids: Sequence[int], now: datetime) -> dict[int, list[Held]]:
    found: dict[int, list[Held]] = {}
    for agent_id, talk, name, platform, address, title, waits, awake in _HELD(session, agents=agent_ids, now=now):
        held = Held(talk, names.display(name, platform, address), title, waits, not awake)
        found.setdefault(agent_id, []).append(held)
    for own_talks in found.values():
        own_talks.sort(key=lambda held: (held.waits_since is None, held.waits_since or now, held.id))
    return found


def _handled(session: Session, since: datetime) -> dict[int, int]:
    ended = (Conversation.closed_by.is_not(None), Conversation.closed_at >= since)
    rows = session.execute(select(Conversation.closed_by, func.count()).where(*ended).group_by(Conversation.closed_by))
    return {agent_id: count for agent_id, count in rows if agent_id is not None}


_begun = (
    select(
        HistoryEntry.conversation_id, HistoryEntry.after_seq, HistoryEntry.at,
        func.coalesce(HistoryEntry.data["to"].as_integer(), HistoryEntry.agent_id, 0).label("agent_id"),
    )
    .where(HistoryEntry.at >= bindparam("since", type_=UtcDateTime), is_any(HistoryEntry.kind, "kinds"))
    .order_by(HistoryEntry.at.desc())
    .limit(literal_column(str(MEASURED)))
    .subquery()
)  # fmt: skip
_first_word = (  # looked for from there on in the conversation, however much has been said in it since
    select(Message.created_at)
    .where(
        Message.conversation_id == _begun.c.conversation_id, Message.seq > _begun.c.after_seq,
        Message.direction == literal_column("'out'"), Message.author == cast(_begun.c.agent_id, String),
    )
    .order_by(Message.seq)
    .limit(literal_column("1"))
    .scalar_subquery()
)  # fmt: skip
_RESPONSES = Prepared(select(_begun.c.agent_id, _begun.c.at, _first_word))


def _responses(session: Session, since: datetime) -> dict[int, list[timedelta]]:
    """By agent, from when he had a conversation to his first word in it."""
    found: dict[int, list[timedelta]] = {}
    for agent_id, at, first in _RESPONSES(session, since=since, kinds=[Kind.taken.value, Kind.assigned.value]):
        if first is not None:
            found.setdefault(agent_id, []).append(max(timedelta(), first - at))
    return found


# -------------------- teams


def list_teams(session: Session, crew: Crew) -> tuple[TeamOnDuty, ...]:
    """By name, without those that are archived."""
    in_queue = (Conversation.owner == literal_column("'queue'"), Conversation.closed_at.is_(None))
    meant = select(Conversation.team_id, func.count()).where(*in_queue, Conversation.team_id.is_not(None))
    counted = session.execute(meant.group_by(Conversation.team_id))
    waiting = {team: count for team, count in counted if team is not None}
    teams = session.scalars(select(Team).where(Team.archived_at.is_(None)).order_by(Team.name, Team.id))
    return tuple(_team(team, crew, waiting.get(team.id, 0)) for team in teams)


def _team(team: Team, crew: Crew, waiting: int) -> TeamOnDuty:
    members = [each for each in crew.agents if each.id in crew.actors and team.id in crew.actors[each.id].teams]
    room = sum(each.capacity - each.load for each in members if each.has_room)
    there = sum(each.shown is Shown.online for each in members)
    return TeamOnDuty(team.id, team.name, len(members), there, room, waiting)
