"""Panels of what came in, how long it took, and what was late."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.agents.rights import Actor
from app.console.catalogue import marked
from app.console.figures.asking import Asked
from app.console.figures.drawing import Chart, Colour, Panel, Series, Table
from app.console.figures.telling import Teller
from app.console.ticket_words import METRICS
from app.desk.tickets.figures import deadlines, flow, satisfaction, times
from app.tickets.deadline_models import Metric

AGES = (
    marked("不到 1 天"), marked("1–3 天"), marked("3–7 天"), marked("7–30 天"), marked("超过 30 天"),
)  # fmt: skip
_OLD = 3
"""From this class on a ticket is old."""


def flow_panel(session: Session, asked: Asked, tell: Teller, *, by: Actor, now: datetime) -> Panel:
    days = flow.per_day(session, asked.span, asked.narrowing, by=by)
    before = flow.totals(session, asked.span.before, asked.narrowing, by=by)
    opened, closed, backlog = sum(day.opened for day in days), sum(day.closed for day in days), days[-1].backlog
    if opened > closed:
        title = tell.say(marked("登记比关闭多 {num} 个，积压 {backlog} 个"), num=opened - closed, backlog=backlog)
    elif opened < closed:
        title = tell.say(marked("关闭比登记多 {num} 个，积压 {backlog} 个"), num=closed - opened, backlog=backlog)
    else:
        title = tell.say(marked("登记和关闭一样多，积压 {backlog} 个"), backlog=backlog)
    names = [tell.say(text) for text in (marked("登记"), marked("关闭"), marked("积压"))]
    pairs = ((opened, before.opened), (closed, before.closed), (backlog, before.backlog))
    return Panel(
        title,
        Table(
            [tell.say(marked("日期")), *names],
            [(day.on.isoformat(), day.opened, day.closed, day.backlog) for day in reversed(days)],
        ),
        [flow.PER_DAY],
        Chart(
            "days", [f"{day.on:%m-%d}" for day in days],
            [
                Series(names[0], [day.opened for day in days], "accent"),
                Series(names[1], [day.closed for day in days], "done"),
                Series(names[2], [day.backlog for day in days], "waiting", as_line=True),
            ],
        ),
        tell.compared(asked.span.days, [(name, *pair) for name, pair in zip(names, pairs, strict=True)]),
        not (opened or closed or backlog),
    )  # fmt: skip


def ages_panel(session: Session, asked: Asked, tell: Teller, *, by: Actor, now: datetime) -> Panel:
    found = flow.ages(session, asked.narrowing, by=by, now=now)
    old = sum(found.counts[_OLD:])
    text = marked("还没关的 {total} 个里，{old} 个超过 7 天") if old else marked("还没关的 {total} 个都不到 7 天")
    head = [tell.say(marked("登记了多久")), tell.say(marked("还没关的"))]
    labels = [tell.say(text) for text in AGES]
    rows = list(zip(labels, found.counts, strict=True))
    series = [Series(head[1], found.counts, "waiting")]
    return Panel(
        tell.say(text, total=found.total, old=old), Table(head, rows), [flow.AGES], Chart("columns", labels, series),
        is_empty=not found.total,
    )  # fmt: skip


def times_panel(session: Session, asked: Asked, tell: Teller, *, by: Actor, now: datetime) -> Panel:
    names = [tell.say(marked("首次答复")), tell.say(marked("解决"))]
    both = (times.responses, times.resolutions)
    found = [measure(session, asked.span, asked.narrowing, by=by) for measure in both]
    before = [measure(session, asked.span.before, asked.narrowing, by=by) for measure in both]
    solved = found[1]
    title = tell.say(
        marked("一半的工单在 {median}内解决，九成在 {ninth}内"),
        median=tell.length(solved.median), ninth=tell.length(solved.ninth),
    ) if solved.count else tell.say(marked("这段时间没有关闭的工单"))  # fmt: skip
    kinds = [tell.say(text) for text in (marked("中位数"), marked("平均"), marked("九成"))]
    head = ["", *kinds, tell.say(marked("工单数"))]
    rows = [
        (name, tell.length(each.median), tell.length(each.mean), tell.length(each.ninth), each.count)
        for name, each in zip(names, found, strict=True)
    ]
    hours = [[_hours(each.median), _hours(each.mean), _hours(each.ninth)] for each in found]
    colours: Sequence[Colour] = ("accent", "done")
    unit = tell.say(marked("小时"))
    series = [
        Series(f"{name} · {unit}", values, colour)
        for name, values, colour in zip(names, hours, colours, strict=True)
    ]  # fmt: skip
    medians = [
        (tell.say(marked("{what}的中位数"), what=name), one.median, other.median)
        for name, one, other in zip(names, found, before, strict=True)
    ]
    return Panel(
        title, Table(head, rows), [times.RESPONSES, times.RESOLUTIONS], Chart("columns", kinds, series),
        tell.compared(asked.span.days, medians), not any(each.count for each in found),
    )  # fmt: skip


def _hours(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 3600, 2)


def deadlines_panel(session: Session, asked: Asked, tell: Teller, *, by: Actor, now: datetime) -> Panel:
    late = deadlines.breaches(session, asked.span, asked.narrowing, by=by)
    before = sum(deadlines.breaches(session, asked.span.before, asked.narrowing, by=by).values())
    kept = deadlines.kept(session, asked.span, asked.narrowing, by=by)
    count, ended = sum(late.values()), sum(each.ended for each in kept.values())
    in_time = sum(each.in_time for each in kept.values())
    text = (
        marked("超过了 {count} 个时限；停下来的时限里 {share} 是按时的") if ended else marked("超过了 {count} 个时限")
    )
    title = tell.say(text, count=count, share=tell.share(in_time, ended))
    shown = [metric for metric in Metric if late[metric] or kept[metric].ended]
    labels = [tell.say(METRICS[metric]) for metric in shown]
    heads = (
        marked("时限"), marked("超过"), marked("停下来的"), marked("按时"), marked("按时率"),
    )  # fmt: skip
    rows = [
        (label, late[m], kept[m].ended, kept[m].in_time, tell.share(kept[m].in_time, kept[m].ended))
        for label, m in zip(labels, shown, strict=True)
    ]
    series = [
        Series(tell.say(marked("按时")), [kept[metric].in_time for metric in shown], "done"),
        Series(tell.say(marked("超过")), [late[metric] for metric in shown], "failed"),
    ]
    return Panel(
        title, Table([tell.say(head) for head in heads], rows), [deadlines.BREACHES, deadlines.KEPT],
        Chart("bars", labels, series),
        tell.compared(asked.span.days, [(tell.say(marked("超过的时限")), count, before)]),
        not shown,
    )  # fmt: skip


def opinions_panel(session: Session, asked: Asked, tell: Teller, *, by: Actor, now: datetime) -> Panel:
    found = satisfaction.satisfaction(session, asked.span, asked.narrowing, by=by)
    again = flow.reopened(session, asked.span, asked.narrowing, by=by)
    title = tell.say(marked("还没有观众打分")) if found.mean is None else tell.say(
        marked("平均 {mean} 分，问过的 {asked} 位观众里 {share} 答了"),
        mean=f"{found.mean:.1f}", asked=found.asked, share=tell.share(found.answered, found.asked),
    )  # fmt: skip
    note = tell.say(
        marked("关过的 {closed} 个里，{count} 个又重新打开，占 {share}"),
        closed=again.closed, count=again.reopened, share=tell.share(again.reopened, again.closed),
    )  # fmt: skip
    labels = [tell.say(marked("{score} 分"), score=score) for score in satisfaction.SCORES]
    head = [tell.say(marked("打分")), tell.say(marked("观众数"))]
    chart = Chart("columns", labels, [Series(head[1], found.counts, "accent")])
    rows = [
        *zip(labels, found.counts, strict=True),
        (tell.say(marked("没有答")), found.asked - found.answered),
        (tell.say(marked("重新打开")), again.reopened),
    ]
    return Panel(
        title, Table(head, rows), [satisfaction.SATISFACTION, flow.REOPENED], chart, [note] if again.closed else [],
        not (found.asked or again.closed),
    )  # fmt: skip
