"""What the service knows: entries and intents as immutable values, and which phrasing leads to which of them."""

import hashlib
import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

INTENT_PREFIX = "intent:"


class Action(StrEnum):
    """What the service does when an intent is meant; the texts for all but ``say`` belong to the dialogue."""

    hand_over = "hand_over"
    wait_estimate = "wait_estimate"
    cancel_queue = "cancel_queue"
    ticket_progress = "ticket_progress"
    unsubscribe = "unsubscribe"
    complain = "complain"
    continue_ = "continue"
    deny = "deny"
    still_broken = "still_broken"
    say = "say"


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


@dataclass(frozen=True, slots=True)
class Intent:
    """Something that a viewer wants done. ``exact`` words count only as the whole message, ``examples`` are matched."""

    id: str
    title: str
    examples: tuple[str, ...]
    exact: tuple[str, ...]
    action: Action
    priority: int
    replies: tuple[str, ...]
    """Wordings to choose from, for ``say``; otherwise empty."""


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
        named = {entry.intent: entry.id for entry in self.entries.values() if entry.intent}
        for intent in self.intents.values():
            target = named.get(intent.id, INTENT_PREFIX + intent.id)
            for text in intent.examples:
                yield target, text

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
