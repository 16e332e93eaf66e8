"""What matching a text against the knowledge gives."""

from dataclasses import dataclass
from enum import StrEnum


class Tier(StrEnum):
    """What the confidence allows the service to do."""

    sure = "sure"
    """Answer with the first candidate."""
    likely = "likely"
    """Offer the first three candidates as a numbered list."""
    none = "none"
    """Nothing that can be said: ask back or hand over to a person."""


@dataclass(frozen=True, slots=True)
class Candidate:
    target: str
    score: float
    """About 1 when the question reads like one of the target's phrasings, about 0 when nothing speaks for it."""


@dataclass(frozen=True, slots=True)
class Match:
    normalised: str
    """The question as it was compared; with ``index_version`` the key under which a match may be cached."""
    candidates: tuple[Candidate, ...]
    """Best first, five at most, each with a score above 0."""
    confidence: float
    """Estimated probability, 0 to 1, that the first candidate is what the viewer wants."""
    tier: Tier
    exact: bool
    """The question equals a phrasing after normalisation."""
    index_version: str
