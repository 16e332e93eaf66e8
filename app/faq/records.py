"""One entry or intent from its place in a file: which fields there are, and what each may hold.

Like ``source``, it reports what is wrong and goes on with an empty value; ``loader`` throws the result away then.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, replace

from app.faq import source
from app.faq.facts import PLACEHOLDER, missing_facts, render
from app.faq.knowledge import GAP, INTENT_PREFIX, SAYING, Action, Entry, Intent, TitleFacts, bare, fingerprint
from app.faq.source import Place, Spot
from app.matching.devices import Device

ENTRY_ID = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
TITLE_LENGTHS = range(2, 13)
MAX_PHRASING = 200
MAX_TEXT_BYTES = 2000
"""One message of the narrowest platform holds 2,048 bytes."""
MAX_PRIORITY = 100
SHORTEST_WORD = 2
MOMENTS = ("ticket", "due")
"""What a reply of an intent may name besides facts: the number of the ticket that it opens, and its promised time."""
_STAY = {name: f"{{{name}}}" for name in MOMENTS}

STYLES = ("usual", "short", "plain", "story", "typo", "traditional", "slang", "symptom", "border")
"""Ways in which viewers write; ``usual`` are the most ordinary forms, ``border`` phrasings next to another topic."""

ENTRY_REQUIRED = frozenset({"id", "title", "question", "similar", "answer"})
ENTRY_OPTIONAL = frozenset({"again", "devices", "offer", "urgent", "intent", "title_facts"})
INTENT_REQUIRED = frozenset({"id", "title", "action", "priority"})
INTENT_OPTIONAL = frozenset({"examples", "exact", "words", "reply"})

Facts = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Phrasing:
    """A text that leads to ``target``; an ``exact`` one only as the whole message."""

    target: str
    text: str
    spot: Spot
    exact: bool = False
    style: str = ""


@dataclass(frozen=True, slots=True)
class ReadEntry:
    entry: Entry
    spots: Mapping[str, Spot]
    """Where its fields stand, by name."""
    missing: tuple[str, ...]
    """Facts that the answer needs and that have no value."""
    phrasings: tuple[Phrasing, ...]


@dataclass(frozen=True, slots=True)
class ReadIntent:
    intent: Intent
    phrasings: tuple[Phrasing, ...]


def entries_of(root: Place) -> list[Place]:
    """The items of a file of entries."""
    return source.items(source.record(root, frozenset({"entries"}), frozenset()).get("entries"))


def read_entry(group: str, place: Place, facts: Facts) -> ReadEntry:
    """An item of ``entries`` in the file of ``group``."""
    fields = source.record(place, ENTRY_REQUIRED, ENTRY_OPTIONAL)
    id_ = _entry_id(fields.get("id"), group)
    similar = _similar(id_, fields.get("similar"))
    template = _template(fields.get("answer"), facts)
    entry = Entry(
        id=id_,
        title=_title(fields.get("title")),
        question=_phrase(fields.get("question")),
        similar=tuple(phrasing.text for phrasing in similar),
        styles=tuple(phrasing.style for phrasing in similar),
        answer=render(template, facts),
        again=_wordings(fields.get("again"), facts),
        devices=_devices(fields.get("devices"), facts),
        offer=source.text(fields.get("offer")) or None,
        urgent=source.flag(fields.get("urgent")),
        intent=source.text(fields.get("intent")) or None,
        version="",
        title_facts=_title_facts(fields.get("title_facts")),
    )
    if (entry.urgent or entry.intent) and PLACEHOLDER.search(template):
        fields["answer"].report("an urgent entry, or one with an intent, needs no fact: it must never be withheld")
    question = [Phrasing(id_, entry.question, fields["question"].spot)] if "question" in fields else []
    versioned = replace(entry, version=fingerprint(astuple(entry)))
    spots = {name: field.spot for name, field in fields.items()}
    return ReadEntry(versioned, spots, missing_facts(template, facts), (*question, *similar))


def read_intent(stem: str, root: Place, facts: Facts) -> ReadIntent:
    """The file ``stem``.yaml."""
    fields = source.record(root, INTENT_REQUIRED, INTENT_OPTIONAL)
    if not fields.keys() & {"examples", "exact", "words"}:
        root.report("needs examples, exact words or words")
    examples = _phrasings(INTENT_PREFIX + stem, fields.get("examples"))
    exact = _phrasings(INTENT_PREFIX + stem, fields.get("exact"), exact=True)
    action = _action(fields.get("action"))
    intent = Intent(
        id=_intent_id(fields.get("id"), stem),
        title=_title(fields.get("title")),
        examples=tuple(phrasing.text for phrasing in examples),
        exact=tuple(phrasing.text for phrasing in exact),
        words=tuple(_word(item) for item in source.items(fields.get("words"))),
        action=action,
        priority=_priority(fields.get("priority")),
        replies=_replies(root, fields.get("reply"), action, facts),
    )
    return ReadIntent(intent, (*examples, *exact))


# ---------------------------------------------------------------------------------------------------------- the fields


def _entry_id(place: Place | None, group: str) -> str:
    id_ = source.text(place)
    if place and id_ and not (ENTRY_ID.fullmatch(id_) and id_.startswith(f"{group}.")):
        place.report(f"must be a name of this file's group, like {group}.example")
    return id_


def _intent_id(place: Place | None, stem: str) -> str:
    id_ = source.text(place)
    if place and id_ and id_ != stem:
        place.report(f"must be the file's name, '{stem}'")
    return id_


def _title(place: Place | None) -> str:
    title = _line(place)
    if place and title and len(title) not in TITLE_LENGTHS:
        place.report(f"must have {TITLE_LENGTHS[0]} to {TITLE_LENGTHS[-1]} characters, to stand as a choice")
    return title


def _line(place: Place | None) -> str:
    line = source.text(place)
    if place and "\n" in line:
        place.report("must be one line")
    if place and ("{" in line or "}" in line):
        place.report("facts and braces stand in answers and replies only")
    return line


def _phrasings(target: str, place: Place | None, *, exact: bool = False) -> list[Phrasing]:
    return [Phrasing(target, _phrase(item), item.spot, exact) for item in source.items(place)]


def _similar(target: str, place: Place | None) -> list[Phrasing]:
    """A list, or a mapping of styles, each with a list."""
    if place is None or not source.is_mapping(place):
        return _phrasings(target, place)
    styles = source.record(place, frozenset(), frozenset(STYLES))
    return [replace(found, style=style) for style, items in styles.items() for found in _phrasings(target, items)]


def _phrase(place: Place | None) -> str:
    phrase = _line(place)
    if place and len(phrase) > MAX_PHRASING:
        place.report(f"must have at most {MAX_PHRASING} characters")
    if place and phrase and not bare(phrase):
        place.report("has neither letters nor digits")
    return phrase


def _template(place: Place | None, facts: Facts) -> str:
    template = source.text(place)
    if place is None:
        return template
    for name in dict.fromkeys(PLACEHOLDER.findall(template)):
        if name not in facts:
            place.report(f"unknown fact {{{name}}}")
    if set("{}") & set(PLACEHOLDER.sub("", template)):
        place.report("a brace that belongs to no {fact}")
    if len(render(template, facts).encode()) > MAX_TEXT_BYTES:
        place.report(f"is longer than {MAX_TEXT_BYTES} bytes")
    return template


def _wordings(place: Place | None, facts: Facts) -> tuple[str, ...]:
    """The texts whose facts are all set."""
    templates = [_template(item, facts) for item in source.items(place)]
    return tuple(render(template, facts) for template in templates if not missing_facts(template, facts))


def _devices(place: Place | None, facts: Facts) -> tuple[tuple[Device, str], ...]:
    if place is None:
        return ()
    templates = {device: _template(text, facts) for device, text in _by_device(place)}
    return tuple((device, render(text, facts)) for device, text in templates.items() if not missing_facts(text, facts))


def _by_device(place: Place) -> Iterator[tuple[Device, Place]]:
    fields = source.record(place, frozenset(), frozenset(Device))
    return ((Device(name), text) for name, text in fields.items())


def _word(place: Place | None) -> str:
    word = _phrase(place)
    if place and word and (len(bare(word)) < SHORTEST_WORD or not all(map(bare, word.split(GAP)))):
        place.report(f"needs {SHORTEST_WORD} letters, and some on each side of {GAP}: it counts wherever it stands")
    return word


def _action(place: Place | None) -> Action:
    name = source.text(place)
    if place and name and name not in set(Action):
        place.report(f"must be one of {', '.join(Action)}")
    return Action(name) if name in set(Action) else Action.hand_over


def _title_facts(place: Place | None) -> TitleFacts | None:
    name = source.text(place)
    if place and name and name not in set(TitleFacts):
        place.report(f"must be one of {', '.join(TitleFacts)}")
    return TitleFacts(name) if name in set(TitleFacts) else None


def _priority(place: Place | None) -> int:
    priority = source.number(place)
    if place and priority > MAX_PRIORITY:
        place.report(f"must be 0 to {MAX_PRIORITY}")
    return priority


def _replies(root: Place, place: Place | None, action: Action, facts: Facts) -> tuple[str, ...]:
    """The wordings whose facts are all set; one must need none, so that there is always something to say."""
    if (action in SAYING) != (place is not None):
        root.report(f"reply belongs to the actions {', '.join(sorted(SAYING))}, and only there")
    wordings = [source.text(item) for item in source.items(place)]
    if place and wordings and all(missing_facts(wording, _STAY) for wording in wordings):
        place.report("needs one wording without a fact")
    return _wordings(place, {**facts, **_STAY})
