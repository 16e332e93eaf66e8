"""What becomes a ticket: hand-overs, complaints, urgent matters, suggestions, requests, and what is added to them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.channels.content import Image
from app.dialogue import phrases
from app.dialogue.phrases import when
from app.dialogue.rules import Rules
from app.dialogue.turn import (
    AddToTicket,
    Awaiting,
    CallBack,
    CallOff,
    Decision,
    Effect,
    Memory,
    NameTicket,
    OpenTicket,
    Said,
    Say,
    Turn,
    Waits,
    WantNotice,
    reply,
    silent,
)
from app.faq.knowledge import INTENT_PREFIX, Action, Entry, Intent
from app.matching.entities import Slots
from app.tickets.classifying import dimension_of
from app.tickets.models import PRESSING, TicketKind, TicketPriority
from app.tickets.views import TicketRef, TicketView

COUNTED = 100
"""The queue is counted up to here."""
PATIENCE = 30 * 60
"""Seconds for which a question of the bot can be answered."""
SUBJECT = 80
_JUST_NOW = timedelta(minutes=10)
_BARE = 6
"""Characters up to which a text that calls a person says nothing of the matter."""
_TELLING = 12
"""Characters from which on a text that speaks of a suggestion is one."""


# -------------------- to a person


def hand_over(
    turn: Turn, rules: Rules, now: datetime, wording: str = phrases.HANDED_OVER, kind: str = "inquiry"
) -> Decision:
    """To the queue; where nobody is there a ticket is made, and the bot keeps the conversation until somebody is."""
    ticket = new_ticket(turn, rules, now, kind, _matter(turn, rules, kind) or "转人工", category=turn.memory.last_entry)
    if is_served(turn, rules, now):
        said = wording.replace("{place}", place(turn))
        return Decision(Said.handed_over, _queued(turn), (Say(said),), (ticket,))
    closed = phrases.UNMANNED if rules.is_open(now) else phrases.CLOSED
    said = closed.format(
        hours=rules.calendar.describe(), opens=when(rules.calendar.opens_at(now), now), ticket=phrases.TICKET,
        due=when(_due(turn, ticket), now),
    )  # fmt: skip
    memory = turn.memory.but(awaiting=waits(Waits.details, now), failures=0)
    return Decision(Said.handed_over, memory, (Say(said),), (ticket, CallBack()))


def is_served(turn: Turn, rules: Rules, now: datetime) -> bool:
    """Whether the viewer can be promised a person now."""
    return turn.is_manned and rules.is_open(now)


def tell_when(turn: Turn, rules: Rules, now: datetime) -> Decision:
    """When a person comes to somebody who is not in the queue: who was promised one hears that it stands."""
    promised = turn.promised
    if promised is None:
        return reply(turn.memory, phrases.NOT_WAITING)
    if not rules.is_open(now):
        wording = phrases.PROMISED_CLOSED
    else:
        wording = phrases.PROMISED_SOON if turn.is_manned else phrases.PROMISED_UNMANNED
    opens, hours = when(rules.calendar.opens_at(now), now), rules.calendar.describe()
    return _of_promised(turn, promised, wording, opens=opens, hours=hours)


def call_off(turn: Turn, rules: Rules) -> Decision:
    """He does not want to wait: nobody is sent to him, but what he reported is followed. Not who may be in danger."""
    last = last_spoken_of(turn, rules)
    if turn.promised is None:
        return reply(turn.memory, phrases.NOT_WAITING)
    if isinstance(last, Intent) and last.action is Action.care:
        return stay_with(turn, turn.here[-1] if turn.here else None)
    return _of_promised(turn, turn.promised, phrases.CALLED_OFF, CallOff())


def _of_promised(turn: Turn, ticket: TicketRef, wording: str, *effects: Effect, **said: str) -> Decision:
    number, named = (ticket.name, ()) if ticket.number else (phrases.TICKET, (NameTicket(),))
    return reply(turn.memory, wording.format(number=number, **said), *effects, *named)


def _called_back(turn: Turn, rules: Rules, now: datetime, *effects: Effect) -> tuple[Effect, ...]:
    """With a person's word as soon as one is there, where none is now."""
    return effects if is_served(turn, rules, now) else (*effects, CallBack())


