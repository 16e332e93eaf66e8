"""Text → what it most probably asks. Pure, and done before any transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from app import metrics
from app.dialogue import asks, words
from app.dialogue.asks import Asked, Clause, Ear
from app.dialogue.choice import chosen
from app.dialogue.provenance import Source, source_of
from app.faq.knowledge import COLOURING, FIRST, INTENT_PREFIX, OFFERED, Action, Entry, Intent, Knowledge
from app.matching.catalogue import NO_TITLES, Catalogue
from app.matching.entities import Slots, extract
from app.matching.index import Index
from app.matching.language import LONGEST_RAW
from app.matching.match import Match, Tier

OPTIONS = 3
"""Choices in a clarifying question."""
FAR_BEHIND = 0.15
"""Share of the first candidate's score below which another has nothing to do with the text."""
CACHED_TEXTS = 2048
"""Real traffic repeats itself: the same words cost a dictionary look-up the second time."""
CACHED_PARTS = 64
"""Within one message a clause is looked at from several sides."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What an adviser says to a text of which the index is not sure."""

    meant: Entry | Intent | None
    """One of the candidates; None where it is none of them."""
    source: Source | None


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a text says by itself; the conversation's context is applied by ``decide``."""

    text: str
    slots: Slots
    match: Match
    meant: Entry | Intent | None
    """What the text asks for sure: the intent whose exact word it is (退订, 继续 …), else what it surely matches."""
    source: Source | None
    """Provenance of the answer, where ``meant`` is an entry."""
    flag: Intent | None = None
    """What its words say whatever it asks: danger, urgency, anger."""
    first: bool = False
    """Whether it goes before anything that the bot waits for."""
    words: str = ""
    """The text without blanks around it."""
    options: tuple[str, ...] = ()
    """What it may ask, if it is likely: targets with titles of their own, best first."""
    also: Entry | None = None
    """A second question of the same message, which is answered after ``meant``."""
    also_source: Source | None = None
    clauses: tuple[Clause, ...] = ()
    """What a message of several clauses was heard as."""
    advice: Advice | None = None
    """It counts only where the text would be asked back: it knows nothing of the conversation, nor of what waits."""

    @property
    def is_about_more(self) -> bool:
        """Whether something that is no courtesy and no act stands beside ``meant``."""
        return any(clause.told is None for clause in self.clauses)

    @property
    def may_mean(self) -> Entry | Intent | None:
        """What it asks for sure or by advice: whatever is needed to decide that has to be loaded."""
        return self.meant or (self.advice.meant if self.advice else None)


Understand = Callable[[str], Understanding]


@dataclass(frozen=True, slots=True)
class Brain:
    """Knowledge with its index: immutable, swapped whole when the knowledge changes."""

    knowledge: Knowledge
    index: Index
    understand: Understand
    catalogue: Catalogue = NO_TITLES

    def target(self, name: str) -> Entry | Intent:
        return self.knowledge.resolve(name)

    def name_of(self, meant: Entry | Intent) -> str:
        """The target that leads to it."""
        if isinstance(meant, Entry):
            return meant.id
        return self.knowledge.named.get(meant.id, INTENT_PREFIX + meant.id)

    def knows(self, name: str) -> bool:
        """Whether ``name`` is a target: the id of an entry, or that of an intent behind ``intent:``."""
        intent = name.removeprefix(INTENT_PREFIX)
        return intent in self.knowledge.intents if intent != name else name in self.knowledge.entries

    def named(self, target: str, text: str) -> Understanding:
        """A text that stands for a target: a tapped choice, a menu entry."""
        understood, meant = self.understand(text), self.target(target)
        source = source_of(meant, understood.match) if isinstance(meant, Entry) else None
        return replace(
            understood, meant=meant, source=source, flag=None, first=_goes_first(meant, None),
            also=None, also_source=None, clauses=(),
        )  # fmt: skip

    def matched_again(self, understanding: Understanding, match: Match) -> Understanding:
        """A text that asks for nothing surely, with a better match of it than by its words alone."""
        likely = [clause.sure for clause in understanding.clauses if clause.sure]
        return replace(understanding, match=match, options=_options(Asked(match, likely=tuple(likely)), self.knowledge))


