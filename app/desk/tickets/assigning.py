"""Whose a ticket is: given by a person, or by itself to whoever can do it and has the least."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents import duty, rights
from app.agents.hours import calendar_for
from app.agents.models import Agent
from app.agents.rights import Action, Actor
from app.db.sql import for_update
from app.desk.tickets import changing
from app.errors import AppError
from app.tickets import clocks, finding, history


class OwnerWrong(AppError):
    status_code, message = 422, "这位同事不能处理工单，请选择其他人"


class TakenMeanwhile(AppError):
    status_code, message = 409, "这个工单刚刚交给了{name}，请先看看"


def take(session: Session, ticket_id: int, *, by: Actor, former: int | None, now: datetime) -> bool:
    """To oneself, from who had it (``former``) when one decided that. TakenMeanwhile; else as ``give``."""
    rights.require(by, Action.work_tickets)
    require_owner(session, by.id)
    owner_id = finding.lock_open(session, ticket_id).owner_id
    if owner_id not in (None, former, by.id):
        raise TakenMeanwhile(name=session.get_one(Agent, owner_id).name)
    return give(session, ticket_id, by=by, owner_id=by.id, now=now)


def give(
    session: Session, ticket_id: int, *, by: Actor, owner_id: int | None = None, team_id: int | None = None,
    now: datetime,
) -> bool:  # fmt: skip
    """To a person, to a team, or to nobody; whether that is new. OwnerWrong, TeamGone, TicketClosed.

    A team alone takes it from whoever had it.
    """
    rights.require(by, Action.work_tickets)
    if owner_id is not None:
        require_owner(session, owner_id)  # people first, then tickets: as whoever leaves gives his back
    ticket = finding.lock_open(session, ticket_id)
    if team_id is not None:
        changing.require_team(session, team_id)
    team = team_id if team_id is not None else ticket.team_id
    if (ticket.owner_id, ticket.team_id) == (owner_id, team):
        return False
    former, detail = ticket.owner_id, {"owner_id": [ticket.owner_id, owner_id]}
    counted = calendar_for(session, ticket.team_id)
    if team != ticket.team_id:
        detail["team_id"] = [ticket.team_id, team]
    ticket.owner_id, ticket.team_id = owner_id, team
    session.flush()
    if "team_id" in detail:
        clocks.refit(session, ticket, former=counted, now=now)
    also = [former] if former is not None else []
    history.write_down(session, ticket, "changed", by=str(by.id), now=now, detail=detail, also=also)
    return True


def require_owner(session: Session, agent_id: int) -> None:
    """OwnerWrong for who is gone, or whose roles do not work on tickets."""
    active = select(Agent.id).where(Agent.id == agent_id, *duty.speaks())
    if session.scalar(for_update(active, refer=True)) is None:
        raise OwnerWrong
