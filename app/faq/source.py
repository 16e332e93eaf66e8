"""YAML text → nodes that know where they stand, and readers that report what is wrong instead of raising.

Nothing in a file is ever turned into a Python object by YAML itself: only plain text, whole numbers and true/false are
read from the nodes. A value that fails its check is reported and replaced by an empty one, so that one pass finds
everything that is wrong.
"""

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path

import yaml

from app.faq import files

MAX_DEPTH = 8
"""The files need four levels; the C composer recurses without a limit of its own and would crash the process."""

STRING, INTEGER, BOOLEAN, NULL = (f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "bool", "null"))
WHOLE_NUMBER = re.compile(r"[0-9]{1,4}")
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")  # all but the line feed; some stores refuse NUL


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong; written ``faq/playback.yaml:12: entries[3].answer: must not be empty``."""

    file: str
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " if self.line else f"{self.file}: "
        said = (f"{self.path}: " if self.path else "") + self.message
        return where + " ".join(said.split())  # a quoted value may hold line breaks; a problem is one line


@dataclass(frozen=True, slots=True)
class Spot:
    """How to name a place, and where its problems are collected.

    What is compared across files keeps this of a place: nodes are ten times as large as what is read from them, and
    those of one file at a time are enough.
    """

    file: str
    line: int
    path: str
    problems: list[Problem]

    def report(self, message: str) -> None:
        self.problems.append(Problem(self.file, self.line, self.path, message))


@dataclass(frozen=True, slots=True)
class Place:
    """A node of a file: what stands there, how to name the spot, and where its problems are collected."""

    file: str
    path: str
    node: yaml.Node
    problems: list[Problem]

    @property
    def line(self) -> int:
        return int(self.node.start_mark.line) + 1

    @property
    def spot(self) -> Spot:
        return Spot(self.file, self.line, self.path, self.problems)

    def report(self, message: str) -> None:
        self.spot.report(message)

    def field(self, name: str, node: yaml.Node) -> "Place":
        return Place(self.file, f"{self.path}.{name}" if self.path else name, node, self.problems)

    def item(self, index: int, node: yaml.Node) -> "Place":
        return Place(self.file, f"{self.path}[{index}]", node, self.problems)


def open_files(directory: Path, problems: list[Problem]) -> Iterator[tuple[str, Place]]:
    """(file name without suffix, root) of each readable YAML file of a folder, by name; the rest is reported."""
    paths = files.listed(directory)
    if not paths:
        problems.append(Problem(directory.name, 0, "", "no such folder, or no .yaml file in it"))
    for path in files.listed(directory, ".yml"):
        problems.append(Problem(f"{directory.name}/{path.name}", 0, "", "name the file .yaml; it is not read as it is"))
    for path in paths:
        root = open_file(f"{directory.name}/{path.name}", path, problems)
        if root is not None:
            yield path.stem, root


def open_file(name: str, path: Path, problems: list[Problem]) -> Place | None:
    """The root of a file, called ``name`` where something is wrong, or None when it cannot be read (reported)."""
    try:
        content = files.read(path)
    except OSError as error:
        problems.append(Problem(name, 0, "", f"cannot be read: {error.strerror}"))
        return None
    return parse(name, content, problems)


def parse(name: str, content: bytes, problems: list[Problem]) -> Place | None:
    """The root node of one YAML document, or None when it cannot be read at all (which is reported)."""
    try:
        text = _decode(content)
        _refuse_traps(text)
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except _ReadError as error:
        problems.append(Problem(name, error.line, "", str(error)))
    except yaml.YAMLError as error:
        problems.append(Problem(name, *_explain(error)))
    else:
        if node is not None:
            return Place(name, "", node, problems)
        problems.append(Problem(name, 1, "", "the file is empty"))
    return None


class _ReadError(Exception):
    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def _decode(content: bytes) -> str:
    if len(content) > files.MAX_BYTES:
        raise _ReadError(1, f"the file is larger than {files.MAX_BYTES // 1024} KiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _ReadError(content.count(b"\n", 0, error.start) + 1, "not UTF-8; save the file as UTF-8") from None


def _refuse_traps(text: str) -> None:
    """Stop at what could make the composer build a huge or endless tree: nesting and aliases."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise _ReadError(_line(event.start_mark), "YAML aliases (*name) are refused; write the text out")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise _ReadError(_line(event.start_mark), "nested too deeply")


