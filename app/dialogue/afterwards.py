"""What viewers say once a ticket is done: how content they are, that it is not done after all, whether they accept what
was decided about their complaint. Pure.

A bare number is a score where one was asked for and nothing else since; “4 分” is one also later, beside the first.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from app.dialogue import accepting, phrases, solved
from app.dialogue.accepting import Heard
from app.dialogue.phrases import when
from app.dialogue.progress import going_on
from app.dialogue.reports import waits
from app.dialogue.rules import Rules
from app.dialogue.turn import (
    AddToTicket,
    Awaiting,
    ConfirmTicket,
    Decision,
    ReopenTicket,
    Said,
    ScoreTicket,
    SettleComplaint,
    Turn,
    Waits,
    reply,
)
from app.dialogue.understand import Understanding
from app.faq.knowledge import Action, Intent
from app.tickets.complaints import DECIDED
from app.tickets.models import ComplaintState, TicketPriority
from app.tickets.views import TicketView

SCORED_WITHIN: Final = timedelta(days=7)
"""After the question a bare number is its answer."""
REOPENED_WITHIN: Final = timedelta(days=7)
"""After closing “still broken” opens the ticket again; later it is a matter of its own."""
BAD: Final = 2
"""Up to this score the reason is asked for."""
_NUMERALS: Final = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5}
_SCORES = frozenset("12345") | _NUMERALS.keys()
_BARE = re.compile(r"[给打]?\s*([1-5一二两三四五])\s*(?:分|星|颗星)?\s*[吧啦了呗。!！]*")
_NAMED = re.compile(r".{0,20}?(?<![\d.．点十百零负-])([1-5一二两三四五])\s*(?:分|颗?星)[吧啦了呗。!！]*")
_ASKED, _ASKED_ONCE = "asked", "asked_once"
"""Beside the number of the complaint: he was just asked directly whether he accepts, or was asked before."""


def may_look_back(understanding: Understanding) -> bool:
    """Whether the text may speak of something that is done: then the viewer's tickets are needed."""
    text = understanding.words.strip()
    found = understanding.may_mean
    broken = isinstance(found, Intent) and found.action is Action.still_broken
    return broken or score_in(text, bare=True) is not None or accepting.is_explicit(text)


def score_in(text: str, *, bare: bool) -> int | None:
    """``bare``: a number alone is one, too."""
    if _SCORES.isdisjoint(text):  # nearly every text of every turn
        return None
    found = _NAMED.fullmatch(text.strip()) or (_BARE.fullmatch(text.strip()) if bare else None)
    return (int(found[1]) if found[1].isdecimal() else _NUMERALS[found[1]]) if found else None


def hear(turn: Turn, rules: Rules, now: datetime) -> Decision | None:
    """A score, or a clear word on a decision, without a question in between; None: it is none."""
    if accepting.is_explicit(turn.words):
        return None if _waits_for_decision(turn, now) else _hear_late(turn)
    ticket = _surveyed(turn, now)
    if ticket is None or turn.in_public:
        return None
    score = score_in(turn.words, bare=ticket.score is None)
    return None if score is None else _scored(turn, ticket, score, now)


def hear_score(turn: Turn, waiting: Awaiting, rules: Rules, now: datetime) -> Decision | None:
    return hear(turn, rules, now)


def hear_reason(turn: Turn, waiting: Awaiting, rules: Rules, now: datetime) -> Decision | None:
    """Why he is not content: the ticket goes on, before others. Who moves on to something else is followed there."""
    ticket = _named(turn, waiting)
    if ticket is None or not turn.words or _asks_for_something(turn):
        return None
    if turn.means(Action.deny) or turn.words.startswith(("没什么", "没事", "算了", "不用")):
        return reply(turn.memory.closed(), phrases.NO_REASON)
    return _reopened(turn, ticket, rules, now, explains_score=True)


def hear_solved(turn: Turn, waiting: Awaiting, rules: Rules, now: datetime) -> Decision | None:
    """What he says once it is closed again; a score alone says enough."""
    ticket = _named(turn, waiting)
    if ticket is None or ticket.closed_at is None or not turn.words or turn.unseen:
        return None
    scored, is_solved = hear(turn, rules, now), solved.read(turn.words)
    if is_solved is False or turn.means(Action.still_broken):
        again = _reopened(turn, ticket, rules, now)
        return again if scored is None else again._replace(effects=(*scored.effects, *again.effects))
    if scored is not None:
        return scored
    if is_solved or turn.means(Action.solved) or turn.means(Action.confirm):
        confirms = ConfirmTicket(ticket.number, turn.words)
        return reply(turn.memory.closed(), phrases.CONFIRMED.format(number=ticket.name), confirms)
    return None


def speaks_of_decision(turn: Turn, now: datetime) -> bool:
    """Who accepts what was decided about his complaint, or does not, complains of nothing new."""
    return _waits_for_decision(turn, now) and turn.means(Action.complain)


def _waits_for_decision(turn: Turn, now: datetime) -> bool:
    waited = turn.memory.awaiting
    return waited is not None and waited.kind == Waits.decision and waited.expires >= now.timestamp()


