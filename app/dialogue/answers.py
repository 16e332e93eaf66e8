"""What an entry says: the first time, once more, for a device, and what is asked under it."""

from datetime import datetime

from app.dialogue import airing, phrases, reports
from app.dialogue.provenance import Source, source_of
from app.dialogue.reports import waits
from app.dialogue.rules import Rules
from app.dialogue.turn import Decision, Memory, Said, Say, Turn, Waits
from app.faq.knowledge import Entry
from app.matching.devices import Device


def answer(turn: Turn, entry: Entry, rules: Rules, now: datetime) -> Decision:
    if not entry.answer:
        return reports.hand_over(turn, rules, now)
    repeats = turn.memory.repeats + 1 if turn.memory.last_entry == entry.id else 0
    text, asked = _wording(entry, turn.memory.heard.device, repeats)
    said = Say(text if repeats else _with_title(turn, entry, rules, now, text), _source(turn, entry))
    if entry.urgent:
        return reports.urgent(turn, entry, rules, now, said)
    waiting = waits(asked[0], now, asked[1]) if asked else None
    known = turn.memory
    memory = Memory(known.owner, waiting, 0, entry.id, known.acknowledged, repeats, known.heard)
    return Decision(Said.answered, memory, (said,))


def about_title(turn: Turn, entry: Entry, rules: Rules, now: datetime) -> Decision | None:
    """The title alone, after an answer that lacked it: what the catalogue knows of it, or None."""
    told = airing.told(entry.title_facts, turn.memory.heard, rules.brain.catalogue, now)
    if not told:
        return None
    return Decision(Said.answered, turn.memory.but(awaiting=None, failures=0), (Say(told, _source(turn, entry)),))


def _with_title(turn: Turn, entry: Entry, rules: Rules, now: datetime, text: str) -> str:
    if entry.title_facts is None:
        return text
    heard = turn.memory.heard
    told = airing.told(entry.title_facts, heard, rules.brain.catalogue, now)
    return f"{told}\n{text}" if told else text


def both(turn: Turn, first: Entry, second: Entry, rules: Rules, now: datetime) -> Decision:
    """Two questions of one message, in one text and in their order; nothing is asked under it.

    What does not fit into one message of the platform is cut between them, then as any long text is. The second counts
    as answered last.
    """
    if not first.answer or not second.answer:
        return reports.hand_over(turn, rules, now)
    device = turn.memory.heard.device
    said = Say(f"{_titled(first, device)}\n\n{_titled(second, device)}", _source(turn, first), also=_also(turn))
    return Decision(Said.answered, _answered(turn.memory, second), (said,))


def beside(turn: Turn, done: Decision, second: Entry) -> Decision:
    """What was said to an act, with the answer to the question that stood beside it."""
    if not second.answer or not done.says:
        return done
    text = f"{done.says[0].text}\n\n{_titled(second, turn.memory.heard.device)}"
    said = done.says[0]._replace(text=text, source=_also(turn))
    memory = done.memory if done.memory.awaiting else _answered(done.memory, second)
    return Decision(Said.answered, memory, (said, *done.says[1:]), done.effects)


def first_words(entry: Entry) -> str:
    """What a viewer of whom nothing is known hears when he asks for the first time."""
    return _wording(entry, None, 0)[0]


def for_device(turn: Turn, entry: Entry, device: Device) -> Decision:
    """The steps for a device that the viewer named after he had heard the general answer."""
    text = entry.steps_for(device) or phrases.NO_STEPS
    memory = turn.memory.but(awaiting=None, failures=0, last_entry=entry.id)
    return Decision(Said.answered, memory, (Say(text, _source(turn, entry)),))


def _answered(memory: Memory, entry: Entry) -> Memory:
    return memory.but(awaiting=None, failures=0, last_entry=entry.id, repeats=0)


def _titled(entry: Entry, device: Device | None) -> str:
    return phrases.TITLED.format(title=entry.title, answer=(entry.steps_for(device) or entry.answer).rstrip())


def _also(turn: Turn) -> Source | None:
    return turn.understanding.also_source if turn.understanding else None


Asked = tuple[Waits, str] | None
"""What is asked under a text, and for which target."""


def _wording(entry: Entry, device: Device | None, repeats: int) -> tuple[str, Asked]:
    if repeats:
        return _once_more(entry, repeats)
    if device and (steps := entry.steps_for(device)):
        return steps, None
    key = entry.id, entry.version
    said = _SAID_FIRST.get(key)
    if said is None:
        if len(_SAID_FIRST) >= _KEPT:
            _SAID_FIRST.clear()
        said = _SAID_FIRST[key] = _at_first(entry)
    return said


_KEPT = 4096
_SAID_FIRST: dict[tuple[str, str], tuple[str, Asked]] = {}
"""By the id and version of an entry. Each edit leaves the versions before it behind, until there are ``_KEPT``."""


def _at_first(entry: Entry) -> tuple[str, Asked]:
    if entry.offer:
        return f"{entry.answer}\n{phrases.OFFERS[entry.offer]}", (Waits.offer, entry.offer)
    if entry.devices:
        return f"{entry.answer}\n{_which_device(entry)}", (Waits.device, entry.id)
    return entry.answer, None


def _once_more(entry: Entry, repeats: int) -> tuple[str, Asked]:
    """Other words; once these are used up, a person."""
    if repeats <= len(entry.again):
        text = entry.again[repeats - 1]
        return (f"{text}\n{phrases.OFFERS[entry.offer]}", (Waits.offer, entry.offer)) if entry.offer else (text, None)
    if entry.urgent or (repeats == 1 and not entry.again):
        return f"{phrases.ONCE_MORE}{entry.answer}", None
    return f"{phrases.NO_MORE_TO_SAY}{phrases.OFFERS['human']}", (Waits.offer, "human")


def _which_device(entry: Entry) -> str:
    names = [phrases.DEVICES[device] for device, _ in entry.devices]
    listed = "、".join(names[:-1]) + f"还是{names[-1]}" if len(names) > 1 else f"{names[0]}吗"
    return phrases.WHICH_DEVICE.format(devices=listed)


def _source(turn: Turn, entry: Entry) -> Source | None:
    understanding = turn.understanding
    if understanding is None:
        return None
    return understanding.source if entry is understanding.meant else source_of(entry, understanding.match)
