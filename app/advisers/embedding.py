"""Texts as vectors, by a service: for viewers' texts in time, for the knowledge's phrasings with patience.

Only the client: how vectors take part in matching is the matching's own matter (``app/matching/meanings.py``).
"""

import asyncio
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app import metrics
from app.advisers.endpoint import Endpoint, Failure, NoAdvice
from app.advisers.masking import mask
from app.advisers.vectors import Row, VectorStore, key_of

Vectors = NDArray[np.float32]
"""(texts, dimensions), each row of length 1."""

PATIENCE = 30.0
"""Seconds of a call for the knowledge, on which no viewer waits."""
_BYTES_EACH = 256 * 1024
"""Of an answer, for a text: 4,096 dimensions take about 90 KB."""


class WrongDimensions(NoAdvice):
    """The service answers, but with vectors of another kind than is asked for."""

    def __init__(self, found: int, wanted: int) -> None:
        super().__init__(Failure.unusable)
        self.found, self.wanted = found, wanted


class Embedder:
    def __init__(self, endpoint: Endpoint, model: str, *, seconds: float, batch: int) -> None:
        """``seconds``: of a call for a viewer's text; ``batch``: texts of one call, which each service limits."""
        self.name = f"{endpoint.name}:{model}"
        """As it stands with the answers that are found by its vectors."""
        self.batch = batch
        self._endpoint, self._model, self._seconds = endpoint, model, seconds

    async def close(self) -> None:
        await self._endpoint.close()

    async def embed(self, texts: Sequence[str], *, seconds: float | None = None) -> Vectors:
        """One call for each ``batch`` of texts, one after the other; NoAdvice where one fails. All is masked first.

        ``seconds`` is the limit of each call, by default that for viewers' texts.
        """
        if not texts:
            return np.empty((0, 0), np.float32)
        limit = self._seconds if seconds is None else seconds
        parts = [
            await self._call(texts[start : start + self.batch], limit) for start in range(0, len(texts), self.batch)
        ]
        if len({part.shape[1] for part in parts}) > 1:
            raise self._unusable()
        return np.concatenate(parts)

    async def _call(self, texts: Sequence[str], seconds: float) -> Vectors:
        payload = {"model": self._model, "input": [mask(text) for text in texts], "encoding_format": "float"}
        most = _BYTES_EACH * (len(texts) + 1)
        vectors = read(await self._endpoint.post("/embeddings", payload, seconds=seconds, most_bytes=most), len(texts))
        if vectors is None:
            raise self._unusable()
        metrics.advice.labels(self._endpoint.name, "embedded").inc()
        return vectors

    def _unusable(self) -> NoAdvice:
        metrics.advice.labels(self._endpoint.name, Failure.unusable).inc()
        return NoAdvice(Failure.unusable)


async def embed_knowledge(
    embedder: Embedder, store: VectorStore, texts: Sequence[str], *, dimensions: int | None = None
) -> Vectors:
    """Vectors of the knowledge's phrasings, in their order; what was fetched before comes from the disk.

    NoAdvice where a call fails; what came until then is kept, so that the next start goes on from there.
    WrongDimensions where they have others than ``dimensions``, after the first call; nothing of them is kept.
    """
    stored = await asyncio.to_thread(store.load)
    known = {key: row for key, row in stored.items() if dimensions in (None, row.size)}
    wanted = {key_of(text): text for text in texts}
    try:
        await _fetch(embedder, known, wanted, dimensions)
    finally:
        kept = {key: known[key] for key in wanted if key in known}
        if kept and (kept.keys() != stored.keys() or any(kept[key] is not stored[key] for key in kept)):
            await asyncio.to_thread(store.save, kept)
    return np.array([known[key_of(text)] for text in texts], np.float32).reshape(len(texts), -1 if texts else 0)


async def _fetch(embedder: Embedder, known: dict[str, Row], wanted: dict[str, str], dimensions: int | None) -> None:
    """Add what is missing to ``known``."""
    changed = False
    while missing := [key for key in wanted if key not in known][: embedder.batch]:
        rows = await embedder.embed([wanted[key] for key in missing], seconds=PATIENCE)
        if dimensions not in (None, rows.shape[1]):
            raise WrongDimensions(rows.shape[1], dimensions or 0)
        if any(row.size != rows.shape[1] for row in known.values()):
            if changed:
                raise NoAdvice(Failure.unusable)
            changed = True  # another model stands behind the name: nothing of the old one can be compared with it
            known.clear()
        known.update(zip(missing, rows, strict=True))


def read(answer: object, texts: int) -> Vectors | None:
    """The vectors of an answer, in the order of the texts, at length 1; None where one is missing or no vector."""
    match answer:
        case {"data": list(items)} if len(items) == texts:
            by_index = {item["index"]: item.get("embedding") for item in items if _is_indexed(item)}
        case _:
            return None
    try:
        rows = np.array([by_index[number] for number in range(texts)], np.float64)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    except (KeyError, TypeError, ValueError, OverflowError):  # ValueError is AxisError too: no list of lists
        return None
    if rows.ndim != 2 or rows.shape[1] == 0 or not np.isfinite(lengths).all() or not lengths.all():
        return None
    vectors: Vectors = (rows / lengths).astype(np.float32)
    return vectors


def _is_indexed(item: object) -> bool:
    return isinstance(item, dict) and isinstance(item.get("index"), int)
