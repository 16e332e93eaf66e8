"""Every page of the console, a router a page."""

from typing import Final

from fastapi import APIRouter

from app.console import account, audit, frame, outbox, people, queue, replies, signing_in, teams, words
from app.console.desk import acts, asks, files, finding, saving, writing
from app.console.desk import pages as desk
from app.console.endpoints import live
from app.console.guard import SignedIn


def who(signed: SignedIn) -> int:
    """Who follows the live events."""
    return signed.actor.id


ROUTERS: Final[tuple[APIRouter, ...]] = (
    frame.router,
    signing_in.router,
    account.router,
    people.router,
    teams.router,
    audit.router,
    replies.router,
    words.router,
    queue.router,
    outbox.router,
    live.router_for(who),
    desk.router,
    finding.router,
    asks.router,
    acts.router,
    files.router,
    writing.router,
    saving.router,
)
