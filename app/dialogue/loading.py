"""The rules of a process, from its settings and the files of the knowledge."""

from datetime import timedelta

from app.agents.calendars import ALWAYS, DEMO_HOURS, Calendar, read_calendar
from app.dialogue.rules import DATA_DAYS, Promises, Rules
from app.dialogue.understand import Brain, build_brain
from app.faq.facts import resolve_facts
from app.faq.knowledge import Knowledge
from app.faq.loader import load
from app.faq.titles import load_titles
from app.matching.catalogue import Catalogue
from app.settings import ROOT, Settings


def load_facts(settings: Settings) -> dict[str, str | None]:
    """What the texts say of the company; the service hours stand in the calendar already."""
    hours = {"service_hours": load_calendar(settings).describe()} if settings.service_hours else {}
    return resolve_facts({**hours, **settings.facts}, demo=settings.demo)


def load_brain(settings: Settings) -> Brain:
    knowledge = load(ROOT / "faq", ROOT / "intents", load_facts(settings))
    return build_brain(knowledge, load_catalogue(settings, knowledge))


def load_catalogue(settings: Settings, knowledge: Knowledge) -> Catalogue:
    """The titles; what the knowledge spells as words names none of them by itself."""
    titles = load_titles(ROOT / "faq" / "catalogue", demo=settings.demo)
    return Catalogue.build(titles, [text for _, text in knowledge.phrasings()])


def load_calendar(settings: Settings) -> Calendar:
    """Without configured hours somebody is always there, but for demo mode."""
    hours = settings.service_hours or (DEMO_HOURS if settings.demo else "")
    return read_calendar(hours, settings.holidays, settings.workdays) if hours else ALWAYS


def load_rules(settings: Settings) -> Rules:
    facts = load_facts(settings)
    days = facts["privacy_days"] or ""
    promises = Promises(
        answer_days=settings.answer_days,
        urgent=timedelta(hours=settings.urgent_hours),
        complaint_days=settings.complaint_days,
        data_days=int(days) if days.isdecimal() else DATA_DAYS,
        complaint_office=settings.complaint_office,
    )
    silence = timedelta(hours=settings.silence_hours)
    return Rules(load_brain(settings), load_calendar(settings), promises, silence, settings.burst)
