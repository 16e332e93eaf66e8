"""What the service knows: entries and intents as immutable values, and which phrasing leads to which of them."""

import hashlib
import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from app.matching.devices import Device
from app.matching.language import PLAIN, Language

INTENT_PREFIX = "intent:"
GAP = "…"
"""Stands in a word for some characters that may lie between its parts."""


class Action(StrEnum):
    """What the service does when an intent is meant."""

    hand_over = "hand_over"
    care = "care"
    """Somebody is in danger: warm words, help lines, and a person as soon as there is one."""
    alarm = "alarm"
    """The matter is urgent whatever the question is: said before its answer, with a ticket that goes first."""
    calm = "calm"
    """The viewer is angry: no cheerful answer, but an apology and the ways to a person."""
    wait_estimate = "wait_estimate"
    cancel_queue = "cancel_queue"
    ticket_progress = "ticket_progress"
    my_tickets = "my_tickets"
    answer_due = "answer_due"
    unsubscribe = "unsubscribe"
    subscribe = "subscribe"
    data_request = "data_request"
    suggest = "suggest"
    complain = "complain"
    continue_ = "continue"
    confirm = "confirm"
    deny = "deny"
    still_broken = "still_broken"
    solved = "solved"
    say = "say"


SAYING = frozenset({Action.say, Action.care, Action.alarm, Action.calm, Action.solved})
"""Actions whose words stand with the intent; those of the others belong to the dialogue."""


class TitleFacts(StrEnum):
    """What an answer says of a title that the catalogue knows."""

    airing = "airing"
    """When new episodes come, how far it is, and the next one; of what has no episodes, when it is shown."""
    episodes = "episodes"
    """How many episodes there are, and when the last one comes."""
    start = "start"
    """When a broadcast begins."""
    next_season = "next_season"
    station = "station"
    """When television shows it, and who is first."""


FIRST = frozenset({Action.hand_over, Action.unsubscribe, Action.complain})
"""Actions that go before whatever the service waits for."""
OFFERED = FIRST | {
    Action.ticket_progress, Action.my_tickets, Action.answer_due, Action.subscribe, Action.data_request, Action.suggest,
}  # fmt: skip
"""Actions that can stand as a choice in a clarifying question."""
COLOURING = frozenset({Action.care, Action.alarm, Action.calm})
"""Actions that come on top of whatever is asked; the words of the others ask for it themselves."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A question with its answer. ``version`` changes whenever anything of the entry does, facts included."""

    id: str
    title: str
    question: str
    similar: tuple[str, ...]
    answer: str
    """Empty where it is withheld: a person answers instead."""
    urgent: bool
    """Answered even while the viewer waits in the queue, and outside the service hours."""
    intent: str | None
    """The intent that acts where the question is really a request."""
    version: str
    again: tuple[str, ...] = ()
    """Other wordings, for a viewer who asks the same again; only those whose facts are all set."""
    devices: tuple[tuple[Device, str], ...] = ()
    """Steps for the viewer's device instead of ``answer``."""
    offer: str | None = None
    """The intent that acts if the viewer says yes: its offer stands under the answer."""
    styles: tuple[str, ...] = ()
    """How each of ``similar`` is written, for the training of the matcher; "" where the file does not say."""
    title_facts: TitleFacts | None = None
    """What the catalogue says first, where it knows the title that the viewer speaks of."""

    def steps_for(self, device: Device | None) -> str | None:
        return next((steps for known, steps in self.devices if known == device), None)


@dataclass(frozen=True, slots=True)
class Intent:
    """Something that a viewer wants done.

    ``exact`` words count only as the whole message, ``examples`` are matched, ``words`` count wherever they stand.
    """

    id: str
    title: str
    examples: tuple[str, ...]
    exact: tuple[str, ...]
    action: Action
    priority: int
    replies: tuple[str, ...]
    """Wordings to choose from, for actions of ``SAYING``; otherwise empty."""
    words: tuple[str, ...] = ()
    """``…`` in a word stands for some characters between its parts."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """One consistent state of all entries and intents; an edit makes a new one."""

    version: str
    entries: Mapping[str, Entry]
    intents: Mapping[str, Intent]
    withheld: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Entries whose answer is left empty because a fact in it has no value: entry id → missing facts.

    Their questions are still recognised, or the entries beside them would be given for an answer.
    """
    language: Language = PLAIN

    def phrasings(self) -> list[tuple[str, str]]:
        """Everything to be matched, as (target, text); ``resolve`` takes the target.

        Where an entry names an intent, both share the entry's id as target, so that they never compete.
        """
        return [*self._of_entries(), *self._of_intents()]

    def _of_entries(self) -> Iterator[tuple[str, str]]:
        for entry in self.entries.values():
            for text in (entry.question, *entry.similar):
                yield entry.id, text

    def _of_intents(self) -> Iterator[tuple[str, str]]:
        named = self.named
        for intent in self.intents.values():
            target = named.get(intent.id, INTENT_PREFIX + intent.id)
            for text in intent.examples:
                yield target, text

    @property
    def named(self) -> dict[str, str]:
        """Intents that an entry names → that entry's id."""
        return {entry.intent: entry.id for entry in self.entries.values() if entry.intent}

    def exact_words(self) -> dict[str, str]:
        """Words that count only as the whole message, as written in the files → intent id."""
        return {word: intent.id for intent in self.intents.values() for word in intent.exact}

    def resolve(self, target: str) -> Entry | Intent:
        """What a target of ``phrasings`` stands for; KeyError for a target of other knowledge."""
        if target.startswith(INTENT_PREFIX):
            return self.intents[target.removeprefix(INTENT_PREFIX)]
        entry = self.entries[target]
        return self.intents[entry.intent] if entry.intent else entry


def fingerprint(*parts: object) -> str:
    """Eight hexadecimal digits that change with the content of ``parts`` (anything that JSON can write)."""
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()[:8]


def bare(text: str) -> str:
    """Letters and digits only, in one width and case: enough to see that two phrasings are the same.

    The matcher normalises far more; this must not depend on its rules, which operators edit.
    """
    return "".join(char for char in unicodedata.normalize("NFKC", text).casefold() if char.isalnum())
