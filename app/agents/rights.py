"""Who may do what: one table. Every service function that a person can reach asks here first."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from app.errors import AppError


class Role(StrEnum):
    agent = "agent"
    supervisor = "supervisor"
    operator = "operator"
    quality = "quality"
    administrator = "administrator"


class Action(StrEnum):
    """What can be allowed; named ``where.what``, as audit entries name what was done."""

    see_conversations = "conversations.see"
    """Read, search and listen in."""
    speak = "conversations.speak"
    """Take over, answer, hand on, snooze, resolve."""
    take_from = "conversations.take_from"
    """Take a conversation that a colleague has, or hand it on for him."""
    note = "conversations.note"
    see_queue = "queue.see"
    """Who waits how long, and who works on what."""
    set_presence = "presence.set"
    """That of others."""
    own_replies = "replies.own"
    share_replies = "replies.share"
    edit_words = "words.edit"
    """Words that may not be sent, or only after a second look."""
    name_viewers = "viewers.name"
    rank_viewers = "viewers.rank"
    """Who goes first."""
    see_tickets = "tickets.see"
    work_tickets = "tickets.work"
    """Open, change, answer, close them."""
    note_tickets = "tickets.note"
    """Write what only colleagues read."""
    change_many = "tickets.change_many"
    """Change all of a list at once."""
    export_tickets = "tickets.export"
    decide_complaints = "complaints.decide"
    edit_deadlines = "deadlines.edit"
    """How long tickets may take, and the calendars by which that is counted."""
    edit_macros = "macros.edit"
    see_figures = "figures.see"
    see_outbox = "outbox.see"
    decide_outbox = "outbox.decide"
    see_people = "people.see"
    edit_people = "people.edit"
    see_audit = "audit.see"


_SPEAKERS = frozenset({Role.agent, Role.supervisor})
_LEADERS = frozenset({Role.supervisor, Role.administrator})
ALLOWED: Mapping[Action, frozenset[Role]] = {
    Action.see_conversations: _SPEAKERS | {Role.quality},
    Action.speak: _SPEAKERS,
    Action.take_from: frozenset({Role.supervisor}),
    Action.note: _SPEAKERS | {Role.quality},
    Action.see_queue: frozenset({Role.supervisor, Role.quality, Role.administrator}),
    Action.set_presence: frozenset({Role.supervisor}),
    Action.own_replies: _SPEAKERS,
    Action.share_replies: frozenset({Role.supervisor, Role.operator}),
    Action.edit_words: frozenset({Role.operator, Role.quality}),
    Action.name_viewers: _SPEAKERS,
    Action.rank_viewers: frozenset({Role.supervisor}),
    Action.see_tickets: _SPEAKERS | {Role.operator, Role.quality},
    Action.work_tickets: _SPEAKERS,
    Action.note_tickets: _SPEAKERS | {Role.operator, Role.quality},
    Action.change_many: frozenset({Role.supervisor}),
    Action.export_tickets: frozenset({Role.supervisor, Role.quality}),
    Action.decide_complaints: frozenset({Role.supervisor}),
    Action.edit_deadlines: _LEADERS,
    Action.edit_macros: frozenset({Role.supervisor, Role.operator}),
    Action.see_figures: _LEADERS | {Role.operator, Role.quality},
    Action.see_outbox: _LEADERS,
    Action.decide_outbox: _LEADERS,
    Action.see_people: _LEADERS,
    Action.edit_people: frozenset({Role.administrator}),
    Action.see_audit: frozenset({Role.quality, Role.administrator}),
}


class Forbidden(AppError):
    status_code, message = 403, "您的账号没有这项权限，需要的话请找管理员开通"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: what a rule needs to know of a person, as it was when the request came in."""

    id: int
    name: str
    roles: frozenset[Role]
    teams: frozenset[int] = field(default_factory=frozenset)
    skills: frozenset[str] = field(default_factory=frozenset)
    """His own and those of his teams."""
    ip: str | None = None

    def may(self, action: Action) -> bool:
        return not self.roles.isdisjoint(ALLOWED[action])

    def can_take(self, team_id: int | None, skill: str | None) -> bool:
        """Whether he is in the team and has the skill, where one is asked for."""
        return (team_id is None or team_id in self.teams) and (skill is None or skill in self.skills)


def require(by: Actor, action: Action) -> None:
    """Forbidden unless one of the person's roles allows it."""
    if not by.may(action):
        raise Forbidden


def require_here(by: Actor | None, action: Action) -> None:
    """As ``require``; None is a command on the server, whose user has the database anyway."""
    if by is not None:
        require(by, action)
