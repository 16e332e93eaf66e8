"""Text → what it most probably asks. Pure, and done before any transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from app import metrics
from app.faq.knowledge import Entry, Intent, Knowledge
from app.matching.entities import Slots, extract
from app.matching.index import Index, Phrasing
from app.matching.match import Match, Tier
from app.matching.normalise import normalise

CACHED_TEXTS = 8192
"""Real traffic repeats itself: the same words cost a dictionary look-up the second time."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a text says by itself; the conversation's context is applied by ``decide``."""

    text: str
    slots: Slots
    match: Match
    exact_intent: str | None
    """The intent whose exact word the whole message is (退订, 继续 …)."""


Understand = Callable[[str], Understanding]


@dataclass(frozen=True, slots=True)
class Brain:
    """Knowledge with its index: immutable, swapped whole when the knowledge changes."""

    knowledge: Knowledge
    index: Index
    understand: Understand

    def target(self, name: str) -> Entry | Intent:
        return self.knowledge.resolve(name)


def build_brain(knowledge: Knowledge) -> Brain:
    index = Index.build(Phrasing(target, text) for target, text in knowledge.phrasings())
    words = {normalise(word): intent for word, intent in knowledge.exact_words().items()}
    match = lru_cache(CACHED_TEXTS)(index.match_normalised)

    def understand(text: str) -> Understanding:
        metrics.understand_misses.inc()
        extraction = extract(text)
        return Understanding(
            text=text,
            slots=extraction.slots,
            match=match(normalise(extraction.rest)),
            exact_intent=words.get(normalise(text)),
        )

    return Brain(knowledge, index, lru_cache(CACHED_TEXTS)(understand))


def best(understanding: Understanding, brain: Brain) -> Entry | Intent | None:
    """What the text asks for sure: an exact word's intent, else the surely matched entry or intent."""
    if understanding.exact_intent is not None:
        return brain.knowledge.intents[understanding.exact_intent]
    if understanding.match.tier is not Tier.sure:
        return None
    return brain.target(understanding.match.candidates[0].target)
