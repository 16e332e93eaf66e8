"""What ``--delivery`` measures, one database after the other."""

from collections.abc import Iterable
from pathlib import Path

from tests.bench.delivery import claims, sends, urgent

PARTS = {"sends": sends.report, "claims": claims.report, "urgent": urgent.report}


def report(databases: Iterable[str], folder: Path, parts: Iterable[str]) -> None:
    for part in parts:
        for database in databases:
            place = folder / f"{part}-{database}"
            place.mkdir()
            PARTS[part](database, place)