def hear_decision(turn: Turn, waiting: Awaiting, rules: Rules, now: datetime) -> Decision | None:
    ticket = _named(turn, waiting)
    if ticket is None or ticket.closed_at is not None or not turn.words or turn.unseen:
        return None
    heard, asked = accepting.read(turn.words), waiting.options[-1]
    if heard is Heard.assents and asked == _ASKED:
        heard = Heard.accepted
    if heard in _OUTCOMES:
        return _settled(turn, ticket, _OUTCOMES[heard], waiting)
    if heard is Heard.conditional:
        memory = turn.memory.but(awaiting=_noted(waiting, _ASKED_ONCE), failures=0)
        added = AddToTicket(turn.words, ticket.number)
        return reply(memory, phrases.DECISION_CONDITION.format(number=ticket.name), added, said=Said.acknowledged)
    if heard is None or asked == _ASKED_ONCE:
        return None
    wording = phrases.DECISION_IN_TIME if asked == _ASKED else phrases.DECISION_ASK
    memory = turn.memory.but(awaiting=_noted(waiting, _ASKED_ONCE if asked == _ASKED else _ASKED), failures=0)
    return reply(memory, wording.format(number=ticket.name))


def spoken_of_otherwise(turn: Turn) -> Turn:
    """Something else lies between: a short yes is no answer to the direct question any more."""
    waited = turn.memory.awaiting
    if waited is None or waited.kind != Waits.decision or waited.options[-1:] != (_ASKED,):
        return turn
    return turn._replace(memory=turn.memory.but(awaiting=_noted(waited, _ASKED_ONCE)))


def _noted(waiting: Awaiting, asked: str) -> Awaiting:
    return waiting._replace(options=(waiting.options[0], asked))


def _hear_late(turn: Turn) -> Decision | None:
    """“接受” long after other things were spoken of: of the one decision that waits for his word."""
    waits_for_him = [view for view in turn.own if view.complaint in DECIDED and view.closed_at is None]
    outcome = _OUTCOMES.get(accepting.read(turn.words))
    if turn.in_public or turn.unseen or len(waits_for_him) != 1 or outcome is None:
        return None
    return _settled(turn, waits_for_him[0], outcome, None)


def reopen(turn: Turn, rules: Rules, now: datetime) -> Decision | None:
    """“Still broken” after nothing else was spoken of: of the ticket that was closed last, if that is not long ago."""
    closed = [view for view in turn.own if view.closed_at is not None and view.merged_into is None]
    latest = max(closed, key=lambda view: view.closed_at or now, default=None)
    if turn.in_public or latest is None or latest.closed_at is None or latest.closed_at < now - REOPENED_WITHIN:
        return None
    return _reopened(turn, latest, rules, now)


_SETTLED: Final = {
    ComplaintState.accepted: phrases.DECIDED_ACCEPTED,
    ComplaintState.refused: phrases.DECIDED_REFUSED,
    ComplaintState.pending: phrases.DECIDED_PENDING,
}


_OUTCOMES: Final[Mapping[Heard | None, ComplaintState]] = {
    Heard.accepted: ComplaintState.accepted, Heard.refused: ComplaintState.refused,
    Heard.pending: ComplaintState.pending,
}  # fmt: skip


def _settled(turn: Turn, ticket: TicketView, outcome: ComplaintState, waiting: Awaiting | None) -> Decision:
    settles = SettleComplaint(ticket.number, outcome, turn.words)
    memory = turn.memory.but(awaiting=waiting if outcome is ComplaintState.pending else None, failures=0)
    return reply(memory, _SETTLED[outcome].format(number=ticket.name), settles)


def _scored(turn: Turn, ticket: TicketView, score: int, now: datetime) -> Decision:
    effect = ScoreTicket(ticket.number, score)
    if ticket.score is not None:
        return reply(turn.memory.closed(), phrases.SCORED_LATER, effect)
    if score > BAD:
        return reply(turn.memory.closed(), phrases.SCORED_WELL, effect)
    memory = turn.memory.but(awaiting=waits(Waits.reason, now, str(ticket.number)), failures=0)
    return reply(memory, phrases.SCORED_BADLY, effect)


def _reopened(turn: Turn, ticket: TicketView, rules: Rules, now: datetime, *, explains_score: bool = False) -> Decision:
    due = rules.due(ticket.kind, TicketPriority.high, now)
    said = phrases.REOPENED.format(number=ticket.name, due=when(due, now))
    effect = ReopenTicket(ticket.number, turn.words, due, explains_score)
    return reply(turn.memory.but(awaiting=waits(Waits.details, now), failures=0), said, effect)


def _surveyed(turn: Turn, now: datetime) -> TicketView | None:
    """The ticket whose question was asked last, if that is not long ago."""
    asked = [view for view in turn.own if view.surveyed_at is not None and view.surveyed_at > now - _long(view)]
    return max(asked, key=lambda view: view.surveyed_at or now, default=None)


def _long(view: TicketView) -> timedelta:
    return SCORED_WITHIN if view.score is None else 4 * SCORED_WITHIN


def _named(turn: Turn, waiting: Awaiting) -> TicketView | None:
    named = next((view for view in turn.own if str(view.number) in waiting.options), None)
    return going_on(turn, named) if named is not None else None


def _asks_for_something(turn: Turn) -> bool:
    """Whether the text means an act of its own (a person, a ticket's progress), or is a question as it is known."""
    found = turn.meant
    if isinstance(found, Intent):
        return found.action in _OWN
    return found is not None and turn.understanding is not None and turn.understanding.match.exact


_OWN: Final = frozenset({
    Action.hand_over, Action.ticket_progress, Action.my_tickets, Action.answer_due, Action.unsubscribe,
    Action.subscribe, Action.wait_estimate,
})  # fmt: skip
