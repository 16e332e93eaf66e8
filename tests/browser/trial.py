"""A page with live updates, served from the test's own event loop, and pages that do what no page may."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from app import pages
from tests.factories.listening import Server
from tests.postgres import free_ports

WRONG = {
    "inline": "<script>document.title = 'ran'</script>",
    "elsewhere": "<img src='http://192.0.2.1/pixel.png'>",
    "missing": "<img src='/static/no-such.png'>",
    "throwing": "<script src='/throwing.js'></script>",
}
"""Bodies of pages that do what no page may, by the name of what they do."""


@dataclass
class Trial:
    """Counts how often its page was rendered; everybody who follows its stream is told by ``tell``."""

    address: str
    rendered: int = 0
    apart: int = 0
    """Milliseconds between two fetches."""
    broken: int = 0
    """How many of the next fetches fail."""
    held: asyncio.Semaphore | None = None
    """Where set, a fetch is answered with what was true when it came, as soon as it may."""
    under_way: int = 0
    """Fetches that are not answered yet."""
    closed: bool = False
    """Whether whoever asks for the stream has signed out."""
    streams: list[asyncio.Queue[str | None]] = field(default_factory=list)

    def tell(self, kind: str, id: int | None) -> None:
        self._say({"kind": kind, "id": id})

    def tell_together(self, *told: tuple[str, int | None]) -> None:
        self._say([{"kind": kind, "id": id} for kind, id in told])

    def _say(self, told: object) -> None:
        for stream in self.streams:
            stream.put_nowait(f"data: {json.dumps(told)}\n\n")

    def cut(self) -> None:
        """End all streams, as a restart of the service does."""
        for stream in self.streams:
            stream.put_nowait(None)

    async def follow(self) -> AsyncIterator[str]:
        stream: asyncio.Queue[str | None] = asyncio.Queue()
        self.streams.append(stream)
        try:
            yield ": welcome\n\n"
            while said := await stream.get():
                yield said
        finally:
            self.streams.remove(stream)

    def app(self) -> FastAPI:
        app = FastAPI()
        templates = pages.environment(Path(__file__).parent)
        app.mount("/static", pages.Assets())

        @app.get("/")
        async def show() -> Response:
            self.rendered += 1
            return pages.page(templates, "trial.html", count=self.rendered, apart=self.apart)

        @app.get("/count")
        async def fetch() -> Response:
            self.rendered += 1
            count = self.rendered
            if self.broken:
                self.broken -= 1
                return Response(status_code=503)
            if self.held is not None:
                self.under_way += 1
                await self.held.acquire()
                self.under_way -= 1
            return pages.page(templates, "count.html", count=count, apart=self.apart)

        @app.get("/events")
        async def events() -> Response:
            return (
                Response(status_code=401)
                if self.closed
                else StreamingResponse(self.follow(), media_type="text/event-stream")
            )

        @app.get("/wrong/{name}")
        async def wrong(name: str) -> HTMLResponse:
            return HTMLResponse(f"<!doctype html>{WRONG[name]}", headers=pages.HEADERS)

        @app.get("/throwing.js")
        async def throwing() -> Response:
            return Response("throw new Error('as if it were broken')", media_type="text/javascript")

        return app


@asynccontextmanager
async def serving() -> AsyncIterator[Trial]:
    port = free_ports(1)[0]
    trial = Trial(f"http://127.0.0.1:{port}")
    config = uvicorn.Config(trial.app(), port=port, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
    server = Server(config)
    task = asyncio.create_task(server.serve())
    try:
        yield trial
    finally:
        trial.cut()
        server.should_exit = True
        await task
