"""The one transaction of the way in: store a batch of pushes, decide them in order, write what follows.

Order within a conversation, harmless repeats and “the bot does not talk over the agent” are all properties of this
transaction: events first (repeats fall out), then conversations locked in id order, then lanes, then replies that are
said again. All processes lock in this order, or two that get the same repeats would wait for each other.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.channels.base import Inbound
from app.conversations.models import EventState
from app.dialogue import actions, arrivals, circumstances, events, people, repeats, settled_pushes, threads
from app.dialogue.decide import decide, talks
from app.dialogue.people import Met, Sender
from app.dialogue.push import ACKNOWLEDGED, Answer, Fate, Key, Push
from app.dialogue.rules import Rules
from app.dialogue.threads import Thread
from app.dialogue.turn import Memory, Turn


def handle(session: Session, pushes: Sequence[Push], rules: Rules, *, now: datetime) -> list[Answer]:
    """Store and decide; answers in the order of the pushes. Keys are unique within a batch."""
    came = arrivals.receive(session, pushes, guests={push.who for push in pushes if _asks(push)}, now=now)
    new, answers, fresh = came.new, {}, []
    for push in pushes:
        if push.key not in new:
            continue
        if push.who in came.met.in_backlog:
            answers[push.key] = Answer(Fate.deferred)
        else:
            fresh.append((push, new[push.key]))
    if answers:
        events.postpone(session, [new[key] for key in answers])
    answers |= _decide_all(session, fresh, came.met, rules, now, came.locked)
    answers |= _repeated(session, pushes, new, now)
    return [answers.get(push.key, ACKNOWLEDGED) for push in pushes]


def store_only(session: Session, pushes: Sequence[Push], *, now: datetime) -> list[Answer]:
    """Under pressure: keep the events, decide them later from the backlog."""
    kept = events.store(session, pushes, EventState.stored)
    known = _repeated(session, pushes, kept, now)
    return [known.get(push.key, Answer(Fate.deferred)) for push in pushes]


def _repeated(session: Session, pushes: Sequence[Push], new: Collection[Key], now: datetime) -> dict[Key, Answer]:
    return repeats.answer(session, [push for push in pushes if push.key not in new], now=now)


def catch_up(session: Session, stored: Sequence[tuple[int, Push]], rules: Rules, *, now: datetime) -> int:
    """Decide events of the backlog, in order; returns how many were still undecided."""
    undecided = events.lock_stored(session, [event_id for event_id, _ in stored])
    todo = [(push, event_id) for event_id, push in stored if event_id in undecided]
    _decide_all(session, todo, people.meet(session, {push.who for push, _ in todo}), rules, now)
    events.finish(session, sorted(undecided))
    return len(undecided)


def _decide_all(
    session: Session,
    stored: Sequence[tuple[Push, int]],
    met: Met,
    rules: Rules,
    now: datetime,
    locked: dict[Sender, Thread] | None = None,
) -> dict[Key, Answer]:
    actions.note_presence(session, [push for push, _ in stored])
    actions.note_reports(session, [push for push, _ in stored], now)
    actions.note_switches(session, [push for push, _ in stored], now)
    settled_pushes.expect(session, stored, now)
    actions.note_recalls(session, [push for push, _ in stored], now)
    todo = [(push, event_id) for push, event_id in stored if _asks(push)]
    if not todo:
        return {}
    found = threads.load(session, {push.who for push, _ in todo}, met, now=now, silence=rules.silence, locked=locked)
    known = circumstances.load(session, [(push, found[push.who]) for push, _ in todo], now=now)
    book = actions.Book(known, now)
    for push, event_id in todo:
        thread = found[push.who]
        assert isinstance(push.message, Inbound)
        turn = Turn(
            push.message.content, push.understanding, _hearing(push, thread, now),
            ahead=known.ahead(thread),
            here=known.here(thread),
            own=known.own_of(thread),
            promised=known.promised.get(thread.conversation_id),
            more=book.waits(thread),
            unseen=known.is_unseen(thread),
            burst=rules.pace.count(push.who, now),
            in_public=push.message.in_public,
            has_agent=thread.has_agent,
            is_manned=rules.is_manned(known.outlook, for_absent=known.is_unmanned(thread)),
            expected=known.expected(thread),
        )  # fmt: skip
        decision = decide(turn, rules, now)
        known.note(thread, decision)
        book.enter(push, event_id, thread, decision)
    return book.write(session)


def _hearing(push: Push, thread: Thread, now: datetime) -> Memory:
    """What is remembered, with what the message itself names."""
    return thread.memory.hearing(push.understanding.slots.settled(now)) if push.understanding else thread.memory


def _asks(push: Push) -> bool:
    return isinstance(push.message, Inbound) and talks(push.message.content)
