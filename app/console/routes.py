"""Every page of the console, a router a page."""

from typing import Final

from fastapi import APIRouter

from app.console import account, audit, frame, people, signing_in, teams

ROUTERS: Final[tuple[APIRouter, ...]] = (
    frame.router,
    signing_in.router,
    account.router,
    people.router,
    teams.router,
    audit.router,
)
