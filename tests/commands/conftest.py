import asyncio
import io
import logging
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from app.__main__ import main
from app.settings import SECRETS, Settings
from tests.fakes import openai
from tests.fakes.openai import OpenAi


@dataclass(frozen=True)
class Ended:
    """What a command left: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


class Run(Protocol):
    def __call__(self, *arguments: str, stdin: str = "", **variables: str) -> Ended:
        """Run ``python -m app`` with these arguments and environment variables, in this process."""


@pytest.fixture(autouse=True)
def _log_of_our_own() -> Iterator[None]:
    """``serve`` sends the log of this whole process to what is standard error during one test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def data_dir(tmp_path: Path, sqlite_template: Path) -> Path:
    """With a database that is up to date, so that no command has to migrate."""
    shutil.copy(sqlite_template, tmp_path / "viewerdesk.db")
    return tmp_path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], data_dir: Path) -> Run:
    ours = {*Settings.model_fields, *SECRETS} - {"cache_dir"}  # the index is built once for all tests
    for name in os.environ:
        if name.lower() in ours or name.startswith("FACTS__"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DATA_DIR", str(data_dir))

    def run(*arguments: str, stdin: str = "", **variables: str) -> Ended:
        capsys.readouterr()
        with monkeypatch.context() as patch:
            patch.setattr("sys.stdin", io.StringIO(stdin))
            for name, value in variables.items():
                patch.setenv(name, value)
            try:
                code = main(arguments)
            except SystemExit as left:
                code = int(left.code or 0)
        return Ended(code, *capsys.readouterr())

    return run


@pytest.fixture
def api() -> Iterator[OpenAi]:
    """In a thread of its own: a command runs an event loop itself."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    stop, played = asyncio.Event(), list[OpenAi]()

    async def play() -> None:
        async with openai.running() as api:
            played.append(api)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(play()))
    thread.start()
    assert ready.wait(openai.PATIENCE)
    yield played[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(openai.PATIENCE)
    loop.close()
