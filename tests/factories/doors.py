"""Every way in which a person reaches a rule, each with the right that it asks for.

A door is called with ids that nobody has: its right must be asked for first, so whoever lacks it is told just that, and
whoever has it is told anything else. A package that adds rules adds its doors here, and takes its actions out of LATER.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.agents import audit, limits, links, people, presence, teams, totp
from app.agents.links import Purpose
from app.agents.models import Presence
from app.agents.rights import Action, Actor, Role
from app.conversations import undelivered
from tests.factories.conversations import NOW
from tests.factories.deadline_doors import DEADLINES
from tests.factories.desk_doors import DESK
from tests.factories.figures_doors import FIGURES
from tests.factories.ticket_doors import TICKETS
from tests.factories.ticket_list_doors import TICKET_LISTS

NOBODY = 987_654


@dataclass(frozen=True)
class Door:
    action: Action
    name: str
    call: Callable[[Session, Actor], object]


PEOPLE = [
    Door(Action.see_people, "get_person", lambda s, by: people.get_person(s, NOBODY, by=by)),
    Door(Action.see_people, "get_by_login", lambda s, by: people.get_by_login(s, "nobody", by=by)),
    Door(Action.see_people, "list_people", lambda s, by: people.list_people(s, by=by)),
    Door(Action.see_people, "list_teams", lambda s, by: teams.list_teams(s, by=by)),
    Door(Action.see_people, "list_members", lambda s, by: teams.list_members(s, NOBODY, by=by)),
    Door(
        Action.edit_people, "add",
        lambda s, by: people.add(s, by=by, login="new", name="新人", roles=[Role.agent], now=NOW),
    ),
    Door(Action.edit_people, "edit", lambda s, by: people.edit(s, NOBODY, by=by, name="别名", now=NOW)),
    Door(Action.edit_people, "set_roles", lambda s, by: people.set_roles(s, NOBODY, by=by, roles=list(Role), now=NOW)),
    Door(Action.edit_people, "set_teams", lambda s, by: people.set_teams(s, NOBODY, by=by, teams=[], now=NOW)),
    Door(Action.edit_people, "deactivate", lambda s, by: people.deactivate(s, NOBODY, by=by, now=NOW)),
    Door(Action.edit_people, "reactivate", lambda s, by: people.reactivate(s, NOBODY, by=by, now=NOW)),
    Door(Action.edit_people, "make_link", lambda s, by: links.make(s, Purpose.reset, NOBODY, by=by, now=NOW)),
    Door(Action.edit_people, "password_link", lambda s, by: links.make_password_link(s, NOBODY, by=by, now=NOW)),
    Door(Action.edit_people, "totp_off", lambda s, by: totp.turn_off(s, NOBODY, by=by, now=NOW)),
    Door(Action.edit_people, "unlock", lambda s, by: limits.unlock(s, "nobody", by=by, now=NOW)),
    Door(Action.edit_people, "add_team", lambda s, by: teams.add(s, by=by, name="新组", now=NOW)),
    Door(Action.edit_people, "rename_team", lambda s, by: teams.rename(s, NOBODY, by=by, name="别名", now=NOW)),
    Door(Action.edit_people, "team_skills", lambda s, by: teams.set_skills(s, NOBODY, by=by, skills=[], now=NOW)),
    Door(Action.edit_people, "team_members", lambda s, by: teams.set_members(s, NOBODY, by=by, agents=[], now=NOW)),
    Door(Action.edit_people, "archive_team", lambda s, by: teams.archive(s, NOBODY, by=by, now=NOW)),
    Door(Action.edit_people, "restore_team", lambda s, by: teams.restore(s, NOBODY, by=by, now=NOW)),
    Door(
        Action.set_presence, "set_presence",
        lambda s, by: presence.set_presence(s, by=by, agent_id=NOBODY, presence=Presence.away, now=NOW),
    ),
    Door(Action.see_audit, "list_entries", lambda s, by: audit.list_entries(s, by=by)),
]  # fmt: skip

OUTBOX = [
    Door(Action.see_outbox, "summary", lambda s, by: undelivered.summary(s, NOW, by=by)),
    Door(Action.see_outbox, "list_undelivered", lambda s, by: undelivered.list_undelivered(s, state="dead", by=by)),
    Door(Action.decide_outbox, "redrive", lambda s, by: undelivered.redrive(s, by=by, now=NOW)),
    Door(Action.decide_outbox, "drop", lambda s, by: undelivered.drop(s, [NOBODY], by=by, now=NOW)),
    Door(Action.decide_outbox, "send_again", lambda s, by: undelivered.send_again(s, NOBODY, by=by, now=NOW)),
    Door(Action.decide_outbox, "mark_arrived", lambda s, by: undelivered.mark_arrived(s, NOBODY, by=by, now=NOW)),
    Door(Action.decide_outbox, "mark_lost", lambda s, by: undelivered.mark_lost(s, NOBODY, by=by, now=NOW)),
    Door(Action.decide_outbox, "reopen", lambda s, by: undelivered.reopen(s, NOBODY, by=by, now=NOW)),
]

DOORS = [*PEOPLE, *OUTBOX, *(Door(*door) for door in (*DESK, *DEADLINES, *TICKET_LISTS, *FIGURES, *TICKETS))]
LATER = {Action.see_queue}
"""Rights for which there is no rule yet."""
