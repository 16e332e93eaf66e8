"""What belongs to no page: where one starts, and whether one is there."""

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from app.console.guard import SignedIn
from app.console.rail import home_of
from app.pages import HEADERS

router = APIRouter()


@router.get("/")
async def start(signed: SignedIn) -> Response:
    return RedirectResponse(home_of(signed.actor), 303, dict(HEADERS))
