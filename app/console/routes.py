"""Every page of the console, a router a page."""

from typing import Final

from fastapi import APIRouter

from app.console import account, frame, signing_in

ROUTERS: Final[tuple[APIRouter, ...]] = (frame.router, signing_in.router, account.router)
