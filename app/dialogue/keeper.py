"""The knowledge of a running process: watched, loaded beside what it answers by, and swapped whole.

Whoever edits it needs no restart, and cannot silence the service: files that cannot be used change nothing but what
``/readyz``, the log and the metrics say. Nothing is written anywhere, so that a process may end in the middle of it,
and of several processes each looks for itself.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app import metrics
from app.dialogue.loading import load_brain
from app.dialogue.rules import Rules
from app.dialogue.understand import Brain
from app.faq import files
from app.faq.files import Seen, Stamp
from app.faq.loader import KnowledgeError
from app.faq.source import Problem
from app.settings import Settings

log = logging.getLogger(__name__)

QUIET = 1.0
"""Seconds that must pass without a change before files are read: an editor saves ten of them, one after the other."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What the files hold: something to answer by, or problems; neither where it is what is known already."""

    digest: str
    brain: Brain | None = None
    problems: tuple[Problem, ...] = ()


class Keeper:
    def __init__(self, settings: Settings, seen: Seen, rules: Rules, adopt: Callable[[Rules], None]) -> None:
        """``seen``: the files before ``rules`` were made of them. ``adopt`` puts other rules in force, at once."""
        self.rules = rules
        self.problems: tuple[Problem, ...] = ()
        """What is wrong with the files as they are now, while the last state without a problem stays in force."""
        self.loaded_at = datetime.now(UTC)
        self._settings, self._adopt = settings, adopt
        unchanged = files.stamp(settings.knowledge_dir) == seen.stamp
        self._stamp, self._refused = seen.stamp, ""
        self._served = seen.digest if unchanged else ""  # else nobody knows what the rules were made of
        self._changing: Stamp | None = None
        """The files at the last look, where they are not those of ``_stamp``."""
        self._wake = asyncio.Event()
        self._show_loaded()

    def look_now(self) -> None:
        """Look without waiting for the time, and try once more what was refused."""
        self._refused = ""
        self._wake.set()

    def enrich(self, before: Brain, after: Brain) -> bool:
        """Put the same knowledge, better prepared, in force; False where other knowledge came meanwhile."""
        if self.rules.brain is not before:
            return False
        self.rules = replace(self.rules, brain=after)
        self._adopt(self.rules)
        self._show_meanings()
        return True

    async def run(self) -> None:
        """Serve until cancelled."""
        while True:
            await self._pause()
            try:
                await self.look()
            except Exception:
                log.exception("the knowledge's files were not looked at")

    async def look(self) -> None:
        """See whether the files changed, and take them up once they are the same at two looks."""
        stamp = await asyncio.to_thread(files.stamp, self._settings.knowledge_dir)
        if stamp == self._stamp:
            self._changing = None
            if self.problems:  # what could not be read can be readable again without a change
                await self._take(stamp)
        elif stamp == self._changing:
            await self._take(stamp)
        else:
            self._changing = stamp

    async def _pause(self) -> None:
        every = self._settings.knowledge_every or None
        seconds = every if self._changing is None else min(QUIET, every or QUIET)
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    async def _take(self, stamp: Stamp) -> None:
        """In a thread, because it takes a second in which viewers are to be answered."""
        found = await asyncio.to_thread(self._read, stamp)
        if found is None:
            return
        self._stamp, self._changing = stamp, None
        if found.brain is not None:
            self._swap(found.digest, found.brain)
        elif found.problems:
            self._refuse(found.digest, found.problems)
        elif found.digest == self._served and self.problems:
            log.info("knowledge as before", extra={"version": self.rules.brain.knowledge.version})
            self.problems, self._refused = (), ""
            metrics.knowledge_problems.set(0)

    def _read(self, stamp: Stamp) -> _Read | None:
        """None where the files changed while they were read: half of one state and half of another."""
        root = self._settings.knowledge_dir
        digest = files.digest(root)
        found = _Read(digest)
        if digest not in (self._served, self._refused):
            found = self._load(digest)
        return found if files.stamp(root) == stamp else None

    def _load(self, digest: str) -> _Read:
        try:
            return _Read(digest, load_brain(self._settings, self.rules.brain))
        except KnowledgeError as error:
            return _Read(digest, problems=error.problems)
        except Exception as error:
            log.exception("knowledge not loaded")
            reason = f"cannot be loaded: {type(error).__name__}: {error}"
            return _Read(digest, problems=(Problem(self._settings.knowledge_dir.name, 0, "", reason),))

    def _swap(self, digest: str, brain: Brain) -> None:
        self.rules = replace(self.rules, brain=brain)
        self.problems, self.loaded_at = (), datetime.now(UTC)
        self._served, self._refused = digest, ""
        self._adopt(self.rules)
        log.info("knowledge loaded", extra={
            "version": brain.knowledge.version, "index_version": brain.index.version,
            "entries": len(brain.knowledge.entries), "intents": len(brain.knowledge.intents),
        })  # fmt: skip
        self._show_loaded()

    def _refuse(self, digest: str, problems: tuple[Problem, ...]) -> None:
        for problem in problems:
            if problem not in self.problems:
                log.error("knowledge refused", extra={
                    "file": problem.file, "line": problem.line, "field": problem.path, "problem": problem.message,
                })  # fmt: skip
        self.problems, self._refused = problems, digest
        metrics.knowledge_loads.labels("refused").inc()
        metrics.knowledge_problems.set(len(problems))

    def _show_loaded(self) -> None:
        brain = self.rules.brain
        metrics.knowledge_loads.labels("loaded").inc()
        metrics.knowledge_problems.set(0)
        self._show_meanings()
        metrics.knowledge_loaded_at.clear()
        metrics.knowledge_loaded_at.labels(brain.knowledge.version, brain.index.version).set(self.loaded_at.timestamp())

    def _show_meanings(self) -> None:
        index = self.rules.brain.index
        metrics.meanings.set(index.size if index.meanings is not None else 0)
