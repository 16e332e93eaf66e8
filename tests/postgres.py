"""A throw-away PostgreSQL server for the tests: up in about a second, gone with the process that started it."""

import os
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests import postgres_binaries, unprivileged
from tests.postgres_binaries import ServerUnavailable

LONGEST_PARENT = 64  # the path of a socket is limited to 107 bytes, of which we add 39

CONFIGURATION = """
listen_addresses = '127.0.0.1'
unix_socket_directories = '..'  # seen from the data: the server's folder
max_connections = 200
fsync = off
full_page_writes = off
"""

# Its standard input is a pipe from the process that wants the server: however that process ends, the pipe closes,
# `read` returns, and server and folder go. It prints the port, or an empty line if the server does not start.
GUARD = """
folder=$1 pg_ctl=$2
shift 2
for port; do
    "$pg_ctl" start -s -w -D "$folder/data" -l "$folder/log" -o "-p $port" 2>>"$folder/log" && break
    port=
done
echo "$port"
read -r _
"$pg_ctl" stop -s -m immediate -D "$folder/data"
rm -rf "$folder"
"""


@dataclass(frozen=True)
class Server:
    """A running server, also a context manager. `url` leads to its `postgres` database, as superuser."""

    url: str
    folder: Path
    guard: subprocess.Popen[str]
    binaries: Path

    def stop(self) -> None:
        """End the server at once and remove its folder; a second call does nothing."""
        dismiss(self.guard, self.folder)

    def restart(self) -> None:
        """End it as a crash would, and start it again on its data and port."""
        port = self.url.rpartition(":")[2].partition("/")[0]
        self._control("stop", "-m", "immediate")
        self._control("start", "-l", self.folder / "log", "-o", f"-p {port}")

    def _control(self, verb: str, *options: str | Path) -> None:
        done = unprivileged.run([self.binaries / "pg_ctl", verb, "-s", "-w", "-D", self.folder / "data", *options])
        assert done.returncode == 0, done.stderr

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()


def start(parent: Path | None = None, source: str | None = None) -> Server:
    """Start a server in a new folder below `parent`, by default the system's folder for temporary files.

    `source`: see `postgres_binaries.find`. Raises ServerUnavailable.
    """
    folder = make_folder(parent or Path(tempfile.gettempdir()))
    try:
        binaries = postgres_binaries.find(source, folder)
        create_cluster(binaries, folder)
        return launch(binaries, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def make_folder(parent: Path) -> Path:
    parent = parent.resolve()
    if len(os.fsencode(parent)) > LONGEST_PARENT or not unprivileged.can_enter(parent):
        parent = Path("/tmp")
    folder = Path(tempfile.mkdtemp(prefix="viewer-desk-pg-", dir=parent))
    unprivileged.give(folder)
    return folder


def create_cluster(binaries: Path, folder: Path) -> None:
    access = ["--username", "postgres", "--auth", "trust"]
    text = ["--encoding", "UTF8", "--locale", "C.UTF-8"]
    made = unprivileged.run([binaries / "initdb", "--pgdata", folder / "data", *access, *text, "--no-sync"])
    if made.returncode:
        raise ServerUnavailable(f"initdb failed: {made.stderr}")
    with (folder / "data/postgresql.conf").open("a") as file:
        file.write(CONFIGURATION)


def launch(binaries: Path, folder: Path) -> Server:
    ports = [str(port) for port in free_ports(3)]  # another process may be faster to take one
    guard = subprocess.Popen(
        ["/bin/sh", "-c", GUARD, "guard", folder, binaries / "pg_ctl", *ports],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,  # an interrupt from the keyboard is for the tests, which then end the server
        **unprivileged.options(),
    )
    assert guard.stdout is not None
    if port := guard.stdout.readline().strip():
        return Server(f"postgresql://postgres@127.0.0.1:{port}/postgres", folder, guard, binaries)
    log = (folder / "log").read_text(errors="replace")
    dismiss(guard, folder)
    raise ServerUnavailable(f"PostgreSQL does not start: {log}")


def free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def dismiss(guard: subprocess.Popen[str], folder: Path) -> None:
    guard.communicate()
    shutil.rmtree(folder, ignore_errors=True)  # the guard cannot remove it from a parent that it cannot write
