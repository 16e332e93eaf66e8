"""Advice for those who write the knowledge: nothing here stops the service, everything here costs right answers."""

from collections.abc import Iterator

import numpy as np
from rapidfuzz import fuzz, process

from app.faq.knowledge import Entry, Knowledge, bare

NEAR = 92
"""Per cent of equal characters from which two phrasings are one for the matcher."""
FEW_SIMILAR = 5
COMFORTABLE_BYTES = 600
WAY_OUT = "人工"


def lint(knowledge: Knowledge) -> list[str]:
    """One line each; what is only worth a thought begins with ``note:`` and stands at the end."""
    return [
        *_near_duplicates(knowledge),
        *_colliding_words(knowledge),
        *(line for entry in knowledge.entries.values() for line in _weaknesses(entry)),
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
