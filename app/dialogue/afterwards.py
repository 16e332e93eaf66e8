"""What viewers say once a ticket is done: how content they are, that it is not done after all, whether they accept what
was decided about their complaint. Pure.

A bare number is a score where one was asked for and nothing else since; “4 分” is one also later, beside the first.
"""

import re
from datetime import datetime, timedelta
from typing import Final

from app.dialogue import phrases
from app.dialogue.phrases import when
from app.dialogue.progress import going_on
from app.dialogue.reports import waits
from app.dialogue.rules import Rules
from app.dialogue.turn import Awaiting, Decision, ReopenTicket, ScoreTicket, SettleComplaint, Turn, Waits, reply
from app.dialogue.understand import Understanding
from app.faq.knowledge import Action, Intent
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
_PENDING = re.compile(r"(?:收到|到账|退[款钱回]?|钱).{0,8}(?:才|再|之后|以后|后)|(?:先|等).{0,6}(?:退|到账|钱)")
_REFUSED = ("不接受", "不同意", "不认可", "不认", "不满意", "不服", "拒绝", "不行", "复核", "接受不了")
_ACCEPTED = re.compile(
    r"(?:(?:那|好|好的|行|可以|嗯|我|我们|就|对|是的)[，,。\s]*)*(?:接受|同意|认可|可以|满意|行|没意见|没有意见)"
    r"(?:了|的|吧|啊|呀|呢|你们|这个|这样|处理|结果|方案|决定|谢谢|谢了|[，,。!！~\s])*"
)
"""The whole text says so: “可以再解释一下吗” asks something."""
_SHORT: Final = 20


def may_look_back(understanding: Understanding) -> bool:
    """Whether the text may speak of something that is done: then the viewer's tickets are needed."""
    text = understanding.words.strip()
    found = understanding.may_mean
    broken = isinstance(found, Intent) and found.action is Action.still_broken
    return broken or score_in(text, bare=True) is not None


def score_in(text: str, *, bare: bool) -> int | None:
    """``bare``: a number alone is one, too."""
    if _SCORES.isdisjoint(text):  # nearly every text of every turn
        return None
    found = _NAMED.fullmatch(text.strip()) or (_BARE.fullmatch(text.strip()) if bare else None)
    return (int(found[1]) if found[1].isdecimal() else _NUMERALS[found[1]]) if found else None


def hear(turn: Turn, rules: Rules, now: datetime) -> Decision | None:
    """A score without a question in between; None: it is none."""
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


def speaks_of_decision(turn: Turn, now: datetime) -> bool:
    """Who accepts what was decided about his complaint, or does not, complains of nothing new."""
    waited = turn.memory.awaiting
    asked = waited is not None and waited.kind == Waits.decision and waited.expires >= now.timestamp()
    return asked and turn.means(Action.complain)


def hear_decision(turn: Turn, waiting: Awaiting, rules: Rules, now: datetime) -> Decision | None:
    ticket = _named(turn, waiting)
    if ticket is None or ticket.closed_at is not None or not turn.words:
        return None
    outcome = _outcome(turn)
    if outcome is None:
        return None
    settles = SettleComplaint(ticket.number, outcome, turn.words)
    memory = turn.memory.but(awaiting=waiting if outcome is ComplaintState.pending else None, failures=0)
    return reply(memory, _SETTLED[outcome].format(number=ticket.name), settles)


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


def _outcome(turn: Turn) -> ComplaintState | None:
    words = turn.words.strip()
    if words.startswith(_REFUSED):
        return ComplaintState.refused
    if _PENDING.search(words):
        return ComplaintState.pending
    if len(words) <= _SHORT and any(word in words for word in _REFUSED):
        return ComplaintState.refused
    if turn.means(Action.confirm) or _ACCEPTED.fullmatch(words):
        return ComplaintState.accepted
    return ComplaintState.refused if turn.means(Action.deny) else None


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
