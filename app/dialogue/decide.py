"""What the service does with one message: reply, clarify, hand over, stay silent. Pure: data in, data out.

What wins: danger, human, unsubscribe, urgent › what the bot waits for › what the text matches › its context.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from app.channels.content import (
    SPOKEN,
    AgentSession,
    File,
    Followed,
    Image,
    Link,
    Location,
    MenuUsed,
    Text,
    Video,
    Voice,
)
from app.channels.outbound import Choice
from app.dialogue import afterwards, answers, follow_ups, phrases, progress, reports, waiting
from app.dialogue.asks import BESIDE
from app.dialogue.phrases import when
from app.dialogue.reports import waits
from app.dialogue.rules import Rules
from app.dialogue.turn import (
    Awaiting,
    CallOff,
    CloseTicket,
    Consent,
    Decision,
    Memory,
    Said,
    Say,
    Turn,
    Waits,
    reply,
    silent,
)
from app.dialogue.understand import Advice, Understanding
from app.faq.knowledge import INTENT_PREFIX, Action, Entry, Intent
from app.tickets.models import PRESSING, TicketKind

_PARTICLE = 1
"""Characters that ask nothing beside a title: 长风渡呢."""
_GREETING = "greeting"
_ASKED_MOST = (
    "playback.buffering",
    "membership.not_arrived",
    "schedule.update_time",
    "membership.refund",
    "intent:human",
)
_PICTURED = (waiting.ERROR_CODE, "membership.not_arrived", "intent:human")
"""What pictures without words mostly show."""


def decide(turn: Turn, rules: Rules, now: datetime) -> Decision:
    """Decide a turn. ``now`` bounds what the bot still waits for, says who is there, and picks among wordings."""
    match turn.content:
        case AgentSession(action=action):
            if turn.has_agent:  # whoever speaks here goes on, whatever the platform's own console does
                return silent(turn)
            return Decision(Said.silent, Memory(owner="agent" if action != "closed" else "bot"))
        case Followed():
            return _welcome(turn, rules, now) if turn.memory.owner == "bot" else silent(turn)
    if turn.memory.owner == "agent":
        return _with_agent(turn)
    if turn.burst > rules.burst and not (turn.understanding and turn.understanding.first):
        return _too_fast(turn, rules)
    if turn.memory.owner == "queue":
        return _in_queue(turn, rules, now)
    return _with_bot(turn, rules, now)


def _welcome(turn: Turn, rules: Rules, now: datetime) -> Decision:
    """A greeting with what is asked most, to be tapped or chosen by number."""
    known = [target for target in _ASKED_MOST if rules.brain.knows(target)]
    if not known:
        return reply(turn.memory, phrases.WELCOME_PLAIN)
    memory = turn.memory.but(awaiting=waits(Waits.choice, now, *known))
    return Decision(Said.replied, memory, (_listed(phrases.WELCOME, _choices(known, rules)),))


# -------------------- who is it talking to


def _with_agent(turn: Turn) -> Decision:
    """A person speaks: the bot says nothing, and only carries out what nobody may delay."""
    refuses = turn.means(Action.unsubscribe)
    return Decision(Said.silent, turn.memory, effects=(Consent(False),) if refuses else ())


def _too_fast(turn: Turn, rules: Rules) -> Decision:
    """Said once; what comes on top is kept, and nothing is said to it."""
    if turn.burst == rules.burst + 1:
        return reply(turn.memory, phrases.TOO_FAST, said=Said.acknowledged)
    return Decision(Said.acknowledged, turn.memory)


def _in_queue(turn: Turn, rules: Rules, now: datetime) -> Decision:
    if danger := turn.flagged(Action.care):
        return reports.care(turn, danger, rules, now)
    if alarm := turn.flagged(Action.alarm):
        return _kept_in_queue(turn, reports.alarm(turn, alarm, rules, now))
    found = turn.meant
    match found:
        case Intent(action=Action.unsubscribe):
            return reply(turn.memory, phrases.UNSUBSCRIBED, Consent(False))
        case Intent(action=Action.cancel_queue):
            return reply(Memory(heard=turn.memory.heard), phrases.LEFT_QUEUE, CallOff())
        case Intent(action=Action.solved) as intent:
            return _solved(turn, intent, rules, now)
        case Intent(action=Action.wait_estimate | Action.hand_over):
            return reply(turn.memory, _still_waiting(turn, rules, now))
        case Intent(action=Action.ticket_progress):
            return _kept_in_queue(turn, progress.tell(turn, now))
        case Intent(action=Action.my_tickets):
            return _kept_in_queue(turn, progress.list_all(turn, now))
        case Intent(action=Action.answer_due):
            return _kept_in_queue(turn, progress.tell_due(turn, now))
        case Entry(urgent=True) as entry:
            return _kept_in_queue(turn, answers.answer(turn, entry, rules, now))
    number = progress.number_in(turn.words)
    if number is not None:
        return _kept_in_queue(turn, progress.tell_number(turn, now, number))
    return reports.add_in_queue(turn, rules)


def _kept_in_queue(turn: Turn, decision: Decision) -> Decision:
    """What is said to somebody who waits leaves him waiting, and asks nothing."""
    return Decision(decision.said, turn.memory, decision.says, decision.effects)


def _still_waiting(turn: Turn, rules: Rules, now: datetime) -> str:
    if rules.is_open(now):
        wording = phrases.STILL_WAITING if turn.is_manned else phrases.STILL_WAITING_UNMANNED
        return wording.format(place=reports.place(turn) if turn.is_manned else reports.position(turn))
    opens = when(rules.calendar.opens_at(now), now)
    return phrases.STILL_WAITING_CLOSED.format(opens=opens, place=reports.position(turn))


def _with_bot(turn: Turn, rules: Rules, now: datetime) -> Decision:
    if turn.understanding and turn.understanding.first and not afterwards.speaks_of_decision(turn, now):
        return _first(turn, rules, now)
    if isinstance(turn.content, MenuUsed) and turn.understanding is None:  # a menu older than the knowledge
        return reply(turn.memory, phrases.GONE)
    waited = turn.memory.awaiting
    if waited is not None and waited.expires >= now.timestamp():
        heard = waiting.hear(turn, waited, rules, now)
        if isinstance(heard, Decision):
            return heard
        if heard is not None:
            return _do(turn, heard, rules, now)
        turn = afterwards.spoken_of_otherwise(turn)
    if turn.understanding is None:
        return _wordless(turn, rules, now)
    if looked_back := afterwards.hear(turn, rules, now):
        return looked_back
    understanding = _in_force(turn.understanding, rules)
    if flag := turn.flagged(Action.calm):
        return _calm(turn, flag, rules, now)
    if turn.understanding.meant is not None and not follow_ups.in_vain(turn):
        return _do(turn, turn.understanding.meant, rules, now)
    number = progress.number_in(turn.words)
    if number is not None:
        return progress.tell_number(turn, now, number)
    if waiting.refuses(turn):
        return reply(turn.memory.closed(), phrases.OKAY)
    return _unsure(turn, understanding, rules, now)


def _first(turn: Turn, rules: Rules, now: datetime) -> Decision:
    if danger := turn.flagged(Action.care):
        return reports.care(turn, danger, rules, now)
    found = turn.meant
    if isinstance(found, Entry) and found.urgent:
        if turn.here and turn.memory.last_entry == found.id and _waited(turn, Waits.details, now):
            return reports.urgent_goes_on(turn, found, rules, now, turn.here[-1])
        return answers.answer(turn, found, rules, now)
    if alarm := turn.flagged(Action.alarm):
        return reports.alarm(turn, alarm, rules, now)
    assert found is not None
    return _do(turn, found, rules, now)


# -------------------- what is it about


def _wordless(turn: Turn, rules: Rules, now: datetime) -> Decision:
    """Pictures, sounds, places and the like: received and kept, and words asked for."""
    match turn.content:
        case Image():
            return reply(turn.memory.but(awaiting=waits(Waits.picture, now)), phrases.PICTURE)
        case Voice():
            return reply(turn.memory, phrases.VOICE)
        case Location():
            return reply(turn.memory, phrases.PLACE_SHARED)
        case Link():
            return reply(turn.memory, phrases.LINK)
        case Video() | File():
            return reply(turn.memory, phrases.RECORDING)
        case Text():
            return reply(turn.memory, phrases.EMPTY)
    return silent(turn)


def _do(turn: Turn, found: Entry | Intent, rules: Rules, now: datetime) -> Decision:
    also = turn.understanding.also if turn.understanding and found is turn.understanding.meant else None
    if isinstance(found, Intent):
        if found.id == _GREETING and turn.more:  # what waited for him comes first, and a bare greeting would bury it
            return reply(turn.memory, phrases.ANYTHING_LEFT)
        done = _ACTIONS[found.action](turn, found, rules, now)
        return answers.beside(turn, done, also) if also else _with_choice(turn, found, done, rules, now)
    return answers.both(turn, found, also, rules, now) if also else answers.answer(turn, found, rules, now)


def _in_force(understanding: Understanding, rules: Rules) -> Understanding:
    """Without what left the knowledge after the text was understood: it cannot be offered any more."""
    options = tuple([target for target in understanding.options if rules.brain.knows(target)])
    return understanding if options == understanding.options else replace(understanding, options=options)


def _unsure(turn: Turn, understanding: Understanding, rules: Rules, now: datetime) -> Decision:
    """What the context makes of it, or an adviser; else one clarifying question, then a person."""
    if len(understanding.match.normalised) <= _PARTICLE and (about := _only_title(turn, rules, now)):
        return about
    if not understanding.match.normalised:
        return reply(turn.memory, phrases.EMPTY)
    if followed := follow_ups.hear(turn, understanding, rules, now):
        return followed if isinstance(followed, Decision) else _do(turn, followed, rules, now)
    advice = understanding.advice
    if advice is not None and advice.meant is not None:
        return _advised(turn, understanding, advice, advice.meant, rules, now)
    if turn.memory.failures:
        return reports.hand_over(turn, rules, now, phrases.HANDED_OVER_UNSURE)
    if _waited(turn, Waits.picture, now):
        known = [target for target in _PICTURED if rules.brain.knows(target)]
        return _ask_choice(turn, known, phrases.PICTURE_OF, rules, now)
    if not understanding.options or advice is not None:
        return _ask_topic(turn, now)
    return _ask_choice(turn, follow_ups.options(turn, understanding, rules), phrases.CLARIFY, rules, now)


def _only_title(turn: Turn, rules: Rules, now: datetime) -> Decision | None:
    """A title and nothing else, after an answer that says more of one: 什么时候更新 › 长风渡."""
    last = reports.last_spoken_of(turn, rules)
    named = turn.understanding and turn.understanding.slots.title
    return answers.about_title(turn, last, rules, now) if named and isinstance(last, Entry) else None


def _advised(
    turn: Turn, understanding: Understanding, advice: Advice, meant: Entry | Intent, rules: Rules, now: datetime
) -> Decision:
    """As if the text had matched it; who chose stands with what is said, whether it is an answer or an act."""
    taken = turn._replace(understanding=replace(understanding, meant=meant, source=advice.source))
    decision = _do(taken, meant, rules, now)
    says = [say if say.source or say.choices else say._replace(source=advice.source) for say in decision.says]
    return decision._replace(says=tuple(says))


def _ask_choice(turn: Turn, options: Sequence[str], wording: str, rules: Rules, now: datetime) -> Decision:
    asked = _listed(wording, _choices(options, rules))
    return _ask(turn, waits(Waits.choice, now, *options, about=_about(turn)), asked)


def _choices(options: Sequence[str], rules: Rules) -> tuple[Choice, ...]:
    return tuple([Choice(option, rules.brain.target(option).title) for option in options])


@lru_cache(512)
def _listed(wording: str, choices: tuple[Choice, ...]) -> Say:
    return Say(wording.format(options=phrases.numbered([choice.label for choice in choices])), choices=choices)


def _with_choice(turn: Turn, act: Intent, done: Decision, rules: Rules, now: datetime) -> Decision:
    """What was said to an act; where something likely stands beside it in the message, that is asked back below."""
    known = turn.understanding
    if known is None or act is not known.meant or act.action not in BESIDE or not known.is_about_more or not done.says:
        return done
    options = [option for option in known.options if option != rules.brain.name_of(act)]
    if not options or done.memory.awaiting:
        return done
    asked = _listed(phrases.CLARIFY_BESIDE, _choices(options, rules))
    said = done.says[0]._replace(text=f"{done.says[0].text}\n\n{asked.text}", choices=asked.choices)
    memory = done.memory.but(awaiting=waits(Waits.choice, now, *options, about=turn.words))
    return done._replace(memory=memory, says=(said, *done.says[1:]))


def _ask_topic(turn: Turn, now: datetime) -> Decision:
    return _ask(turn, waits(Waits.topic, now, about=_about(turn)), Say(phrases.CLARIFY_OPEN))


def _ask(turn: Turn, awaited: Awaiting, said: Say) -> Decision:
    memory = turn.memory.but(awaiting=awaited, failures=turn.memory.failures + 1)
    return Decision(Said.clarified, memory, (said,))


# -------------------- what intents do


def _say(turn: Turn, intent: Intent, rules: Rules, now: datetime) -> Decision:
    return reply(turn.memory.closed(), _wording(intent, now))


def _calm(turn: Turn, intent: Intent, rules: Rules, now: datetime) -> Decision:
    """An apology and the ways out; what was asked beside the anger is one of them."""
    found = turn.meant
    options = [INTENT_PREFIX + name for name in ("human", "complaint") if name in rules.brain.knowledge.intents]
    if isinstance(found, Entry) and not found.intent and rules.brain.knows(found.id):
        options.append(found.id)
    wording = phrases.ANGRY.replace("{sorry}", _wording(intent, now))
    memory = turn.memory.but(awaiting=waits(Waits.choice, now, *options, about=_about(turn)))
    return Decision(Said.replied, memory, (_listed(wording, _choices(options, rules)),))


def _solved(turn: Turn, intent: Intent, rules: Rules, now: datetime) -> Decision:
    """A ticket about it is closed with the viewer's word; a complaint or an urgent one only by whoever works on it."""
    text = _wording(intent, now)
    memory = Memory(heard=turn.memory.heard)
    kinds = (TicketKind.inquiry, TicketKind.fault)
    about = [view for view in turn.here if view.kind in kinds and view.priority not in PRESSING]
    if not about:
        return reply(memory, text)
    return reply(memory, text + phrases.SOLVED.format(number=about[-1].name), CloseTicket(about[-1].number))


