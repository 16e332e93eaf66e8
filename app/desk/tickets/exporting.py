"""Tickets as a table that spreadsheets read: all that narrows a list narrows it, all columns are in it."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.agents import audit, rights
from app.agents.calendars import BEIJING
from app.agents.models import Agent, Team
from app.agents.rights import Action, Actor
from app.conversations.models import Channel, Conversation
from app.db.driver import Prepared
from app.db.sql import is_any
from app.desk.quick_csv import BOM, cell
from app.desk.tickets import lists
from app.desk.tickets.fields import show_timecode
from app.desk.tickets.filters import Filters
from app.desk.tickets.orders import Sort
from app.tickets.models import Satisfaction, Ticket
from app.viewers.models import Identity, Viewer

MOST: Final = 100_000
PAGE: Final = 500
"""Rows that are read at a time."""
HEAD: Final = (
    "编号", "问题", "类型", "状态", "优先级", "知识条目", "方面", "作品", "季", "集", "时间点", "来源", "渠道",
    "观众", "联系方式", "负责人", "小组", "技能", "登记人", "上级工单", "并入工单", "问观众的话", "承诺时间",
    "下一个时限", "登记时间", "最近变化", "关闭时间", "首次答复时间", "首次答复用时（分钟）", "处理用时（分钟）",
    "超过的时限", "重开次数", "满意度", "标签", "会话",
)  # fmt: skip
Words = Mapping[str, Mapping[str, str]]
"""By column, what its values are called."""


def write_head() -> str:
    """With the mark without which spreadsheets take UTF-8 for something else."""
    return BOM + _lines([HEAD])


def write_page(
    session: Session, filters: Filters, *, by: Actor, after: str | None, limit: int, words: Words, now: datetime
) -> tuple[str, int, str | None]:
    """Lines, how many, and where the next page begins.

    The oldest first, which no change moves: each ticket comes once. Who does not speak with viewers is not told how
    they are reached.
    """
    rights.require(by, Action.export_tickets)
    limit = min(limit, PAGE)
    ids, further = lists.list_ids(session, filters, by=by, sort=Sort.oldest, after=after, limit=limit, now=now)
    found = {row[0]: row for row in _ROWS(session, ids=ids)}
    tags = lists.tags_of(session, ids)
    rows = [_row(found[ticket], tags.get(ticket, ()), by, words) for ticket in ids if ticket in found]
    return _lines(rows), len(rows), further


def record(session: Session, *, by: Actor, filters: Mapping[str, str], rows: int, now: datetime) -> None:
    """Write down that so many rows were given away."""
    rights.require(by, Action.export_tickets)
    audit.record(session, by, "tickets.export", now=now, subject="ticket", count=rows, filters=dict(filters))


def _lines(rows: Sequence[Sequence[object]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


_owner, _maker, _parent, _into = aliased(Agent), aliased(Agent), aliased(Ticket), aliased(Ticket)
_ROWS: Final = Prepared(
    select(
        Ticket.id, Ticket.number, Ticket.subject, Ticket.kind, Ticket.status, Ticket.priority, Ticket.category,
        Ticket.dimension, Ticket.title, Ticket.season, Ticket.episode, Ticket.timecode_s, Ticket.source,
        Channel.name.label("channel"), Viewer.name.label("viewer"), Channel.platform, Identity.external_id,
        Ticket.contact, _owner.name.label("owner"), Team.name.label("team"), Ticket.skill, _maker.name.label("maker"),
        _parent.number.label("parent"), _into.number.label("merged"), Ticket.asked, Ticket.due_at, Ticket.next_due_at,
        Ticket.opened_at, Ticket.updated_at, Ticket.closed_at, Ticket.responded_at, Ticket.response_s,
        Ticket.resolution_s, Ticket.breaches, Ticket.reopened, Satisfaction.score, Ticket.conversation_id,
    )
    .outerjoin(_owner, _owner.id == Ticket.owner_id)
    .outerjoin(_maker, _maker.id == Ticket.created_by)
    .outerjoin(_parent, _parent.id == Ticket.parent_id)
    .outerjoin(_into, _into.id == Ticket.merged_into_id)
    .outerjoin(Team, Team.id == Ticket.team_id)
    .outerjoin(Viewer, Viewer.id == Ticket.viewer_id)
    .outerjoin(Conversation, Conversation.id == Ticket.conversation_id)
    .outerjoin(Identity, Identity.id == Conversation.identity_id)
    .outerjoin(Channel, Channel.id == Conversation.channel_id)
    .outerjoin(Satisfaction, Satisfaction.ticket_id == Ticket.id)
    .where(is_any(Ticket.id, "ids"))
)  # fmt: skip


def _row(row: Sequence[Any], tags: Sequence[str], by: Actor, words: Words) -> list[str]:
    (_, number, subject, kind, status, priority, category, dimension, title, season, episode, timecode, source, channel,
     viewer, platform, address, contact, owner, team, skill, maker, parent, merged, asked, due, next_due, opened,
     updated, closed, responded, response_s, resolution_s, breaches, reopened, score, talk) = row  # fmt: skip
    told = {"kind": kind, "status": status, "priority": priority, "dimension": dimension, "source": source}
    named = {name: words.get(name, {}).get(value, value) for name, value in told.items()}
    whole = by.may(Action.speak)
    values = (
        f"T-{number}", subject, named["kind"], named["status"], named["priority"], category, named["dimension"], title,
        season, episode, show_timecode(timecode) if timecode is not None else None, named["source"], channel,
        lists.viewer_of(viewer, platform, address, None, by), contact if whole else _hidden(contact), owner, team,
        skill, maker, parent and f"T-{parent}", merged and f"T-{merged}", asked, _time(due),
        _time(next_due if closed is None else None), _time(opened), _time(updated), _time(closed), _time(responded),
        _minutes(response_s), _minutes(resolution_s), breaches, reopened, score, " ".join(tags), talk,
    )  # fmt: skip
    return ["" if value is None else cell(str(value)) for value in values]


def _hidden(contact: str | None) -> str | None:
    return None if contact is None else "****"


def _time(at: datetime | None) -> str | None:
    return None if at is None else f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"


def _minutes(seconds: int | None) -> int | None:
    return None if seconds is None else round(seconds / 60)
