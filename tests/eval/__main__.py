"""How good the matcher is on viewers' questions: ``python -m tests.eval``, with ``--train`` after fitting it anew.

Whoever looked at these questions cannot answer for the next ones, so each figure is given twice: with all phrasings,
some of which were written with the questions in view, and without those that nearly repeat one.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace

from app.matching.confidence import Weights
from app.matching.index import Index, Phrasing
from app.matching.training import Example, train, without_copies
from tests.eval import figures, speed
from tests.eval.questions import QUESTIONS, SMALL_TALK, read_examples, read_phrasings


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
