"""Panels of what tickets are about, where they come from, and who follows them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app.agents.rights import Actor
from app.console.catalogue import marked
from app.console.figures.asking import Asked
from app.console.figures.drawing import Cell, Chart, Panel, Series, Table, list_link
from app.console.figures.telling import Teller
from app.console.ticket_words import DIMENSIONS, SOURCES
from app.desk.tickets.figures import people, shares
from app.desk.tickets.figures.shares import Shares

_SHOWN = 12
"""Bars of a picture; the table has more."""


@dataclass(frozen=True, slots=True)
class Share:
    """What is counted, and how it is told."""

    count: Callable[..., Shares]
    asked_as: str
    """In the list's address."""
    means: str
    told: str
    head: str
    unset: str
    name: Callable[[Teller, str], str] = lambda tell, value: value


def _worded(words: Mapping[Any, str]) -> Callable[[Teller, str], str]:
    return lambda tell, value: tell.say(words[value]) if value in words else value


CATEGORIES = Share(
    shares.by_category, "category", shares.BY_CATEGORY, marked("问得最多的是{name}：{count} 个，占 {share}"),
    marked("知识条目"), marked("没有认出来"), Teller.name_of,
)  # fmt: skip
DIMENSION = Share(
    shares.by_dimension, "dimension", shares.BY_DIMENSION, marked("说得最多的是{name}：{count} 个，占 {share}"),
    marked("哪一方面"), marked("没有说到质量"), _worded(DIMENSIONS),
)  # fmt: skip
TITLES = Share(
    shares.by_title, "title", shares.BY_TITLE, marked("《{name}》最多：{count} 个，占 {share}"), marked("作品"),
    marked("没有说到作品"),
)  # fmt: skip
CHANNELS = Share(
    shares.by_source, "source", shares.BY_SOURCE, marked("来自{name}的最多：{count} 个，占 {share}"), marked("渠道"),
    marked("不知道"), _worded(SOURCES),
)  # fmt: skip


def _panel(share: Share, session: Session, asked: Asked, tell: Teller, *, by: Actor, now: datetime) -> Panel:
    found = share.count(session, asked.span, asked.narrowing, by=by)
    labels = [share.name(tell, row.name) for row in found.rows]
    links = [list_link(asked.listed({share.asked_as: row.name})) for row in found.rows]
    counts = [row.count for row in found.rows]
    title = (
        tell.say(share.told, name=labels[0], count=counts[0], share=tell.share(counts[0], found.total))
        if labels else tell.say(marked("这段时间没有这样的工单"))
    )  # fmt: skip
    head = [tell.say(share.head), tell.say(marked("登记")), tell.say(marked("占比"))]
    named = zip(labels, links, counts, strict=True)
    rows: list[tuple[Cell | str | int, ...]] = [
        (Cell(label, link), count, tell.share(count, found.total)) for label, link, count in named
    ]
    others = tell.say(marked("其余 {num} 个"), num=found.rest_names)
    rest = ((others, found.rest), (tell.say(share.unset), found.unset))
    rows += [(name, count, tell.share(count, found.total)) for name, count in rest if count]
    chart = Chart("bars", labels[:_SHOWN], [Series(head[1], counts[:_SHOWN])], links[:_SHOWN])
    return Panel(title, Table(head, rows), [share.means], chart if labels else None, is_empty=not found.total)


categories_panel = partial(_panel, CATEGORIES)
dimensions_panel = partial(_panel, DIMENSION)
titles_panel = partial(_panel, TITLES)
channels_panel = partial(_panel, CHANNELS)


def people_panel(session: Session, asked: Asked, tell: Teller, *, by: Actor, now: datetime) -> Panel:
    found = people.by_person(session, asked.span, asked.narrowing, by=by)
    closed = sum(each.closed for each in found)
    title = tell.say(marked("没有人有工单")) if not found else tell.say(
        marked("{num} 个人关闭了 {closed} 个，{name}最多：{most} 个"),
        num=sum(each.closed > 0 for each in found), closed=closed, name=found[0].name, most=found[0].closed,
    ) if closed else tell.say(marked("这段时间没有人关闭工单"))  # fmt: skip
    heads = (
        marked("负责人"), marked("登记"), marked("关闭"), marked("手上"), marked("解决用时中位数"), marked("超时"),
    )  # fmt: skip
    links = [list_link(asked.listed({"status": "unclosed", "owner": each.id}, opened=False)) for each in found]
    rows = [
        (Cell(each.name, link), each.opened, each.closed, each.open_now, tell.length(each.median_s), each.breaches)
        for each, link in zip(found, links, strict=True)
    ]
    shown = found[:_SHOWN]
    series = [
        Series(tell.say(marked("关闭")), [each.closed for each in shown], "done"),
        Series(tell.say(marked("手上")), [each.open_now for each in shown], "waiting"),
    ]
    chart = Chart("bars", [each.name for each in shown], series, links[:_SHOWN])
    table = Table([tell.say(head) for head in heads], rows)
    return Panel(title, table, [people.BY_PERSON], chart, is_empty=not found)
