"""The questions with their right answers, and the knowledge that they are asked of."""

import json
from pathlib import Path

from app.faq.facts import resolve_facts
from app.faq.loader import load
from app.matching.index import Phrasing
from app.matching.training import Example

ROOT = Path(__file__).parents[2]
QUESTIONS = Path(__file__).with_name("data") / "viewer_dev.jsonl"

SMALL_TALK = frozenset({"intent:greeting", "intent:thanks", "intent:goodbye", "intent:praise"})
"""Right answers to what is outside every entry: 你好, 谢谢啦."""


def read_phrasings() -> list[Phrasing]:
    knowledge = load(ROOT / "faq", ROOT / "intents", resolve_facts({}, demo=True))
    return [Phrasing(target, text) for target, text in knowledge.phrasings()]


def read_examples() -> list[Example]:
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    return [Example(row["text"], frozenset({row["id"]}) if row["id"] else SMALL_TALK) for row in rows]
