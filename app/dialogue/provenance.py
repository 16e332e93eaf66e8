"""Where an answer came from, kept with each answer."""

from dataclasses import dataclass

from app.faq.knowledge import Entry, Knowledge
from app.matching.match import Match


@dataclass(frozen=True, slots=True)
class Source:
    entry: str
    version: str
    tier: str
    score: float
    runner_up: str | None
    confidence: float
    index: str
    chosen_by: str | None = None
    """The adviser that chose among the candidates; None where the match or the viewer did."""


def source_of(entry: Entry, match: Match) -> Source:
    """The entry that answers a text, with what the text matched; they differ where the viewer chose from a list."""
    return _source(entry.id, entry.version, match)


def advised_source(target: str, knowledge: Knowledge, match: Match, by: str) -> Source:
    """What an adviser chose; ``target`` may be an intent, whose version is that of the whole knowledge."""
    entry = knowledge.entries.get(target)
    return _source(target, entry.version if entry else knowledge.version, match, by)


def _source(target: str, version: str, match: Match, by: str | None = None) -> Source:
    scores = {candidate.target: candidate.score for candidate in match.candidates}
    others = [candidate.target for candidate in match.candidates if candidate.target != target]
    return Source(
        entry=target,
        version=version,
        tier=match.tier.value,
        score=round(scores.get(target, 0.0), 4),
        runner_up=others[0] if others else None,
        confidence=round(match.confidence, 4),
        index=match.index_version,
        chosen_by=by,
    )
