"""Viewers' texts matched once more, by what they mean."""

import asyncio
from collections import OrderedDict

from app import metrics
from app.advisers.embedding import Embedder
from app.advisers.endpoint import Failure, NoAdvice
from app.dialogue.understand import Brain, Understanding
from app.matching.entities import extract
from app.matching.language import LONGEST_RAW
from app.matching.match import Match, Tier
from app.matching.meanings import Meaning

REMEMBERED = 1024
"""Texts whose vectors are kept: viewers ask much the same, and the same is not paid for twice."""


class Comparing:
    def __init__(self, embedder: Embedder) -> None:
        self.name = embedder.name
        """As it stands with the answers that are found."""
        self._embedder = embedder
        self._known: OrderedDict[str, Meaning] = OrderedDict()

    async def close(self) -> None:
        await self._embedder.close()

    async def match(self, understanding: Understanding, brain: Brain) -> Match | None:
        """None where the meaning of the text is not known, or there is nothing to compare it with."""
        index = brain.index
        if index.meanings is None:
            return None
        text = understanding.text[:LONGEST_RAW]
        try:
            meaning = await self._meaning(extract(text, brain.catalogue).rest or text)
        except NoAdvice:
            return None
        if not index.meanings.fits(meaning):  # another model stands behind the name by now
            self._count(Failure.unusable)
            return None
        # In a thread: with much knowledge it takes some milliseconds, in which others are to be answered.
        found = await asyncio.to_thread(index.match_normalised, understanding.match.normalised, meaning)
        self._count("chosen" if found.tier is Tier.sure else "none")
        return found

    async def _meaning(self, words: str) -> Meaning:
        if (known := self._known.get(words)) is not None:
            self._known.move_to_end(words)
            self._count("remembered")
            return known
        meaning: Meaning = (await self._embedder.embed([words]))[0]
        self._known[words] = meaning
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return meaning

    def _count(self, outcome: str) -> None:
        metrics.advice.labels("embedding", outcome).inc()
