"""``matching train`` and ``eval``: the matcher's confidence fitted, and its quality in figures."""

import argparse
import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from app.advisers.embedding import embed_knowledge
from app.advisers.endpoint import NoAdvice
from app.advisers.opening import open_embedder, open_vectors
from app.advisers.vectors import FOLDER
from app.dialogue.judging import Question, judge_brain, judge_index
from app.dialogue.loading import MEANING_WEIGHTS, WEIGHTS, load_brain, load_knowledge, load_weights
from app.errors import ConfigurationError
from app.faq.facts import resolve_facts
from app.faq.knowledge import INTENT_PREFIX, SAYING, Knowledge
from app.faq.outside import read_outside
from app.matching.confidence import SHIPPED
from app.matching.evaluation import Figures, Verdict, by_style, confusions, figures
from app.matching.index import Index, said
from app.matching.meanings import Meaning, MeaningWeights
from app.matching.training import HELD_BACK, Known, Material, train
from app.settings import ROOT, Settings

OUTSIDE = Path("faq", "training", "outside.yaml")
WORST = 8
"""Confusions that are listed."""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    matching = verbs.add_parser("matching", help="the matcher").add_subparsers(required=True, metavar="ACTION")
    training = matching.add_parser("train", help="fit the confidence to the knowledge and write its weights")
    training.add_argument("--to", type=Path, metavar="FILE", help="where the weights are written")
    training.add_argument("--embedding", action="store_true", help="the one for the vectors of EMBEDDING_MODEL")
    training.set_defaults(run=fit)
    judging = verbs.add_parser("eval", help="how well questions with known answers are treated")
    judging.add_argument("--questions", type=Path, required=True, metavar="FILE.jsonl", help="text, id or null, style")
    judging.add_argument("--base", type=Path, metavar="FILE.jsonl", help="id, question, similar: instead of faq/")
    judging.add_argument("--json", action="store_true", help="print one JSON object")
    judging.set_defaults(run=evaluate)


def fit(settings: Settings, options: argparse.Namespace) -> None:
    """Some ten seconds; with meanings twice as long, and once the time that the model takes for all texts.

    The service takes new weights at its next start.
    """
    if options.embedding:
        fit_to_meanings(settings, options.to)
        return
    to: Path = options.to or (SHIPPED if settings.knowledge_dir == ROOT else settings.knowledge_dir / WEIGHTS)
    material = training_material(settings)
    weights = train(material, f"app matching train: {_source(material)}; thresholds by 10-fold cross-validation")
    weights.save(to)
    show_written(to)


def fit_to_meanings(settings: Settings, to: Path | None) -> None:
    if not settings.embedding_url:
        raise ConfigurationError("Set EMBEDDING_URL and EMBEDDING_MODEL: the weights are fitted to a model's vectors.")
    to = to or settings.knowledge_dir / MEANING_WEIGHTS
    material = training_material(settings)
    print(f"fetching the vectors of {len(material.known) + len(material.outside)} texts, as far as they are not stored")
    meanings = fetch_meanings(settings, material)
    provenance = f"app matching train --embedding: {_source(material)}; thresholds by 10-fold cross-validation"
    weights = train(replace(material, meanings=meanings), provenance)
    dimensions = next(iter(meanings.values())).size
    to.parent.mkdir(parents=True, exist_ok=True)
    MeaningWeights(settings.embedding_model, dimensions, weights).save(to)
    show_written(to)


def fetch_meanings(settings: Settings, material: Material) -> dict[str, Meaning]:
    """Of all texts of a training, by the words that are compared; those that no service needs are stored apart."""
    parts = {
        "": sorted({said(one.text) for one in material.known}),
        "training": sorted(set(map(said, material.outside))),
    }

    async def fetch() -> dict[str, Meaning]:
        embedder = open_embedder(settings)
        assert embedder is not None
        try:
            found = {part: await embed_knowledge(embedder, open_vectors(settings, part), parts[part]) for part in parts}
        finally:
            await embedder.close()
        return {text: row for part, rows in found.items() for text, row in zip(parts[part], rows, strict=True)}

    try:
        meanings = asyncio.run(fetch())
    except NoAdvice as none:
        raise ConfigurationError(
            f"The vectors could not all be fetched ({none}). What came is kept in {settings.data_dir / FOLDER}: run "
            "this again, and it goes on from there. `doctor` says how the service stands; where the calls of a minute "
            "are used up, a larger EMBEDDING_BATCH helps, or EMBEDDING_CALLS_PER_MINUTE."
        ) from None
    if len({row.size for row in meanings.values()}) != 1:
        raise ConfigurationError("The model's vectors have changed in between: delete the stored ones and begin anew.")
    return meanings


