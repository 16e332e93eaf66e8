"""Whatever happens in whatever order: nothing is lost, nothing comes twice or out of turn, and all books agree.

Hypothesis drives the rules of the outbox against a real database, with a model of what the platform took. Senders die,
answers get lost, leases end, viewers write, people decide; after each step everything is compared.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.channels.delivery import DeliveryError, Outcome, Rate, Receipt
from app.conversations import outbox, passive, settling, undelivered
from app.conversations.accounts import Account
from app.conversations.ledgers import Allowed
from app.conversations.models import Direction, Message, MessageState, Via
from app.conversations.pending import Draft
from app.conversations.settling import Ended
from app.db.database import Database
from app.db.opening import connect
from app.jobs.models import Job, JobState, Lane, Priority
from app.settings import Settings
from tests.factories import delivering as do
from tests.factories.conversations import NOW
from tests.factories.delivering import LEASE, NOTICE, SECOND

T = TypeVar("T")
EXAMPLES = {"sqlite": 30, "postgresql": 6}
"""Each of up to forty steps."""
MOST_WAITING = 8
WORKERS = ("w1", "w2")
RATES = {
    "unkeyed": {"custom": Rate(per_minute=30, per_day=60), "notice": Rate(per_day=5)},
    "keyed": {"speak": Rate(per_minute=10, per_month=20)},
}
NOT_TAKEN = [
    Outcome.unknown, Outcome.unknown, Outcome.unknown, Outcome.retry, Outcome.retry, Outcome.refresh, Outcome.media,
    Outcome.later, Outcome.window, Outcome.recipient, Outcome.permanent, Outcome.permanent, Outcome.operator,
]  # fmt: skip
TABLES = (
    "allowances", "gates", "jobs", "lanes", "messages", "inbound_events", "conversations", "identities", "viewers",
    "channels", "counters",
)  # fmt: skip


@dataclass(eq=False)
class Said:
    """What the model knows of one message of ours."""

    id: int
    conversation: int
    seq: int
    places: set[Any] = field(default_factory=set)
    """Under what the platform took it: a reply's key and number, or an attempt without a key."""
    allowed: int = 1
    """How often it may be seen at the most: a person may decide to send it once more."""
    again: bool = False
    """Queued once more, behind what came after it."""
    declared: str | None = None
    """What a person said became of it."""


@dataclass(eq=False)
class Flight:
    """An attempt in the hands of a sender."""

    worker: str
    draft: Draft
    until: datetime
    taken: bool
    """The platform has it."""


@dataclass(frozen=True)
class Books:
    """All rows, as one moment saw them."""

    messages: list[Message]
    jobs: list[Job]
    lanes: list[Lane]
    allowances: list[Allowed]


def read_books(session: Session) -> Books:
    ours = select(Message).where(Message.direction == Direction.outbound).order_by(Message.id)
    return Books(
        list(session.scalars(ours)), list(session.scalars(select(Job).order_by(Job.id))),
        list(session.scalars(select(Lane))), list(session.scalars(select(Allowed))),
    )  # fmt: skip


def empty(session: Session) -> None:
    for table in TABLES:
        session.execute(text(f"DELETE FROM {table}"))


