"""Views that somebody has saved: a list with its filters, under a name; of each page his own."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.models import Agent
from app.agents.rights import Action, Actor
from app.db.sql import changed, for_update
from app.desk.models import SavedView
from app.errors import AppError, NotFound

MOST: Final = 20
"""Of one page."""
LONGEST: Final = 32


class Page(StrEnum):
    """Whose lists they are."""

    desk = "desk"
    tickets = "tickets"


_MAY_SEE: Final[Mapping[Page, Action]] = {
    Page.desk: Action.see_conversations, Page.tickets: Action.see_tickets,
}  # fmt: skip


class NameInvalid(AppError):
    status_code, message = 422, f"名称为 1 到 {LONGEST} 个字"


class NameTaken(AppError):
    status_code, message = 409, "您已经有叫“{name}”的视图，请换一个名称"


class TooManyViews(AppError):
    status_code, message = 409, f"最多保存 {MOST} 个视图，请先删掉不用的"


class ViewNotFound(NotFound):
    message = "没有找到这个视图，可能已经被删掉"


@dataclass(frozen=True, slots=True)
class Saved:
    id: int
    name: str
    filters: Mapping[str, str]
    """Names and values as in an address."""


def list_own(session: Session, *, by: Actor, page: Page = Page.desk) -> list[Saved]:
    """The oldest first, as they were saved."""
    rights.require(by, _MAY_SEE[page])
    own = select(SavedView).where(SavedView.agent_id == by.id, SavedView.page == page).order_by(SavedView.id)
    return [Saved(row.id, row.name, row.filters) for row in session.scalars(own)]


def save(session: Session, *, by: Actor, name: str, filters: Mapping[str, str], page: Page = Page.desk) -> int:
    """A new one; its id. NameTaken, TooManyViews."""
    rights.require(by, _MAY_SEE[page])
    name = _read(name)
    # His row is the lock: two tabs cannot both save the last one that he may.
    session.execute(for_update(select(Agent.id).where(Agent.id == by.id), refer=True))
    own = select(func.count()).select_from(SavedView).where(SavedView.agent_id == by.id, SavedView.page == page)
    if (session.scalar(own) or 0) >= MOST:
        raise TooManyViews
    row = SavedView(agent_id=by.id, page=page, name=name, filters=dict(filters))
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        raise NameTaken(name=name) from None
    return row.id


def rename(session: Session, view_id: int, *, by: Actor, name: str, page: Page = Page.desk) -> None:
    """NameTaken."""
    rights.require(by, _MAY_SEE[page])
    name = _read(name)
    own = (SavedView.id == view_id, SavedView.agent_id == by.id, SavedView.page == page)
    try:
        with session.begin_nested():
            met = changed(session.execute(update(SavedView).where(*own).values(name=name)))
    except IntegrityError:
        raise NameTaken(name=name) from None
    if not met:
        raise ViewNotFound


def delete_view(session: Session, view_id: int, *, by: Actor, page: Page = Page.desk) -> None:
    """Gone afterwards, also where it was gone before; only one's own."""
    rights.require(by, _MAY_SEE[page])
    own = (SavedView.id == view_id, SavedView.agent_id == by.id, SavedView.page == page)
    session.execute(delete(SavedView).where(*own))


def _read(text: str) -> str:
    name = " ".join(text.split())
    if not 0 < len(name) <= LONGEST or not name.isprintable():
        raise NameInvalid
    return name