def show_written(path: Path) -> None:
    print(path.read_text(encoding="utf-8"), end="")
    print(f"written to {path}")


def _source(material: Material) -> str:
    styles = ", ".join(HELD_BACK)
    return f"{len(material.known)} phrasings, held back by style ({styles}), and {len(material.outside)} outside"


def training_material(settings: Settings) -> Material:
    """With the outside utterances of one's own where there are some."""
    knowledge = load_knowledge(settings.knowledge_dir, resolve_facts(settings.facts, demo=True))
    own = settings.knowledge_dir / OUTSIDE
    outside = read_outside(own if own.exists() else ROOT / OUTSIDE)
    chat = {INTENT_PREFIX + name for name, intent in knowledge.intents.items() if intent.action in SAYING}
    return Material(list(_known(knowledge)), outside, frozenset(chat), knowledge.language)


def _known(knowledge: Knowledge) -> Iterator[Known]:
    styles = {
        (entry.id, text): style
        for entry in knowledge.entries.values()
        for text, style in zip(entry.similar, entry.styles, strict=True)
    }
    return (Known(target, text, styles.get((target, text), "")) for target, text in knowledge.phrasings())


def evaluate(settings: Settings, options: argparse.Namespace) -> None:
    questions = read_questions(options.questions)
    if options.base:
        language = load_knowledge(settings.knowledge_dir, resolve_facts(settings.facts, demo=True)).language
        index = Index.build(read_base(options.base), language, load_weights(settings.knowledge_dir))
        verdicts = judge_index(index, questions)
    else:
        verdicts = judge_brain(load_brain(settings), questions)
    if options.json:
        print(json.dumps(asdict(figures(verdicts))))
    else:
        show(verdicts)


def show(verdicts: Sequence[Verdict]) -> None:
    """A table: one line for each style, one for all, and the confusions that cost most."""
    parts = by_style(verdicts)
    named = {style or "(none)": part for style, part in parts.items()} if len(parts) > 1 else {}
    print(HEADING)
    for name, part in [*named.items(), ("all", verdicts)]:
        print(row(name, figures(part)))
    worst = confusions(verdicts)[:WORST]
    if worst:
        print("\nworst confusions (expected → ranked first)")
        for expected, instead, count in worst:
            print(f"  {count:3}  {expected} → {instead}")


HEADING = (
    f"{'':22}{'questions':>9}{'top-1':>8}{'top-3':>8}{'right@P95':>11}{'sure: right':>13}{'precision':>11}"
    f"{'oos answered':>14}{'p95 ms':>8}"
)


def row(name: str, found: Figures) -> str:
    return (
        f"{name:22}{found.questions:9}{found.top1:8.3f}{found.top3:8.3f}{found.right_at_p95:11.3f}"
        f"{found.sure_right:13.3f}{found.sure_precision:11.3f}{found.oos_answered:14.3f}{found.p95_ms:8.2f}"
    )


# ------------------------------------------------------------------------------------------------------------ the files


def read_questions(path: Path) -> list[Question]:
    """ConfigurationError names the first wrong line."""
    rows = (_fields(path, number, record, ("text",), ("id", "style")) for number, record in _records(path))
    return [Question(text, id_, style or "") for text, id_, style in rows]


def read_base(path: Path) -> list[tuple[str, str]]:
    """(id, phrasing) of each line's question and similar ones."""
    found = []
    for number, record in _records(path):
        id_, question = _fields(path, number, record, ("id", "question"), ())
        similar = record.get("similar") or []
        if not isinstance(similar, list) or not all(isinstance(text, str) for text in similar):
            raise ConfigurationError(f"{path}:{number}: similar: must be a list of texts")
        found += [(id_, text) for text in (question, *similar)]
    return found


def _records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        if not isinstance(record, dict):
            raise ConfigurationError(f"{path}:{number}: not a JSON object")
        yield number, record


def _fields(
    path: Path, number: int, record: dict[str, Any], required: Sequence[str], optional: Sequence[str]
) -> list[Any]:
    for name in required:
        if not isinstance(record.get(name), str):
            raise ConfigurationError(f"{path}:{number}: {name}: must be a text")
    for name in optional:
        if not isinstance(record.get(name, ""), str | None):
            raise ConfigurationError(f"{path}:{number}: {name}: must be a text or null")
    return [record[name] for name in required] + [record.get(name) for name in optional]
