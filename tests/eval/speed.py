"""What a question costs among 4,000, 10,000 and 100,000 phrasings, and what the index of them takes."""

# ruff: noqa: T201 - a command prints

import random
import tempfile
import tracemalloc
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter

from app.matching.confidence import Weights
from app.matching.entities import extract
from app.matching.index import Index, Phrasing, normalised
from app.matching.language import Language
from app.matching.store import open_base
from app.matching.training import Material

SIZES = (4_000, 10_000, 100_000)
ROUNDS = 5
TARGET = 55
"""Phrasings of an invented target."""


def report(material: Material, texts: Sequence[str]) -> None:
    """Milliseconds of a question from its raw text, on one core; the best of some rounds leaves out what else ran.

    MB: the files, which processes share, and what each has beside them.
    """
    print(f"\n{'phrasings':>10}{'build s':>9}{'load s':>8}{'MB':>7}{'p50 ms':>8}{'p95 ms':>8}")
    for size in SIZES:
        print(_line(material, size, texts))


def _line(material: Material, size: int, texts: Sequence[str]) -> str:
    known = normalised(_phrasings(material, size), material.language)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        building = _timed(lambda: _open(known, material.language, folder))
        loading = min(_timed(lambda: _open(known, material.language, folder)) for _ in range(ROUNDS))
        on_disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        tracemalloc.start()
        index = _open(known, material.language, folder)
        in_memory = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        best = sorted(min(_timed(partial(_ask, index, text)) for _ in range(ROUNDS)) for text in texts)
    p50, p95 = (1000 * best[int(share * (len(best) - 1))] for share in (0.5, 0.95))
    return f"{len(known):10}{building:9.2f}{loading:8.2f}{(on_disk + in_memory) / 1e6:7.1f}{p50:8.2f}{p95:8.2f}"


def _open(known: list[Phrasing], language: Language, folder: Path) -> Index:
    return Index(open_base(known, language, folder), language, Weights.load())


def _phrasings(material: Material, size: int) -> list[tuple[str, str]]:
    """The shipped ones; beyond them halves of two are joined into new ones of invented targets."""
    chance = random.Random(1)
    found = [(one.target, one.text) for one in material.known][:size]
    while len(found) < size:
        one, other = chance.choice(material.known).text, chance.choice(material.known).text
        found.append((f"invented.{len(found) // TARGET}", one[: len(one) // 2] + other[len(other) // 2 :]))
    return found


def _ask(index: Index, text: str) -> None:
    index.match(extract(text).rest)


def _timed(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start
