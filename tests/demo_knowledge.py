"""What the demo service knows and says, for tests that talk to it: texts come from the knowledge, not from here."""

import re
from datetime import UTC, datetime

from app.agents.calendars import BEIJING
from app.dialogue.answers import first_words
from app.dialogue.loading import load_brain, load_facts
from app.dialogue.understand import Brain
from app.faq.knowledge import Entry
from app.settings import ROOT, Settings

_brains: dict[tuple[bool, frozenset[tuple[str, str | None]]], Brain] = {}
ALWAYS_OPEN = "每天 0:00-24:00"
"""``SERVICE_HOURS`` under which the same happens whenever the tests run."""


def closed_now() -> str:
    """``SERVICE_HOURS`` that begin in one to two hours from now."""
    hour = datetime.now(UTC).astimezone(BEIJING).hour
    return f"每天 {(hour + 2) % 24}:00-{(hour + 10) % 24}:00"


def brain() -> Brain:
    return brain_of(Settings(mode="demo", service_hours=ALWAYS_OPEN))


def brain_of(settings: Settings) -> Brain:
    """The shipped knowledge as these settings load it: once for all tests, since a brain never changes.

    What a service does to load it by itself, the tests prove that start one as a process.
    """
    assert settings.knowledge_dir == ROOT
    said = settings.demo, frozenset(load_facts(settings).items())
    if said not in _brains:
        _brains[said] = load_brain(settings)
    return _brains[said]


def entry(name: str) -> Entry:
    found = brain().target(name)
    assert isinstance(found, Entry)
    return found


def answer_of(name: str) -> str:
    """What somebody hears who asks for the entry first."""
    return first_words(entry(name))


def title_of(name: str) -> str:
    """Of an entry, or of an intent behind ``intent:``."""
    return brain().target(name).title


def options_of(text: str) -> tuple[str, ...]:
    """What a text that is not understood for sure may ask: the choices of the clarifying question."""
    understanding = brain().understand(text)
    assert understanding.meant is None, f"“{text}” is understood for sure by now: take another example"
    return understanding.options


def wording(phrase: str) -> re.Pattern[str]:
    """A phrase with anything in its gaps."""
    return re.compile(".+?".join(map(re.escape, re.split(r"\{\w+\}", phrase.strip()))), re.DOTALL)
