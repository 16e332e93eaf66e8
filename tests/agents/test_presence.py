"""Who is there."""

from datetime import timedelta

import pytest

from app.agents import audit, presence
from app.agents.models import Agent, Presence
from app.agents.presence import GONE_AFTER, ReasonTooLong, Shown, state_of
from app.agents.rights import Forbidden, Role
from app.db.database import Database
from tests.factories.conversations import NOW
from tests.factories.people import get_agent, make_agent

SECOND = timedelta(seconds=1)


async def stored(db: Database, agent_id: int) -> Agent:
    return await db.read(get_agent, agent_id)


async def test_he_says_how_he_is_and_a_supervisor_may_say_it_for_him(db: Database) -> None:
    lin, zhou = await make_agent(db, "lin"), await make_agent(db, "zhou", roles=[Role.supervisor])
    await db.write(presence.set_presence, by=lin, presence=Presence.away, reason=" 午饭 ", now=NOW)
    agent = await stored(db, lin.id)
    assert (agent.presence, agent.away_reason, agent.presence_at) == ("away", "午饭", NOW)
    await db.write(presence.set_presence, by=lin, presence=Presence.away, reason="午饭", now=NOW + SECOND)
    assert (await stored(db, lin.id)).presence_at == NOW
    await db.write(
        presence.set_presence, by=zhou, agent_id=lin.id, presence=Presence.busy, reason="x", now=NOW + SECOND
    )
    agent = await stored(db, lin.id)
    assert (agent.presence, agent.away_reason, agent.presence_at) == ("busy", None, NOW + SECOND)
    with pytest.raises(Forbidden):
        await db.write(presence.set_presence, by=lin, agent_id=zhou.id, presence=Presence.away, now=NOW)
    with pytest.raises(ReasonTooLong):
        await db.write(presence.set_presence, by=lin, presence=Presence.away, reason="很" * 33, now=NOW)
    said = await db.read(audit.list_entries, by=None, action="presence.set")
    assert [(entry.agent_id, entry.detail["after"]) for entry in said] == [
        (zhou.id, ["busy", None]), (lin.id, ["away", "午饭"]),
    ]  # fmt: skip


async def test_live_connections_say_who_is_there(db: Database) -> None:
    lin, chen = await make_agent(db, "lin", seen_at=None), await make_agent(db, "chen", seen_at=NOW + SECOND)
    await db.write(presence.touch, [lin.id, chen.id, 99], NOW)
    await db.write(presence.touch, [], NOW + SECOND)
    assert [(await stored(db, agent.id)).seen_at for agent in (lin, chen)] == [NOW, NOW + SECOND]


def test_without_a_live_connection_he_is_offline_whatever_he_said() -> None:
    assert state_of("online", NOW, NOW + GONE_AFTER - SECOND) is Shown.online
    assert state_of("busy", NOW, NOW + GONE_AFTER) is Shown.offline
    assert state_of("away", None, NOW) is Shown.offline
