"""Where an answer came from, kept with each answer."""

from dataclasses import dataclass

from app.faq.knowledge import Entry
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


def source_of(entry: Entry, match: Match) -> Source:
    """The entry that answers a text, with what the text matched; they differ where the viewer chose from a list."""
    scores = {candidate.target: candidate.score for candidate in match.candidates}
    others = [candidate.target for candidate in match.candidates if candidate.target != entry.id]
    return Source(
        entry=entry.id,
        version=entry.version,
        tier=match.tier.value,
        score=round(scores.get(entry.id, 0.0), 4),
        runner_up=others[0] if others else None,
        confidence=round(match.confidence, 4),
        index=match.index_version,
    )
