"""The played platform's API as the sender calls it. The credential is the only key, as on the platform itself."""

from fastapi import APIRouter, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.simulator.addresses import WECHAT_API
from app.simulator.simulator import Simulator
from app.simulator.wechat.serving import respond

router = APIRouter()


class _Door:
    """An ASGI application, since some of the platform's answers are none that a framework could make."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        simulator: Simulator = request.app.state.simulator
        answer: ASGIApp = await respond(simulator.wechat, request, request.path_params["path"])
        await answer(scope, receive, send)


router.add_route(f"{WECHAT_API}/{{path:path}}", _Door(), methods=["GET", "POST"])  # type: ignore[arg-type]  # it takes ASGI applications
