"""Tickets of the last two months for demo mode, so that lists and figures show something: calls that somebody took.

They belong to no viewer, so that no dialogue comes upon them.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents.calendars import BEIJING, DEMO_HOURS, read_calendar
from app.agents.models import Agent, Team
from app.db.database import Database
from app.db.driver import connection_of, fetch
from app.db.rows import Insert, Row, table_of
from app.db.sql import counter, reserve
from app.tickets.deadline_models import Metric, TicketClock
from app.tickets.models import (
    DESK,
    PHONE,
    Complaint,
    ComplaintState,
    Satisfaction,
    Ticket,
    TicketEvent,
    TicketKind,
    TicketPriority,
    TicketStatus,
    TicketTag,
)
from app.viewers.models import Viewer

_DONE: Final = "demo_tickets"
"""The counter that tells whether they were made."""
_DAYS, _OPEN_SHARE = 60, 0.25
_CALENDAR = read_calendar(DEMO_HOURS)
_FIRST, _WHOLE = timedelta(hours=4), timedelta(hours=26)
"""What they were given in service time: until the first answer, and in all."""
_OFFICE = "观众投诉处理组"


class _Case(NamedTuple):
    subject: str
    kind: TicketKind
    category: str
    dimension: str | None = None
    is_of_title: bool = False
    tag: str | None = None


_CASES: Final = (
    _Case("第{episode}集声音比画面慢半拍", TicketKind.fault, "playback.av_sync", "sound", True),
    _Case("第{episode}集从头就没有字幕", TicketKind.fault, "playback.subtitle_missing", "subtitles", True, "待版权方"),
    _Case("第{episode}集字幕把人名写错了", TicketKind.fault, "playback.subtitle_wrong", "subtitles", True),
    _Case("第{episode}集一直缓冲，换网络也一样", TicketKind.fault, "playback.buffering", "platform", True, "批量"),
    _Case("第{episode}集只有 480P，会员选不了超清", TicketKind.fault, "playback.blurry", "picture", True),
    _Case("电视端投屏到第{episode}集就断开", TicketKind.fault, "playback.cast", "platform", True),
    _Case("更新后应用一打开就闪退", TicketKind.fault, "playback.app_crash", "platform", tag="批量"),
    _Case("连续包月取消后又扣了一次", TicketKind.refund, "membership.refund", "payment"),
    _Case("给老人买错了年卡，想退", TicketKind.refund, "membership.refund", "payment"),
    _Case("付款成功，会员没有到账", TicketKind.fault, "membership.not_arrived", "payment"),
    _Case("公司团购的会员要开发票", TicketKind.inquiry, "membership.invoice", "payment"),
    _Case("兑换码显示已经使用过", TicketKind.inquiry, "membership.redeem", "payment", tag="回访"),
    _Case("为什么周末不更新第{episode}集", TicketKind.inquiry, "schedule.update_time", "schedule", True),
    _Case("卫视播的和网上的第{episode}集不一样长", TicketKind.inquiry, "schedule.cut_version", "schedule", True),
    _Case("第二季什么时候播", TicketKind.inquiry, "schedule.next_season", "schedule", True),
    _Case("第{episode}集手机型号和年代对不上", TicketKind.suggestion, "content.goof", "script", True),
    _Case("主角中途换了配音，听着别扭", TicketKind.suggestion, "content.suggest", "dubbing", True),
    _Case("希望恢复倍速播放的记忆功能", TicketKind.suggestion, "playback.speed", "platform"),
    _Case("海报上的演员正片里没有出现", TicketKind.complaint, "content.misleading_ad", "promotion", True, "媒体"),
    _Case("报了三次没有人回，态度敷衍", TicketKind.complaint, "ticket.reply_slow", "service", tag="回访"),
    _Case("要求注销账号并删除观看记录", TicketKind.data, "account.close"),
)  # fmt: skip
_TITLES: Final = ("长风渡", "长风渡", "长风渡", "灯市口往事", "灯市口往事", "雾港来信", "半城烟火半城霜", "问剑听潮",
                  "青石巷的修表匠", "第七码头")  # fmt: skip
_CALLERS: Final = ("王女士 138****2046", "李先生 139****7781", "赵阿姨 136****0912", "孙先生 137****3350",
                   "周女士 186****6624", "吴老师 150****1187")  # fmt: skip
_COUNT: Final = 63
_SOLVED: Final = (
    "已经修好，换了片源",
    "核对后退回原支付方式",
    "已经补开，请重新登录",
    "向观众说明了原因",
    "转给制作方，已经更正",
)
_insert_tickets = Insert(
    table_of(Ticket),
    ("number", "source", "contact", "kind", "status", "priority", "subject", "category", "dimension", "title", "season",
     "episode", "owner_id", "team_id", "created_by", "due_at", "next_due_at", "opened_at", "updated_at", "closed_at",
     "responded_at", "response_s", "resolution_s", "breaches", "reopened"),
    returning=("number", "id"),
)  # fmt: skip
_insert_events = Insert(table_of(TicketEvent), ("ticket_id", "kind", "author", "text", "detail", "at"))
_insert_clocks = Insert(
    table_of(TicketClock), ("ticket_id", "metric", "started_at", "work_s", "due_at", "breached_at", "ended_at")
)
_insert_tags = Insert(table_of(TicketTag), ("ticket_id", "tag"))
_insert_complaints = Insert(
    table_of(Complaint), ("ticket_id", "office", "deadline_at", "state", "decision", "decided_at", "settled_at")
)
_insert_scores = Insert(
    table_of(Satisfaction), ("ticket_id", "viewer_id", "asked_at", "score", "scored_at")
)  # fmt: skip


async def add_tickets(db: Database) -> None:
    """Once: they stay as whoever works on them leaves them."""
    if not await db.read(counter, _DONE):
        await db.write(_add, datetime.now(UTC))


def _add(session: Session, now: datetime) -> None:
    if reserve(session, _DONE) > 1:  # another process was faster
        return
    people = {agent.login: agent.id for agent in session.scalars(select(Agent))}
    teams = {team.name: team.id for team in session.scalars(select(Team))}
    crew = [_Worker(people[login], teams.get(team)) for login, team in _CREW if login in people]
    if not crew:
        return
    courses = sorted(_courses(now, crew), key=lambda course: course.opened_at)
    numbers = _numbers(session, len(courses))
    numbered = list(zip(numbers, courses, strict=True))
    ids: dict[int, int] = dict(_insert_tickets(session, [course.row(number) for number, course in numbered]))
    held = [(ids[number], course) for number, course in numbered]
    _insert_events(session, [row for ticket_id, course in held for row in course.events(ticket_id)])
    _insert_clocks(session, [row for ticket_id, course in held for row in course.clocks(ticket_id)])
    _insert_tags(session, [(ticket_id, course.case.tag) for ticket_id, course in held if course.case.tag])
    complaints = [(ticket_id, course) for ticket_id, course in held if course.case.kind is TicketKind.complaint]
    _insert_complaints(session, [course.complaint(ticket_id) for ticket_id, course in complaints])
    caller = Viewer(created_at=now, name="来电的观众")
    session.add(caller)
    session.flush()
    _insert_scores(session, [row for ticket_id, course in held for row in course.opinion(ticket_id, caller.id)])


def _numbers(session: Session, count: int) -> Sequence[int]:
    """Of those that viewers' tickets get as well."""
    connection = connection_of(session)
    if connection.dialect.name == "sqlite":
        first = reserve(session, "tickets", count)
        return range(first, first + count)
    taken = fetch(connection, "SELECT nextval('ticket_numbers') FROM generate_series(1, $1::INTEGER)", (count,))
    return [row[0] for row in taken]


