"""The command line of ``make bench``."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tests.bench.contestants import PEERS
from tests.bench.delivery.report import PARTS
from tests.bench.generator import Traffic

OURS = "ours"
DATABASES = ("sqlite", "postgres")
Job = Literal["rounds", "stages", "memory", "start", "delivery"]


@dataclass(frozen=True, slots=True)
class Options:
    job: Job
    rounds: int
    traffic: Traffic
    databases: tuple[str, ...]
    preload: int
    only: tuple[str, ...]
    parts: tuple[str, ...]
    """Of the way out."""


def parse(arguments: Sequence[str] | None = None) -> Options:
    """The options of one run; argparse ends the process on a wrong one."""
    values = _parser().parse_args(arguments)
    return Options(
        job=values.job or "rounds",
        rounds=values.rounds,
        traffic=Traffic(values.seconds, values.connections, values.mode, values.different),
        databases=DATABASES if values.database == "both" else (values.database,),
        preload=values.preload,
        only=values.only,
        parts=tuple(values.parts.split(",")) if values.parts else tuple(PARTS),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description="Our service beside its peers; see README.md here.")
    parser.add_argument("--rounds", type=_positive, default=3)
    parser.add_argument("--seconds", type=_positive, default=5, help="of load in each measurement")
    parser.add_argument("--connections", type=_positive, default=64)
    parser.add_argument("--mode", choices=("plain", "aes"), default="plain")
    parser.add_argument("--different", action="store_true", help="no two questions alike, so that no cache helps")
    parser.add_argument("--database", choices=(*DATABASES, "both"), default="sqlite")
    parser.add_argument("--preload", type=_positive, default=0, metavar="N", help="also with N messages in the store")
    parser.add_argument("--only", type=_names, default=(OURS, *PEERS), metavar="NAMES", help=", ".join((OURS, *PEERS)))
    parser.add_argument("--parts", default="", metavar="NAMES", help=f"of --delivery: {', '.join(PARTS)}")
    job = parser.add_mutually_exclusive_group()
    for name, text in (
        ("stages", "cost of each stage of one turn instead"),
        ("memory", "memory of our process after start and after load instead"),
        ("start", "seconds until our process is ready instead"),
        ("delivery", "what leaves by itself instead: messages a second, and their cost however many wait"),
    ):
        job.add_argument(f"--{name}", action="store_const", const=name, dest="job", help=text)
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := set(names) - {OURS, *PEERS}:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}")
    return names
