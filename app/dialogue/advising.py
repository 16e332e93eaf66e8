"""Advice for texts that the index is not sure of, between the door and the batch.

It must never make an answer late or change an order. So a call has a hard limit; a viewer who writes on ends the wait
for what he wrote before, and the newer message waits until the older one is in the queue; and a repeat of a push hears
what was said to the first attempt. All of it is kept in the memory of one process: a repeat that comes to another one
asks there once more.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app import metrics
from app.advisers.choosing import MOST, NONE, Chooser, Option
from app.dialogue.choice import chosen
from app.dialogue.pace import Pace
from app.dialogue.progress import number_in
from app.dialogue.provenance import advised_source
from app.dialogue.push import Key, Push
from app.dialogue.understand import Advice, Understanding
from app.faq.knowledge import Action, Intent, Knowledge
from app.matching.match import Tier

log = logging.getLogger(__name__)

LEAST = 0.02
"""Confidence from which on a text that matches nothing is asked about: below, it is mostly no question to us."""
SHORTEST = 4
"""Characters of such a text, normalised."""
PER_VIEWER = 6
"""Questions about one viewer's texts in a minute: nobody uses up what is there for all."""
REMEMBERED = 4096
"""Pushes whose advice is kept for their repeats."""
_NEVER = frozenset({Action.solved})
"""It closes a ticket: only what the viewer himself says plainly may do so."""


@dataclass(slots=True)
class _Asking:
    key: Key
    task: "asyncio.Task[Advice | None]"
    gone: asyncio.Event
    """The push is on its way into the queue."""


class Advising:
    def __init__(self, chooser: Chooser) -> None:
        self._chooser = chooser
        self._asking: dict[tuple[int, str], _Asking] = {}
        """By sender; one at a time."""
        self._heard: OrderedDict[Key, Advice | None] = OrderedDict()
        self._pace = Pace()

    async def close(self) -> None:
        await self._chooser.close()

    async def advise(self, push: Push, knowledge: Knowledge) -> Push:
        """The push with advice, where it needs some and there is some. ``knowledge``: what it was understood by.

        The caller must submit it before anything else waits.
        """
        while (before := self._asking.get(push.who)) is not None:
            if before.key != push.key:
                before.task.cancel()
            await before.gone.wait()
        understanding = push.understanding
        if understanding is None or not needs_advice(understanding):
            return push
        if push.key not in self._heard:
            await self._ask(push, understanding, knowledge)
        advice = self._heard.get(push.key)
        return push if advice is None else push._replace(understanding=replace(understanding, advice=advice))

    async def _ask(self, push: Push, understanding: Understanding, knowledge: Knowledge) -> None:
        if self._pace.count(push.who, datetime.now(UTC)) > PER_VIEWER:
            metrics.advice.labels("llm", "too_many").inc()
            self._remember(push.key, None)
            return
        task = asyncio.create_task(self._advice(understanding, knowledge))
        asking = self._asking[push.who] = _Asking(push.key, task, asyncio.Event())
        advice: Advice | None = None
        try:
            await asyncio.wait({task})
            advice = None if task.cancelled() else task.result()
        except Exception:
            log.exception("advice failed")
        finally:
            task.cancel()
            del self._asking[push.who]
            self._remember(push.key, advice)
            asking.gone.set()

    async def _advice(self, understanding: Understanding, knowledge: Knowledge) -> Advice | None:
        targets = targets_of(understanding, knowledge)
        if not targets:
            return None
        number = await self._chooser.choose(understanding.text, [option_of(name, knowledge) for name in targets])
        if number is None:
            return None
        if number == NONE:
            return Advice(None, None)
        target = targets[number - 1]
        source = advised_source(target, knowledge, understanding.match, self._chooser.name)
        return Advice(knowledge.resolve(target), source)

    def _remember(self, key: Key, advice: Advice | None) -> None:
        self._heard[key] = advice
        if len(self._heard) > REMEMBERED:
            self._heard.popitem(last=False)


def needs_advice(understanding: Understanding) -> bool:
    """Whether nothing in the text itself decides what is done, and yet it may be one of the candidates."""
    match = understanding.match
    if understanding.meant is not None or understanding.flag is not None or not match.candidates:
        return False
    words = understanding.words
    if match.normalised.isdecimal() or chosen(words, ()) is not None or number_in(words) is not None:
        return False
    return match.tier is Tier.likely or (match.confidence >= LEAST and len(match.normalised) >= SHORTEST)


def targets_of(understanding: Understanding, knowledge: Knowledge) -> Sequence[str]:
    """The candidates that may be chosen, best first."""
    return [found.target for found in understanding.match.candidates[:MOST] if _may_be_chosen(found.target, knowledge)]


def _may_be_chosen(target: str, knowledge: Knowledge) -> bool:
    meant = knowledge.resolve(target)
    return not (isinstance(meant, Intent) and meant.action in _NEVER)


def option_of(target: str, knowledge: Knowledge) -> Option:
    """How a target is shown: an entry by its question, an intent by the first way to ask for it."""
    if entry := knowledge.entries.get(target):
        return Option(entry.title, entry.question)
    meant = knowledge.resolve(target)
    assert isinstance(meant, Intent)
    return Option(meant.title, next(iter((*meant.examples, *meant.exact)), meant.title))
