"""What the viewer says to what the bot asked; who moves on to something else is followed there."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime

from app.dialogue import afterwards, answers, phrases, progress, reports
from app.dialogue.choice import chosen
from app.dialogue.rules import Rules
from app.dialogue.turn import Awaiting, Decision, Turn, Waits, reply
from app.faq.knowledge import Action, Entry, Intent
from app.matching.entities import Slots
from app.tickets.complaints import DECIDED

Next = Decision | Entry | Intent | None
"""A decision, the target that was chosen, or None: this is no answer to the question."""


def hear(turn: Turn, waiting: Awaiting, rules: Rules, now: datetime) -> Next:
    return _HEARD[waiting.kind](turn, waiting, rules, now)


def _choice(turn: Turn, waiting: Awaiting, rules: Rules, now: datetime) -> Next:
    """By the numbers that the viewer read: what has left the knowledge since then keeps its place in the list."""
    targets = [rules.brain.target(option) if rules.brain.knows(option) else None for option in waiting.options]
    number = chosen(turn.words, [target.title if target else None for target in targets])
    if number is None:
        code = _picture(turn, waiting, rules, now) if ERROR_CODE in waiting.options else None
        return code or _denied(turn, rules, now)
    if number > len(targets):
        return _beyond(turn, len(targets))
    return targets[number - 1] or _gone(turn, any(targets))


def _topic(turn: Turn, waiting: Awaiting, rules: Rules, now: datetime) -> Next:
    number = chosen(turn.words, phrases.TOPICS)
    if number is None:
        return _denied(turn, rules, now)
    if number > len(phrases.OPEN_TOPICS):
        return _beyond(turn, len(phrases.OPEN_TOPICS))
    return reply(turn.memory.but(awaiting=None), phrases.OPEN_TOPICS[str(number)])


def _device(turn: Turn, waiting: Awaiting, rules: Rules, now: datetime) -> Next:
    device = turn.understanding.slots.device if turn.understanding else None
    if device is None or not rules.brain.knows(waiting.options[0]):
        return None
    entry = rules.brain.target(waiting.options[0])
    if not isinstance(entry, Entry) or _asks_something_else(turn, entry):
        return None
    return answers.for_device(turn, entry, device)


def _offer(turn: Turn, waiting: Awaiting, rules: Rules, now: datetime) -> Next:
    if turn.means(Action.confirm):
        offered = rules.brain.knowledge.intents.get(waiting.options[0])
        return offered or reports.hand_over(turn, rules, now)  # it left the knowledge; the offer stands
    return reply(turn.memory.closed(), phrases.DECLINED) if turn.means(Action.deny) or refuses(turn) else None


def _details(turn: Turn, waiting: Awaiting, rules: Rules, now: datetime) -> Next:
    """All that asks nothing else for sure belongs to the open ticket."""
    if not turn.here or (turn.understanding and turn.understanding.meant):
        return None
    last, ticket = reports.last_spoken_of(turn, rules), turn.here[-1]
    if isinstance(last, Intent) and last.action is Action.care:
        return reports.stay_with(turn, ticket)
    if isinstance(last, Entry) and last.urgent:
        return reports.urgent_goes_on(turn, last, rules, now, ticket)
    return reports.note(turn, now, ticket)


def _answer(turn: Turn, waiting: Awaiting, rules: Rules, now: datetime) -> Next:
    asked = next((view for view in turn.own if str(view.number) == waiting.options[0]), None)
    if asked is None or _wants_tickets(turn) or turn.means(Action.say) or turn.unseen:
        return None
    ticket = progress.going_on(turn, asked)
    if ticket.asked is not None and ticket.complaint not in DECIDED:
        return reports.answer_ticket(turn, rules, now, ticket)
    return reports.note(turn, now, ticket) if ticket is not asked and ticket.closed_at is None else None


def _tickets(turn: Turn, waiting: Awaiting, rules: Rules, now: datetime) -> Next:
    number = progress.number_in(turn.words, bare=True)
    if number is None:
        return progress.list_all(turn, now) if turn.means(Action.deny) else None
    return progress.tell_number(turn, now, number)


def _suggestion(turn: Turn, waiting: Awaiting, rules: Rules, now: datetime) -> Next:
    if turn.understanding is None or isinstance(turn.understanding.meant, Intent):
        return None
    return reports.record_suggestion(turn, rules, now)


def _notice(turn: Turn, waiting: Awaiting, rules: Rules, now: datetime) -> Next:
    if turn.means(Action.confirm):
        return reports.want_notice(turn)
    return reply(turn.memory.closed(), phrases.WILL_NOT_TELL) if turn.means(Action.deny) or refuses(turn) else None


def _picture(turn: Turn, waiting: Awaiting, rules: Rules, now: datetime) -> Next:
    """The code that was asked for, typed alone."""
    entry = rules.brain.target(ERROR_CODE) if rules.brain.knows(ERROR_CODE) else None
    if not _CODE.fullmatch(turn.words) or not isinstance(entry, Entry):
        return None
    known = turn._replace(memory=turn.memory.hearing(Slots(error_code=turn.words.upper())))
    decision = answers.answer(known, entry, rules, now)
    first = decision.says[0]._replace(text=phrases.CODE_NOTED.format(code=turn.words) + decision.says[0].text)
    return decision._replace(says=(first,))


_HEARD: dict[str, Callable[[Turn, Awaiting, Rules, datetime], Next]] = {
    Waits.choice: _choice,
    Waits.topic: _topic,
    Waits.device: _device,
    Waits.offer: _offer,
    Waits.details: _details,
    Waits.answer: _answer,
    Waits.decision: afterwards.hear_decision,
    Waits.score: afterwards.hear_score,
    Waits.reason: afterwards.hear_reason,
    Waits.solved: afterwards.hear_solved,
    Waits.tickets: _tickets,
    Waits.picture: _picture,
    Waits.suggestion: _suggestion,
    Waits.notice: _notice,
}
ERROR_CODE = "playback.error_code"
_NAMING = 8
"""Characters up to which a text that names a device asks nothing."""
_CODE = re.compile(r"[A-Za-z]{0,4}[-_ ]?\d{3,6}")
ASKS_OWN_TICKETS = frozenset({
    Waits.tickets, Waits.answer, Waits.decision, Waits.score, Waits.reason, Waits.solved
})  # fmt: skip
"""What is waited for with the viewer's tickets at hand."""
_NO: Sequence[str] = ("不用", "不要了", "不了", "不需要", "算了", "先不", "没必要", "不必")


