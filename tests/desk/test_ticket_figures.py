"""Every figure about tickets is what a plain recount over all rows comes to."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents.calendars import BEIJING
from app.agents.models import Agent
from app.agents.rights import Actor
from app.db.database import Database
from app.desk.tickets.figures import deadlines, flow, people, satisfaction, shares, times
from app.desk.tickets.figures.deadlines import Kept
from app.desk.tickets.figures.flow import Ages, Day, Reopened, Totals
from app.desk.tickets.figures.people import Person
from app.desk.tickets.figures.satisfaction import Opinion
from app.desk.tickets.figures.shares import Share, Shares
from app.desk.tickets.figures.spans import ALL, Narrowing, Span, SpanInvalid, SpanTooLong
from app.desk.tickets.figures.times import Times
from app.tickets.deadline_models import Metric, TicketClock
from app.tickets.models import Dimension, Satisfaction, Ticket, TicketKind
from app.viewers.models import Viewer
from tests.factories.people import make_agent, make_team
from tests.factories.ticketing import built

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
COUNT = 300
SPANS = (
    Span(date(2026, 11, 14), date(2026, 11, 23)),
    Span(date(2026, 10, 1), date(2026, 10, 7)),
    Span(date(2026, 11, 20), date(2026, 11, 20)),
    Span(date(2026, 7, 1), date(2026, 11, 30)),
    Span(date(2024, 3, 1), date(2024, 3, 2)),
)  # fmt: skip


@dataclass(frozen=True)
class Store:
    """All that there is."""

    tickets: Sequence[Ticket]
    clocks: Sequence[TicketClock]
    opinions: Sequence[Satisfaction]
    names: dict[int, str]


@pytest.fixture
async def owners(db: Database) -> list[Actor]:
    return [await make_agent(db, f"agent{n}", name=f"客服{n}") for n in range(4)]


@pytest.fixture
async def store(db: Database, owners: list[Actor], zhou: Actor) -> Store:
    teams = [await make_team(db, name) for name in ("会员服务", "播放")]
    return await db.write(fill, [owner.id for owner in owners[:3]], teams)


def fill(session: Session, owners: list[int], teams: list[int]) -> Store:
    choice = random.Random(5)
    viewer = Viewer(created_at=NOW)
    session.add(viewer)
    session.flush()
    tickets = [drawn(choice, owners, teams) for _ in range(COUNT)]
    session.add_all(tickets)
    session.flush()
    for ticket in choice.sample([each for each in tickets if each.closed_at], 25):
        ticket.merged_into_id = choice.choice([each.id for each in tickets if each is not ticket])
    clocks = [clock for ticket in tickets for clock in clocks_of(choice, ticket)]
    opinions = [opinion_of(choice, each, viewer.id) for each in tickets if each.closed_at and choice.random() < 0.6]
    session.add_all([*clocks, *opinions])
    session.flush()
    names = {agent.id: agent.name for agent in session.scalars(select(Agent))}
    return Store(tickets, clocks, opinions, names)


def moment(choice: random.Random, since: datetime = NOW - timedelta(days=150)) -> datetime:
    """Often right at the end of a day, of Beijing or of London."""
    at = since + (NOW - since) * choice.random()
    border = at.replace(hour=choice.choice((16, 0)), minute=0, second=0, microsecond=0)
    at = border + choice.choice((-1, 0, 1)) * timedelta(microseconds=1) if choice.random() < 0.4 else at
    return min(max(at, since), NOW)


def drawn(choice: random.Random, owners: list[int], teams: list[int]) -> Ticket:
    opened_at = moment(choice)
    closed_at = moment(choice, opened_at) if choice.random() < 0.7 else None
    answered = choice.random() < 0.7
    return built(
        opened_at, closed_at=closed_at, kind=choice.choice(list(TicketKind)).value,
        owner_id=choice.choice([*owners, None]), team_id=choice.choice([*teams, None]),
        source=choice.choice(("wechat", "qq", "phone", "desk")),
        title=choice.choice([None, "长风渡", "雾港来信", *(f"剧{n}" for n in range(40))]),
        category=choice.choice([None, "playback.stutter", "membership.refund"]),
        dimension=choice.choice([None, *(each.value for each in Dimension)]),
        responded_at=moment(choice, opened_at) if answered else None,
        response_s=choice.randint(0, 50) * 60 if answered else None,
        resolution_s=choice.randint(0, 90) * 600 if closed_at and choice.random() < 0.9 else None,
        breaches=choice.choice((0, 0, 1, 2)), reopened=choice.choice((0, 0, 0, 1, 2)),
    )  # fmt: skip


def clocks_of(choice: random.Random, ticket: Ticket) -> list[TicketClock]:
    found = []
    for metric in choice.sample(list(Metric), 2):
        ended = moment(choice, ticket.opened_at) if choice.random() < 0.7 else None
        late = moment(choice, ticket.opened_at) if choice.random() < 0.4 else None
        found.append(
            TicketClock(
                ticket_id=ticket.id, metric=metric.value, started_at=ticket.opened_at, ended_at=ended, breached_at=late
            )
        )
    return found


def opinion_of(choice: random.Random, ticket: Ticket, viewer: int) -> Satisfaction:
    asked_at = moment(choice, ticket.opened_at) if choice.random() < 0.9 else None
    score = choice.randint(1, 5) if asked_at and choice.random() < 0.5 else None
    return Satisfaction(ticket_id=ticket.id, viewer_id=viewer, asked_at=asked_at, score=score, later_score=score and 5)


# -------------------- the plain way


class Recount:
    """Row by row, of the tickets that are meant."""

    def __init__(self, store: Store, span: Span, narrowing: Narrowing) -> None:
        self._span, self._store = span, store
        self.tickets = [each for each in store.tickets if each.merged_into_id is None and fits(each, narrowing)]
        ids = {each.id for each in self.tickets}
        self._clocks = [each for each in store.clocks if each.ticket_id in ids]
        self._opinions = [each for each in store.opinions if each.ticket_id in ids]
        self.opened = [each for each in self.tickets if self._within(each.opened_at)]
        self.closed = [each for each in self.tickets if self._within(each.closed_at)]

    def _within(self, at: datetime | None) -> bool:
        return at is not None and self._span.first_on <= on(at) <= self._span.last_on

    def per_day(self) -> tuple[Day, ...]:
        days = [self._span.first_on + timedelta(days=n) for n in range(self._span.days)]
        return tuple(
            Day(day, sum(on(each.opened_at) == day for each in self.tickets),
                sum(each.closed_at is not None and on(each.closed_at) == day for each in self.tickets),
                self._left(day))
            for day in days
        )  # fmt: skip

    def _left(self, day: date) -> int:
        before = [each for each in self.tickets if on(each.opened_at) <= day]
        return sum(each.closed_at is None or on(each.closed_at) > day for each in before)

    def totals(self) -> Totals:
        return Totals(len(self.opened), len(self.closed), self._left(self._span.last_on))

    def ages(self) -> Ages:
        counts = [0] * 5
        for each in self.tickets:
            if each.closed_at is None:
                days = (NOW - each.opened_at) / timedelta(days=1)
                counts[sum(days >= bound for bound in (1, 3, 7, 30))] += 1
        return Ages(tuple(counts))

    def reopened(self) -> Reopened:
        closed = [each for each in self.opened if each.closed_at or each.reopened]
        return Reopened(len(closed), sum(each.reopened > 0 for each in closed))

    def responses(self) -> Times:
        return measured([each.response_s for each in self.opened])

    def resolutions(self) -> Times:
        return measured([each.resolution_s for each in self.closed])

    def breaches(self) -> dict[Metric, int]:
        late = [each for each in self._clocks if self._within(each.breached_at)]
        return {metric: sum(each.metric == metric for each in late) for metric in Metric}

    def kept(self) -> dict[Metric, Kept]:
        ended = [each for each in self._clocks if self._within(each.ended_at)]
        return {
            metric: Kept(sum(each.metric == metric for each in ended),
                         sum(each.metric == metric and each.breached_at is None for each in ended))
            for metric in Metric
        }  # fmt: skip

    def shares(self, name: str) -> Shares:
        counts = Counter(getattr(each, name) for each in self.opened)
        unset = counts.pop(None, 0)
        rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
        shown = tuple(Share(*row) for row in rows[:20])
        return Shares(shown, sum(count for _, count in rows[20:]), len(rows[20:]), unset)

    def by_person(self) -> set[Person]:
        found = set()
        for agent_id, name in self._store.names.items():
            opened, closed, every = (
                [each for each in part if each.owner_id == agent_id]
                for part in (self.opened, self.closed, self.tickets)
            )
            now = sum(each.closed_at is None for each in every)
            median = measured([each.resolution_s for each in closed]).median
            late = sum(each.breaches for each in closed)
            if opened or closed or now:
                found.add(Person(agent_id, name, len(opened), len(closed), now, median, late))
        return found

    def satisfaction(self) -> Opinion:
        asked = [each for each in self._opinions if self._within(each.asked_at)]
        scores = [each.score for each in asked if each.score is not None]
        mean = sum(scores) / len(scores) if scores else None
        return Opinion(len(asked), len(scores), mean, tuple(scores.count(score) for score in range(1, 6)))


def on(at: datetime) -> date:
    return at.astimezone(BEIJING).date()


def fits(ticket: Ticket, narrowing: Narrowing) -> bool:
    wanted = {"kind": ticket.kind, "team": ticket.team_id, "source": ticket.source, "title": ticket.title,
              "owner": ticket.owner_id}  # fmt: skip
    return all(wanted[name] == value for name, value in narrowing.values().items())


def measured(values: Sequence[int | None]) -> Times:
    given = sorted(value for value in values if value is not None)

    def least(share: float) -> int | None:
        return next((v for v in given if sum(each <= v for each in given) >= share * len(given)), None)

    return Times(len(given), least(0.5), least(0.9), sum(given) / len(given) if given else None)


# -------------------- both compared


def close(found: Any, wanted: Any) -> bool:
    """Means are floats."""
    if isinstance(found, Times | Opinion):
        means = (found.mean, wanted.mean)
        alike = means[0] == means[1] if None in means else means[0] == pytest.approx(means[1])
        return alike and all(
            getattr(found, name) == getattr(wanted, name) for name in found.__slots__ if name != "mean"
        )
    return bool(found == wanted)


async def test_each_figure_is_what_a_recount_comes_to(
    db: Database, store: Store, owners: list[Actor], zhou: Actor
) -> None:
    by = zhou
    narrowings = (
        ALL, Narrowing(kind=TicketKind.fault), Narrowing(source="phone"), Narrowing(title="长风渡"),
        Narrowing(owner=owners[1].id), Narrowing(team=store.tickets[0].team_id or 1),
        Narrowing(TicketKind.inquiry, source="wechat", owner=owners[0].id), Narrowing(title="没有这部剧"),
    )  # fmt: skip
    seen = Counter[str]()
    for span in SPANS:
        for narrowing in narrowings:
            wanted = Recount(store, span, narrowing)
            figures: dict[str, tuple[Callable[..., Any], Any]] = {
                "per_day": (flow.per_day, wanted.per_day()), "totals": (flow.totals, wanted.totals()),
                "reopened": (flow.reopened, wanted.reopened()), "responses": (times.responses, wanted.responses()),
                "resolutions": (times.resolutions, wanted.resolutions()),
                "breaches": (deadlines.breaches, wanted.breaches()), "kept": (deadlines.kept, wanted.kept()),
                "satisfaction": (satisfaction.satisfaction, wanted.satisfaction()),
                "by_category": (shares.by_category, wanted.shares("category")),
                "by_dimension": (shares.by_dimension, wanted.shares("dimension")),
                "by_title": (shares.by_title, wanted.shares("title")),
                "by_source": (shares.by_source, wanted.shares("source")),
            }  # fmt: skip
            for name, (figure, meant) in figures.items():
                found = await db.read(figure, span, narrowing, by=by)
                assert close(found, meant), (name, span, narrowing, found, meant)
                seen[name] += bool(wanted.tickets)
            found = await db.read(people.by_person, span, narrowing, by=by)
            assert (set(found), len(found)) == (wanted.by_person(), len(wanted.by_person())), (span, narrowing)
            assert await db.read(flow.ages, narrowing, by=by, now=NOW) == wanted.ages(), narrowing
    assert min(seen.values()) > len(SPANS)
    whole = Recount(store, SPANS[3], ALL)
    assert whole.shares("title").rest_names > 5
    assert whole.reopened().reopened > 5
    assert min(whole.ages().counts[2:]) > 0
    assert min(kept.ended - kept.in_time for kept in whole.kept().values()) > 0


async def test_of_nothing_there_is_nothing(db: Database, zhou: Actor) -> None:
    span = SPANS[0]
    for figure in (times.responses, times.resolutions):
        assert await db.read(figure, span, by=zhou) == Times(0, None, None, None)
    assert await db.read(satisfaction.satisfaction, span, by=zhou) == Opinion(0, 0, None, (0,) * 5)
    assert await db.read(shares.by_title, span, by=zhou) == Shares((), 0, 0, 0)
    assert await db.read(people.by_person, span, by=zhou) == ()
    assert await db.read(flow.per_day, span, by=zhou) == tuple(
        Day(span.first_on + timedelta(days=n), 0, 0, 0) for n in range(10)
    )


def test_a_span_has_bounds_and_one_before_it() -> None:
    day = date(2026, 11, 23)
    assert Span(day - timedelta(days=29), day).before == Span(date(2026, 9, 25), date(2026, 10, 24))
    assert Span(day - timedelta(days=365), day).days == 366
    with pytest.raises(SpanTooLong):
        Span(day - timedelta(days=366), day)
    for first, last in ((day, day - timedelta(days=1)), (date.min, date.min), (date.max, date.max)):
        with pytest.raises(SpanInvalid):
            Span(first, last)
