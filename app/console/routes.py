"""Every page of the console, a router a page."""

from typing import Final

from fastapi import APIRouter

from app.console import account, frame, signing_in
from app.console.desk import acts, asks, files, finding
from app.console.desk import pages as desk

_DESK = (desk.router, finding.router, asks.router, acts.router, files.router)
ROUTERS: Final[tuple[APIRouter, ...]] = (frame.router, signing_in.router, account.router, *_DESK)
