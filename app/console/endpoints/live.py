"""The stream that says to open pages what changed: one connection a browser, and no database session in it."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from app import pages
from app.live.feed import Feed
from app.live.followers import Visitor

PATH = "/desk/events"


def router_for(who: Callable[..., Any]) -> APIRouter:
    """``who``: the dependency that says who asks, or refuses."""
    router = APIRouter()

    @router.get(PATH)
    async def follow(request: Request, visitor: Annotated[Visitor, Depends(who)]) -> Response:
        return EventStream(request.app.state.service.feed, visitor)

    return router


class EventStream(Response):
    """Plain ASGI, without the layers of a streaming response: hundreds of these are open at a time."""

    media_type = "text/event-stream"

    def __init__(self, feed: Feed, visitor: Visitor) -> None:
        super().__init__(headers=dict(pages.HEADERS) | {"x-accel-buffering": "no"})  # a proxy must pass each on
        del self.headers["content-length"]
        self._feed, self._visitor = feed, visitor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._feed.follow(*self._visitor) as follower:
            leaving = asyncio.create_task(_until_gone(receive))
            leaving.add_done_callback(lambda _: follower.end())
            try:
                await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
                while (text := await follower.take()) is not None:
                    await send({"type": "http.response.body", "body": text, "more_body": True})
                await send({"type": "http.response.body", "body": b""})
            finally:
                leaving.cancel()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