def _denied(turn: Turn, rules: Rules, now: datetime) -> Decision | None:
    if refuses(turn):
        return reply(turn.memory.closed(), phrases.OKAY)
    return reports.hand_over(turn, rules, now, phrases.HANDED_OVER_UNSURE) if turn.means(Action.deny) else None


def _beyond(turn: Turn, last: int) -> Decision:
    return reply(turn.memory, phrases.AGAIN.format(last=last))


def _gone(turn: Turn, others: bool) -> Decision:
    """What was chosen left the knowledge after it was offered."""
    if others:
        return reply(turn.memory, phrases.CHOICE_GONE)
    return reply(turn.memory.but(awaiting=None), phrases.GONE)


def refuses(turn: Turn) -> bool:
    """Whether the whole text only says no, thank you."""
    return len(turn.words) <= 8 and turn.words.startswith(tuple(_NO))


def _wants_tickets(turn: Turn) -> bool:
    return any(turn.means(action) for action in (Action.ticket_progress, Action.my_tickets, Action.answer_due))


def _asks_something_else(turn: Turn, entry: Entry) -> bool:
    """A few words that name a device name it, whatever they resemble."""
    found = turn.meant
    if isinstance(found, Entry) and len(turn.words) <= _NAMING:
        return False
    return found is not None and not (isinstance(found, Entry) and found.id == entry.id)  # not ``is``: see Rules