# -------------------- how each of them went


class _Worker(NamedTuple):
    id: int
    team: int | None


_CREW: Final = (("lin", "会员服务"), ("chen", "播放与内容"), ("zhou", ""))


@dataclass(frozen=True, slots=True)
class _Course:
    case: _Case
    title: str | None
    episode: int
    worker: _Worker
    has_owner: bool
    caller: str | None
    """None: a colleague found it himself."""
    priority: TicketPriority
    now: datetime
    opened_at: datetime
    response: timedelta
    resolution: timedelta | None
    """In service time; None: it is open."""
    solved: str
    score: int | None
    reopened: int

    @property
    def _responded_at(self) -> datetime | None:
        at = _CALENDAR.after_working(self.opened_at, self.response)
        return at if self.has_owner and at < self.now else None

    @property
    def _closed_at(self) -> datetime | None:
        return None if self.resolution is None else _CALENDAR.after_working(self.opened_at, self.resolution)

    def _due(self, metric: Metric) -> tuple[datetime, datetime | None, datetime | None]:
        """When its clock had to end, when it ran out, when it ended."""
        given, ended = (_FIRST, self._responded_at) if metric is Metric.first_response else (_WHOLE, self._closed_at)
        ended = ended or self._closed_at
        due = _CALENDAR.after_working(self.opened_at, given)
        return due, due if due < (ended or self.now) else None, ended

    def _status(self) -> TicketStatus:
        if self._closed_at is not None:
            return TicketStatus.closed
        return TicketStatus.open if self._responded_at is None else TicketStatus.in_progress

    def row(self, number: int) -> Row:
        case, closed, answered = self.case, self._closed_at, self._responded_at
        clocks = [self._due(metric) for metric in _METRICS]
        running = [due for due, late, ended in clocks if ended is None]
        return (
            number, PHONE if self.caller else DESK, self.caller, case.kind, self._status(), self.priority,
            case.subject.format(episode=self.episode), case.category, case.dimension, self.title,
            1 if self.title else None, self.episode if self.title else None,
            self.worker.id if self.has_owner else None, self.worker.team, self.worker.id,
            self._deadline if case.kind is TicketKind.complaint else None,
            min(running, default=None), self.opened_at, max(filter(None, (closed, answered, self.opened_at))), closed,
            answered, _seconds(self.response) if answered else None, _seconds(self.resolution),
            sum(late is not None for _, late, _ in clocks), self.reopened,
        )  # fmt: skip

    def events(self, ticket_id: int) -> Iterator[Row]:
        who = str(self.worker.id)
        found: list[tuple[str, str, str, dict[str, str] | None, datetime]] = [("opened", who, "", None, self.opened_at)]
        for metric, late in self._late():
            found.append(("breached", "clock", "", {"metric": metric.value, "due": late.isoformat()}, late))
        if (at := self._responded_at) is not None:
            found.append(("replied", who, "您反映的情况已经记下来，我们正在核实，有结果马上告诉您。", None, at))
        if (at := self._closed_at) is not None:
            found.append(("closed", who, self.solved, None, at))
        yield from ((ticket_id, *each) for each in sorted(found, key=lambda each: each[4]))

    def _late(self) -> Iterator[tuple[Metric, datetime]]:
        for metric in _METRICS:
            if (late := self._due(metric)[1]) is not None:
                yield metric, late

    def clocks(self, ticket_id: int) -> Iterator[Row]:
        for metric, given in zip(_METRICS, (_FIRST, _WHOLE), strict=True):
            due, late, ended = self._due(metric)
            yield ticket_id, metric.value, self.opened_at, _seconds(given), due, late, ended

    @property
    def _deadline(self) -> datetime:
        return self.opened_at + timedelta(days=15)

    def complaint(self, ticket_id: int) -> Row:
        closed = self._closed_at
        state = ComplaintState.examining if closed is None else ComplaintState.accepted
        decision = None if closed is None else "情况属实，向观众致歉，并补偿七天会员。"
        return ticket_id, _OFFICE, self._deadline, state, decision, closed, closed

    def opinion(self, ticket_id: int, viewer: int) -> Iterator[Row]:
        if (at := self._closed_at) is not None and self.caller:
            asked = at + timedelta(minutes=30)
            yield ticket_id, viewer, asked, self.score, asked + timedelta(minutes=8) if self.score else None


