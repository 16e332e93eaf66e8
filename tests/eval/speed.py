"""How long one question takes, by stage."""

# ruff: noqa: T201 - a command prints

from collections.abc import Callable, Sequence
from time import perf_counter

from app.matching.entities import extract
from app.matching.index import Index
from app.matching.normalise import normalise

ROUNDS = 100
SHORT = range(12, 19)
"""Lengths of the normalised texts that are measured: 15 characters on average."""


def report(index: Index, texts: Sequence[str]) -> None:
    """Microseconds on one core; of each text the best of ``ROUNDS``, which leaves out what else the machine did."""
    short = [text for text in texts if len(normalise(text)) in SHORT]
    normalised = [normalise(text) for text in short]
    print(f"\n{len(short)} questions of {SHORT.start} to {SHORT.stop - 1} characters, µs each")
    print(f"  extract    {_best(extract, short):6.1f}")
    print(f"  normalise  {_best(normalise, short):6.1f}")
    print(f"  match      {_best(index.match_normalised, normalised):6.1f}")
    print(f"  together   {_best(lambda text: index.match(extract(text).rest), short):6.1f}")


def _best(stage: Callable[[str], object], texts: Sequence[str]) -> float:
    best = [1.0] * len(texts)
    for _ in range(ROUNDS):
        for place, text in enumerate(texts):
            start = perf_counter()
            stage(text)
            best[place] = min(best[place], perf_counter() - start)
    return 1e6 * sum(best) / len(best)