def _still_broken(turn: Turn, intent: Intent, rules: Rules, now: datetime) -> Decision:
    if turn.memory.last_entry is None:
        return afterwards.reopen(turn, rules, now) or _ask_topic(turn, now)
    return reports.hand_over(turn, rules, now, phrases.STILL_BROKEN, TicketKind.fault)


def _deny(turn: Turn, intent: Intent, rules: Rules, now: datetime) -> Decision:
    """“No” to an answer or a question of ours means a person; a bare “no” out of nowhere means nothing yet."""
    if turn.memory.last_entry is None and not turn.memory.failures:
        return _ask_topic(turn, now)
    return reports.hand_over(turn, rules, now, phrases.HANDED_OVER_UNSURE)


def _continue(turn: Turn, intent: Intent, rules: Rules, now: datetime) -> Decision:
    return silent(turn) if turn.more else reply(turn.memory, phrases.NOTHING_MORE)


def _consent(turn: Turn, granted: bool) -> Decision:
    text = phrases.SUBSCRIBED if granted else phrases.UNSUBSCRIBED
    return reply(turn.memory.but(failures=0), text, Consent(granted))


_ACTIONS: dict[Action, Callable[[Turn, Intent, Rules, datetime], Decision]] = {
    Action.hand_over: lambda turn, intent, rules, now: reports.hand_over(turn, rules, now),
    Action.care: lambda turn, intent, rules, now: reports.care(turn, intent, rules, now),
    Action.alarm: lambda turn, intent, rules, now: reports.alarm(turn, intent, rules, now),
    Action.calm: _calm,
    Action.complain: lambda turn, intent, rules, now: reports.complain(turn, rules, now),
    Action.suggest: lambda turn, intent, rules, now: reports.suggest(turn, rules, now),
    Action.data_request: lambda turn, intent, rules, now: reports.request_data(turn, rules, now),
    Action.confirm: lambda turn, intent, rules, now: reply(turn.memory.but(failures=0), phrases.OKAY),
    Action.deny: _deny,
    Action.still_broken: _still_broken,
    Action.solved: _solved,
    Action.wait_estimate: lambda turn, intent, rules, now: reports.tell_when(turn, rules, now),
    Action.cancel_queue: lambda turn, intent, rules, now: reports.call_off(turn, rules),
    Action.ticket_progress: lambda turn, intent, rules, now: progress.tell(turn, now),
    Action.my_tickets: lambda turn, intent, rules, now: progress.list_all(turn, now),
    Action.answer_due: lambda turn, intent, rules, now: progress.tell_due(turn, now),
    Action.unsubscribe: lambda turn, intent, rules, now: _consent(turn, False),
    Action.subscribe: lambda turn, intent, rules, now: _consent(turn, True),
    Action.continue_: _continue,
    Action.say: _say,
}


# -------------------- pieces


def _about(turn: Turn) -> str:
    """What a question of ours is about: the words, unless they are an intent's (还是不行)."""
    return turn.words if turn.understanding and not isinstance(turn.understanding.meant, Intent) else ""


def _waited(turn: Turn, kind: Waits, now: datetime) -> bool:
    awaited = turn.memory.awaiting
    return awaited is not None and awaited.kind == kind and awaited.expires >= now.timestamp()


def _wording(intent: Intent, now: datetime) -> str:
    return intent.replies[now.microsecond % len(intent.replies)]


def talks(content: object) -> bool:
    """Whether the content belongs into a conversation; everything else is only kept."""
    return isinstance(content, (*SPOKEN, Followed, AgentSession)) or (
        isinstance(content, MenuUsed) and content.action == "click"
    )
