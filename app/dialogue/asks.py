"""What a message of several clauses asks: courtesies around a question, an act beside it, a story, two questions. Pure.

Figures on phrasings whose style was held back decided what a clause may do, and that none on the questions of
``tests/eval`` got worse: ``NEARLY`` was chosen with both in view. A sure clause alone was right in 44 of 63
stories, so it decides nothing against the whole. A whole that is nearly sure is sure where a clause that asks agrees.
Two clauses that ask for two things, one of them surely, held the right one each time. With all this 102 of 551 stories
were answered instead of 82, 100 of them rightly instead of 80. Ranking the candidates anew by their best clause made
the first one worse (.726 to .693), so that the whole's order stays.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from app.faq.knowledge import FIRST, Action, Entry, Intent, Knowledge
from app.matching import clauses, elsewhere
from app.matching.match import Match, Tier
from app.matching.normalise import clean

NEARLY = 0.03
"""By how much less than sure a whole may be that a clause confirms."""
NEARLY_SURE = 0.85
"""Confidence from which on a clause asks for something beside another that is sure."""
AGREES = 0.6
"""Confidence from which on a clause that asks confirms what the whole asks."""
PLAINLY = 3
"""Clauses of a message that may ask two things although the whole is sure of one; more of them tell a story."""
ADDRESSED = frozenset({"客服", "客服客服"})
"""Beside something else these words address the service (客服，在吗); as the whole message they call a person."""

POLITE = frozenset({Action.say, Action.confirm, Action.deny})
"""Actions whose words ask nothing when something else stands in the message."""
BESIDE = frozenset({Action.unsubscribe, Action.subscribe, Action.ticket_progress, Action.my_tickets, Action.answer_due})
"""Actions that are done at once, so that a question beside them is answered too; the others lead to a person."""
ACTING = FIRST | BESIDE | {Action.data_request, Action.cancel_queue}
"""Actions whose exact word acts as a clause too, whatever stands beside it."""


class Clause(NamedTuple):
    text: str
    told: Intent | None = None
    """The intent whose exact word the clause is."""
    match: Match | None = None
    """Only where the clauses had to be looked at one by one."""

    @property
    def sure(self) -> str | None:
        return self.match.candidates[0].target if self.match and self.match.tier is Tier.sure else None


class Asked(NamedTuple):
    match: Match
    """Of the whole, without courtesies; sure also where a clause confirmed it."""
    meant: Entry | Intent | None = None
    """The first thing that is asked for sure; None where ``match`` alone says it."""
    also: Entry | None = None
    """A second question, to be answered after ``meant``."""
    heard: tuple[Clause, ...] = ()
    likely: tuple[str, ...] = ()
    """Targets of sure clauses, where none of them decides."""


@dataclass(frozen=True, slots=True)
class Ear:
    """What a message is heard with."""

    match: Callable[[str], Match]
    """Of a text as it is written."""
    normalise: Callable[[str], str]
    exact: Mapping[str, Intent]
    """What a clause tells word for word, see ``told_by``."""
    resolve: Callable[[str], Entry | Intent]
    """KeyError for a target that is none."""
    sure: float
    """Confidence from which on the service answers."""
    level: float
    """A second candidate of more than this share of the first's score is level with it."""

    def told(self, text: str) -> Intent | None:
        return self.exact.get(self.normalise(text))


def told_by(knowledge: Knowledge, normalise: Callable[[str], str]) -> dict[str, Intent]:
    """Normalised words → the intent which they tell as a clause: exact ones, and examples of what always works.

    Other examples do not: 怎么投诉 at the end of a story asks where to go with what the story tells.
    """
    always = [
        intent for intent in knowledge.intents.values() if intent.action in (Action.hand_over, Action.unsubscribe)
    ]
    examples = {normalise(example): intent for intent in always for example in intent.examples}
    return examples | {normalise(word): knowledge.intents[name] for word, name in knowledge.exact_words().items()}


def hear(text: str, ear: Ear) -> Asked:
    """At most ten texts are matched, and one where there is nothing to cut, or where the whole is sure."""
    cut = clauses.split(text, lambda clause: ear.told(clause) is not None)
    if len(cut) < 2:
        return Asked(ear.match(text))
    heard = tuple([Clause(clause, ear.told(clause)) for clause in cut])
    rest = [clause for clause in heard if clause.told is None]
    if not rest:
        told = [clause.told for clause in heard if clause.told and _calls(clause)]
        meant = max(told, key=lambda intent: intent.priority, default=heard[0].told)
        return Asked(ear.match(text), meant, heard=heard)
    match = _whole(text, heard, rest, ear)
    if act := _act(heard):
        return _beside(act, match, heard, ear)
    if not _worth_looking(match, rest, ear):
        return Asked(match, heard=heard)
    return _clause_by_clause(match, heard, ear)


