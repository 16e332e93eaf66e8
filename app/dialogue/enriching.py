"""The meanings of the knowledge in force, fetched beside the answers.

Whatever is in force answers by words alone until its vectors are there: after a start they mostly come from the disk,
after an edit only those of new phrasings are asked for. A service that fails is asked again later, ever more seldom,
and costs the answers nothing meanwhile.
"""

import asyncio
import logging
from dataclasses import replace

from app.advisers.embedding import Embedder, WrongDimensions, embed_knowledge
from app.advisers.endpoint import NoAdvice
from app.advisers.vectors import VectorStore
from app.dialogue.keeper import Keeper
from app.dialogue.understand import Brain
from app.matching.index import spoken
from app.matching.meanings import MeaningWeights, Rows

log = logging.getLogger(__name__)

SOONEST = 5.0
"""Seconds after a failure until it is tried again; twice as many after each further one."""
LATEST = 600.0


class Enriching:
    def __init__(self, embedder: Embedder, store: VectorStore, weights: MeaningWeights, keeper: Keeper) -> None:
        self._embedder, self._store, self._weights, self._keeper = embedder, store, weights, keeper
        self._changed = asyncio.Event()

    def look_now(self) -> None:
        """Other knowledge is in force."""
        self._changed.set()

    async def run(self) -> None:
        """Serve until cancelled."""
        pause = SOONEST
        while True:
            self._changed.clear()
            if await self._enrich(self._keeper.rules.brain):
                pause, seconds = SOONEST, None
            else:
                pause, seconds = min(2 * pause, LATEST), pause
            try:
                async with asyncio.timeout(seconds):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _enrich(self, brain: Brain) -> bool:
        """Whether there is nothing left to do for this brain."""
        if brain.index.meanings is not None or not brain.index.size:
            return True
        try:
            enriched = replace(brain, index=brain.index.with_meanings(await self._rows(brain), self._weights))
        except WrongDimensions as wrong:
            log.error("meanings refused", extra={
                "dimensions": wrong.found, "fitted": wrong.wanted, "remedy": "app matching train --embedding",
            })  # fmt: skip
            return False
        except NoAdvice as none:
            log.warning("meanings not fetched", extra={"reason": none.failure})
            return False
        except Exception:
            log.exception("meanings not fetched")
            return False
        if self._keeper.enrich(brain, enriched):  # else there is other knowledge by now, and this looks again at once
            log.info("meanings in force", extra={"phrasings": brain.index.size, "model": self._weights.model})
        return True

    async def _rows(self, brain: Brain) -> Rows:
        words = await asyncio.to_thread(_words, brain)
        return await embed_knowledge(self._embedder, self._store, words, dimensions=self._weights.dimensions)


def _words(brain: Brain) -> list[str]:
    """In the order of the index's phrasings."""
    said = spoken(brain.knowledge.phrasings(), brain.knowledge.language)
    return [said[phrasing] for phrasing in brain.index.phrasings]
