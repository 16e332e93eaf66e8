"""Every page of the console, a router a page."""

from typing import Final

from fastapi import APIRouter

from app.console import frame

ROUTERS: Final[tuple[APIRouter, ...]] = (frame.router,)