def care(turn: Turn, intent: Intent, rules: Rules, now: datetime) -> Decision:
    """Words first; then whoever is there."""
    ticket = new_ticket(turn, rules, now, "inquiry", turn.words, priority=TicketPriority.high, details="可能有危险")
    danger = INTENT_PREFIX + intent.id
    memory = turn.memory.but(awaiting=waits(Waits.details, now), failures=0, last_entry=danger)
    if is_served(turn, rules, now):
        memory = _queued(turn, danger)
    return Decision(Said.handed_over, memory, (Say(intent.replies[0]),), _called_back(turn, rules, now, ticket))


def stay_with(turn: Turn, ticket: TicketRef | None) -> Decision:
    """Somebody in danger goes on writing: never “added to your ticket”."""
    added = AddToTicket(turn.words or _named(turn), ticket.number if ticket else None)
    return reply(turn.memory, phrases.CARED_FOR, added, said=Said.acknowledged)


def urgent(turn: Turn, entry: Entry, rules: Rules, now: datetime, said: Say) -> Decision:
    """The steps that help at once, and a ticket that goes first."""
    ticket = new_ticket(turn, rules, now, "fault", turn.words, priority=TicketPriority.high, category=entry.id)
    noted = phrases.URGENT.format(ticket=phrases.TICKET, due=when(_due(turn, ticket), now))
    memory = turn.memory.but(awaiting=waits(Waits.details, now), failures=0, last_entry=entry.id, repeats=0)
    effects = _called_back(turn, rules, now, ticket)
    return Decision(Said.answered, memory, (Say(f"{said.text}\n{noted}", said.source),), effects)


def urgent_goes_on(turn: Turn, entry: Entry, rules: Rules, now: datetime, ticket: TicketRef) -> Decision:
    """More of an urgent matter: what helps most once more, and a person at once where one is there."""
    if turn.memory.repeats > 0 or not turn.words:
        return note(turn, now, ticket)
    steps = f"{entry.again[0]}\n" if entry.again else ""
    added = AddToTicket(turn.words, ticket.number)
    if is_served(turn, rules, now):
        said = steps + phrases.URGENT_HANDED_OVER.format(place=place(turn), number=ticket.name)
        memory = _queued(turn, entry.id).but(repeats=1)
        return Decision(Said.handed_over, memory, (Say(said),), (added,))
    due = when(ticket.due_at, now) if ticket.due_at else when(rules.calendar.opens_at(now), now)
    said = steps + phrases.NOTED_URGENT.format(number=ticket.name, due=due)
    memory = turn.memory.but(awaiting=waits(Waits.details, now), repeats=1)
    return reply(memory, said, added, CallBack(), said=Said.acknowledged)


def alarm(turn: Turn, intent: Intent, rules: Rules, now: datetime) -> Decision:
    """An urgent matter whatever was asked beside it; the category is what the text matched."""
    found = turn.meant
    category = found.id if isinstance(found, Entry) else None
    ticket = new_ticket(turn, rules, now, "refund", turn.words, priority=TicketPriority.high, category=category)
    said = intent.replies[0].replace("{due}", when(_due(turn, ticket), now))
    memory = turn.memory.but(awaiting=waits(Waits.details, now), failures=0, last_entry=category, repeats=-1)
    return Decision(Said.replied, memory, (Say(said),), _called_back(turn, rules, now, ticket))


# -------------------- what is recorded


def complain(turn: Turn, rules: Rules, now: datetime) -> Decision:
    """A formal complaint: its number, who is in charge, and the day of the answer."""
    about = turn.memory.awaiting.about if turn.memory.awaiting else ""
    more = turn.words if len(turn.words) > _BARE or not about else ""
    subject = "：".join(filter(None, (about, more))) or "投诉"
    ticket = new_ticket(turn, rules, now, "complaint", subject, priority=TicketPriority.high)
    due = next((known.due_at for known in turn.here if known.kind == "complaint" and known.due_at), ticket.due)
    said = phrases.COMPLAINT.format(
        ticket=phrases.TICKET, office=rules.promises.complaint_office, due=when(due, now)
    )  # fmt: skip
    return reply(turn.memory.but(awaiting=waits(Waits.details, now), failures=0), said, ticket)