def _whole(text: str, heard: Sequence[Clause], rest: Sequence[Clause], ear: Ear) -> Match:
    """Where that is not sure, or sure of a courtesy only: what is left without courtesies and acts, if it says more."""
    whole = ear.match(text)
    polite = _is_polite(whole, ear)
    if len(rest) == len(heard) or whole.exact or (whole.tier is Tier.sure and not polite):
        return whole
    match = ear.match("，".join([clause.text for clause in rest]))
    better = match.tier is not Tier.none if polite else match.confidence > whole.confidence
    return match if better else whole


def _act(heard: Iterable[Clause]) -> Intent | None:
    """The most important of the acts whose words stand as clauses of their own."""
    acts = [clause.told for clause in heard if clause.told and clause.told.action in ACTING and _calls(clause)]
    return max(acts, key=lambda intent: intent.priority, default=None)


def _calls(clause: Clause) -> bool:
    return clean(clause.text) not in ADDRESSED


def _beside(act: Intent, match: Match, heard: tuple[Clause, ...], ear: Ear) -> Asked:
    found = ear.resolve(match.candidates[0].target) if match.tier is Tier.sure else None
    answered = isinstance(found, Entry) and not found.urgent and act.action in BESIDE
    return Asked(match, act, found if answered and isinstance(found, Entry) else None, heard)


def _worth_looking(match: Match, rest: Sequence[Clause], ear: Ear) -> bool:
    """Clauses cost a match each: not where the whole is sure, unless it thanks, or plainly asks two things."""
    if len(rest) < 2 or match.exact or not match.candidates:
        return False
    if match.tier is not Tier.sure or _is_polite(match, ear):
        return True
    return len(rest) <= PLAINLY and sum(clauses.asks(clause.text) for clause in rest) > 1


def _clause_by_clause(match: Match, heard: Sequence[Clause], ear: Ear) -> Asked:
    looked = tuple([clause if clause.told else clause._replace(match=ear.match(clause.text)) for clause in heard])
    surely = [target for target in dict.fromkeys(clause.sure for clause in looked) if target]
    if _reads_politely(match, ear):
        entries = [found for found in map(ear.resolve, surely) if isinstance(found, Entry)]
        return _both(match, entries[:2], looked) if entries else Asked(match, heard=looked)
    if len(two := _two_asked(match, looked, ear)) == 2:
        return _both(match, two, looked)
    if match.tier is Tier.sure:
        return Asked(match, heard=looked)
    if _confirmed(match, looked, ear):
        return Asked(replace(match, tier=Tier.sure), heard=looked)
    return Asked(match, heard=looked, likely=tuple(surely))


def _both(match: Match, entries: Sequence[Entry], looked: tuple[Clause, ...]) -> Asked:
    """In their order; an urgent one stands alone."""
    urgent = next((entry for entry in entries if entry.urgent), None)
    alone = urgent is not None or len(entries) == 1
    return Asked(match, urgent or entries[0], None if alone else entries[1], looked)


def _two_asked(match: Match, looked: Iterable[Clause], ear: Ear) -> list[Entry]:
    """Entries that two clauses ask for, one of them surely, and the whole first of all for one of them; or nothing."""
    found: dict[str, Entry] = {}
    asking = surely = 0
    for clause in looked:
        target = clause.sure or _asked_nearly(clause, ear)
        if target is None or target in found:
            continue
        entry = ear.resolve(target)
        if not isinstance(entry, Entry):
            return []
        found[target] = entry
        asking += clauses.asks(clause.text)
        surely += clause.sure is not None
    fits = match.tier is not Tier.none and match.candidates[0].target in found
    enough = asking >= (2 if match.tier is Tier.sure else 1)
    return list(found.values()) if fits and enough and surely else []


def _asked_nearly(clause: Clause, ear: Ear) -> str | None:
    match = clause.match
    if match is None or match.confidence < NEARLY_SURE or not clauses.asks(clause.text) or _is_level(match, ear):
        return None
    return match.candidates[0].target


def _confirmed(match: Match, looked: Iterable[Clause], ear: Ear) -> bool:
    """A clause that asks agrees with a whole that is nearly sure, and no other is sure of something else."""
    first = match.candidates[0].target
    if match.confidence < ear.sure - NEARLY or elsewhere.words(match.normalised):
        return False
    found = [clause for clause in looked if clause.match and clause.match.candidates]
    agreeing = [clause for clause in found if clause.match and clause.match.candidates[0].target == first]
    asked = any(clause.match and clause.match.confidence >= AGREES and clauses.asks(clause.text) for clause in agreeing)
    return asked and all(clause.sure in (None, first) for clause in looked)


def _is_level(match: Match, ear: Ear) -> bool:
    return len(match.candidates) > 1 and match.candidates[1].score > ear.level * match.candidates[0].score


def _is_polite(match: Match, ear: Ear) -> bool:
    return match.tier is Tier.sure and _reads_politely(match, ear)


def _reads_politely(match: Match, ear: Ear) -> bool:
    found = ear.resolve(match.candidates[0].target)
    return isinstance(found, Intent) and found.action in POLITE
