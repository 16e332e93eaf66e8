"""Vectors of the knowledge's phrasings on the disk, so that a restart asks for nothing that was fetched before.

One file for each model of an endpoint, replaced as a whole. It holds nothing of viewers and can be deleted at any time.
"""

import hashlib
import logging
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

log = logging.getLogger(__name__)

Row = NDArray[np.float32]
"""(dimensions,), of length 1."""
FOLDER = "embeddings"
"""Within the data folder."""
_TOLERANCE = 1e-3


def key_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class VectorStore:
    def __init__(self, data_dir: Path, url: str, model: str, part: str = "") -> None:
        """Vectors of two endpoints are never mixed, whatever they call their models; nor those of two ``part``s."""
        name = hashlib.sha256(f"{url}\n{model}".encode()).hexdigest()[:16]
        self.path = data_dir / FOLDER / f"{name}{part and f'-{part}'}.npz"

    def load(self) -> dict[str, Row]:
        """By ``key_of`` their text; nothing where the file is missing or anything in it is not as it was written."""
        if not self.path.exists():
            return {}
        try:
            with self.path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                keys, vectors = file["keys"], file["vectors"]
            return _checked(keys, vectors)
        except Exception as error:  # a damaged file raises whatever its bytes lead to
            log.warning("stored vectors cannot be used", extra={"reason": type(error).__name__})
            return {}

    def save(self, vectors: Mapping[str, Row]) -> None:
        """Replace the file as a whole. Where it cannot be written the next start fetches again, and that is all."""
        try:
            self._write(vectors)
        except OSError as error:
            log.warning("vectors cannot be stored", extra={"reason": error.strerror})

    def _write(self, vectors: Mapping[str, Row]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        try:
            with draft.open("wb") as file:
                np.savez(file, keys=np.array(list(vectors), "S64"), vectors=np.stack(list(vectors.values())))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
        finally:
            draft.unlink(missing_ok=True)


def _checked(keys: NDArray[np.bytes_], vectors: NDArray[np.float32]) -> dict[str, Row]:
    if vectors.dtype != np.float32 or vectors.ndim != 2 or keys.shape != vectors.shape[:1]:
        raise ValueError("not the arrays that were written")
    if not np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=_TOLERANCE):
        raise ValueError("not of length 1")
    return dict(zip((key.decode("ascii") for key in keys.tolist()), vectors, strict=True))
