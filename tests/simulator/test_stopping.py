"""A service that is told to stop does so at once, although pages listen to it."""

import asyncio
import shutil
import signal
from pathlib import Path
from time import monotonic

import httpx

from app.settings import ROOT
from tests.faults.installation import ENVIRONMENT, Installation

SOON = 5.0
"""Seconds; a server that waits for open streams takes its ten."""


async def test_open_streams_do_not_hold_up_the_end(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "viewerdesk.db")
    installation = Installation(tmp_path, ENVIRONMENT | {"MODE": "demo", "DATA_DIR": str(tmp_path)}, code=ROOT)
    try:
        server = await installation.serve()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as http:
            async with http.stream("GET", "/simulator/events") as stream:
                lines = stream.aiter_lines()
                assert await anext(lines) == "event: ping"
                server.running.send_signal(signal.SIGTERM)
                begun = monotonic()
                assert [line async for line in lines if line.startswith("data: {")] == []
            await asyncio.to_thread(server.running.wait, SOON)
        assert monotonic() - begun < SOON
    finally:
        installation.end()
