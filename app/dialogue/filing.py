"""From decisions to tickets: opened, added to, raised and closed for a whole batch, in the order of its turns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.conversations import callbacks
from app.db.rows import Insert, Write, table_of
from app.dialogue.circumstances import Circumstances
from app.dialogue.promised import ANSWERED_OTHERWISE
from app.dialogue.threads import Thread
from app.dialogue.turn import (
    AddToTicket,
    CallBack,
    CallOff,
    CloseTicket,
    ConfirmTicket,
    Consent,
    Effect,
    NameTicket,
    OpenTicket,
    ReopenTicket,
    ScoreTicket,
    SettleComplaint,
    WantNotice,
)
from app.tickets import returning
from app.tickets import service as tickets
from app.tickets.models import PRESSING, TicketKind, TicketPriority
from app.tickets.service import Addition, NewTicket
from app.tickets.views import TicketRef
from app.viewers.models import Consent as ConsentRow
from app.viewers.models import Identity

_APART = (TicketKind.suggestion, TicketKind.data)
"""Kinds that take up nothing but their own."""
LONGEST_TITLE = 64
"""Characters; viewers can write longer ones between 《》."""
SUGGESTIONS = 10
"""Open suggestions of one conversation; what comes on top is added to the last."""
_insert_consents = Insert(table_of(ConsentRow), ("identity_id", "topic", "granted", "at"))


@dataclass(frozen=True, slots=True)
class Filed:
    event_id: int
    thread: Thread
    effects: tuple[Effect, ...]
    platform: str


@dataclass(frozen=True, slots=True)
class _Known:
    """A ticket that is open, or will be: then its id is 0, and it is known by its event."""

    kind: str
    priority: str
    ticket_id: int = 0
    number: int = 0
    event_id: int = 0
    conversation_id: int | None = None
    """Whose it is, where it is open already: also another one, after a merge or where the viewer named it."""


@dataclass(frozen=True, slots=True)
class _Line:
    ticket: _Known
    kind: str
    author: str
    text: str
    filed: Filed


@dataclass(slots=True)
class Files:
    """What a batch does to tickets, gathered turn by turn."""

    known: Circumstances
    now: datetime
    numbers: dict[int, int] = field(default_factory=dict)
    """By event: the number of the ticket that its turn opened, or that took it up."""
    _open: dict[int, list[_Known]] = field(default_factory=dict)
    _new: list[NewTicket] = field(default_factory=list)
    _lines: list[_Line] = field(default_factory=list)
    _made: dict[int, tuple[int, int]] = field(default_factory=dict)
    _takes: dict[int, _Known] = field(default_factory=dict)
    _pushes: list[tuple[int, bool]] = field(default_factory=list)
    """Identities that agree to value-added pushes, or not any more."""
    _notices: list[tuple[int, _Known]] = field(default_factory=list)
    _callbacks: list[int] = field(default_factory=list)

    def add(self, session: Session, filed: Filed) -> None:
        for effect in filed.effects:
            match effect:
                case OpenTicket():
                    self._open_or_add(session, filed, effect)
                case AddToTicket():
                    self._add(session, filed, effect)
                case CloseTicket(number=number):
                    self._close(session, filed, number)
                case SettleComplaint() | ScoreTicket() | ReopenTicket() | ConfirmTicket():
                    self._look_back(session, filed, effect)
                case WantNotice():
                    self._want_notice(filed)
                case CallBack():
                    self._callbacks.append(filed.thread.conversation_id)
                case CallOff():
                    self._call_off(session, filed)
                case NameTicket():
                    self._name(filed)
                case Consent(granted=granted):
                    self._pushes.append((filed.thread.identity_id, granted))

    def _open_or_add(self, session: Session, filed: Filed, effect: OpenTicket) -> None:
        fitting = _fitting(self._here(filed), effect.kind)
        said = f"{effect.subject}（{effect.details}）" if effect.details else effect.subject
        if fitting is None:
            self._new.append(self._drafted(filed, effect))
            fitting = _Known(effect.kind, effect.priority, event_id=filed.event_id)
            self._here(filed).append(fitting)
            self._lines.append(_Line(fitting, "opened", "bot", said, filed))
        else:
            self._lines.append(_Line(fitting, "added", "viewer", said, filed))
            self._raise(session, filed, fitting, effect)
        self._takes[filed.event_id] = fitting

    def _drafted(self, filed: Filed, effect: OpenTicket) -> NewTicket:
        thread, about = filed.thread, effect.about
        return NewTicket(
            thread.viewer_id, thread.conversation_id, filed.event_id, effect.kind, effect.priority, effect.subject,
            effect.category, effect.due, self.now, filed.platform, effect.dimension,
            about.title and about.title[:LONGEST_TITLE], about.season, about.episode, effect.office,
            effect.days,
        )  # fmt: skip

    def _raise(self, session: Session, filed: Filed, ticket: _Known, effect: OpenTicket) -> None:
        if effect.priority != TicketPriority.high or ticket.priority in PRESSING:
            return
        if ticket.ticket_id:
            tickets.raise_priority(session, ticket.ticket_id, due=effect.due, now=self.now)
        else:
            self._new = [
                replace(new, priority=TicketPriority.high, due_at=effect.due, days=None)
                if new.event_id == ticket.event_id
                else new
                for new in self._new
            ]
        here = self._here(filed)
        here[here.index(ticket)] = replace(ticket, priority=TicketPriority.high)
        self._lines.append(_Line(ticket, "raised", "bot", "", filed))

    def _add(self, session: Session, filed: Filed, effect: AddToTicket) -> None:
        ticket = self._named(filed, effect.number)
        if ticket is None:
            return
        self._lines.append(_Line(ticket, "answered" if effect.due else "added", "viewer", effect.text, filed))
        if effect.due:
            tickets.resume(session, ticket.ticket_id, due=effect.due, now=self.now)

    def _named(self, filed: Filed, number: int | None) -> _Known | None:
        """The viewer's ticket of that number, else the newest of the conversation."""
        here = self._here(filed)
        if number is None:
            return here[-1] if here else None
        own = (*self.known.own_of(filed.thread), *self.known.here(filed.thread))
        view = next((view for view in own if view.number == number), None)
        return _known(view) if view else None

    def _close(self, session: Session, filed: Filed, number: int) -> None:
        ticket = self._named(filed, number)
        if ticket is not None:
            tickets.close_solved(session, ticket.ticket_id, now=self.now)
            self._lines.append(_Line(ticket, "closed", "viewer", "您确认已经解决", filed))
            self._open[filed.thread.conversation_id] = [k for k in self._here(filed) if k.number != number]

    def _look_back(
        self, session: Session, filed: Filed, effect: SettleComplaint | ScoreTicket | ReopenTicket | ConfirmTicket
    ) -> None:
        ticket = self._named(filed, effect.number)
        if ticket is None:
            return
        match effect:
            case SettleComplaint(outcome=outcome, text=text):
                returning.settle(session, ticket.ticket_id, outcome, text, now=self.now)
            case ScoreTicket(score=score):
                returning.score(session, ticket.ticket_id, score, now=self.now)
            case ConfirmTicket(text=text):
                returning.confirm(session, ticket.ticket_id, text, now=self.now)
            case ReopenTicket(text=text, due=due, explains_score=explains):
                returning.reopen(session, ticket.ticket_id, text, due=due, now=self.now, explains_score=explains)

    def _want_notice(self, filed: Filed) -> None:
        wanted = next((k for k in reversed(self._here(filed)) if k.kind == TicketKind.suggestion), None)
        if wanted is not None:
            self._lines.append(_Line(wanted, "wants_notice", "viewer", "", filed))
            self._notices.append((filed.thread.identity_id, wanted))

    def _call_off(self, session: Session, filed: Filed) -> None:
        conversation = filed.thread.conversation_id
        self._callbacks = [each for each in self._callbacks if each != conversation]
        callbacks.drop(session, filed.thread.identity_id)

    def _name(self, filed: Filed) -> None:
        newest = next((known for known in reversed(self._here(filed)) if known.kind not in ANSWERED_OTHERWISE), None)
        if newest is not None:
            self._takes[filed.event_id] = newest

    def _here(self, filed: Filed) -> list[_Known]:
        """The open tickets of the conversation as this batch has made them, oldest first."""
        conversation = filed.thread.conversation_id
        if conversation not in self._open:
            self._open[conversation] = [_known(view) for view in self.known.here(filed.thread)]
        return self._open[conversation]

    def settle(self, session: Session) -> None:
        """Write what must be known before the answers are worded: the new tickets, for their numbers."""
        self._made = tickets.open_many(session, self._new)
        self.numbers = {event: self._resolved(ticket)[1] for event, ticket in self._takes.items()}
        self._consent(session)
        if self._callbacks:
            callbacks.note(session, self._callbacks, now=self.now)

    def _consent(self, session: Session) -> None:
        rows = [(identity, "pushes", granted, self.now) for identity, granted in self._pushes]
        rows += [
            (identity, f"ticket:{self._resolved(ticket)[1]}", True, self.now) for identity, ticket in self._notices
        ]
        if rows:
            _insert_consents(session, rows)
        for identity, granted in self._pushes:  # in the order of the turns: the last word counts
            refused_at = None if granted else self.now
            session.execute(update(Identity).where(Identity.id == identity).values(refused_pushes_at=refused_at))

    def written(self, seqs: Mapping[int, int]) -> Write:
        """What appends the lines to the histories; ``seqs``: the number of each event's message."""
        return tickets.additions([
            Addition(
                self._resolved(line.ticket)[0], line.kind, line.author, line.text, self.now, seqs[line.filed.event_id],
                _elsewhere(line),
            )
            for line in self._lines
        ])  # fmt: skip

    def told(self, session: Session) -> None:
        """Once the histories are written: those who have the tickets hear what their viewers added."""
        tickets.hear(session, {line.ticket.ticket_id for line in self._lines if line.ticket.ticket_id}, now=self.now)

    def _resolved(self, ticket: _Known) -> tuple[int, int]:
        return (ticket.ticket_id, ticket.number) if ticket.ticket_id else self._made[ticket.event_id]


def file(session: Session, filed: Sequence[Filed], known: Circumstances, now: datetime) -> Files:
    files = Files(known, now)
    for one in filed:
        files.add(session, one)
    if filed:
        files.settle(session)
    return files


def _known(view: TicketRef) -> _Known:
    return _Known(view.kind, view.priority, view.ticket_id, view.number, conversation_id=view.conversation_id)


def _elsewhere(line: _Line) -> int | None:
    written_in = line.filed.thread.conversation_id
    return written_in if line.ticket.ticket_id and line.ticket.conversation_id != written_in else None


def _fitting(here: Sequence[_Known], kind: str) -> _Known | None:
    """The open ticket that takes up what would open one of ``kind``: the newest that may."""
    if kind == TicketKind.suggestion:  # each is one of its own, until there are so many that nobody reads them apart
        suggested = [known for known in here if known.kind == kind]
        return suggested[-1] if len(suggested) >= SUGGESTIONS else None
    if kind in (TicketKind.complaint, TicketKind.data):
        return next((known for known in reversed(here) if known.kind == kind), None)
    return next((known for known in reversed(here) if known.kind not in _APART), None)
