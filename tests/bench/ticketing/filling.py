"""A year of tickets as a service of some size has them: 5 % are open, some were merged, reopened, scored."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from app.desk.search.sources import Kind, ticket_text
from app.tickets.deadline_models import Metric
from app.tickets.models import Dimension, TicketKind
from tests.bench.desking.filling import name_of, viewer_name
from tests.bench.searching.filling import GRAMS, Row, Table, rows_of_grams

YEAR = timedelta(days=365)
AGENTS, TEAMS = 60, 6
TITLES = tuple(f"第{n}号剧集" for n in range(1, 121))
CATEGORIES = tuple(f"{part}.case_{n}" for part in ("playback", "content", "membership", "account") for n in range(15))
TAGS = ("回访", "媒体", "批量", "待版权方", *(f"标签{n}" for n in range(20)))
_KINDS = random.Random(3).choices(list(TicketKind), (30, 45, 8, 5, 10, 2), k=1_000)
_SOURCES = ("wechat",) * 6 + ("qq",) * 2 + ("phone", "desk")
_SUBJECTS = (
    "第8集没有字幕",
    "会员到账慢",
    "重复扣费，要求退款",
    "声音比画面慢半拍",
    "客服答复前后不一",
    "希望恢复倍速播放",
)
_RANKS = ("low", "normal", "normal", "normal", "normal", "normal", "high", "urgent")
_COLUMNS: dict[str, Sequence[str]] = {
    "agents": ("id", "login", "name", "language", "skills", "capacity", "presence", "presence_at", "seen_at",
               "created_at"),
    "agent_roles": ("agent_id", "role"),
    "teams": ("id", "name", "skills", "created_at"),
    "team_members": ("team_id", "agent_id"),
    "viewers": ("id", "created_at", "name", "vip"),
    "tickets": ("id", "number", "viewer_id", "source", "contact", "kind", "status", "priority", "subject", "category",
                "dimension", "title", "season", "episode", "owner_id", "team_id", "merged_into_id", "due_at",
                "next_due_at", "opened_at", "updated_at", "closed_at", "responded_at", "response_s", "resolution_s",
                "breaches", "reopened"),
    "ticket_events": ("id", "ticket_id", "kind", "author", "text", "detail", "at"),
    "ticket_clocks": ("id", "ticket_id", "metric", "started_at", "work_s", "due_at", "breached_at", "ended_at"),
    "ticket_tags": ("ticket_id", "tag"),
    "ticket_satisfaction": ("ticket_id", "viewer_id", "asked_at", "score", "scored_at"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """How one ticket went."""

    id: int
    kind: str
    viewer: int | None
    owner: int | None
    opened_at: datetime
    responded_at: datetime | None
    closed_at: datetime | None
    merged_into: int | None
    late: bool
    """Its time ran out before it was closed, or before now."""
    score: int | None
    draw: float

    @property
    def due_at(self) -> datetime:
        return self.opened_at + timedelta(days=3)


class Year:
    """Up to ``now``; the same for each run."""

    def __init__(self, count: int, now: datetime) -> None:
        self.count, self.now, self.viewers = count, now, max(1, count // 5)

    @cached_property
    def cases(self) -> Sequence[Case]:
        """In the order in which they were opened."""
        choice = random.Random(7)
        spans = sorted(choice.random() ** 0.8 for _ in range(self.count))
        return [self._case(number, spans[number - 1], choice) for number in range(1, self.count + 1)]

    def _case(self, number: int, place: float, choice: random.Random) -> Case:
        opened_at = self.now - YEAR + YEAR * place - timedelta(minutes=1)
        lasts = timedelta(hours=min(choice.lognormvariate(2.8, 1.3), 2_000))
        is_open = choice.random() < (0.35 if place > 0.9 else 0.02) or opened_at + lasts > self.now
        is_merged = not is_open and number > 1 and choice.random() < 0.02
        answers = opened_at + lasts * choice.uniform(0.05, 0.9)
        viewer = choice.randint(1, self.viewers) if choice.random() < 0.85 else None
        return Case(
            number, choice.choice(_KINDS).value, viewer, choice.randint(1, AGENTS) if choice.random() < 0.9 else None,
            opened_at, answers if answers < self.now and choice.random() < 0.9 else None,
            None if is_open else opened_at + lasts, number - 1 if is_merged else None, lasts > timedelta(days=3),
            choice.choice((5, 5, 5, 4, 4, 3, 2, 1)) if viewer and not is_open and choice.random() < 0.3 else None,
            choice.random(),
        )  # fmt: skip

    def tables(self) -> Iterator[Table]:
        rows = {
            "agents": self._agents(), "agent_roles": ((n, "agent") for n in range(1, AGENTS + 1)),
            "teams": ((n, f"{n} 组", '["会员"]', self.now) for n in range(1, TEAMS + 1)),
            "team_members": ((n % TEAMS + 1, n) for n in range(1, AGENTS + 1)),
            "viewers": ((n, self.now, viewer_name(n), False) for n in range(1, self.viewers + 1)),
            "tickets": map(self._ticket, self.cases), "ticket_events": self._events(),
            "ticket_clocks": self._clocks(), "ticket_tags": self._tags(), "ticket_satisfaction": self._scores(),
        }  # fmt: skip
        for name, given in rows.items():
            yield name, _COLUMNS[name], given
        words = ((case.id, ticket_text(case.id, _SUBJECTS[case.id % len(_SUBJECTS)])) for case in self.cases)
        yield *GRAMS, rows_of_grams(Kind.tickets, words)

    def _agents(self) -> Iterator[Row]:
        now = self.now
        for n in range(1, AGENTS + 1):
            yield n, f"agent{n}", name_of(n), "zh", '["退款"]', 8, "online", now, now, now

    def _ticket(self, case: Case) -> Row:
        n, closed = case.id, case.closed_at
        title = TITLES[int(len(TITLES) * case.draw**2)] if n % 10 < 7 else None
        spent = None if closed is None else (closed - case.opened_at) // timedelta(seconds=3)
        answered = None if case.responded_at is None else (case.responded_at - case.opened_at) // timedelta(seconds=3)
        running = ("open", "in_progress", "waiting")[n % 3]
        return (
            n, n, case.viewer, _SOURCES[n % 10], None if case.viewer else "138****0000 王先生", case.kind,
            "closed" if closed else running, _RANKS[n * 7919 % 8], _SUBJECTS[n % len(_SUBJECTS)],
            CATEGORIES[int(len(CATEGORIES) * case.draw)] if n % 7 else None,
            list(Dimension)[n * 31 % len(Dimension)].value if n % 2 else None, title, 1 if title else None,
            n % 36 + 1 if title else None, case.owner, case.owner % TEAMS + 1 if case.owner else None,
            case.merged_into, case.due_at, case.due_at if closed is None and running != "waiting" else None,
            case.opened_at, closed or case.responded_at or case.opened_at, closed, case.responded_at, answered, spent,
            int(case.late), int(n % 25 == 0),
        )  # fmt: skip

    def _events(self) -> Iterator[Row]:
        for case in self.cases:
            first, owner = case.id * 4, str(case.owner or "bot")
            yield first, case.id, "opened", "bot", "", None, case.opened_at
            yield (
                first + 1, case.id, "changed", owner, "", json.dumps({"priority": ["normal", "high"]}), case.opened_at,
            )  # fmt: skip
            if case.responded_at is not None:
                yield first + 2, case.id, "replied", owner, "已经为您查到原因，正在处理", None, case.responded_at
            if case.closed_at is not None:
                yield first + 3, case.id, "closed", owner, "已经处理好了", None, case.closed_at

    def _clocks(self) -> Iterator[Row]:
        for case in self.cases:
            late = case.due_at if case.late and case.due_at < self.now else None
            yield (
                case.id * 2, case.id, Metric.resolution.value, case.opened_at, 86_400, case.due_at, late,
                case.closed_at,
            )  # fmt: skip
            due = case.opened_at + timedelta(hours=8)
            ended = case.responded_at or case.closed_at
            late = due if due < (ended or self.now) else None
            yield (
                case.id * 2 + 1, case.id, Metric.first_response.value, case.opened_at, 28_800, due, late, ended
            )  # fmt: skip

    def _tags(self) -> Iterator[Row]:
        for case in self.cases:
            if case.id % 4 == 0:
                yield case.id, TAGS[case.id // 4 * 7919 % len(TAGS)]

    def _scores(self) -> Iterator[Row]:
        for case in self.cases:
            if case.viewer and case.closed_at is not None and case.id % 2:
                yield case.id, case.viewer, case.closed_at, case.score, case.closed_at if case.score else None