_METRICS: Final = (Metric.first_response, Metric.resolution)


def _seconds(length: timedelta | None) -> int | None:
    return None if length is None else length // timedelta(seconds=1)


def _courses(now: datetime, crew: Sequence[_Worker]) -> Iterator[_Course]:
    choice = random.Random(11)
    for number in range(_COUNT):
        case = _CASES[number % len(_CASES)]
        opened_at = _opened(choice, now)
        resolution = timedelta(minutes=round(60 * min(max(choice.lognormvariate(2.2, 0.9), 0.5), 90)))
        ended = _CALENDAR.after_working(opened_at, resolution)
        is_open = ended + timedelta(hours=1) > now or choice.random() < _OPEN_SHARE * (opened_at > now - 20 * _DAY)
        place = 0 if case.category.startswith(_OF_MEMBERS) else 1 + (number % 4 == 0)
        worker = crew[min(place, len(crew) - 1)]
        yield _Course(
            case, choice.choice(_TITLES) if case.is_of_title else None, choice.randint(1, 16), worker,
            not is_open or choice.random() < 0.7, choice.choice(_CALLERS) if choice.random() < 0.8 else None,
            choice.choice(_PRIORITIES), now, opened_at, min(resolution, timedelta(minutes=choice.randint(4, 400))),
            None if is_open else resolution, choice.choice(_SOLVED),
            choice.choice((5, 5, 5, 4, 4, 3, 2)) if choice.random() < 0.6 else None, int(choice.random() < 0.08),
        )  # fmt: skip


_OF_MEMBERS: Final = ("membership", "account", "ticket")
"""Groups of entries that the first of the crew answers for."""
_DAY: Final = timedelta(days=1)
_PRIORITIES: Final = (*[TicketPriority.normal] * 5, TicketPriority.high, TicketPriority.urgent, TicketPriority.low)


def _opened(choice: random.Random, now: datetime) -> datetime:
    """In service hours, more of them lately."""
    days = int(_DAYS * choice.random() ** 1.4)
    day = now.astimezone(BEIJING).date() - days * _DAY
    at = datetime.combine(day, time(9), BEIJING) + timedelta(minutes=choice.randint(0, 12 * 60))
    return min(at, now - timedelta(minutes=choice.randint(10, 90)))
