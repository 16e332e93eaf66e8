"""What a panel shows: a sentence, a picture, the numbers behind it, and how they are counted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode

Colour = Literal["accent", "done", "waiting", "failed", "bot", "edge"]
"""Names of the palette."""


@dataclass(frozen=True, slots=True)
class Series:
    name: str
    values: Sequence[float | None]
    colour: Colour = "accent"
    as_line: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    kind: Literal["days", "bars", "columns"]
    """Along days; bars one below the other, each with its name; columns side by side."""
    labels: Sequence[str]
    series: Sequence[Series]
    links: Sequence[str | None] = ()
    """Where each of the labels leads."""

    def data(self) -> dict[str, Any]:
        """For the page's script."""
        series = [
            {"name": each.name, "values": list(each.values), "colour": each.colour, "line": each.as_line}
            for each in self.series
        ]
        return {"kind": self.kind, "labels": list(self.labels), "series": series, "links": list(self.links)}


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    head: Sequence[str]
    rows: Sequence[Sequence[Cell | str | int]]

    def cells(self) -> list[list[Cell]]:
        return [[each if isinstance(each, Cell) else Cell(str(each)) for each in row] for row in self.rows]


@dataclass(frozen=True, slots=True)
class Panel:
    title: str
    table: Table
    means: Sequence[str]
    """How it is counted; texts of the catalogue."""
    chart: Chart | None = None
    notes: Sequence[str] = field(default=())
    is_empty: bool = False


def list_link(query: dict[str, Any]) -> str:
    return f"/tickets?{urlencode(query)}"
