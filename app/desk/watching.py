"""What whoever leads the desk sees: who waits and why, who is there with what, and how the day goes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.calendars import BEIJING
from app.agents.rights import Action, Actor
from app.conversations.models import Conversation
from app.desk import crew, flow, waits
from app.desk.crew import OnDuty, TeamOnDuty
from app.desk.waits import Waiting

__all__ = ["OnDuty", "TeamOnDuty", "Totals", "Waiting", "Watch", "look"]
SHOWN = 100
"""Conversations of the queue that are listed."""


@dataclass(frozen=True, slots=True)
class Totals:
    waiting: int
    longest_wait: timedelta | None
    """Of those who wait now, within the service hours."""
    being_handled: int
    """Conversations that agents have."""
    answered_today: int
    """Who left the queue to a person since midnight in Beijing."""
    median_wait_today: timedelta | None
    p90_wait_today: timedelta | None
    """How long those waited."""
    given_up_today: int
    """Viewers who did not want to wait any more."""


@dataclass(frozen=True, slots=True)
class Watch:
    at: datetime
    totals: Totals
    waiting: tuple[Waiting, ...]
    """In the queue's order, ``SHOWN`` at most."""
    agents: tuple[OnDuty, ...]
    """Who is there first, the busiest of them first."""
    teams: tuple[TeamOnDuty, ...]


def look(session: Session, *, by: Actor, now: datetime) -> Watch:
    rights.require(by, Action.see_queue)
    midnight = midnight_before(now)
    today = flow.sum_up(session, since=midnight, until=now + timedelta(seconds=1))
    staff = crew.list_speakers(session, since=midnight, now=now)
    return Watch(
        now,
        _totals(session, today, sum(len(each.conversations) for each in staff.agents), now),
        waits.list_waiting(session, staff.actors, staff.agents, limit=SHOWN),
        staff.agents,
        crew.list_teams(session, staff),
    )


def midnight_before(now: datetime) -> datetime:
    """When the day of Beijing began."""
    return now.astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)


def _totals(session: Session, today: flow.Figures, handled: int, now: datetime) -> Totals:
    in_queue = (Conversation.owner == literal_column("'queue'"), Conversation.closed_at.is_(None))
    since = func.coalesce(Conversation.waits_since, Conversation.queued_at)
    count, oldest = session.execute(
        select(func.count(), func.min(since, type_=Conversation.queued_at.type)).where(*in_queue)
    ).one()
    longest = max(timedelta(), now - oldest) if oldest is not None else None
    return Totals(count, longest, handled, today.exits, today.median, today.p90, today.given_up)
