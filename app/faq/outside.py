"""Reads ``faq/training/outside.yaml``: utterances that no entry answers, by kind."""

from pathlib import Path

from app.faq import source
from app.faq.loader import KnowledgeError
from app.faq.source import Problem


def read_outside(path: Path) -> list[str]:
    """All utterances; KnowledgeError names what is wrong with the file."""
    problems: list[Problem] = []
    roots = [root for stem, root in source.open_files(path.parent, problems) if stem == path.stem]
    kinds = [kind for root in roots for _, kind in source.pairs(root)]
    utterances = [source.text(item) for kind in kinds for item in source.items(kind)]
    if problems:
        raise KnowledgeError(problems)
    return utterances
