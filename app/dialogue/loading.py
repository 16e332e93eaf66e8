"""The rules of a process, from its settings and the files of the knowledge."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from app.agents import hours
from app.agents.calendars import ALWAYS, DEMO_HOURS, Calendar, read_calendar
from app.dialogue import phrases
from app.dialogue.rules import DATA_DAYS, Promises, Rules
from app.dialogue.understand import Brain, build_brain
from app.errors import ConfigurationError
from app.faq.facts import resolve_facts
from app.faq.knowledge import Knowledge
from app.faq.loader import load
from app.faq.titles import load_titles
from app.matching.catalogue import Catalogue
from app.matching.confidence import SHIPPED, Weights
from app.matching.index import Index, normalised
from app.matching.meanings import MeaningWeights
from app.matching.store import open_base
from app.settings import Settings

WEIGHTS = Path("faq", "training", "weights.json")
"""Where ``app matching train`` writes in a KNOWLEDGE_DIR of one's own."""

MEANING_WEIGHTS = WEIGHTS.with_name("weights-embedding.json")
"""Where ``app matching train --embedding`` writes; the shipped knowledge has none, since they are of one model."""


def load_facts(settings: Settings) -> dict[str, str | None]:
    """What the texts say of the company; the service hours stand in the calendar already."""
    hours = {"service_hours": load_calendar(settings).describe()} if settings.service_hours else {}
    return resolve_facts({**hours, **settings.facts}, demo=settings.demo)


def load_knowledge(root: Path, facts: Mapping[str, str | None]) -> Knowledge:
    """What stands in faq/ and intents/ of a folder, as far as the dialogue can speak it; KnowledgeError otherwise."""
    return load(root / "faq", root / "intents", facts, offers=phrases.OFFERS.keys())


def load_brain(settings: Settings, before: Brain | None = None) -> Brain:
    """``before``: the brain in force, whose index is taken further where the edit is small beside it."""
    knowledge = load_knowledge(settings.knowledge_dir, load_facts(settings))
    catalogue = load_catalogue(settings, knowledge)
    weights = load_weights(settings.knowledge_dir)
    known = normalised(knowledge.phrasings(), knowledge.language)
    if before is not None and before.index.pays_to_update(known, knowledge.language, weights):
        return build_brain(knowledge, before.index.updated(known), catalogue)
    base = open_base(known, knowledge.language, settings.cache)
    return build_brain(knowledge, Index(base, knowledge.language, weights), catalogue)


def load_weights(root: Path) -> Weights:
    """Those that a company has trained on its own knowledge, where there are some."""
    own = root / WEIGHTS
    try:
        return Weights.load(own if own.exists() else SHIPPED)
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise ConfigurationError(f"{own} cannot be used ({error}): write it anew by `app matching train`.") from error


def load_meaning_weights(root: Path, model: str) -> MeaningWeights:
    """ConfigurationError says why meanings cannot be judged, and what to do; the service works without them."""
    path = root / MEANING_WEIGHTS
    remedy = "Run `app matching train --embedding`, then start again"
    try:
        weights = MeaningWeights.load(path)
    except FileNotFoundError:
        raise ConfigurationError(f"there are no weights for them in {path}. {remedy}.") from None
    except (ValueError, TypeError, OSError) as error:
        raise ConfigurationError(f"{path} cannot be used ({error}). {remedy}.") from error
    if weights.model != model:
        raise ConfigurationError(f"{path} holds weights for {weights.model}, not for {model}. {remedy}.")
    return weights


def load_catalogue(settings: Settings, knowledge: Knowledge) -> Catalogue:
    """The titles; what the knowledge spells as words names none of them by itself."""
    titles = load_titles(settings.knowledge_dir / "faq" / "catalogue", demo=settings.demo)
    return Catalogue.build(titles, [text for _, text in knowledge.phrasings()])


def load_calendar(settings: Settings) -> Calendar:
    """Without configured hours somebody is always there, but for demo mode."""
    configured = service_hours(settings)
    return read_calendar(configured, settings.holidays, settings.workdays) if configured else ALWAYS


def keep_hours(session: Session, settings: Settings, *, now: datetime) -> None:
    """The service hours, for rules that count time by them."""
    hours.keep_default(session, service_hours(settings), settings.holidays, settings.workdays, now=now)


def service_hours(settings: Settings) -> str:
    """As they are configured; empty: always."""
    return settings.service_hours or (DEMO_HOURS if settings.demo else "")


def load_rules(settings: Settings, brain: Brain | None = None) -> Rules:
    """``brain``: what these settings load, where it was loaded already."""
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
    return Rules(
        brain or load_brain(settings), load_calendar(settings), promises, silence, settings.burst, settings.on_duty
    )
