"""How good the matcher is: ``make eval``. Some two minutes.

The questions in ``data``, the learning curve, each style of the knowledge asked of the rest, time and size; with
``--public DIR`` the public sets as well. ``--quick``: the questions in ``data`` alone.
"""

# ruff: noqa: T201 - a command prints

import argparse
from collections.abc import Iterable
from pathlib import Path

from app.commands.matching import HEADING, row, show, training_material
from app.dialogue.judging import judge_brain
from app.dialogue.loading import load_brain
from app.matching.evaluation import Figures
from app.settings import Settings
from tests.eval import held_back, public, questions, speed


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.eval", description=__doc__)
    parser.add_argument("--public", type=Path, metavar="DIR", help="folder of the public sets")
    parser.add_argument("--quick", action="store_true", help="only the labelled questions")
    options = parser.parse_args()
    settings = Settings(mode="demo")
    brain, material = load_brain(settings), training_material(settings)
    for title, asked in (("viewers", questions.viewers()), ("second writers", questions.second())):
        print(f"\n{title}")
        show(judge_brain(brain, asked))
    if options.quick:
        return
    unseen = [*questions.viewers(), *questions.second()]
    table("learning curve, all questions above", held_back.curve(material, unseen))
    table("styles held back from the knowledge", held_back.by_style(material))
    if options.public:
        table("public sets, engine only", public.faq(options.public, material.language))
        table("robustness", public.robustness(options.public, material.language))
        print("\npublic intents: at the threshold of training, at the best one, at nine in ten outside kept out")
        for found in public.intents(options.public, material.language):
            print(f"  from {found.threshold:.2f}  macro-F1 {found.macro_f1:.3f}  OOS recall {found.oos_recall:.3f}")
    speed.report(material, [question.text for question in questions.viewers()])


def table(title: str, rows: Iterable[tuple[str, Figures]]) -> None:
    print(f"\n{title}\n{HEADING}")
    for name, found in rows:
        print(row(name, found))


if __name__ == "__main__":
    main()
