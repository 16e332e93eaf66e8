"""The played platform's API as the sender calls it. The credential is the only key, as on the platform itself."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from app.simulator.addresses import WECHAT_API
from app.simulator.guard import read_body
from app.simulator.wechat_api import LONGEST, SEND, TOKEN, PlayedWeChat

router = APIRouter(prefix=WECHAT_API)


@router.post(TOKEN)
async def stable_token(request: Request) -> JSONResponse:
    return JSONResponse(await _played(request).stable_token(await read_body(request, LONGEST), datetime.now(UTC)))


@router.post(SEND)
async def send(request: Request, access_token: str = "") -> JSONResponse:
    raw = await read_body(request, LONGEST)
    return JSONResponse(await _played(request).send(access_token, raw, datetime.now(UTC)))


def _played(request: Request) -> PlayedWeChat:
    played: PlayedWeChat = request.app.state.simulator.wechat
    return played
