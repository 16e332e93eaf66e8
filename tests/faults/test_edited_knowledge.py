"""Knowledge that is edited under real processes: each sees it by itself, a signal hurries it, a death harms nothing."""

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from app.settings import ROOT
from tests.factories.knowledge import ANSWER, BUFFERING, KnowledgeFolder
from tests.faults.installation import Installation, Server
from tests.faults.platform_side import Platform
from tests.faults.questions import Question
from tests.faults.waiting import PATIENCE, eventually
from tests.postgres import free_ports

EDITED = "请重启路由器。"
ONLY_WHEN_TOLD = {"KNOWLEDGE_EVERY": "0"}
OFTEN = {"KNOWLEDGE_EVERY": "0.05"}
_numbers = count(8_000_000_000_000)


@pytest.fixture
def files(tmp_path: Path) -> KnowledgeFolder:
    return KnowledgeFolder(tmp_path / "company")


def with_files(installation: Installation, files: KnowledgeFolder, more: dict[str, str]) -> Installation:
    own = {**installation.environment, "KNOWLEDGE_DIR": str(files.root), **more}
    return replace(installation, environment=own)


async def answers(server: Server, wanted: str) -> None:
    """Wait until it does. Each look is another viewer's, who asks for the first time."""
    platform = Platform(server.port)

    async def look() -> bool:
        number = next(_numbers)
        return (await platform.attempt(Question(f"viewer-{number}", BUFFERING, wanted, number))).text == wanted

    await eventually(f"“{wanted}” is answered", look)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_hang_up_signal_takes_up_what_was_edited(installation: Installation, files: KnowledgeFolder) -> None:
    server = await with_files(installation, files, ONLY_WHEN_TOLD).serve()
    await answers(server, ANSWER)
    files.group("playback", files.buffering(EDITED))
    server.running.send_signal(signal.SIGHUP)
    await answers(server, EDITED)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_each_of_two_processes_sees_it(installation: Installation, files: KnowledgeFolder) -> None:
    ours = with_files(installation, files, OFTEN)
    servers = await asyncio.gather(*(ours.serve(port=port) for port in free_ports(2)))
    await asyncio.gather(*(answers(server, ANSWER) for server in servers))
    files.group("playback", files.buffering(EDITED))
    await asyncio.gather(*(answers(server, EDITED) for server in servers))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_death_in_the_middle_of_a_load_harms_nothing(
    installation: Installation, files: KnowledgeFolder
) -> None:
    ours = with_files(installation, files, OFTEN)
    server = await ours.serve("kill@app.dialogue.keeper:load_brain")
    await answers(server, ANSWER)
    files.group("playback", files.buffering(EDITED))
    await server.died()
    ours.processes.clear()
    await answers(await ours.serve(port=server.port), EDITED)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_terminal_that_is_closed_ends_what_was_started_in_it(
    installation: Installation, files: KnowledgeFolder, tmp_path: Path
) -> None:
    """The same signal: a service that only looked for edits would go on unseen and keep the port."""
    ours = with_files(installation, files, ONLY_WHEN_TOLD)
    outside, inside = os.openpty()
    server = _serve_in_terminal(ours, inside, tmp_path / "terminal.log")
    os.close(inside)
    await eventually("the server is ready", server.is_ready)
    server.running.send_signal(signal.SIGHUP)
    await answers(server, ANSWER)
    os.close(outside)
    assert await asyncio.to_thread(server.running.wait, PATIENCE) in (0, -signal.SIGTERM), server.said()


_TAKE_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "app", "serve"])
"""
"""A shell's part: standard input becomes the terminal that controls the process."""


def _serve_in_terminal(ours: Installation, terminal: int, log: Path) -> Server:
    port = free_ports(1)[0]
    with log.open("wb") as output:
        running = subprocess.Popen(
            [sys.executable, "-c", _TAKE_TERMINAL], cwd=ROOT, env={**ours.environment, "PORT": str(port)},
            stdin=terminal, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    server = Server(running, log, port)
    ours.processes.append(server)
    return server