def request_data(turn: Turn, rules: Rules, now: datetime) -> Decision:
    ticket = new_ticket(turn, rules, now, "data", turn.words or "个人信息请求", category="account.privacy")
    said = phrases.DATA_REQUEST.format(ticket=phrases.TICKET, due=when(ticket.due, now))
    return reply(turn.memory.but(awaiting=waits(Waits.details, now), failures=0), said, ticket)


def suggest(turn: Turn, rules: Rules, now: datetime) -> Decision:
    """Record what is a suggestion by itself; ask for it where the viewer only says that there is one."""
    understanding = turn.understanding
    bare = understanding is None or understanding.match.exact or len(understanding.text.strip()) < _TELLING
    if bare and not _is_waited(turn, Waits.suggestion):
        return reply(turn.memory.but(awaiting=waits(Waits.suggestion, now), failures=0), phrases.ASK_SUGGESTION)
    return record_suggestion(turn, rules, now)


def record_suggestion(turn: Turn, rules: Rules, now: datetime) -> Decision:
    ticket = new_ticket(turn, rules, now, "suggestion", turn.words, category="content.suggest")
    memory = turn.memory.but(awaiting=waits(Waits.notice, now), failures=0)
    return reply(memory, phrases.SUGGESTED, ticket)


def want_notice(turn: Turn) -> Decision:
    return reply(turn.memory.closed(), phrases.WILL_TELL, WantNotice())


# -------------------- what is added


def note(turn: Turn, now: datetime, ticket: TicketRef) -> Decision:
    """The viewer tells more about what is open: words, or anything else that came."""
    added = AddToTicket(turn.words or _named(turn), ticket.number)
    memory = turn.memory.but(awaiting=waits(Waits.details, now), failures=0)
    if not turn.words:
        wording = phrases.EVIDENCE if isinstance(turn.content, Image) else phrases.KEPT
        return reply(memory, wording.format(number=ticket.name), added, said=Said.acknowledged)
    if ticket.priority in PRESSING and ticket.kind != "complaint" and ticket.due_at:
        said = phrases.NOTED_URGENT.format(number=ticket.name, due=when(ticket.due_at, now))
        return reply(memory, said, added, said=Said.acknowledged)
    return reply(memory, phrases.NOTED.format(number=ticket.name), added, said=Said.acknowledged)


def answer_ticket(turn: Turn, rules: Rules, now: datetime, ticket: TicketView) -> Decision:
    """What its agent asked is answered: the work goes on, and the promise begins anew."""
    due = rules.due(ticket.kind, ticket.priority, now)
    added = AddToTicket(turn.words or _named(turn), ticket.number, due)
    said = phrases.ANSWERED.format(number=ticket.name, due=when(due, now))
    return reply(turn.memory.closed(), said, added, said=Said.acknowledged)


def add_in_queue(turn: Turn, rules: Rules) -> Decision:
    """Told once that it arrives; everything is added."""
    text = turn.words or _named(turn)
    if not text:
        return silent(turn)
    effects = (AddToTicket(text),)
    last = last_spoken_of(turn, rules)
    if isinstance(last, Intent) and last.action is Action.care:
        return stay_with(turn, None)
    if isinstance(turn.content, Image) and turn.here:
        return reply(turn.memory, phrases.EVIDENCE.format(number=turn.here[-1].name), *effects, said=Said.acknowledged)
    if isinstance(last, Entry) and last.urgent and 0 <= turn.memory.repeats < len(last.again):
        said = f"{last.again[turn.memory.repeats]}\n{phrases.ADDED_URGENT}"
        memory = turn.memory.but(repeats=turn.memory.repeats + 1, acknowledged=True)
        return reply(memory, said, *effects, said=Said.acknowledged)
    if turn.memory.acknowledged:
        return Decision(Said.acknowledged, turn.memory, effects=effects)
    is_urgent = any(view.priority in PRESSING and view.kind != "complaint" for view in turn.here)
    wording = phrases.ADDED_URGENT if is_urgent else phrases.ADDED
    return Decision(Said.acknowledged, turn.memory.but(acknowledged=True), (Say(wording),), effects)