def build_brain(knowledge: Knowledge, index: Index | None = None, catalogue: Catalogue = NO_TITLES) -> Brain:
    """Without ``index`` one is built from the knowledge."""
    index = index or Index.build(knowledge.phrasings(), knowledge.language)
    normalise = lru_cache(CACHED_PARTS)(knowledge.language.normalise)
    entities = lru_cache(CACHED_PARTS)(lambda text: extract(text[:LONGEST_RAW], catalogue))
    exact = {normalise(word): knowledge.intents[name] for word, name in knowledge.exact_words().items()}
    flags = words.read(knowledge)

    match = lru_cache(CACHED_TEXTS)(index.match_normalised)

    def match_text(text: str) -> Match:
        found = entities(text)
        whole = match(normalise(found.rest))
        if whole.tier is Tier.sure or not found.slots.moment:
            return whole
        return _agreed(whole, match(normalise(found.rest_without_moment)))

    told, weights = asks.told_by(knowledge, normalise), index.weights
    ear = Ear(match_text, normalise, told, knowledge.resolve, weights.sure, weights.level)

    def understand(text: str) -> Understanding:
        metrics.understand_misses.inc()
        flag = words.first(flags, text)
        spoken = exact.get(normalise(text)) or _spoken(flag)
        asked = Asked(match_text(text)) if spoken else asks.hear(text, ear)
        matched = asked.match
        meant = spoken or asked.meant or _sure(text, matched, knowledge)
        return Understanding(
            text,
            entities(text).slots,
            matched,
            meant,
            _source(meant, asked),
            flag,
            _goes_first(meant, flag),
            text.strip(),
            _options(asked, knowledge),
            asked.also,
            _source(asked.also, asked),
            asked.heard,
        )

    return Brain(knowledge, index, lru_cache(CACHED_TEXTS)(understand), catalogue)


def _agreed(whole: Match, apart: Match) -> Match:
    """Without its moment a text may be sure of what it says with it: 昨晚没字幕.

    Of 137 questions with a moment and their like in the knowledge, held back, that was right 3 times of 3.
    """
    agrees = (
        apart.tier is Tier.sure and whole.candidates[:1] and whole.candidates[0].target == apart.candidates[0].target
    )
    return apart if agrees else whole


def _source(meant: Entry | Intent | None, asked: Asked) -> Source | None:
    """With the clause that asked for it, where one did; else with the whole."""
    if not isinstance(meant, Entry):
        return None
    by_clause = next((clause.match for clause in asked.heard if clause.match and _leads(clause.match, meant)), None)
    return source_of(meant, by_clause if by_clause and asked.meant else asked.match)


def _leads(match: Match, entry: Entry) -> bool:
    return bool(match.candidates) and match.candidates[0].target == entry.id


def _spoken(flag: Intent | None) -> Intent | None:
    """The intent whose words say by themselves what is wanted; the others only colour what is asked."""
    return flag if flag and flag.action not in COLOURING else None


def _goes_first(meant: Entry | Intent | None, flag: Intent | None) -> bool:
    if flag and flag.action in (Action.care, Action.alarm):
        return True
    return meant.urgent if isinstance(meant, Entry) else meant is not None and meant.action in FIRST


def _options(asked: Asked, knowledge: Knowledge) -> tuple[str, ...]:
    """What clauses are sure of stands before what the whole may mean; what is far behind the first is no choice."""
    found = [] if asked.match.tier is Tier.none else asked.match.candidates[:OPTIONS]
    ranked = [one.target for one in found if one.score >= FAR_BEHIND * found[0].score]
    by_title: dict[str, str] = {}
    for target in (*asked.likely, *ranked):
        meant = knowledge.resolve(target)
        if _can_be_offered(meant):
            by_title.setdefault(meant.title, target)
    return tuple(by_title.values())[:OPTIONS]


def _can_be_offered(meant: Entry | Intent) -> bool:
    """Nobody chooses “thanks” from a list."""
    return isinstance(meant, Entry) or meant.action in OFFERED


def _sure(text: str, match: Match, knowledge: Knowledge) -> Entry | Intent | None:
    """Figures, or the place in a list, ask nothing by themselves, whatever they resemble."""
    if match.normalised.isdecimal() or chosen(text, ()) is not None:
        return None
    if match.exact and match.tier is not Tier.sure:
        return _foremost([knowledge.resolve(found.target) for found in match.candidates])
    return knowledge.resolve(match.candidates[0].target) if match.tier is Tier.sure else None


def _foremost(level: Sequence[Entry | Intent]) -> Entry | Intent | None:
    """Of targets that share a phrasing word for word the one of the highest priority, if it is alone there.

    For scores that are nearly level this was tried and left: the intent was right in 12 of 56 cases.
    """
    best = max(map(_priority, level))
    first = [meant for meant in level if _priority(meant) == best]
    return first[0] if len(first) == 1 else None


def _priority(meant: Entry | Intent) -> int:
    """An entry has 0; small talk never goes before a question."""
    if isinstance(meant, Entry):
        return 0
    return -1 if meant.action is Action.say else meant.priority
