"""``serve`` as a process of its own."""

import asyncio
import re
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from app.settings import ROOT, environment
from tests.postgres import free_ports

PATIENCE = 30.0
_IMPORTED = re.compile(r"^import time: +\d+ \| +\d+ \| +(\S+)$", re.MULTILINE)


@pytest.fixture
async def imported(database_url: str, tmp_path: Path) -> set[str]:
    """The modules that a process imports until it is ready."""
    env = environment(DATABASE_URL=database_url, DATA_DIR=str(tmp_path), MODE="production", PORT=str(*free_ports(1)))
    said = tmp_path / "said"
    with said.open("wb") as errors:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-X", "importtime", "-m", "app", "serve", cwd=ROOT, env=env, stdout=PIPE, stderr=errors
        )
    assert child.stdout is not None
    async with asyncio.timeout(PATIENCE):
        first = await child.stdout.readline()
    child.terminate()
    await child.communicate()
    assert b"is ready" in first, said.read_text()
    return set(_IMPORTED.findall(said.read_text()))


async def test_a_server_does_without_what_only_others_need(imported: set[str], database_url: str) -> None:
    """Each of them is memory that every process of a service would pay for."""
    assert {"fastapi", "app.main", "numpy"} <= imported
    unneeded = {"alembic", "app.simulator.simulator", "app.dialogue.advising", "httpx", "rapidfuzz", "rich"}
    if database_url.startswith("sqlite"):
        unneeded |= {"app.db.postgres", "asyncpg", "sqlalchemy.ext.asyncio"}
    assert not unneeded & imported
