"""Which list is asked for, and what narrows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, bindparam, exists

from app.conversations.models import Conversation
from app.desk.models import Tag


class View(StrEnum):
    mine = "mine"
    team = "team"
    """Meant for one of his teams, whoever has them."""
    queue = "queue"
    waiting = "waiting"
    """All viewers who wait for a person's word, whoever has them."""
    snoozed = "snoozed"
    resolved = "resolved"
    mentions = "mentions"
    bot = "bot"
    all = "all"


@dataclass(frozen=True, slots=True)
class Filters:
    view: View
    channel_id: int | None = None
    priority: int | None = None
    title: str | None = None
    tag: str | None = None

    @property
    def values(self) -> dict[str, Any]:
        """What narrows the list, by the names that ``conditions`` takes."""
        given = {"channel_id": self.channel_id, "priority": self.priority, "title": self.title, "tag": self.tag}
        return {name: value for name, value in given.items() if value is not None}


def conditions(names: Sequence[str]) -> list[ColumnElement[bool]]:
    """With parameters of the same names."""
    return [_HOLDS[name] for name in names]


_HOLDS: dict[str, ColumnElement[bool]] = {
    "channel_id": Conversation.channel_id == bindparam("channel_id"),
    "priority": Conversation.priority == bindparam("priority"),
    "title": Conversation.title == bindparam("title"),
    "tag": exists().where(Tag.conversation_id == Conversation.id, Tag.tag == bindparam("tag")),
}