def _explain(error: yaml.YAMLError) -> tuple[int, str, str]:
    """Line, path and message of a Problem for what the parser says."""
    if isinstance(error, yaml.MarkedYAMLError):
        hint = "; indent with spaces, put a text with : or # or a leading sign in quotes"
        return _line(error.problem_mark), "", f"bad YAML: {error.problem}{hint}"
    return 1, "", f"bad YAML: {getattr(error, 'reason', error)}"


def _line(mark: object) -> int:
    return int(getattr(mark, "line", 0)) + 1


# ---------------------------------------------------------------------------------------------------------- the readers


def record(place: Place, required: Set[str], optional: Set[str]) -> dict[str, Place]:
    """The fields of a mapping by name; missing, unknown and repeated ones are reported."""
    if not isinstance(place.node, yaml.MappingNode):
        place.report("must be a mapping of fields")
        return {}
    fields: dict[str, Place] = {}
    for key, value in place.node.value:
        name = str(key.value)[:40] if isinstance(key, yaml.ScalarNode) else "?"
        spot = place.field(name, key)
        if name not in required | optional:
            spot.report("unknown field")
        elif name in fields:
            spot.report("given twice")
        else:
            fields[name] = place.field(name, value)
    for name in sorted(required - fields.keys()):
        place.field(name, place.node).report("missing")
    return fields


def is_mapping(place: Place) -> bool:
    return isinstance(place.node, yaml.MappingNode)


def items(place: Place | None) -> list[Place]:
    """The items of a list; an absent optional list (None) is empty."""
    if place is None:
        return []
    if not isinstance(place.node, yaml.SequenceNode):
        place.report("must be a list")
        return []
    if not place.node.value:
        place.report("must not be empty")
    return [place.item(index, node) for index, node in enumerate(place.node.value)]


def pairs(place: Place | None) -> list[tuple[Place, Place]]:
    """Key and value of a mapping whose keys are free; a key that stands twice is reported."""
    if place is None:
        return []
    if not is_mapping(place):
        place.report("must be a mapping")
        return []
    found: dict[str, tuple[Place, Place]] = {}
    for key, value in place.node.value:
        name = str(key.value)[:40] if isinstance(key, yaml.ScalarNode) else "?"
        spot = place.field(name, key)
        if name in found:
            spot.report("given twice")
        found[name] = (spot, place.field(name, value))
    return list(found.values())


def text(place: Place | None) -> str:
    """Trimmed text; numbers, true/false and dates must stand in quotes to be text."""
    if place is None:
        return ""
    if not isinstance(place.node, yaml.ScalarNode):
        place.report("must be text")
    elif place.node.tag == NULL or not str(place.node.value).strip():
        place.report("must not be empty")
    elif place.node.tag != STRING:
        place.report(f"must be text; put it in quotes: '{place.node.value}'")
    elif CONTROL.search(place.node.value):
        place.report("contains a tab or another control character")
    else:
        return str(place.node.value).strip()
    return ""


def plain(place: Place | None) -> str:
    """Text that may be empty."""
    if place is not None and isinstance(place.node, yaml.ScalarNode) and place.node.value == "":
        return ""
    return text(place)


def flag(place: Place | None) -> bool:
    if place is None:
        return False
    if not isinstance(place.node, yaml.ScalarNode) or place.node.tag != BOOLEAN:
        place.report("must be true or false")
        return False
    return str(place.node.value).lower() in {"true", "yes", "on"}


def number(place: Place | None) -> int:
    """A whole number of up to four digits."""
    if place is None:
        return 0
    scalar = isinstance(place.node, yaml.ScalarNode) and place.node.tag == INTEGER
    if not scalar or not WHOLE_NUMBER.fullmatch(place.node.value):
        place.report("must be a whole number")
        return 0
    return int(place.node.value)
