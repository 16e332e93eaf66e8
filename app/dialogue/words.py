"""Words that count wherever they stand in a message: what nothing else in it may drown."""

import re
from collections.abc import Sequence

from app.faq.knowledge import GAP, Intent, Knowledge
from app.matching.normalise import clean, simplify

_BETWEEN = ".{0,12}"

Flags = Sequence[tuple[re.Pattern[str], Intent]]


def read(knowledge: Knowledge) -> Flags:
    """The patterns of all intents that have words, the most important first."""
    flagged = [intent for intent in knowledge.intents.values() if intent.words]
    flagged.sort(key=lambda intent: -intent.priority)
    return [(re.compile("|".join(map(_pattern, intent.words))), intent) for intent in flagged]


def first(flags: Flags, text: str) -> Intent | None:
    """The most important intent one of whose words stands in the text."""
    plain = simplify(clean(text))
    return next((intent for pattern, intent in flags if pattern.search(plain)), None)


def _pattern(word: str) -> str:
    return _BETWEEN.join(re.escape(simplify(clean(part))) for part in word.split(GAP))
