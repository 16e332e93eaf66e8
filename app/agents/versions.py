"""Two people who change one thing at the same time: the second is told of the first, and overwrites nothing unseen."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.agents import audit
from app.agents.calendars import BEIJING
from app.db.base import Base
from app.db.rows import table_of
from app.db.sql import changed
from app.errors import AppError


class ChangedMeanwhile(AppError):
    status_code = 409
    message = "这里刚刚被改过，您的修改没有保存；写的都还留着，请先看看新的样子，再决定怎么改"


class ChangedByPerson(ChangedMeanwhile):
    message = "{who} 在 {when} 改过这里，您的修改没有保存；写的都还留着，请先看看新的样子，再决定怎么改"


class ChangedByCommand(ChangedMeanwhile):
    message = "服务器上的命令在 {when} 改过这里，您的修改没有保存；写的都还留着，请先看看新的样子，再决定怎么改"


def claim(session: Session, model: type[Base], row_id: int, version: int | None, group: str) -> None:
    """This change follows the one that was ``version``, and no other: ChangedMeanwhile. None: whichever is there.

    ``group``: of actions in the record that change it, such as ``calendars.``.
    """
    table = table_of(model)
    asked = (table.c.id == row_id,) if version is None else (table.c.id == row_id, table.c.version == version)
    if not changed(session.execute(update(table).where(*asked).values(version=table.c.version + 1))):
        raise _told(session, group, row_id)
    session.expire(session.get_one(model, row_id), ["version"])


def _told(session: Session, group: str, row_id: int) -> ChangedMeanwhile:
    found = audit.last_change(session, group, row_id)
    if found is None:
        return ChangedMeanwhile()
    who, when = found[0], f"{found[1].astimezone(BEIJING):%Y-%m-%d %H:%M}"
    return ChangedByCommand(when=when) if who is None else ChangedByPerson(who=who, when=when)
