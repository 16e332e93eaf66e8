"""``ask`` and ``faq lint``: the knowledge, without a server."""

import argparse
from pathlib import Path

from app.dialogue.loading import load_brain, load_knowledge
from app.dialogue.understand import build_brain
from app.faq.facts import resolve_facts
from app.faq.lint import lint, notes
from app.faq.titles import load_titles
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
    brain = load_brain(settings)
    understood = brain.understand(options.text)
    match = understood.match
    print(f"text        {match.normalised}")
    print(f"found       {understood.slots}")
    print(f"tier        {match.tier} (confidence {match.confidence:.3f})")
    for candidate in match.candidates:
        print(f"  {candidate.score:6.3f}  {candidate.target}  {brain.target(candidate.target).title}")


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
