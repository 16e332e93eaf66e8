"""``ask`` and ``faq lint``: the knowledge, without a server."""

import argparse
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

from app.channels.content import Text
from app.dialogue.asks import Clause
from app.dialogue.decide import decide
from app.dialogue.loading import load_knowledge, load_rules
from app.dialogue.turn import Decision, Memory, Turn
from app.dialogue.understand import Brain, Understanding, build_brain
from app.faq.facts import resolve_facts
from app.faq.lint import lint, notes
from app.faq.titles import load_titles
from app.matching.entities import Slots
from app.matching.index import Index
from app.matching.match import Match
from app.settings import Settings


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    asking = verbs.add_parser("ask", help="show how a text is understood")
    asking.add_argument("text")
    asking.set_defaults(run=ask)
    faq = verbs.add_parser("faq", help="the knowledge's files").add_subparsers(required=True, metavar="ACTION")
    linting = faq.add_parser("lint", help="check the files and find phrasings that compete")
    linting.add_argument("--dir", type=Path, help="the folder that holds faq/ and intents/, instead of KNOWLEDGE_DIR")
    linting.add_argument("--notes", action="store_true", help="also what is only worth a thought")
    linting.set_defaults(run=check)


def ask(settings: Settings, options: argparse.Namespace) -> None:
    """As the first message of a conversation."""
    rules = load_rules(settings)
    understood = rules.brain.understand(options.text)
    turn = Turn(Text(options.text), understood, Memory().hearing(understood.slots))
    decision = decide(turn, rules, datetime.now(UTC))
    for line in (*_understood(understood, rules.brain), *_decided(decision)):
        print(line)


def _understood(understood: Understanding, brain: Brain) -> Iterator[str]:
    match, index = understood.match, brain.index
    yield f"text        {match.normalised}"
    slots = {field.name: getattr(understood.slots, field.name) for field in fields(Slots)}
    yield f"entities    {_pairs({name: value for name, value in slots.items() if value is not None})}"
    yield f"groups      {', '.join(index.language.groups(match.normalised)) or '-'}"
    yield from (f"clause      {_clause(clause)}" for clause in understood.clauses)
    yield from _evidence(match, index)
    yield f"confidence  {match.confidence:.3f}"
    yield f"tier        {match.tier}{' (word for word)' if match.exact else ''}"
    yield "candidates"
    for candidate in match.candidates:
        yield f"  {candidate.score:6.3f}  {candidate.target}  {brain.target(candidate.target).title}"
    yield "nearest phrasings"
    for phrasing, cosine in index.explain(match.normalised)[1]:
        yield f"  {cosine:6.3f}  {phrasing.target}  {phrasing.text}"
    yield f"index       {match.index_version}"


def _clause(clause: Clause) -> str:
    if clause.told is not None:
        return f"{clause.text}  = {clause.told.id}"
    if clause.match is None:
        return clause.text
    first = clause.match.candidates[0].target if clause.match.candidates else "-"
    return f"{clause.text}  {first}  {clause.match.tier} {clause.match.confidence:.3f}"


def _evidence(match: Match, index: Index) -> Iterator[str]:
    """Each number, its weight, and what it adds to the logit of the confidence."""
    ranking = index.rank(match.normalised)
    if ranking is None:
        return
    yield "evidence       value   weight     adds"
    for name, value in ranking.evidence._asdict().items():
        weight = index.weights.coefficients[name]
        yield f"  {name:10}{value:8.3f} {weight:8.3f} {value * weight:8.3f}"
    yield f"  {'intercept':10}{'':8} {'':8} {index.weights.intercept:8.3f}"


def _decided(decision: Decision) -> Iterator[str]:
    memory = decision.memory
    yield f"does        {decision.said}{f', then waits for {memory.awaiting.kind}' if memory.awaiting else ''}"
    for say in decision.says:
        answered = [source.entry for source in (say.source, say.also) if source]
        yield f"says        {' + '.join(answered)}" if answered else "says"
        yield from (f"  {line}" for line in say.text.splitlines())
    for effect in decision.effects:
        yield f"effect      {type(effect).__name__}"


def _pairs(named: dict[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in named.items()) or "-"


def check(settings: Settings, options: argparse.Namespace) -> int:
    folder: Path = options.dir or settings.knowledge_dir
    knowledge = load_knowledge(folder, resolve_facts(settings.facts, demo=True))
    titles = [title for demo in (True, False) for title in load_titles(folder / "faq" / "catalogue", demo=demo)]
    brain = build_brain(knowledge)
    findings = lint(knowledge)
    for line in [*findings, *(notes(knowledge, brain.index) if options.notes else ())]:
        print(line)
    counted = f"{len(knowledge.entries)} entries, {len(knowledge.intents)} intents, {len(titles)} titles"
    print(f"{counted}, {len(findings)} findings")
    return 1 if findings else 0
