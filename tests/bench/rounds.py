"""The comparison: every contestant alone, in turn, round after round; then the medians."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.bench import figures, ours
from tests.bench.contestants import BASE, Contestant, peer
from tests.bench.figures import Round
from tests.bench.generator import Traffic
from tests.bench.measure import Figures, measure
from tests.bench.options import OURS, Options
from tests.bench.outcomes import describe


def report(options: Options, folder: Path) -> None:
    with ExitStack() as stack:
        contestants = [*_peers(options), *_ours(options, folder, stack)]
        print(figures.HEADER, flush=True)
        rounds = [_round(number + 1, contestants, options.traffic, folder) for number in range(options.rounds)]
    print("\nmedians", *figures.medians(rounds, BASE), sep="\n")
    if options.preload and OURS in options.only:
        print(*_against_empty(rounds, options), sep="\n")


def report_memory(options: Options, folder: Path) -> None:
    with ExitStack() as stack:
        for contestant in _ours(options, folder, stack):
            found = measure(contestant, options.traffic, folder).figures
            print(
                f"{contestant.name}: {found.rss_before:.0f} MB after start, {found.rss:.0f} MB after load", flush=True
            )


def _peers(options: Options) -> Iterator[Contestant]:
    for name in options.only:
        if name == OURS:
            continue
        if contestant := peer(name, options.traffic.mode):
            yield contestant
        else:
            print(f"{name} has no encrypted mode: left out")


def _ours(options: Options, folder: Path, stack: ExitStack) -> Iterator[Contestant]:
    stores = [0, options.preload] if options.preload else [0]
    for database in options.databases if OURS in options.only else ():
        for preload in stores:
            yield stack.enter_context(ours.service(database, folder, options.traffic.mode, preload=preload))


def _round(number: int, contestants: Sequence[Contestant], traffic: Traffic, folder: Path) -> Round:
    found: dict[str, Figures] = {}
    for contestant in contestants:
        measurement = measure(contestant, traffic, folder)
        found[contestant.name] = measurement.figures
        ratio = figures.ratio(measurement.figures, found.get(BASE))
        print(figures.line(f"{number} {contestant.name}", measurement.figures, ratio), flush=True)
        for line in describe(measurement.counters, measurement.samples, traffic.mode):
            print(f"    {line}", flush=True)
    return found


def _against_empty(rounds: Sequence[Round], options: Options) -> Iterator[str]:
    for database in options.databases:
        full = ours.label(database, options.preload)
        yield f"{full}: {figures.median_ratio(rounds, full, ours.label(database)):.2f} of the same store empty"
