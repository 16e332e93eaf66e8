"""The record of what people changed: searched, read as sentences, with all that was written down on demand."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from ipaddress import ip_address
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, field_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents import audit
from app.agents.audit import Entry
from app.agents.calendars import BEIJING
from app.agents.models import Agent, Language, Team
from app.agents.rights import Actor
from app.console import deeds
from app.console.deeds import Names
from app.console.guard import DbDep, SignedIn
from app.console.rendering import page, wants_fragment
from app.db.sql import is_any
from app.forms import Id, find_id

router = APIRouter()
PAGE = "/audit"
SHOWN = 50
Day = Annotated[date, Field(ge=date(2000, 1, 1), lt=date(9000, 1, 1))]
"""Its midnights, and those of the next, are times in every zone."""


class Filters(BaseModel):
    """What the form sends; what cannot be looked for is as if it were empty."""

    who: Id | None = None
    group: str = Field("", max_length=32)
    about: str = Field("", max_length=40)
    """``agent:12``"""
    since: Day | None = None
    until: Day | None = None
    """The last day of the span."""
    ip: str = Field("", max_length=45)
    before: Id | None = None

    @field_validator("*", mode="wrap")
    @classmethod
    def _or_empty(cls, value: Any, handler: Any, info: Any) -> Any:
        try:
            return handler(value)
        except ValueError:
            return cls.model_fields[info.field_name].default

    @property
    def subject(self) -> tuple[str, int] | None:
        kind, _, number = self.about.partition(":")
        found = find_id(number)
        return (kind, found) if kind and found is not None else None

    @property
    def address(self) -> str | None:
        try:
            return str(ip_address(self.ip.strip()))
        except ValueError:
            return self.ip.strip() or None


@router.get(PAGE)
async def show(request: Request, db: DbDep, signed: SignedIn) -> Response:
    filters = Filters.model_validate(dict(request.query_params))
    shown = await db.read(_read, filters, by=signed.actor, language=Language(signed.language))
    name = "audit_list.html" if wants_fragment(request) else "audit.html"
    return page(request, name, signed, filters=filters, groups=deeds.GROUPS, **shown)


def _read(session: Session, filters: Filters, *, by: Actor, language: Language) -> dict[str, Any]:
    subject, number = filters.subject or (None, None)
    found = audit.list_entries(
        session, by=by, agent=filters.who, action=filters.group if filters.group in deeds.GROUPS else "",
        subject=subject, subject_id=number, ip=filters.address, since=_midnight(filters.since),
        until=_midnight(filters.until, days=1), before=filters.before, limit=SHOWN + 1,
    )  # fmt: skip
    names = _names(session, found)
    rows = [
        (entry, deeds.who_of(language, entry), deeds.sentence_of(language, entry, names), _facts(language, entry))
        for entry in found[:SHOWN]
    ]
    about = names.agents.get(number or 0, str(number)) if subject == "agent" else filters.about
    more = found[SHOWN - 1].id if len(found) > SHOWN else None
    return {"rows": rows, "more": more, "people": _people(session), "about": about}


def _midnight(day: date | None, *, days: int = 0) -> datetime | None:
    return None if day is None else datetime.combine(day + timedelta(days=days), time(), BEIJING)


def _people(session: Session) -> list[tuple[int, str]]:
    return [(row[0], row[1]) for row in session.execute(select(Agent.id, Agent.name).order_by(Agent.name, Agent.id))]


def _names(session: Session, entries: Iterable[Entry]) -> Names:
    """Of all people and teams that these entries name, two statements."""
    agents, groups = set[int](), set[int]()
    for entry in entries:
        changed = [part for name in ("before", "after") for part in _ids(entry.detail.get(name))]
        (groups if entry.subject == "team" else agents).add(entry.subject_id or 0)
        (groups if entry.action == "people.teams" else agents).update(changed)
    return Names(
        {row[0]: row[1] for row in session.execute(select(Agent.id, Agent.name).where(is_any(Agent.id, agents)))},
        {row[0]: row[1] for row in session.execute(select(Team.id, Team.name).where(is_any(Team.id, groups)))},
    )


def _ids(value: Any) -> list[int]:
    return [part for part in value if isinstance(part, int)] if isinstance(value, list) else []


def _facts(language: Language, entry: Entry) -> list[tuple[str, str]]:
    """What was written down, with words for what the code names."""
    return [(deeds.word_of(language, name), _plain(language, value)) for name, value in entry.detail.items()]


def _plain(language: Language, value: Any) -> str:
    if isinstance(value, dict):
        return " · ".join(f"{deeds.word_of(language, name)}: {_plain(language, part)}" for name, part in value.items())
    if isinstance(value, list):
        return " · ".join(deeds.word_of(language, part) for part in value if part is not None)
    return "–" if value is None else deeds.word_of(language, value)
