"""What the demo service knows and says, for tests that talk to it: texts come from the knowledge, not from here."""

from functools import cache

from app.dialogue.answers import first_words
from app.dialogue.loading import load_brain
from app.dialogue.understand import Brain
from app.faq.knowledge import Entry
from app.settings import Settings

ALWAYS_OPEN = "每天 0:00-24:00"
"""``SERVICE_HOURS`` under which the same happens whenever the tests run."""


@cache
def brain() -> Brain:
    return load_brain(Settings(mode="demo", service_hours=ALWAYS_OPEN))


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
