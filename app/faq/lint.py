"""Advice for those who write the knowledge: nothing here stops the service, everything here costs right answers."""

from collections.abc import Iterator

import numpy as np
from rapidfuzz import fuzz, process

from app.faq.knowledge import Entry, Knowledge, bare
from app.matching.index import Index
from app.matching.match import Tier

NEAR = 92
"""Per cent of equal characters from which two phrasings are one for the matcher."""
FEW_SIMILAR = 5
COMFORTABLE_BYTES = 600
WAY_OUT = "人工"


def lint(knowledge: Knowledge) -> list[str]:
    """What ought to be mended, one line each."""
    return [
        *_near_duplicates(knowledge),
        *_colliding_words(knowledge),
        *(line for entry in knowledge.entries.values() for line in _weaknesses(entry)),
    ]


def notes(knowledge: Knowledge, index: Index) -> list[str]:
    """What is worth a thought, one line each, of the knowledge and the index built of it; some seconds."""
    return [
        *_conflicts(knowledge, index),
        *(line for entry in knowledge.entries.values() for line in _notes(entry)),
        *(f"note: {id_}: withheld, {', '.join(missing)} not set" for id_, missing in knowledge.withheld.items()),
    ]


def _near_duplicates(knowledge: Knowledge) -> Iterator[str]:
    """Pairs of phrasings that are (nearly) the same and lead to different targets."""
    phrasings = knowledge.phrasings()
    texts = [bare(text) for _, text in phrasings]
    scores = process.cdist(texts, texts, scorer=fuzz.ratio, score_cutoff=NEAR, dtype=np.uint8)
    for one, other in np.argwhere(np.triu(scores, k=1)):
        (target, text), (other_target, other_text) = phrasings[one], phrasings[other]
        if target != other_target:
            kind = "the same as" if texts[one] == texts[other] else "nearly the same as"
            yield f"{target}: “{text}” is {kind} “{other_text}” of {other_target}"


def _conflicts(knowledge: Knowledge, index: Index) -> Iterator[str]:
    """Phrasings that would be answered surely, and with something else, if they did not stand here themselves.

    Those of the style ``border`` are meant to be near to another topic.
    """
    border = {
        index.language.normalise(text)
        for entry in knowledge.entries.values()
        for text, style in zip(entry.similar, entry.styles, strict=True)
        if style == "border"
    }
    for (target, text), match in index.left_out():
        first = match.candidates[0].target if match.candidates else target
        if match.tier is Tier.sure and first != target and text not in border:
            yield f"note: {target}: “{text}” reads like {first} ({match.confidence:.2f}): move it, or tell them apart"


def _colliding_words(knowledge: Knowledge) -> Iterator[str]:
    """Exact words that are one for the matcher, which drops courtesies and particles: 好的 and 好的谢谢."""
    seen: dict[str, tuple[str, str]] = {}
    for word, intent in knowledge.exact_words().items():
        first, other = seen.setdefault(knowledge.language.normalise(word), (word, intent))
        if other != intent:
            yield f"intent:{intent}: “{word}” is the same as “{first}” of intent:{other} for the matcher"


def _weaknesses(entry: Entry) -> Iterator[str]:
    if len(entry.similar) < FEW_SIMILAR:
        yield f"{entry.id}: only {len(entry.similar)} similar questions, {FEW_SIMILAR} or more match far better"
    size = len(entry.answer.encode())
    if size > COMFORTABLE_BYTES:
        yield f"{entry.id}: the answer has {size} bytes, {COMFORTABLE_BYTES} are comfortable on a phone"


def _notes(entry: Entry) -> Iterator[str]:
    if not entry.offer and WAY_OUT not in entry.answer:
        yield f"note: {entry.id}: the answer shows no way to a person (“{WAY_OUT}”)"
