"""The Dockerfile, read: its instructions, and the files of its last stage laid out as the image has them."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from app.settings import ROOT
from tests.container.build_context import Ignored

DOCKERFILE = ROOT / "Dockerfile"


@dataclass(frozen=True)
class Instruction:
    name: str
    rest: str
    stage: int
    """0 for the first FROM."""

    @property
    def words(self) -> list[str]:
        return self.rest.split()

    @property
    def form(self) -> list[str]:
        """The arguments of an exec form."""
        command: list[str] = json.loads(self.rest)
        return command


def instructions() -> list[Instruction]:
    """All instructions, continued lines joined, comments left out."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    found: list[Instruction] = []
    stage = -1
    for line in filter(str.strip, text.splitlines()):
        name, rest = line.strip().split(maxsplit=1)
        stage += name == "FROM"
        found.append(Instruction(name, rest, stage))
    return found


def sources(instruction: Instruction) -> list[str]:
    """What a COPY takes from this folder; nothing where it takes from another stage."""
    return [] if "--from" in instruction.rest else instruction.words[:-1]


def lay_out(image: Path) -> Path:
    """Copy what the last stage copies from this folder into ``image``; the folder that its commands run in."""
    listed = instructions()
    last = [instruction for instruction in listed if instruction.stage == listed[-1].stage]
    workdir = next(PurePosixPath(one.rest) for one in last if one.name == "WORKDIR")
    place = image / workdir.relative_to("/")
    for copy in (one for one in last if one.name == "COPY"):
        for source in sources(copy):
            _copy(source, place / copy.words[-1] / ("" if (ROOT / source).is_dir() else source))
    return place


def _copy(source: str, target: Path) -> None:
    ignored = Ignored((ROOT / ".dockerignore").read_text().splitlines())
    files = [path for path in ((ROOT / source).rglob("*")) if path.is_file()] or [ROOT / source]
    for path in files:
        if path.relative_to(ROOT).as_posix() not in ignored:
            where = target / path.relative_to(ROOT / source)
            where.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, where)
