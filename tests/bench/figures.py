"""Figures as lines and tables. Nothing here judges: whoever reads them knows the targets."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple
from statistics import median

from tests.bench.measure import Figures

Round = Mapping[str, Figures]
"""The figures of one round by contestant."""

HEADER = (
    f"{'':<26} {'requests/s':>10} {'ratio':>6} {'p50 ms':>8} {'p99 ms':>8} {'CPU µs':>7} {'store':>6} {'load':>5}"
    f" {'others':>7} {'RSS MB':>7} {'non-2xx':>8} {'broken':>7}"
)


def line(name: str, figures: Figures, ratio: float | None) -> str:
    return (
        f"{name:<26} {figures.rate:10,.0f} {_ratio(ratio)} {figures.p50:8.1f} {figures.p99:8.1f} {figures.cpu:7.0f}"
        f" {figures.store_cpu:6.0f} {figures.generator_cpu:5.0f} {figures.others:6.0f}% {figures.rss:7.0f}"
        f" {figures.non_2xx:8.0f} {figures.broken:7.0f}"
    )


def ratio(figures: Figures, base: Figures | None) -> float | None:
    return figures.rate / base.rate if base else None


def medians(rounds: Sequence[Round], base: str) -> Iterator[str]:
    """A line for each contestant: the median of each column, the ratio as median of the rounds' ratios."""
    for name in rounds[0]:
        columns = zip(*(astuple(figures[name]) for figures in rounds), strict=True)
        yield line(name, Figures(*map(median, columns)), median_ratio(rounds, name, base))


def median_ratio(rounds: Sequence[Round], name: str, base: str) -> float | None:
    """Against the same round's base, so that a slow minute of the machine cancels out."""
    if base not in rounds[0]:
        return None
    return median(figures[name].rate / figures[base].rate for figures in rounds)


def _ratio(value: float | None) -> str:
    return f"{'–':>6}" if value is None else f"{value:6.2f}"