# -------------------- pieces


def new_ticket(
    turn: Turn, rules: Rules, now: datetime, kind: str, subject: str, *,
    priority: str = TicketPriority.normal, category: str | None = None, details: str = "",
) -> OpenTicket:  # fmt: skip
    known = "，".join(filter(None, (details, described(turn.memory.heard), happened(turn.memory.heard, now))))
    said, due = subject[:SUBJECT], rules.due(kind, priority, now)
    dimension = dimension_of(kind, category, said)
    promises = rules.promises
    office, days = (
        (promises.complaint_office, promises.complaint_days) if kind == TicketKind.complaint else ("", None)
    )  # fmt: skip
    return OpenTicket(kind, said, due, priority, category, known, office, turn.memory.heard, dimension, days)


def described(heard: Slots) -> str:
    """What was named in the conversation, as it stands in a ticket."""
    named: Sequence[tuple[object, str]] = (
        (heard.title, "《{}》"), (heard.season, "第 {} 季"), (heard.episode, "第 {} 集"),
        (heard.error_code, "错误码 {}"), (heard.device and phrases.DEVICES[heard.device], "{}"),
    )  # fmt: skip
    return " ".join(wording.format(value) for value, wording in named if value)


def happened(heard: Slots, now: datetime) -> str:
    """The time that was named, as it stands in a ticket; none where it is that of the ticket itself."""
    if heard.moment is None:
        return ""
    start, end = heard.moment.on(now)
    return "" if start == end and abs(now - start) < _JUST_NOW else phrases.moment(heard.moment, now)


def waits(kind: Waits, now: datetime, *options: str, about: str = "") -> Awaiting:
    return Awaiting(kind, options, int(now.timestamp()) + PATIENCE, about[:SUBJECT])


def position(turn: Turn) -> str:
    """As ``place``, where nobody comes for now."""
    return phrases.place(turn.ahead, None, most=COUNTED)


def place(turn: Turn) -> str:
    """Which place the viewer has in the queue, and how long that takes as far as it is known."""
    return phrases.place(turn.ahead, turn.expected, most=COUNTED)


def _queued(turn: Turn, last: str | None = None) -> Memory:
    return Memory(owner="queue", heard=turn.memory.heard, last_entry=last)


def _matter(turn: Turn, rules: Rules, kind: str) -> str:
    """What it is about: a “yes”, “no”, “a person” or “still broken” speaks of what was said before."""
    about = turn.memory.awaiting.about if turn.memory.awaiting else ""
    last = last_spoken_of(turn, rules)
    found = turn.meant
    before = about or (last.title if last else "")
    if before and (about or isinstance(found, Intent) or kind == TicketKind.fault):
        return before if len(turn.words) <= _BARE else f"{before}：{turn.words}"
    return turn.words


def _due(turn: Turn, ticket: OpenTicket) -> datetime:
    """The promise that stands: that of the open ticket which takes the words up, where it is the sooner one."""
    known = [view.due_at for view in turn.here if view.kind != "suggestion" and view.due_at]
    return min([ticket.due, *known[-1:]])


def last_spoken_of(turn: Turn, rules: Rules) -> Entry | Intent | None:
    """The entry that was answered last, or the danger that was met."""
    last = turn.memory.last_entry
    return rules.brain.target(last) if last and rules.brain.knows(last) else None


def _is_waited(turn: Turn, kind: Waits) -> bool:
    return turn.memory.awaiting is not None and turn.memory.awaiting.kind == kind


_NAMES: dict[str, str] = {"image": "图片", "voice": "语音", "video": "视频", "location": "位置", "link": "链接"}


def _named(turn: Turn) -> str:
    name = _NAMES.get(turn.content.kind)
    return f"[{name}]" if name else ""