class Delivery(RuleBasedStateMachine):
    def __init__(self, run: Callable[..., Any]) -> None:
        super().__init__()
        self._run = run
        self.now = NOW
        self.said: dict[int, Said] = {}
        self.flights: list[Flight] = []
        self.phones: defaultdict[int, list[Said]] = defaultdict(list)
        """By conversation, in the order in which the platform took them."""
        self.places: dict[Any, int] = {}
        """(Reply key, number) → the message that may have been taken under it."""
        self.riding: list[Said] = []
        self.numbers = 0
        self.books = Books([], [], [], [])
        """As they were after the last step."""

    def run(self, rule_: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        result: T = self._run(rule_, *args, **kwargs)
        return result

    @initialize()
    def begin(self) -> None:
        self.run(empty)
        self.accounts: list[Account] = []
        self.talks: list[int] = []
        for keyed in (False, True):
            name = "keyed" if keyed else "unkeyed"
            account = self.run(do.account, keyed=keyed, name=name, rates=RATES[name])
            self.accounts.append(account)
            if keyed:
                self.run(do.viewer, account.channel_id, "group", proactive=True)
            for viewer in ("viewer-1", "group/member" if keyed else "viewer-2"):
                self.talks.append(self.run(do.viewer, account.channel_id, viewer))
                self.run(do.writes, self.talks[-1], self.now)

    # -------------------- what we say

    @precondition(lambda self: self.waiting() < MOST_WAITING)
    @rule(
        who=st.integers(0, 3), priority=st.sampled_from(list(Priority)), delay=st.sampled_from([0, 0, 0, 5, 300]),
        notice=st.booleans(), count=st.integers(1, 3),
    )  # fmt: skip
    def say(self, who: int, priority: Priority, delay: int, notice: bool, count: int) -> None:
        for _ in range(count):
            message_id = self.run(
                outbox.post, self.talks[who], do.TEXT, author="7", priority=priority, now=self.now,
                not_before=self.now + delay * SECOND, fallback=NOTICE if notice and who < 2 else None,
            )  # fmt: skip
            row = self.run(do.message, message_id)
            self.said[message_id] = Said(message_id, self.talks[who], row.seq)

    # -------------------- what the viewer does

    @rule(who=st.integers(0, 3), kind=st.sampled_from(["text", "text", "menu"]), anew=st.booleans())
    def viewer_writes(self, who: int, kind: str, anew: bool) -> None:
        """``anew``: after a silence that ended the conversation."""
        if anew:
            self.talks[who] = self.run(do.next_conversation, self.talks[who], self.now)
        self.run(do.writes, self.talks[who], self.now, kind=kind)

    @precondition(lambda self: self.waiting())
    @rule(who=st.integers(0, 3), arrives=st.booleans())
    def answer_rides(self, who: int, arrives: bool) -> None:
        """On the response to something that the viewer sent; whether it arrived is known later."""
        taken = self.run(ride, self.talks[who], self.now)
        if taken is None:
            return
        said = self.said[taken]
        assert not said.places or said.allowed > len(said.places), "what may have arrived does not ride"
        self.riding.append(said)
        if arrives:
            self.take(said, ("passive", taken, self.next_number()))

    @precondition(lambda self: self.riding)
    @rule()
    def rides_are_settled(self) -> None:
        for said in self.riding:
            if said.places and self.phones[said.conversation]:
                self.run(passive.mark_sent, [passive.Carried(said.id, said.conversation, self.now)])
        self.run(passive.mark_unknown, before=self.now + SECOND)
        self.riding.clear()

    # -------------------- senders

    @precondition(lambda self: self.waiting())
    @rule(worker=st.sampled_from(WORKERS), limit=st.sampled_from([1, 3, 32]), taken=st.lists(st.booleans(), min_size=4))
    def claim(self, worker: str, limit: int, taken: list[bool]) -> None:
        claimed = self.run(do.claim, *self.accounts, worker=worker, now=self.now, limit=limit)
        for n, draft in enumerate(claimed.drafts):
            self.begin_attempt(worker, draft, taken[n % len(taken)])

    @precondition(lambda self: self.waiting())
    @rule(worker=st.sampled_from(WORKERS), taken=st.booleans(), lost=st.booleans(), outcome=st.sampled_from(NOT_TAKEN))
    def send(self, worker: str, taken: bool, lost: bool, outcome: Outcome) -> None:
        """A claim whose attempts all end at once."""
        before = list(self.flights)
        self.claim(worker, 32, [taken])
        ended = [self.end_of(flight, lost, outcome, None) for flight in self.flights if flight not in before]
        self.run(settling.settle, ended, worker=worker, now=self.now)
        self.flights = before

    def begin_attempt(self, worker: str, draft: Draft, taken: bool) -> None:
        said = self.said[draft.message_id]
        at_it = [f for f in self.flights if f.draft.lane_id == draft.lane_id and f.until >= self.now]
        assert not at_it, "a lane is leased to one sender at a time"
        if len(said.places) >= said.allowed:
            assert draft.doubtful, "what may have arrived is repeated as such"
            assert draft.reply_to in said.places, "and only under its own key and number"
        if draft.reply_to is not None:
            owner = self.places.setdefault(place_of(draft), draft.message_id)
            assert owner == draft.message_id, "no place is given to two messages"
        self.flights.append(Flight(worker, draft, self.now + LEASE, taken))
        if taken:
            self.take(said, draft.reply_to if draft.keyed else ("attempt", self.next_number()))

    def take(self, said: Said, place: Any) -> None:
        """The platform shows it to the viewer, unless it knows the key."""
        if place not in said.places:
            said.places.add(place)
            self.phones[said.conversation].append(said)
        assert len(said.places) <= said.allowed, "nothing is shown twice"

    @precondition(lambda self: self.flights)
    @rule(
        which=st.lists(st.integers(0, 99), min_size=1, max_size=4), lost=st.booleans(),
        outcome=st.sampled_from(NOT_TAKEN), after=st.sampled_from([None, 1.0, 90.0]),
    )  # fmt: skip
    def attempts_end(self, which: list[int], lost: bool, outcome: Outcome, after: float | None) -> None:
        """``lost``: the answer to what was taken."""
        chosen = list(dict.fromkeys(self.flights[n % len(self.flights)] for n in which))
        for worker in {flight.worker for flight in chosen}:
            mine = [flight for flight in chosen if flight.worker == worker]
            ended = [self.end_of(flight, lost, outcome, after) for flight in mine]
            self.run(settling.settle, ended, worker=worker, now=self.now)
        self.flights = [flight for flight in self.flights if flight not in chosen]

    def end_of(self, flight: Flight, lost: bool, outcome: Outcome, after: float | None) -> Ended:
        draft, said = flight.draft, self.said[flight.draft.message_id]
        if flight.taken and not lost:
            return Ended(draft, Receipt(), None, 0.5)
        if flight.taken:
            outcome = Outcome.unknown
        error = DeliveryError("told", outcome, retry_after=after if outcome is not Outcome.operator else None)
        certain = outcome is not Outcome.unknown and draft.reply_to not in said.places and not draft.doubtful
        if certain and draft.reply_to is not None:
            self.places.pop(place_of(draft), None)
        return Ended(draft, None, error, 0.5)

    @precondition(lambda self: self.flights)
    @rule(worker=st.sampled_from(WORKERS))
    def sender_dies(self, worker: str) -> None:
        self.flights = [flight for flight in self.flights if flight.worker != worker]

    @rule(seconds=st.sampled_from([1, 10, 10, 121, 121, 900, 3 * 86400]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    # -------------------- people

    @precondition(lambda self: any(job.state == JobState.dead for job in self.books.jobs))
    @rule()
    def dead_are_driven_again(self) -> None:
        dead = {job.subject_id for job in self.books.jobs if job.state == JobState.dead}
        assert self.run(undelivered.redrive, by=None, now=self.now) == len(dead)
        for message_id in dead:
            said = self.said[message_id]
            assert len(said.places) < said.allowed or said.declared == "lost"
            said.again = True

    @precondition(lambda self: any(message.state == MessageState.unknown for message in self.books.messages))
    @rule(decision=st.sampled_from(["again", "arrived", "lost"]))
    def unknown_is_decided(self, decision: str) -> None:
        unknown = [message.id for message in self.books.messages if message.state == MessageState.unknown]
        said = self.said[unknown[0]]
        if any(flight.draft.message_id == said.id for flight in self.flights):
            return  # a person decides when nobody is at it any more
        if decision == "again":
            assert self.run(undelivered.send_again, said.id, by=None, now=self.now)
            said.allowed, said.again, said.declared = len(said.places) + 1, True, None
        else:
            decide = undelivered.mark_arrived if decision == "arrived" else undelivered.mark_lost
            assert self.run(decide, said.id, by=None, now=self.now)
            said.declared = decision

    @precondition(lambda self: any(job.waits in ("operator", "quota") for job in self.books.jobs))
    @rule(which=st.integers(0, 1))
    def channel_is_mended(self, which: int) -> None:
        self.run(undelivered.reopen, self.accounts[which].channel_id, by=None, now=self.now)

    def waiting(self) -> int:
        """Messages that have not left."""
        return sum(message.state == MessageState.queued for message in self.books.messages)

    def next_number(self) -> int:
        self.numbers += 1
        return self.numbers

    # -------------------- what always holds

    @invariant()
    def books_agree(self) -> None:
        if not hasattr(self, "talks"):
            return
        books = self.books = self.run(read_books)
        jobs = {job.subject_id: job for job in books.jobs}
        assert len(jobs) == len(books.jobs), "one job for a message"
        assert {m.id for m in books.messages} == set(self.said), "no message is lost"
        for message in books.messages:
            self.state_agrees(message, jobs.get(message.id))
        lanes_agree(books)
        self.phones_are_in_order()
        self.windows_agree(books)

    def state_agrees(self, message: Message, job: Job | None) -> None:
        said, state = self.said[message.id], MessageState(message.state)
        shown = len(said.places) >= said.allowed
        match state:
            case MessageState.queued:
                assert job is not None
                assert job.state == JobState.queued
                assert job.doubtful or not shown, "what may have arrived is not queued as if it had not"
            case MessageState.sending if message.via == Via.passive:
                assert job is None
            case MessageState.sending:
                assert job is not None
                assert job.state == JobState.running
            case MessageState.sent:
                assert job is None
                assert said.places or said.declared == "arrived"
            case MessageState.unknown:
                assert job is None
            case MessageState.failed:
                assert job is None or job.state == JobState.dead
                assert not shown or said.declared == "lost", "what arrived has not failed"
            case _:
                pytest.fail(f"no state of a message that leaves: {state}")

    def phones_are_in_order(self) -> None:
        for shown in self.phones.values():
            numbers = [said.seq for said in shown if not said.again]
            assert numbers == sorted(numbers), "a conversation is heard in its order"

    def windows_agree(self, books: Books) -> None:
        most = {"text": 5, "menu": 3}
        taken: defaultdict[int, int] = defaultdict(int)
        for message in books.messages:
            by_outbox = message.reply_number is not None and message.via == Via.outbox
            if by_outbox and message.state in ("sent", "unknown", "sending"):
                taken[message.reply_to_id or 0] = max(taken[message.reply_to_id or 0], message.reply_number or 0)
        for row in books.allowances:
            kind = self.run(do.message, row.anchor_id).kind
            assert row.used <= most[kind]
            if row.anchor_id in taken and not row.closed:
                assert row.used >= taken[row.anchor_id], "what was taken is counted"


def place_of(draft: Draft) -> Any:
    """A key is one of its recipient's push."""
    return draft.channel_id, draft.reply_to


def lanes_agree(books: Books) -> None:
    alive: defaultdict[int, list[Job]] = defaultdict(list)
    for job in books.jobs:
        if job.state != JobState.dead:
            alive[job.lane_id].append(job)
    for lane in books.lanes:
        waiting = alive[lane.id]
        if lane.leased_until is not None:
            assert lane.leased_by is not None
            assert lane.ready_at == lane.leased_until + timedelta(microseconds=1), "it is ready when its lease ends"
        elif waiting:
            assert lane.ready_at is not None, "no lane with work is forgotten"
            assert lane.ready_at <= waiting[0].not_before, "nor looked at too late"
        running = [job for job in waiting if job.state == JobState.running]
        assert running in ([], waiting[:1]), "one message of a conversation at a time, the first"
        if waiting:
            assert lane.priority <= min(job.priority for job in waiting)


def ride(session: Session, conversation_id: int, now: datetime) -> int | None:
    lane = outbox.lanes_with_work(session, [conversation_id]).get(conversation_id)
    message = outbox.take_first(session, lane, event_id=77, now=now) if lane else None
    return message.id if message else None


def test_the_rules_of_delivery_hold_in_any_order(settings: Settings) -> None:
    with asyncio.Runner() as runner:
        db: Database = runner.run(opened(settings))

        class Machine(Delivery):
            def __init__(self) -> None:
                super().__init__(lambda rule_, *args, **kwargs: runner.run(db.write(rule_, *args, **kwargs)))

        try:
            run_state_machine_as_test(Machine, settings=bounds(EXAMPLES[db.dialect]))
        finally:
            runner.run(db.close())


async def opened(settings: Settings) -> Database:
    return connect(settings)


def bounds(examples: int) -> hypothesis.settings:
    """The same examples in each run, and none is made smaller when it fails: that takes minutes."""
    return hypothesis.settings(
        max_examples=examples, stateful_step_count=40, deadline=None, database=None, derandomize=True,
        phases=[hypothesis.Phase.generate], suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
