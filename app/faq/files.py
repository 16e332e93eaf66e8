"""The files that hold the knowledge: which there are, whether they changed, and what stands in them."""

import hashlib
import stat
from pathlib import Path
from typing import NamedTuple

MAX_BYTES = 512 * 1024
"""A larger file is no knowledge; nobody reads further."""
FOLDERS = ("faq", "intents")
_READ = (*FOLDERS, "faq/language", "faq/catalogue")

Stamp = tuple[tuple[str, int, int, int, int], ...]
"""(name, size, changed, changed in any way, number on the disk) of each file; the times in nanoseconds.

The last two show what a program hides that gives a file back its old time: a copy, a file moved here.
"""


class Seen(NamedTuple):
    """A state of the files."""

    stamp: Stamp
    digest: str


def listed(directory: Path, suffix: str = ".yaml") -> list[Path]:
    """The files of a folder by name, none where it is missing. Hidden ones are editors' own: locks and half a save."""
    return sorted(path for path in directory.glob(f"*{suffix}") if not path.name.startswith("."))


def see(root: Path) -> Seen:
    """The state of faq/ and intents/ in ``root``. Taken before they are read, it shows what changes meanwhile."""
    return Seen(stamp(root), digest(root))


def stamp(root: Path) -> Stamp:
    """What tells cheaply that nothing in faq/ and intents/ was touched."""
    return tuple(_stamped(path) for path in _all(root))


def digest(root: Path) -> str:
    """What tells that nothing was changed, whatever was touched."""
    found = hashlib.sha256()
    for path in _all(root):
        try:
            content = read(path)
        except OSError as error:
            content = str(error.errno).encode()
        found.update(f"{path.parent.name}/{path.name}\n{len(content)}\n".encode())
        found.update(content)
    return found.hexdigest()


def read(path: Path) -> bytes:
    """The content, or a byte more than ``MAX_BYTES`` of it. OSError for what is no file: a pipe would never end."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(0, "it is not a file")
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _all(root: Path) -> list[Path]:
    """Also those with the wrong suffix: they are a problem, so it matters when they come and go."""
    return [path for name in _READ for suffix in (".yaml", ".yml") for path in listed(root / name, suffix)]


def _stamped(path: Path) -> tuple[str, int, int, int, int]:
    name = f"{path.parent.name}/{path.name}"
    try:
        found = path.stat()
    except OSError:  # gone in between, or a link to nothing
        return name, -1, 0, 0, 0
    return name, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino
