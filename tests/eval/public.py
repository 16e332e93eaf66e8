"""The engine on public sets, which may be measured with and not copied: their folder is named by ``--public``.

Questions of a consumer app and about health (``faq_*``), commands to a voice assistant (``intent_*``). Our phrasings
take no part. Of the intents the confidence is fitted anew, on their own training part, and forgotten afterwards;
utterances outside of them are known as a label of their own.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.commands.matching import read_base
from app.dialogue.judging import Question, judge_index
from app.matching.confidence import Weights
from app.matching.evaluation import Figures, figures
from app.matching.index import Index
from app.matching.language import Language
from app.matching.training import Known, Material, train

OUTSIDE = "OOS"


def faq(folder: Path, language: Language) -> Iterator[tuple[str, Figures]]:
    warm = read_base(folder / "faq_base.jsonl")
    cold = list({id_: (id_, text) for id_, text in reversed(warm)}.values())  # the first of each: its question
    asked = [Question(text, None if id_ == "NONE" else id_) for _, text, id_, _ in _rows(folder / "faq_queries.tsv")]
    yield "public, warm", figures(judge_index(_index(warm, language), asked))
    yield "public, cold", figures(judge_index(_index(cold, language), asked))


def robustness(folder: Path, language: Language) -> Iterator[tuple[str, Figures]]:
    """The same questions as they are, in traditional characters, with homophones, fillers, a dropped character."""
    index = _index(read_base(folder / "faq_base.jsonl"), language)
    kinds: dict[str, list[Question]] = {}
    for _, text, id_, kind in _rows(folder / "faq_robust.tsv"):
        kinds.setdefault(kind, []).append(Question(text, id_))
    for kind, asked in kinds.items():
        yield f"public, {kind}", figures(judge_index(index, asked))


@dataclass(frozen=True, slots=True)
class IntentFigures:
    threshold: float
    macro_f1: float
    """Over all labels, "none fits" among them."""
    oos_recall: float


def intents(folder: Path, language: Language) -> list[IntentFigures]:
    """At the threshold that the training part chooses, and at the lowest that keeps out nine in ten of the others."""
    rows = [*_rows(folder / "intent_train.tsv"), *_rows(folder / "intent_oos_train.tsv")]
    known = [Known(label, text) for text, label in rows]
    weights = train(Material(known, [], frozenset(), language), thinned_to=())
    index = Index.build([(one.target, one.text) for one in known], language, weights)
    asked = _rows(folder / "intent_test.tsv")
    matches = [index.match(text) for text, _ in asked]
    found = [(match.candidates[0].target if match.candidates else OUTSIDE, match.confidence) for match in matches]
    gold = [label for _, label in asked]
    swept = [_at(float(threshold), found, gold) for threshold in np.arange(0.3, 0.96, 0.005)]
    chosen = _at(index.weights.likely, found, gold)
    best = max(swept, key=lambda one: one.macro_f1)
    strict = max((one for one in swept if one.oos_recall >= 0.9), key=lambda one: one.macro_f1, default=chosen)
    return [chosen, best, strict]


def _at(threshold: float, found: Sequence[tuple[str, float]], gold: Sequence[str]) -> IntentFigures:
    decided = [label if confidence >= threshold else OUTSIDE for label, confidence in found]
    right = Counter(label for label, other in zip(decided, gold, strict=True) if label == other)
    said, were = Counter(decided), Counter(gold)
    shares = [2 * right[label] / (said[label] + were[label]) for label in said | were]
    return IntentFigures(threshold, sum(shares) / len(shares), right[OUTSIDE] / max(were[OUTSIDE], 1))


def _index(known: list[tuple[str, str]], language: Language) -> Index:
    return Index.build(known, language, Weights.load())


def _rows(path: Path) -> list[list[str]]:
    """Without the heading."""
    return [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[1:]]
