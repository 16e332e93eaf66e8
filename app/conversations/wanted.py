"""Whether somebody is there for a conversation that is meant for a team, or needs a skill."""

from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.agents import duty
from app.agents.actors import COLUMNS, read_actors, with_roles_and_teams
from app.agents.models import Agent, Team
from app.conversations.models import Conversation
from app.db.driver import Prepared
from app.db.rows import table_of

_agents = table_of(Agent)
_WANTED = Prepared(
    select(Team.id, Conversation.skill)
    .outerjoin(Team, (Team.id == Conversation.team_id) & Team.archived_at.is_(None))
    .where(Conversation.id == bindparam("conversation"))
)


def is_there(session: Session, conversation_id: int, *, now: datetime) -> bool:
    """True also where nothing is wanted."""
    team_id, skill = _WANTED(session, conversation=conversation_id)[0]
    if team_id is None and skill is None:
        return True
    about = select(*COLUMNS).select_from(with_roles_and_teams(_agents)).where(*duty.is_about(now))
    return any(actor.can_take(team_id, skill) for actor in read_actors(session.execute(about)).values())
