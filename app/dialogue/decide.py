"""What the service does with one message: reply, clarify, hand over, stay silent. Pure: data in, data out.

What wins: human, unsubscribe, urgent › what the bot waits for › what the text matches.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from app.channels.base import AgentSession, Followed, Image, Link, Location, MenuUsed, Text, Video, Voice
from app.dialogue import phrases
from app.dialogue.choice import chosen
from app.dialogue.provenance import Source, source_of
from app.dialogue.turn import AddToTicket, Awaiting, Decision, Memory, OpenTicket, RefusePushes, Said, Say, Turn
from app.dialogue.understand import Brain, Understanding
from app.faq.knowledge import Action, Entry, Intent
from app.matching.match import Tier

COUNTED = 100
"""The queue is counted up to here."""
PATIENCE = timedelta(minutes=30)
"""How long a question of the bot can be answered."""
OPTIONS = 3
_SUBJECT = 80


def decide(turn: Turn, brain: Brain, now: datetime) -> Decision:
    """Decide a turn. ``now`` bounds what the bot still waits for and picks among wordings."""
    match turn.content:
        case AgentSession(action=action):
            return Decision(Said.silent, Memory(owner="agent" if action != "closed" else "bot"))
        case Followed():
            return _reply(turn.memory, phrases.WELCOME) if turn.memory.owner == "bot" else _silent(turn)
    if turn.memory.owner == "agent":
        return _with_agent(turn)
    if turn.memory.owner == "queue":
        return _in_queue(turn)
    return _with_bot(turn, brain, now)


# -------------------- who is it talking to


def _with_agent(turn: Turn) -> Decision:
    """A person speaks: the bot says nothing, and only carries out what nobody may delay."""
    refuses = _intent(turn, Action.unsubscribe) is not None
    return Decision(Said.silent, turn.memory, effects=(RefusePushes(),) if refuses else ())


def _in_queue(turn: Turn) -> Decision:
    found = turn.understanding.meant if turn.understanding else None
    match found:
        case Intent(action=Action.unsubscribe):
            return _unsubscribe(turn)
        case Intent(action=Action.cancel_queue):
            return _reply(Memory(), phrases.LEFT_QUEUE)
        case Intent(action=Action.wait_estimate | Action.hand_over):
            return _reply(turn.memory, phrases.STILL_WAITING.format(place=_place(turn)))
        case Intent(action=Action.ticket_progress):
            return _progress(turn)
        case Entry(urgent=True) as entry:
            return _answer(turn, entry)
    added = (AddToTicket(_words(turn)),) if _words(turn) else ()
    if turn.memory.acknowledged:
        return Decision(Said.acknowledged, turn.memory, effects=added)
    return Decision(Said.acknowledged, turn.memory.but(acknowledged=True), (Say(phrases.ADDED),), added)


def _with_bot(turn: Turn, brain: Brain, now: datetime) -> Decision:
    if turn.understanding is None:
        return _wordless(turn)
    found = turn.understanding.meant
    if _goes_first(found):
        return _do(turn, found, brain, now)
    if waited := _waited_for(turn, brain, now):
        return waited
    if found is not None:
        return _do(turn, found, brain, now)
    return _unsure(turn, brain, now)


def _goes_first(found: Entry | Intent | None) -> bool:
    match found:
        case Entry(urgent=True) | Intent(action=Action.hand_over | Action.unsubscribe):
            return True
    return False


# -------------------- what is it about


def _wordless(turn: Turn) -> Decision:
    """Pictures, sounds, places and the like: received and kept, and words asked for."""
    match turn.content:
        case Image():
            return _reply(turn.memory, phrases.PICTURE)
        case Voice():
            return _reply(turn.memory, phrases.VOICE)
        case Location():
            return _reply(turn.memory, phrases.PLACE_SHARED)
        case Link():
            return _reply(turn.memory, phrases.LINK)
        case Video():
            return _reply(turn.memory, phrases.RECORDING)
        case Text():
            return _reply(turn.memory, phrases.EMPTY)
    return _silent(turn)


def _waited_for(turn: Turn, brain: Brain, now: datetime) -> Decision | None:
    """The answer to what the bot asked; None where the viewer moved on to something else."""
    waiting, understanding = turn.memory.awaiting, turn.understanding
    if waiting is None or waiting.expires < now or understanding is None:
        return None
    labels = [brain.target(option).title for option in waiting.options] if waiting.kind == "choice" else []
    number = chosen(understanding.text, labels or list(phrases.OPEN_TOPICS))
    if number is None:
        if _intent(turn, Action.deny):
            return _hand_over(turn, phrases.HANDED_OVER_UNSURE)
        return None
    if number > len(labels or phrases.OPEN_TOPICS):
        return _reply(turn.memory, phrases.AGAIN.format(last=len(labels or phrases.OPEN_TOPICS)))
    if waiting.kind == "topic":
        return _reply(turn.memory.but(awaiting=None), phrases.OPEN_TOPICS[str(number)])
    return _do(turn, brain.target(waiting.options[number - 1]), brain, now)


def _do(turn: Turn, found: Entry | Intent | None, brain: Brain, now: datetime) -> Decision:
    if isinstance(found, Intent):
        return _ACTIONS[found.action](turn, found, now)
    if found is None:
        return _unsure(turn, brain, now)
    return _answer(turn, found)


def _unsure(turn: Turn, brain: Brain, now: datetime) -> Decision:
    """One clarifying question, then a person."""
    understanding = turn.understanding
    if understanding is None:
        return _wordless(turn)
    if not understanding.match.normalised:
        return _reply(turn.memory, phrases.EMPTY)
    if turn.memory.failures:
        return _hand_over(turn, phrases.HANDED_OVER_UNSURE)
    options = _options(understanding, brain)
    if not options:
        return _ask_topic(turn, None, now)
    listed = "\n".join(f"{n}. {brain.target(option).title}" for n, option in enumerate(options, 1))
    return _ask(turn, Awaiting("choice", tuple(options), now + PATIENCE), phrases.CLARIFY.format(options=listed))


def _ask_topic(turn: Turn, _: object, now: datetime) -> Decision:
    return _ask(turn, Awaiting("topic", (), now + PATIENCE), phrases.CLARIFY_OPEN)


def _ask(turn: Turn, waiting: Awaiting, text: str) -> Decision:
    memory = turn.memory.but(awaiting=waiting, failures=turn.memory.failures + 1)
    return Decision(Said.clarified, memory, (Say(text),))


def _options(understanding: Understanding, brain: Brain) -> list[str]:
    if understanding.match.tier is Tier.none:
        return []
    by_title = {brain.target(c.target).title: c.target for c in reversed(understanding.match.candidates[:OPTIONS])}
    return list(reversed(by_title.values()))


# -------------------- what it does


def _answer(turn: Turn, entry: Entry) -> Decision:
    if not entry.answer:
        return _hand_over(turn, phrases.HANDED_OVER)
    memory = turn.memory.but(awaiting=None, failures=0, last_entry=entry.id)
    return Decision(Said.answered, memory, (Say(entry.answer, _source(turn, entry)),))


def _source(turn: Turn, entry: Entry) -> Source | None:
    understanding = turn.understanding
    if understanding is None:
        return None
    return understanding.source if entry is understanding.meant else source_of(entry, understanding.match)


def _hand_over(turn: Turn, wording: str, kind: str = "inquiry") -> Decision:
    text = wording.replace("{place}", _place(turn))
    ticket = OpenTicket(kind, _words(turn)[:_SUBJECT] or "转人工")
    return Decision(Said.handed_over, Memory(owner="queue"), (Say(text),), (ticket,))


def _say(turn: Turn, intent: Intent, now: datetime) -> Decision:
    wording = intent.replies[now.microsecond % len(intent.replies)]
    return _reply(turn.memory.but(failures=0, awaiting=None), wording)


def _progress(turn: Turn, *_: object) -> Decision:
    if not turn.open_tickets:
        return _reply(turn.memory.but(failures=0), phrases.NO_TICKET)
    numbers = "、".join(f"T-{number}" for number in turn.open_tickets)
    return _reply(turn.memory.but(failures=0), phrases.PROGRESS.format(numbers=numbers))


def _unsubscribe(turn: Turn, *_: object) -> Decision:
    memory = turn.memory.but(failures=0)
    return Decision(Said.replied, memory, (Say(phrases.UNSUBSCRIBED),), (RefusePushes(),))


def _still_broken(turn: Turn, intent: Intent, now: datetime) -> Decision:
    if turn.memory.last_entry is None:
        return _ask_topic(turn, intent, now)
    return _hand_over(turn, phrases.STILL_BROKEN, "fault")


def _deny(turn: Turn, intent: Intent, now: datetime) -> Decision:
    """“No” to an answer or a question of ours means a person; a bare “no” out of nowhere means nothing yet."""
    if turn.memory.last_entry is None and not turn.memory.failures:
        return _ask_topic(turn, intent, now)
    return _hand_over(turn, phrases.HANDED_OVER_UNSURE)


def _continue(turn: Turn, *_: object) -> Decision:
    return _silent(turn) if turn.more else _reply(turn.memory, phrases.NOTHING_MORE)


_ACTIONS: dict[Action, Callable[[Turn, Intent, datetime], Decision]] = {
    Action.hand_over: lambda turn, intent, now: _hand_over(turn, phrases.HANDED_OVER),
    Action.complain: lambda turn, intent, now: _hand_over(turn, phrases.COMPLAINT, "complaint"),
    Action.deny: _deny,
    Action.still_broken: _still_broken,
    Action.wait_estimate: lambda turn, intent, now: _reply(turn.memory, phrases.NOT_WAITING),
    Action.cancel_queue: lambda turn, intent, now: _reply(turn.memory, phrases.NOT_WAITING),
    Action.ticket_progress: _progress,
    Action.unsubscribe: _unsubscribe,
    Action.continue_: _continue,
    Action.say: _say,
}


# -------------------- pieces


def _intent(turn: Turn, action: Action) -> Intent | None:
    found = turn.understanding.meant if turn.understanding else None
    return found if isinstance(found, Intent) and found.action is action else None


def _words(turn: Turn) -> str:
    return turn.understanding.text.strip() if turn.understanding else ""


def _place(turn: Turn) -> str:
    return phrases.place(turn.ahead, most=COUNTED)


def _reply(memory: Memory, text: str) -> Decision:
    return Decision(Said.replied, memory, (Say(text),))


def _silent(turn: Turn) -> Decision:
    return Decision(Said.silent, turn.memory)


def talks(content: object) -> bool:
    """Whether the content belongs into a conversation; everything else is only kept."""
    return isinstance(content, (Text, Image, Voice, Video, Location, Link, Followed, AgentSession)) or (
        isinstance(content, MenuUsed) and content.action == "click"
    )
