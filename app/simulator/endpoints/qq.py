"""QQ's API, played, as the sender calls it. The token is the only key, as on the platform itself."""

from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from app.simulator.addresses import QQ_API
from app.simulator.qq.api import PlayedQQ


async def door(scope: Scope, receive: Receive, send: Send) -> None:
    played: PlayedQQ = scope["app"].state.simulator.qq
    await played.app(scope, receive, send)


mount = Mount(QQ_API, app=door)
