"""Every page of the console, a router a page."""

from typing import Final

from fastapi import APIRouter

from app.console import account, audit, frame, people, replies, signing_in, teams, words
from app.console.desk import acts, asks, files, finding, saving, writing
from app.console.desk import pages as desk
from app.console.endpoints import live
from app.console.guard import who_is_signed_in

ROUTERS: Final[tuple[APIRouter, ...]] = (
    frame.router,
    signing_in.router,
    account.router,
    people.router,
    teams.router,
    audit.router,
    replies.router,
    words.router,
    live.router_for(who_is_signed_in),
    desk.router,
    finding.router,
    asks.router,
    acts.router,
    files.router,
    writing.router,
    saving.router,
)
