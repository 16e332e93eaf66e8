"""What a decision may need besides the conversation itself, loaded once a batch and only where a turn names it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from app.conversations import outbox, routing
from app.dialogue.decide import COUNTED
from app.dialogue.push import Push
from app.dialogue.threads import Thread
from app.dialogue.turn import Decision
from app.faq.knowledge import Action, Intent
from app.jobs import Lane
from app.tickets import service as tickets

_ASKS_TICKETS = frozenset({Action.ticket_progress})
_ASKS_PLACE = frozenset({Action.wait_estimate, Action.hand_over})


@dataclass(slots=True)
class Circumstances:
    lanes: dict[int, Lane]
    """Lanes with work, by conversation."""
    length: int = 0
    """Conversations in the queue, those of this batch included as they come."""
    places: dict[int, int] = field(default_factory=dict)
    numbers: dict[int, list[int]] = field(default_factory=dict)

    def ahead(self, thread: Thread) -> int:
        return self.places.get(thread.conversation_id, self.length)

    def tickets(self, thread: Thread) -> tuple[int, ...]:
        return tuple(self.numbers.get(thread.viewer_id, ()))

    def note(self, thread: Thread, decision: Decision) -> None:
        """Keep the places right for the turns that follow in this batch."""
        if decision.memory.owner == "queue" and thread.memory.owner != "queue":
            self.places[thread.conversation_id] = self.length
            self.length += 1


def load(session: Session, turns: Sequence[tuple[Push, Thread]]) -> Circumstances:
    lanes = outbox.lanes_with_work(session, sorted({thread.conversation_id for _, thread in turns}))
    known = Circumstances(lanes)
    if any(_may_queue(push, thread) for push, thread in turns):
        known.length = routing.queue_length(session, most=COUNTED)
    for push, thread in turns:
        if thread.queued_at is not None and _asks(push, _ASKS_PLACE):
            known.places[thread.conversation_id] = routing.ahead_of(session, thread.queued_at, most=COUNTED)
    asking = sorted({thread.viewer_id for push, thread in turns if _asks(push, _ASKS_TICKETS)})
    if asking:
        known.numbers = tickets.open_of(session, asking)
    return known


def _may_queue(push: Push, thread: Thread) -> bool:
    """Whether the turn can end with a person: an unsure text after a failure, or an intent that is not just said."""
    if push.understanding is None or thread.memory.owner != "bot":
        return False
    found = push.understanding.meant
    return thread.memory.failures > 0 or (isinstance(found, Intent) and found.action is not Action.say)


def _asks(push: Push, wanted: frozenset[Action]) -> bool:
    found = push.understanding.meant if push.understanding else None
    return isinstance(found, Intent) and found.action in wanted
