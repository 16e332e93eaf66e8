"""The dialogues as data: what they expect, what the tests say they cover, and what is still waited for."""

import ast
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import yaml

HERE = Path(__file__).parent
SCRIPT, WAITING = HERE / "dialogues.md", HERE / "waiting.yaml"
_TITLE = re.compile(r"^## (\d+)\. ", re.MULTILINE)
_EXPECTED = re.compile(r"^- ([SAE]): (.+)$", re.MULTILINE)


class Line(NamedTuple):
    """An expected behaviour (S), an agent's act (A) or an event (E), numbered from 1 for each kind in its dialogue."""

    dialogue: int
    name: str

    def __str__(self) -> str:
        return f"{self.dialogue} {self.name}"


@dataclass(frozen=True, slots=True)
class Wait:
    line: Line
    waits_for: str
    """The feature that is missing; ``mend: …`` where the service has it, and does something else."""

    @property
    def feature(self) -> str:
        return self.waits_for.partition(":")[0]


def read_script(path: Path = SCRIPT) -> Mapping[Line, str]:
    """What each line says, in their order."""
    lines: dict[Line, str] = {}
    _, *dialogues = _TITLE.split(path.read_text(encoding="utf-8"))
    for number, text in zip(dialogues[::2], dialogues[1::2], strict=True):
        counted = Counter[str]()
        for kind, said in _EXPECTED.findall(text):
            counted[kind] += 1
            lines[Line(int(number), f"{kind}{counted[kind]}")] = said
    return lines


def read_waiting(path: Path = WAITING) -> list[Wait]:
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [
        Wait(Line(dialogue, name), item["waits_for"])
        for dialogue, items in entries.items()
        for item in items
        for name in item["lines"].split()
    ]


def read_declared(name: str) -> list[Line]:
    """Lines that test modules declare under ``name``: ``COVERS`` (whole), ``PARTLY`` (what exists of it)."""
    return [
        Line(dialogue, line)
        for path in sorted(HERE.glob("test_*.py"))
        for dialogue, lines in _constant(path, name).items()
        for line in lines.split()
    ]


def _constant(path: Path, name: str) -> dict[int, str]:
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
                constant: dict[int, str] = ast.literal_eval(value)
                return constant
    return {}
