"""Who waits for a person, and why nobody has him yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents.models import Team
from app.agents.presence import Shown
from app.agents.rights import Actor
from app.conversations import queue
from app.conversations.models import Channel, Conversation
from app.db.driver import Prepared
from app.db.sql import is_any
from app.desk import names
from app.desk.crew import OnDuty
from app.viewers.models import Identity, Viewer


class Why(StrEnum):
    nobody_can = "nobody_can"
    """No account that speaks is in the team and has the skill."""
    nobody_there = "nobody_there"
    """None of those who could take it is online."""
    all_full = "all_full"
    """None of those who could and are online has room."""


@dataclass(frozen=True, slots=True)
class Waiting:
    id: int
    viewer: str
    is_vip: bool
    """As the queue counts it."""
    platform: str
    channel: str
    title: str | None
    priority: int
    since: datetime
    """Its place in the queue; who asked at night has it since then."""
    waits_since: datetime
    """Since when somebody could have come."""
    team: str | None
    skill: str | None
    why: Why | None
    """None: somebody can have it at once."""


_ROWS = Prepared(
    select(
        Conversation.id, Conversation.queued_at, Conversation.opened_at, Conversation.waits_since, Conversation.vip,
        Conversation.title, Conversation.priority, Conversation.skill, Viewer.name, Identity.external_id,
        Channel.platform, Channel.name, Team.name,
    )
    .join(Identity, Identity.id == Conversation.identity_id)
    .join(Viewer, Viewer.id == Identity.viewer_id)
    .join(Channel, Channel.id == Conversation.channel_id)
    .outerjoin(Team, Team.id == Conversation.team_id)
    .where(is_any(Conversation.id, "ids"))
)  # fmt: skip


def list_waiting(
    session: Session, actors: Mapping[int, Actor], agents: Sequence[OnDuty], *, limit: int
) -> tuple[Waiting, ...]:
    """In the queue's order."""
    first = queue.head(session, most=limit)
    found = {row[0]: row[1:] for row in _ROWS(session, ids=[talk.id for talk in first])}
    reasons: dict[tuple[int | None, str | None], Why | None] = {}
    listed: list[Waiting] = []
    for talk in first:
        wanted = (talk.team_id, talk.skill)
        if wanted not in reasons:
            reasons[wanted] = why(wanted, actors, agents)
        queued, opened, waits, vip, title, priority, skill, viewer, address, platform, channel, team = found[talk.id]
        since = queued or opened
        listed.append(
            Waiting(
                talk.id, names.display(viewer, platform, address), vip, platform, channel, title, priority, since,
                waits or since, team, skill, reasons[wanted],
            )
        )  # fmt: skip
    return tuple(listed)


def why(wanted: tuple[int | None, str | None], actors: Mapping[int, Actor], agents: Sequence[OnDuty]) -> Why | None:
    """Why nobody takes what wants this team and skill. Pure."""
    able = [agent for agent in agents if agent.id in actors and actors[agent.id].can_take(*wanted)]
    if not able:
        return Why.nobody_can
    online = [agent for agent in able if agent.shown is Shown.online]
    if not online:
        return Why.nobody_there
    return None if any(agent.has_room for agent in online) else Why.all_full
