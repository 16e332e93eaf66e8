"""How the viewer's own tickets stand. Another person's ticket does not exist for him."""

import re
from datetime import datetime

from app.agents.calendars import BEIJING
from app.dialogue import phrases
from app.dialogue.phrases import when
from app.dialogue.reports import waits
from app.dialogue.turn import Decision, Turn, Waits, reply
from app.tickets.complaints import DECIDED
from app.tickets.models import TicketStatus
from app.tickets.views import TicketRef, TicketView

LISTED = 5
_NUMBERED = re.compile(r"(?<![a-zA-Z0-9])[tTＴ]\s?[-—–－_]?\s?(\d{1,9})(?!\d)")
_BARE = re.compile(r"\D{0,8}?(\d{1,9})\D{0,6}")
_WEEKDAY = re.compile(r"(?:周|星期|礼拜)([一二三四五六日天])")


def number_in(text: str, *, bare: bool = False) -> int | None:
    """The ticket's number that a text names: T-1003; ``bare``: also 是1003, where one is expected."""
    found = _NUMBERED.search(text) or (_BARE.fullmatch(text.strip()) if bare else None)
    return int(found[1]) if found else None


def tell(turn: Turn, now: datetime) -> Decision:
    """The ticket that the words name, else the one that they fit best."""
    if turn.in_public:
        return _in_private(turn)
    number = number_in(turn.words, bare=_asked(turn))
    if number is not None:
        return tell_number(turn, now, number)
    unfinished = [view for view in turn.own if view.status != TicketStatus.closed]
    if not unfinished:
        return reply(turn.memory.closed(), phrases.NO_TICKET)
    return _tell(turn, now, max(unfinished, key=lambda view: _fits(view, turn.words)), others=len(unfinished) - 1)


def tell_number(turn: Turn, now: datetime, number: int) -> Decision:
    if turn.in_public:
        return _in_private(turn)
    ticket = next((view for view in turn.own if view.number == number), None)
    if ticket is None:
        memory = turn.memory.but(awaiting=waits(Waits.tickets, now), failures=0)
        return reply(memory, phrases.NOT_YOURS.format(number=number))
    into = going_on(turn, ticket)
    told = _tell(turn, now, into, others=0)
    if into is ticket:
        return told
    merged = phrases.MERGED.format(number=ticket.name, into=into.name)
    return told._replace(says=tuple(say._replace(text=merged + say.text) for say in told.says))


def going_on(turn: Turn, ticket: TicketView) -> TicketView:
    """The one that goes on for it, however often it was merged."""
    while into := next((view for view in turn.own if view.number == ticket.merged_into), None):
        ticket = into
    return ticket


def list_all(turn: Turn, now: datetime) -> Decision:
    if turn.in_public:
        return _in_private(turn)
    listed = [view for view in turn.own if view.merged_into is None]
    if not listed:
        return reply(turn.memory.closed(), phrases.NO_TICKET)
    lines = "\n".join(
        phrases.LINE.format(
            number=view.name, day=phrases.day(view.opened_at), subject=view.short, status=phrases.STATUS[view.status]
        )
        for view in listed[:LISTED]
    )
    memory = turn.memory.but(awaiting=waits(Waits.tickets, now), failures=0)
    return reply(memory, phrases.LIST.format(tickets=lines))


def tell_due(turn: Turn, now: datetime) -> Decision:
    """Until when an answer is promised: for what this conversation is about, else for the newest."""
    if turn.in_public:
        return _in_private(turn)
    unfinished = [view for view in turn.own if view.status != TicketStatus.closed]
    waiting: list[TicketRef] = [view for view in (*reversed(turn.here), *unfinished) if view.due_at]
    if not waiting:
        return reply(turn.memory.closed(), phrases.NO_DUE)
    ticket = next((view for view in waiting if view.kind == "complaint"), waiting[0])
    assert ticket.due_at is not None
    wording = phrases.DUE if ticket.due_at > now else phrases.DUE_OVER
    return reply(turn.memory.but(failures=0), wording.format(number=ticket.name, due=when(ticket.due_at, now)))


def _in_private(turn: Turn) -> Decision:
    """What somebody reported is nobody else's business: in a group it is not told."""
    return reply(turn.memory, phrases.IN_PRIVATE)


def _tell(turn: Turn, now: datetime, ticket: TicketView, *, others: int) -> Decision:
    if ticket.asked:
        said = phrases.ASKED.format(number=ticket.name, subject=ticket.short, asked=ticket.asked)
        kind = Waits.decision if ticket.complaint in DECIDED else Waits.answer
        return reply(turn.memory.but(awaiting=waits(kind, now, str(ticket.number)), failures=0), said)
    said = phrases.PROGRESS.format(
        number=ticket.name, subject=ticket.short, status=phrases.STATUS[ticket.status], step=_last_step(ticket, now),
        promise=_promise(ticket, now),
    )  # fmt: skip
    if others:
        said += phrases.OTHERS.format(count=others)
    return reply(turn.memory.but(awaiting=waits(Waits.tickets, now), failures=0), said)


def _promise(ticket: TicketView, now: datetime) -> str:
    if ticket.status == TicketStatus.closed or ticket.due_at is None:
        return ""
    wording = phrases.PROMISE if ticket.due_at > now else phrases.OVERDUE
    return wording.format(due=when(ticket.due_at, now))


def _last_step(ticket: TicketView, now: datetime) -> str:
    """What happened last, as far as it is for the viewer."""
    if ticket.last is None or ticket.last.kind not in phrases.STEPS:
        return ""
    text = ticket.last.text.rstrip("。")
    return phrases.STEPS[ticket.last.kind].format(at=when(ticket.last.at, now), text=text or "已处理")


def _fits(ticket: TicketView, words: str) -> float:
    """Shared pairs of characters, and the weekday that is named; of equals the newest stands first."""
    pairs = {words[i : i + 2] for i in range(len(words) - 1)}
    shared = sum(pair in ticket.subject for pair in pairs)
    weekday = _WEEKDAY.search(words)
    opened = "一二三四五六日"[ticket.opened_at.astimezone(BEIJING).weekday()]
    return shared + (3 if weekday and weekday[1].replace("天", "日") == opened else 0)


def _asked(turn: Turn) -> bool:
    return turn.memory.awaiting is not None and turn.memory.awaiting.kind == Waits.tickets
