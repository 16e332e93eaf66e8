"""The places of the console, and which of them a person sees."""

from dataclasses import dataclass
from typing import Final

from app.agents.rights import Action, Actor
from app.console.catalogue import marked


@dataclass(frozen=True, slots=True)
class Place:
    path: str
    label: str
    """Two characters in the rail; a name among the settings."""
    icon: str
    action: Action | None = None
    """None: everybody's."""
    or_action: Action | None = None
    """One of the two is enough."""
    is_start: bool = True
    """Whether somebody's work can be there."""

    def open_to(self, actor: Actor) -> bool:
        asked = [action for action in (self.action, self.or_action) if action is not None]
        return not asked or any(map(actor.may, asked))


PLACES: Final = (
    Place("/desk", marked("会话"), "chats", Action.see_conversations),
    Place("/tickets", marked("工单"), "ticket", Action.see_tickets, is_start=False),
    Place("/queue", marked("排队"), "queue", Action.see_queue),
    Place("/outbox", marked("待发"), "sending", Action.see_outbox),
    Place("/figures", marked("报表"), "chart", Action.see_figures, is_start=False),
)
"""In the order of the rail; what follows them is 设置, everybody's."""
SETTINGS: Final = (
    Place("/people", marked("人员"), "people", Action.see_people),
    Place("/teams", marked("小组"), "teams", Action.see_people),
    Place("/replies", marked("快捷回复"), "reply", Action.own_replies, Action.share_replies),
    Place("/words", marked("敏感词"), "word", Action.edit_words),
    Place("/calendars", marked("工作日历"), "record", Action.edit_deadlines),
    Place("/deadlines", marked("时限"), "queue", Action.edit_deadlines),
    Place("/macros", marked("工单宏"), "reply", Action.edit_macros),
    Place("/audit", marked("审计"), "record", Action.see_audit),
    Place("/account", marked("我的账号"), "person"),
)


def places_of(actor: Actor) -> tuple[Place, ...]:
    return tuple(place for place in PLACES if place.open_to(actor))


def settings_of(actor: Actor) -> tuple[Place, ...]:
    return tuple(place for place in SETTINGS if place.open_to(actor))


def home_of(actor: Actor) -> str:
    """Where a person starts."""
    return next(place.path for place in (*places_of(actor), *settings_of(actor)) if place.is_start)
