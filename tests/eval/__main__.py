"""How good the matcher is on viewers' questions: ``python -m tests.eval``, with ``--train`` after fitting it anew.

Nobody who looks at these questions can answer for the next ones, so each figure is given twice: with all phrasings, some
of which were written with the questions in view, and without those that nearly repeat one.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from app.faq.facts import resolve_facts
from app.faq.loader import load
from app.matching.confidence import Weights
from app.matching.index import Index, Phrasing
from app.matching.training import Example, train, without_copies
from tests.eval import figures, speed

ROOT = Path(__file__).parents[2]
QUESTIONS = Path(__file__).with_name("data") / "viewer_dev.jsonl"

SMALL_TALK = frozenset({"intent:greeting", "intent:thanks", "intent:goodbye", "intent:praise"})
"""Right answers to what is outside every entry: 你好, 谢谢啦."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.eval", description=__doc__)
    parser.add_argument("--train", action="store_true", help="fit the confidence first and write its weights")
    parser.add_argument("--speed", action="store_true", help="also measure the time of a question")
    options = parser.parse_args()
    phrasings, examples = read_phrasings(), read_examples()
    if options.train:
        refit(phrasings, examples).save()
    report(phrasings, examples)
    if options.speed:
        speed.report(Index.build(phrasings), [example.text for example in examples])


def read_phrasings() -> list[Phrasing]:
    knowledge = load(ROOT / "faq", ROOT / "intents", resolve_facts({}, demo=True))
    return [Phrasing(target, text) for target, text in knowledge.phrasings()]


def read_examples() -> list[Example]:
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    return [Example(row["text"], frozenset({row["id"]}) if row["id"] else SMALL_TALK) for row in rows]


def refit(phrasings: Sequence[Phrasing], examples: Sequence[Example]) -> Weights:
    weights = train(phrasings, examples)
    source = f"{len(examples)} questions of {QUESTIONS.name} and {len(phrasings)} phrasings left out in turn"
    return replace(
        weights, provenance=f"python -m tests.eval --train: {source}; thresholds by 10-fold cross-validation"
    )


def report(phrasings: Sequence[Phrasing], examples: Sequence[Example]) -> None:
    strict = without_copies(phrasings, examples)
    figures.show(f"all {len(phrasings)} phrasings", figures.measure(Index.build(phrasings), examples, SMALL_TALK))
    figures.show(f"{len(strict)} phrasings, no near copies", figures.measure(Index.build(strict), examples, SMALL_TALK))
    figures.show("the same, confidence fitted without the question", figures.held_out(phrasings, examples, SMALL_TALK))


if __name__ == "__main__":
    main()
