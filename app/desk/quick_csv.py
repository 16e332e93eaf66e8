"""Quick replies as a table that spreadsheets read and write: scope, team, shortcut, text. Pictures stay here."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from app.agents import audit
from app.agents.rights import Actor
from app.db.rows import Insert, Update, table_of
from app.desk import quick, quick_lists
from app.desk.models import QuickReply
from app.desk.quick import Place, Reply, Scope, Written
from app.errors import AppError

HEAD: Final = ("快捷词", "内容", "范围")
MOST_ROWS: Final = 500
LARGEST: Final = 1 << 20
"""Bytes of a table that comes in."""
BOM: Final = "\ufeff"
"""Without it spreadsheets take UTF-8 for something else."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a cell must not begin with, or a spreadsheet computes it; an apostrophe before it makes it a text."""


class TableInvalid(AppError):
    status_code, message = 422, "读不懂这个表格：请用 UTF-8 或 GBK 的 CSV，第一行是“快捷词,内容”"


class TooManyRows(AppError):
    status_code, message = 422, f"一次最多导入 {MOST_ROWS} 行，请分成几个表格"


class RowInvalid(AppError):
    status_code, message = 422, "第 {line} 行有问题：{reason}。什么也没有导入"


@dataclass(frozen=True, slots=True)
class Imported:
    added: int
    changed: int


def write_table(session: Session, *, by: Actor) -> str:
    """All that he can see, as CSV with a byte order mark."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEAD)
    writer.writerows(_row(reply) for reply in _all(session, by))
    return BOM + out.getvalue()


def read_table(session: Session, *, by: Actor, content: bytes, place: Place, now: datetime) -> Imported:
    """Add each row to one place, or give what has its shortcut there its text. All of it, or nothing: RowInvalid."""
    agent_id, team_id = quick.owner_of(session, place, by=by)
    rows = dict(_read(line, shortcut, text) for line, shortcut, text in _rows(content))
    page = quick_lists.list_page(session, by=by, place=place, limit=quick.MOST)
    known = {reply.shortcut: reply.id for reply in page.replies}
    new = sorted(rows.keys() - known.keys())
    if len(known) + len(new) > quick.MOST:
        raise quick.TooManyReplies
    _add(session, [(agent_id, team_id, shortcut, rows[shortcut], [], 0, now) for shortcut in new])
    _change(session, [(known[shortcut], rows[shortcut], now) for shortcut in rows if shortcut in known])
    done = Imported(len(new), len(rows) - len(new))
    if place.scope is not Scope.own:
        audit.record(
            session, by, "replies.import", now=now, subject="team", subject_id=team_id, count=done.added, shortcuts=new
        )
    return done


_add = Insert(
    table_of(QuickReply), ("agent_id", "team_id", "shortcut", "text", "files", "used", "updated_at"), or_ignore=True
)
_change = Update(table_of(QuickReply), ("text", "updated_at"))


def _read(line: int, shortcut: str, text: str) -> tuple[str, str]:
    try:
        return quick.read_text(Written(shortcut, text))
    except (quick.ShortcutInvalid, quick.TextInvalid) as error:
        raise RowInvalid(line=line, reason=error.message) from None


def _all(session: Session, by: Actor) -> Iterator[Reply]:
    after: int | None = None
    while True:
        page = quick_lists.list_page(session, by=by, after=after, limit=500)
        yield from page.replies
        after = page.after
        if after is None:
            return


def _row(reply: Reply) -> tuple[str, str, str]:
    where = {Scope.own: "自己", Scope.all: "全部"}.get(reply.scope, reply.team or "")
    return cell(reply.shortcut), cell(reply.text), cell(where)


def cell(text: str) -> str:
    """As a spreadsheet takes it for a text, whoever wrote it."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _plain(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_FORMULA) else cell


def _rows(content: bytes) -> Iterator[tuple[int, str, str]]:
    """(line, shortcut, text) below the head; lines without anything are passed over."""
    try:
        table = list(csv.reader(io.StringIO(_decoded(content), newline=""), strict=True))
    except csv.Error:
        raise TableInvalid from None
    if not table or len(table[0]) < 2 or [cell.strip() for cell in table[0][:2]] != list(HEAD[:2]):
        raise TableInvalid
    if len(table) > MOST_ROWS + 1:
        raise TooManyRows
    for line, cells in enumerate(table[1:], 2):
        if any(cell.strip() for cell in cells):
            shortcut, text, *_ = (*cells, "", "")
            yield line, _plain(shortcut), _plain(text)


def _decoded(content: bytes) -> str:
    for name in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(name)
        except UnicodeDecodeError:
            continue
    raise TableInvalid
