"""Keeps what an index is built from on disk, so that it is built once and shared.

A base is a folder of flat files, named by a digest of the phrasings and rules it was built from. Whoever needs it maps
the same files into memory: the processes of a service share the pages. Nothing is ever changed in place: a folder is
written under another name and renamed when it is complete, so a crash leaves nothing that could be read. Files that are
damaged are noticed by their checksums, and built anew.
"""

import fcntl
import hashlib
import json
import logging
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from app.matching.index import ALGORITHM, Base, Phrasing
from app.matching.language import Language
from app.matching.postings import Arrays, Postings
from app.matching.vocabulary import Grams, Vocabulary

log = logging.getLogger(__name__)

KEPT = 3
"""Bases that stay on disk: the one in use, and those of the last edits."""
_ARRAYS = tuple(field.name for field in fields(Arrays))
_TEXTS = ("characters", "syllables", "groups")
_NUMBERS = ("pairs", "frequencies")
"""Of the grams."""


class Damaged(Exception):
    """What stands on disk is not what was written."""


def open_base(known: Sequence[Phrasing], language: Language, directory: Path | None) -> Base:
    """The base of these phrasings: from ``directory`` where it is there, else built and kept there.

    ``known`` as ``index.normalised`` gives it. A directory that cannot be used costs the time of building, no more.
    """
    if directory is None:
        return Base.build(known, language)
    folder = directory / f"index-{_digest(known, language)}"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with _alone(directory):
            return _read_or_build(folder, known, language)
    except OSError as error:
        log.warning("index not kept", extra={"reason": error.strerror})
        return Base.build(known, language)


def _read_or_build(folder: Path, known: Sequence[Phrasing], language: Language) -> Base:
    if folder.exists():
        try:
            base = _read(folder, known, language)
        except (Damaged, OSError, ValueError, KeyError, TypeError) as error:
            log.warning("index on disk damaged, built anew", extra={"reason": str(error)})
            shutil.rmtree(folder)
        else:
            folder.touch()
            return base
    _write(folder, Base.build(known, language))
    _forget(folder.parent)
    return _read(folder, known, language)  # mapped like everybody's, instead of kept in memory as it was built


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Of two processes that start together one builds, and the other finds the work done."""
    with (directory / "index.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(folder: Path, base: Base) -> None:
    grams, arrays = base.vocabulary.grams, base.postings.arrays
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="building-", ignore_cleanup_errors=True) as place:
        building = Path(place) / "index"
        building.mkdir()
        for array in _ARRAYS:
            np.save(building / f"{array}.npy", getattr(arrays, array))
        for name in _NUMBERS:
            np.save(building / f"{name}.npy", getattr(grams, name))
        for name in _TEXTS:
            (building / f"{name}.txt").write_text("\n".join(getattr(grams, name)), encoding="utf-8")
        sums = {path.name: zlib.crc32(path.read_bytes()) for path in building.iterdir()}
        content = {"texts": grams.texts, "files": sums}
        (building / "content.json").write_text(json.dumps(content), encoding="utf-8")
        os.rename(building, folder)


def _read(folder: Path, known: Sequence[Phrasing], language: Language) -> Base:
    content = json.loads((folder / "content.json").read_text(encoding="utf-8"))
    for name, expected in content["files"].items():
        if zlib.crc32((folder / name).read_bytes()) != expected:
            raise Damaged(name)
    grams: dict[str, Any] = {name: _map(folder / f"{name}.npy") for name in _NUMBERS}
    for name in _TEXTS:
        lines = (folder / f"{name}.txt").read_text(encoding="utf-8").split("\n")
        grams[name] = [text for text in lines if text]
    arrays = Arrays(**{array: _map(folder / f"{array}.npy") for array in _ARRAYS})
    return Base(known, Vocabulary(Grams(**grams, texts=content["texts"]), language), Postings(arrays))


def _map(path: Path) -> Any:
    """Only read, and shared with every process that maps the same file."""
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


def _forget(directory: Path) -> None:
    """Old bases; on systems that have them still mapped they live until they are let go."""
    found = sorted(directory.glob("index-*/"), key=lambda path: path.stat().st_mtime, reverse=True)
    for folder in found[KEPT:]:
        shutil.rmtree(folder, ignore_errors=True)


def _digest(known: Sequence[Phrasing], language: Language) -> str:
    digest = hashlib.sha256(f"{ALGORITHM}\n{language.digest}\n".encode())
    digest.update("\n".join(f"{target}\t{text}" for target, text in known).encode())
    return digest.hexdigest()[:16]
