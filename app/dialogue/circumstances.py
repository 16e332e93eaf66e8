"""What a decision may need besides the conversation itself, loaded once a batch and only where a turn names it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import literal_column, null, select
from sqlalchemy.orm import Session

from app.conversations import outbox, outlook, pending, queue, wanted
from app.conversations.outlook import Outlook
from app.db.driver import Prepared
from app.db.rows import table_of
from app.db.sql import is_any
from app.dialogue import afterwards, promised
from app.dialogue.progress import number_in
from app.dialogue.push import Push
from app.dialogue.reports import COUNTED
from app.dialogue.threads import Thread
from app.dialogue.turn import Awaiting, CallBack, CallOff, Decision, Waits
from app.dialogue.waiting import ASKS_OWN_TICKETS
from app.faq.knowledge import INTENT_PREFIX, Action, Intent
from app.jobs.lanes import HAS_WORK
from app.jobs.models import Lane, Priority
from app.tickets import views
from app.tickets.models import Ticket, TicketKind, TicketPriority
from app.tickets.views import TicketRef, TicketView

_ASKS_TICKETS = frozenset({Action.ticket_progress, Action.my_tickets, Action.answer_due})
_ASKS_PLACE = frozenset({Action.wait_estimate, Action.hand_over})
_ASKS_WHEN = frozenset({Action.wait_estimate, Action.cancel_queue})
_BY_PEOPLE = Priority.agent.rank


_lane = table_of(Lane).c
_row = table_of(outlook.QueueOutlook).c
_TICKET = (*views.OPEN, table_of(Ticket).c.merged_into_id)
_NONE = [null() for _ in _TICKET[1:]]
LOOK = Prepared(
    # The tickets first: a union has the types of its first part.
    select(literal_column("'ticket'"), *_TICKET)
    .where(is_any(_TICKET[0], "conversations"), views.GOES_ON)
    .union_all(
        select(literal_column("'lane'"), _lane.subject_id, *_NONE).where(
            _lane.topic == literal_column(f"'{pending.TOPIC}'"), is_any(_lane.subject_id, "conversations"), HAS_WORK
        ),
        select(literal_column("'queue'"), queue.waiting().scalar_subquery(), *_NONE),
        select(literal_column("'outlook'"), _row.there, _row.free, _row.pace_ms, null(), null(), _row.at, null()).where(
            _row.id == literal_column(str(outlook.ONLY))
        ),
    )
)
"""One statement, as each costs a round trip of the batch; it takes no lock.

Nothing is overlooked that must be seen: who enqueues for a conversation, or opens a ticket in it, holds the
conversation's lock, as the batch does.
"""


@dataclass(slots=True)
class Circumstances:
    lanes: dict[int, Lane]
    """Lanes with work, locked, by conversation."""
    tickets: dict[int, list[TicketRef]]
    """The open tickets, oldest first, by conversation; also those of another one in which its own go on."""
    length: int
    """Conversations in the queue, those of this batch included as they come; 0 where nobody may join it."""
    places: dict[int, int] = field(default_factory=dict)
    outlook: Outlook | None = None
    """None: not known."""
    unmanned: set[int] = field(default_factory=set)
    """Conversations of the queue that are for somebody who is not there."""
    promised: dict[int, TicketRef] = field(default_factory=dict)
    """By conversation with the bot: the ticket under which its viewer is promised a person's word, where he may ask."""
    own: dict[int, list[TicketView]] = field(default_factory=dict)
    """The tickets of the viewers who ask for theirs, newest first."""

    def ahead(self, thread: Thread) -> int:
        return self.places.get(thread.conversation_id, self.length)

    def is_unmanned(self, thread: Thread) -> bool:
        return thread.conversation_id in self.unmanned

    def is_unseen(self, thread: Thread) -> bool:
        lane = self.lanes.get(thread.conversation_id)
        return lane is not None and lane.priority <= _BY_PEOPLE

    def expected(self, thread: Thread) -> timedelta | None:
        """How long the viewer waits for a person in his place."""
        return self.outlook.expected(self.ahead(thread)) if self.outlook is not None else None

    def here(self, thread: Thread) -> tuple[TicketRef, ...]:
        return tuple(self.tickets.get(thread.conversation_id, ()))

    def own_of(self, thread: Thread) -> tuple[TicketView, ...]:
        return tuple(self.own.get(thread.viewer_id, ()))

    def note(self, thread: Thread, decision: Decision) -> None:
        """Keep the places and promises right for the turns that follow in this batch."""
        if decision.memory.owner == "queue" and thread.memory.owner != "queue":
            self.places[thread.conversation_id] = self.length
            self.length += 1
        for effect in decision.effects:
            if isinstance(effect, CallBack):
                kind, conversation = TicketKind.inquiry, thread.conversation_id
                self.promised.setdefault(conversation, TicketRef(conversation, 0, 0, kind, TicketPriority.normal, None))
            elif isinstance(effect, CallOff):
                self.promised.pop(thread.conversation_id, None)


def load(session: Session, turns: Sequence[tuple[Push, Thread]], *, now: datetime) -> Circumstances:
    most = COUNTED if any(_may_queue(push, thread) for push, thread in turns) else 0
    known = _look(session, sorted({thread.conversation_id for _, thread in turns}), most, now)
    for push, thread in turns:
        if thread.queued_at is not None and _asks(push, _ASKS_PLACE):
            known.places[thread.conversation_id] = queue.ahead_of(session, thread.conversation_id, most=COUNTED)
            if known.outlook is not None and not wanted.is_there(session, thread.conversation_id, now=now):
                known.unmanned.add(thread.conversation_id)
        elif _may_ask_when(push, thread) and (ticket := promised.under(session, thread.identity_id)) is not None:
            known.promised[thread.conversation_id] = ticket
    asking = sorted({thread.viewer_id for push, thread in turns if _asks_tickets(push, thread)})
    if asking:
        known.own = views.of_viewers(session, asking)
    return known


def _look(session: Session, conversations: Sequence[int], most: int, now: datetime) -> Circumstances:
    busy: list[int] = []
    merged: list[tuple[int, int]] = []
    known = Circumstances({}, {}, 0)
    for what, subject, *ticket in LOOK(session, conversations=conversations, most=most):
        if what == "lane":
            busy.append(subject)
        elif what == "ticket":
            *own, into = ticket
            if into is None:
                known.tickets.setdefault(subject, []).append(TicketRef(subject, *own))
            else:
                merged.append((subject, into))
        elif what == "outlook":
            there, (free, pace, *_, at, _) = subject, ticket
            found = Outlook(at, there, free, pace)
            known.outlook = found if found.is_valid(now) else None
        else:
            known.length = subject
    if busy:
        known.lanes = outbox.lanes_with_work(session, sorted(busy))
    if merged:
        _add_going_on(session, known, merged)
    for open_here in known.tickets.values():
        open_here.sort(key=lambda view: view.ticket_id)
    return known


def _add_going_on(session: Session, known: Circumstances, merged: Sequence[tuple[int, int]]) -> None:
    """``merged``: conversations, each with what a ticket of it was merged into. One statement, for those few."""
    found = views.going_on(session, {into for _, into in merged})
    for conversation, into in merged:
        here = known.tickets.setdefault(conversation, [])
        if into in found and found[into] not in here:
            here.append(found[into])


def _may_queue(push: Push, thread: Thread) -> bool:
    """Whether the turn can end with a person: an unsure text after a failure, or an intent that is not just said."""
    if push.understanding is None or thread.memory.owner != "bot":
        return False
    memory, understanding = thread.memory, push.understanding
    if memory.failures or memory.awaiting or understanding.flag:
        return True
    found = understanding.may_mean
    return isinstance(found, Intent) and found.action is not Action.say


def _asks(push: Push, wanted: frozenset[Action]) -> bool:
    found = push.understanding.may_mean if push.understanding else None
    return isinstance(found, Intent) and found.action in wanted


def _may_ask_when(push: Push, thread: Thread) -> bool:
    """Whether the turn may ask when a person comes, or chooses what asks it."""
    waited = thread.memory.awaiting
    chooses = waited is not None and any(option.startswith(INTENT_PREFIX) for option in waited.options)
    return thread.memory.owner == "bot" and (chooses or _asks(push, _ASKS_WHEN))


def _asks_tickets(push: Push, thread: Thread) -> bool:
    """Whether the turn may speak of the viewer's tickets."""
    waited = thread.memory.awaiting
    if waited is not None and (waited.kind in ASKS_OWN_TICKETS or _offers_tickets(waited)):
        return True
    understanding = push.understanding
    if understanding is None:
        return False
    if afterwards.may_look_back(understanding):
        return True
    return _asks(push, _ASKS_TICKETS) or (understanding.meant is None and number_in(understanding.text) is not None)


def _offers_tickets(waited: Awaiting) -> bool:
    """Whether one of the choices may lead to the viewer's tickets."""
    return waited.kind == Waits.choice and any(
        option.startswith(("ticket.", INTENT_PREFIX)) for option in waited.options
    )
