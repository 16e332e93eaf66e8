"""Every page of the console, a router a page."""

from typing import Final

from fastapi import APIRouter

from app.agents.sessions import Warrant
from app.console import (
    account,
    audit,
    calendars,
    deadlines,
    frame,
    macros,
    outbox,
    people,
    queue,
    replies,
    signing_in,
    teams,
    words,
)
from app.console.desk import acts, asks, files, finding, saving, writing
from app.console.desk import pages as desk
from app.console.endpoints import live
from app.console.figures import pages as figures
from app.console.guard import SignedIn
from app.console.tickets import acts as ticket_acts
from app.console.tickets import boards, days, drafting, facts, filing, giving, sheet
from app.console.tickets import changing as tickets_changing
from app.console.tickets import pages as tickets
from app.console.tickets import saving as tickets_saving
from app.live.followers import Visitor


async def who(signed: SignedIn) -> Visitor:
    """Who follows the live events, for as long as he is signed in with the roles that he has now."""
    return Visitor(signed.actor.id, Warrant(signed.sign_in_id, signed.actor.roles))


ROUTERS: Final[tuple[APIRouter, ...]] = (
    frame.router,
    signing_in.router,
    account.router,
    people.router,
    teams.router,
    calendars.router,
    deadlines.router,
    macros.router,
    audit.router,
    replies.router,
    words.router,
    queue.router,
    outbox.router,
    figures.router,
    drafting.router,
    filing.router,
    facts.router,
    ticket_acts.router,
    sheet.router,
    live.router_for(who),
    desk.router,
    finding.router,
    asks.router,
    acts.router,
    files.router,
    writing.router,
    saving.router,
    tickets.router,
    tickets_saving.router,
    boards.router,
    days.router,
    giving.router,
    tickets_changing.router,
)
