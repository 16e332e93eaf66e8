"""The one transaction of the way in: store a batch of pushes, decide them in order, write what follows.

Order within a conversation, harmless repeats and “the bot does not talk over the agent” are all properties of this
transaction: events first (repeats fall out), then conversations locked in id order, then lanes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.channels.base import Inbound
from app.conversations import outbox
from app.conversations.models import EventState
from app.dialogue import actions, circumstances, events, repeats, threads
from app.dialogue.decide import decide, talks
from app.dialogue.push import ACKNOWLEDGED, Answer, Fate, Push
from app.dialogue.turn import Turn
from app.dialogue.understand import Brain


@dataclass(frozen=True, slots=True)
class Rules:
    """What a batch is decided by besides the pushes themselves."""

    brain: Brain
    silence: timedelta


def handle(
    session: Session, pushes: Sequence[Push], rules: Rules, *, handed_over: Sequence[int], now: datetime
) -> list[Answer]:
    """Store and decide; answers in the order of the pushes. Keys are unique within a batch.

    ``handed_over`` are passive replies of earlier batches whose responses have left: they become ``sent`` here, in a
    transaction that is paid for anyway.
    """
    outbox.mark_sent(session, handed_over, now=now)
    waiting = events.senders_in_backlog(session, pushes)
    later = [push for push in pushes if (push.channel_id, push.sender) in waiting]
    now_or_never = [push for push in pushes if (push.channel_id, push.sender) not in waiting]
    deferred = events.store(session, later, EventState.stored)
    fresh = events.store(session, now_or_never, EventState.handled)
    answers = dict.fromkeys(deferred, Answer(Fate.deferred))
    known = [push for push in pushes if push.key not in fresh and push.key not in deferred]
    answers |= repeats.answer(session, known, now=now)
    answers |= _decide_all(session, [(push, fresh[push.key]) for push in now_or_never if push.key in fresh], rules, now)
    return [answers.get(push.key, ACKNOWLEDGED) for push in pushes]


def store_only(session: Session, pushes: Sequence[Push], *, handed_over: Sequence[int], now: datetime) -> list[Answer]:
    """Under pressure: keep the events, decide them later from the backlog."""
    outbox.mark_sent(session, handed_over, now=now)
    kept = events.store(session, pushes, EventState.stored)
    known = repeats.answer(session, [push for push in pushes if push.key not in kept], now=now)
    return [known.get(push.key, Answer(Fate.deferred)) for push in pushes]


def catch_up(session: Session, stored: Sequence[tuple[int, Push]], rules: Rules, *, now: datetime) -> int:
    """Decide events of the backlog, in order; returns how many were still undecided."""
    undecided = events.lock_stored(session, [event_id for event_id, _ in stored])
    todo = [(push, event_id) for event_id, push in stored if event_id in undecided]
    _decide_all(session, todo, rules, now)
    events.finish(session, sorted(undecided))
    return len(undecided)


def _decide_all(
    session: Session, stored: Sequence[tuple[Push, int]], rules: Rules, now: datetime
) -> dict[tuple[int, str], Answer]:
    actions.note_presence(session, [push for push, _ in stored])
    todo = [(push, event_id) for push, event_id in stored if _asks(push)]
    if not todo:
        return {}
    senders = {(push.channel_id, push.sender) for push, _ in todo}
    found = threads.load(session, senders, now=now, silence=rules.silence)
    known = circumstances.load(session, [(push, found[push.channel_id, push.sender]) for push, _ in todo], rules.brain)
    book = actions.Book(known.lanes, now)
    for push, event_id in todo:
        thread = found[push.channel_id, push.sender]
        assert isinstance(push.message, Inbound)
        turn = Turn(
            push.message.content, push.understanding, thread.memory,
            ahead=known.ahead(thread),
            open_tickets=known.tickets(thread),
            more=book.waits(thread),
        )  # fmt: skip
        decision = decide(turn, rules.brain, now)
        known.note(thread, decision)
        book.enter(push, event_id, thread, decision)
    answers = book.write(session)
    threads.save(session, list(found.values()))
    return answers


def _asks(push: Push) -> bool:
    return isinstance(push.message, Inbound) and talks(push.message.content)
