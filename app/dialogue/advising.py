"""Advice for texts that the index is not sure of, between the door and the batch.

First the text is matched again by its meaning, where vectors are configured; if that is not sure either, a language
model chooses, where one is configured, among what was found then. Either may be missing.

It must never make an answer late or change an order. So all calls have a hard limit; a viewer who writes on ends the
wait for what he wrote before, and the newer message waits until the older one is in the queue; and a repeat of a push
hears what was said to the first attempt. All of it is kept in the memory of one process: a repeat that comes to another
one asks there once more.
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
from app.dialogue.comparing import Comparing
from app.dialogue.pace import Pace
from app.dialogue.progress import number_in
from app.dialogue.provenance import advised_source
from app.dialogue.push import Key, Push
from app.dialogue.understand import Advice, Brain, Understanding
from app.faq.knowledge import Action, Intent, Knowledge
from app.matching.match import Tier

log = logging.getLogger(__name__)

LEAST = 0.02
"""Confidence from which on a text that matches nothing is asked about: below, it is mostly no question to us."""
SHORTEST = 4
"""Characters of such a text, normalised."""
PER_VIEWER = 6
"""Questions about one viewer's texts in a minute: nobody uses up what is there for all."""
TOGETHER = 3.0
"""Seconds of all calls for a text, one after the other, whatever limit each of them has: platforms wait for five."""
REMEMBERED = 4096
"""Pushes whose advice is kept for their repeats."""
_NEVER = frozenset({Action.solved})
"""It closes a ticket: only what the viewer himself says plainly may do so."""


@dataclass(slots=True)
class _Asking:
    key: Key
    task: "asyncio.Task[Understanding]"
    gone: asyncio.Event
    """The push is on its way into the queue."""


class Advising:
    def __init__(self, chooser: Chooser | None, comparing: Comparing | None = None) -> None:
        self._chooser, self._comparing = chooser, comparing
        self._asking: dict[tuple[int, str], _Asking] = {}
        """By sender; one at a time."""
        self._heard: OrderedDict[Key, Understanding | None] = OrderedDict()
        """None where there was no advice."""
        self._pace = Pace()

    async def close(self) -> None:
        for adviser in (self._comparing, self._chooser):
            if adviser is not None:
                await adviser.close()

    async def advise(self, push: Push, brain: Brain) -> Push:
        """The push with advice, where it needs some and there is some. ``brain``: what it was understood by.

        The caller must submit it before anything else waits.
        """
        while (before := self._asking.get(push.who)) is not None:
            if before.key != push.key:
                before.task.cancel()
            await before.gone.wait()
        understanding = push.understanding
        if understanding is None or not needs_advice(understanding):
            return push
        if push.key not in self._heard and (asked := self._asked_by(brain)):
            await self._ask(push, understanding, brain, asked)
        advised = self._heard.get(push.key)
        return push if advised is None else push._replace(understanding=advised)

    def _asked_by(self, brain: Brain) -> list[str]:
        """Who would be asked, as they stand in the metrics."""
        compares = self._comparing is not None and brain.index.meanings is not None
        return ["embedding"] * compares + ["llm"] * (self._chooser is not None)

    async def _ask(self, push: Push, understanding: Understanding, brain: Brain, asked: Sequence[str]) -> None:
        if self._pace.count(push.who, datetime.now(UTC)) > PER_VIEWER:
            for name in asked:
                metrics.advice.labels(name, "too_many").inc()
            self._remember(push.key, None)
            return
        task = asyncio.create_task(self._advised(understanding, brain))
        asking = self._asking[push.who] = _Asking(push.key, task, asyncio.Event())
        advised: Understanding | None = None
        try:
            await asyncio.wait({task})
            advised = None if task.cancelled() else task.result()
        except Exception:
            log.exception("advice failed")
        finally:
            task.cancel()
            del self._asking[push.who]
            self._remember(push.key, advised)
            asking.gone.set()

    async def _advised(self, understanding: Understanding, brain: Brain) -> Understanding:
        """What is known when the time is over, or nobody is left to ask."""
        found = understanding
        try:
            async with asyncio.timeout(TOGETHER):
                found = await self._compared(found, brain)
                if found.advice is None:
                    found = replace(found, advice=await self._choice(found, brain.knowledge))
        except TimeoutError:
            log.warning("advice was too slow")
        return found

    async def _compared(self, understanding: Understanding, brain: Brain) -> Understanding:
        match = await self._comparing.match(understanding, brain) if self._comparing else None
        if match is None or self._comparing is None:
            return understanding
        found = brain.matched_again(understanding, match)
        target = match.candidates[0].target if match.tier is Tier.sure else None
        if target is None or not _may_be_chosen(target, brain.knowledge):
            return found
        source = advised_source(target, brain.knowledge, match, self._comparing.name)
        return replace(found, advice=Advice(brain.target(target), source))

    async def _choice(self, understanding: Understanding, knowledge: Knowledge) -> Advice | None:
        targets = targets_of(understanding, knowledge)
        if self._chooser is None or not targets:
            return None
        number = await self._chooser.choose(understanding.text, [option_of(name, knowledge) for name in targets])
        if number is None:
            return None
        if number == NONE:
            return Advice(None, None)
        target = targets[number - 1]
        source = advised_source(target, knowledge, understanding.match, self._chooser.name)
        return Advice(knowledge.resolve(target), source)

    def _remember(self, key: Key, advised: Understanding | None) -> None:
        self._heard[key] = advised
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
    if understanding.slots.device and len(match.normalised) < SHORTEST:
        return False  # it answers what the bot asked
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
