import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests import postgres, postgres_binaries, unprivileged

ROOT = Path(__file__).parents[1]
OWNER = """
from tests import postgres
server = postgres.start()
print(server.guard.pid, server.folder, server.url, flush=True)
input()
"""


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    with postgres.start() as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that the unprivileged account can use; `tmp_path` of root is not."""
    folder = postgres.make_folder(tmp_path)
    yield folder
    subprocess.run(["rm", "-rf", folder], check=True)


def write_programs(folder: Path, script: str) -> None:
    for name in ("initdb", "pg_ctl", "postgres"):
        program = folder / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)


def listens(url: str) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", urlsplit(url).port or 0)) == 0


def ends_within(seconds: float, pid: int) -> bool:
    """Whether the process ends in time; it need not be a child."""
    process = os.pidfd_open(pid)
    try:
        return bool(select.select([process], [], [], seconds)[0])
    finally:
        os.close(process)


@pytest.mark.parametrize(
    ("name", "value"),
    [("server_encoding", "UTF8"), ("fsync", "off"), ("full_page_writes", "off"), ("max_connections", "200")],
)
async def test_is_configured_for_tests(server: postgres.Server, name: str, value: str) -> None:
    connection = await asyncpg.connect(server.url)
    assert await connection.fetchval("SELECT current_setting($1)", name) == value
    await connection.close()


async def test_sorts_by_code_point(server: postgres.Server) -> None:
    connection = await asyncpg.connect(server.url)
    rows = await connection.fetch("SELECT word FROM unnest(ARRAY['剧', 'b', 'A', 'a', 'B']) AS word ORDER BY word")
    assert [row["word"] for row in rows] == ["A", "B", "a", "b", "剧"]
    await connection.close()


async def test_listens_on_a_socket_in_its_folder(server: postgres.Server) -> None:
    port = urlsplit(server.url).port
    connection = await asyncpg.connect(host=str(server.folder), port=port, user="postgres", database="postgres")
    assert await connection.fetchval("SELECT inet_server_port()") is None
    await connection.close()


def test_stop_leaves_nothing_behind() -> None:
    server = postgres.start()
    server.stop()
    server.stop()
    assert not server.folder.exists()
    assert not listens(server.url)


def test_goes_with_a_killed_owner() -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    guard, folder, url = owner.stdout.readline().split()
    assert listens(url)
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    assert ends_within(10, int(guard))
    assert not Path(folder).exists()
    assert not listens(url)


@pytest.mark.parametrize("name", ["closed", "字" * 60])
def test_folder_is_usable_wherever_it_is_wanted(tmp_path: Path, name: str) -> None:
    wanted = tmp_path / name
    wanted.mkdir(mode=0o700)
    folder = postgres.make_folder(wanted)
    assert unprivileged.can_enter(folder)
    assert len(os.fsencode(folder / ".s.PGSQL.65535")) < 107
    folder.rmdir()


@pytest.mark.parametrize(
    ("banner", "usable"),
    [("(PostgreSQL) 12.22", False), ("(PostgreSQL) 13.1", True), ("(PostgreSQL) 18beta1", True), ("", False)],
)
def test_binaries_must_be_new_enough(folder: Path, banner: str, usable: bool) -> None:
    write_programs(folder, f"echo '{banner}'")
    assert postgres_binaries.usable(folder) is usable


def test_binaries_must_be_there(folder: Path) -> None:
    assert not postgres_binaries.usable(folder)


def test_failed_initdb_says_why(folder: Path) -> None:
    write_programs(folder, "echo no space left >&2; exit 1")
    with pytest.raises(postgres_binaries.ServerUnavailable, match="no space left"):
        postgres.create_cluster(folder, folder)


def test_failed_start_says_why_and_leaves_nothing(folder: Path) -> None:
    write_programs(folder, "echo port taken >&2; exit 1")
    with pytest.raises(postgres_binaries.ServerUnavailable, match="port taken"):
        postgres.launch(folder, folder)
    assert not folder.exists()
