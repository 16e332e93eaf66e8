"""The played platform's API as the sender calls it. The credential is the only key, as on the platform itself."""

from fastapi import APIRouter
from starlette.requests import Request

from app.simulator.addresses import WECHAT_API
from app.simulator.wechat.platform import PlayedWeChat
from app.simulator.wechat.serving import Door

router = APIRouter()


def _played(request: Request) -> PlayedWeChat:
    played: PlayedWeChat = request.app.state.simulator.wechat
    return played


_METHODS = ["GET", "POST"]
router.add_route(f"{WECHAT_API}/{{path:path}}", Door(_played), methods=_METHODS)  # type: ignore[arg-type]  # it takes ASGI applications
