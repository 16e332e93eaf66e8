"""``serve`` and ``worker``: the processes that stay."""

import argparse
import asyncio
import contextlib
import ctypes
import gc
import os
import signal
import socket
from datetime import UTC, datetime
from types import FrameType
from typing import Any

import uvicorn

from app import logs
from app.agents import links
from app.commands import demo, demo_people, demo_policies, demo_tickets, demo_words
from app.commands.opened import with_database
from app.conversations.accounts import Directory
from app.conversations.quiet import read_quiet_hours
from app.db.database import Database
from app.errors import ConfigurationError
from app.main import Application, create_app
from app.secrets import Keyring
from app.settings import Settings
from app.simulator.addresses import PAGE
from app.worker import work

_M_ARENA_MAX = -8
"""From glibc's malloc.h."""


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verbs.add_parser("serve", help="answer webhooks").set_defaults(run=serve)
    verbs.add_parser("worker", help="send the outbox and run sweeps (PostgreSQL only)").set_defaults(run=worker)


def serve(settings: Settings, options: argparse.Namespace) -> None:
    share_one_heap()
    logs.configure(settings.log_level)
    read_quiet_hours(settings.quiet_hours)  # what cannot be read is told now, not to a sender beside the answers
    set_up = with_database(settings, lambda db, keyring: _prepare(settings, db, keyring))
    listening = _listen(settings)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is knowledge to look at
    app = create_app(settings, on_ready=lambda: _ready(settings, server, set_up), on_swap=settle_memory)
    config: dict[str, Any] = {
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "loop": "uvloop",
    }
    server = _Server(app, uvicorn.Config(app, http="httptools", timeout_graceful_shutdown=10, **config))
    server.run(sockets=[listening])


class _Server(uvicorn.Server):
    """Ends the live streams when it is told to stop: it waits for open responses, and those end by nothing else."""

    def __init__(self, app: Application, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._app = app

    def watch(self) -> None:
        """SIGHUP: look for changed knowledge; but where it tells that the terminal is gone, end with it."""
        loop, has_terminal = asyncio.get_running_loop(), os.isatty(0)

        def hang_up() -> None:
            if has_terminal and not os.isatty(0):
                self.handle_exit(signal.SIGTERM, None)
            else:
                self._app.state.service.keeper.look_now()

        loop.add_signal_handler(signal.SIGHUP, hang_up)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._app.end_streams()
        super().handle_exit(sig, frame)


async def _prepare(settings: Settings, db: Database, keyring: Keyring) -> str | None:
    """The token of the link to make the first administrator, where nobody can sign in yet."""
    if settings.demo:
        await demo.add_channels(db, keyring)
        await demo_people.add_people(db)
        await demo_words.add_words(db)
        await demo_policies.add_policies(db)
        await demo_tickets.add_tickets(db)
        return None
    await demo_people.close_people(db)
    return await db.write(links.first_link, now=datetime.now(UTC))


def worker(settings: Settings, options: argparse.Namespace) -> None:
    if settings.database.startswith("sqlite"):
        raise ConfigurationError(
            "A separate worker needs PostgreSQL: with SQLite its work is done inside 'serve'. "
            "Set DATABASE_URL=postgresql://… for every process, or just run 'serve'."
        )
    share_one_heap()
    logs.configure(settings.log_level)
    with_database(settings, lambda db, keyring: _work(db, keyring, settings))


async def _work(db: Database, keyring: Keyring, settings: Settings) -> None:
    directory = Directory(db, keyring, simulated=settings.demo)
    await directory.refresh()
    task = asyncio.create_task(work_and_ring(db, directory, keyring, settings))
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def work_and_ring(db: Database, directory: Directory, keyring: Keyring, settings: Settings) -> None:
    """The work of a worker on PostgreSQL, until it is cancelled."""
    from app.live.bell import Bell  # as the driver of PostgreSQL: a process without it saves its memory

    bell = Bell(settings.database)
    db.on_publish = bell.ring
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(bell.run())
        tasks.create_task(work(db, directory, keyring, settings))


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        raise ConfigurationError(
            f"Port {settings.port} on {settings.host} cannot be used ({error.strerror}): "
            "another program has it, or it is not yours. Choose another: PORT=8080."
        ) from None
    listening.listen(2048)
    return listening


def _ready(settings: Settings, server: _Server, set_up: str | None) -> None:
    settle_memory()
    server.watch()
    _greet(settings, set_up)


def share_one_heap() -> None:
    """For all threads, 4 MB less: hardly anybody waits for it, since one thread at a time runs Python."""
    _ask_glibc("mallopt", _M_ARENA_MAX, 1)


def settle_memory() -> None:
    """What was built stays: take it out of the collector's rounds, and give back what was only needed to build it.

    Knowledge that is swapped out later is freed all the same, by counting references: it holds no cycle.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)  # a turn's garbage is freed by counting references; cycles are rare
    _ask_glibc("malloc_trim", 0)


def _ask_glibc(name: str, *numbers: int) -> None:
    with contextlib.suppress(OSError, AttributeError):  # another system or C library has no such call
        getattr(ctypes.CDLL("libc.so.6"), name)(*numbers)


def _greet(settings: Settings, set_up: str | None) -> None:
    address = settings.address
    print(f"Viewer Desk 观众服务台 is ready at {address}", flush=True)
    if set_up is not None:
        link = f"{settings.console_address}/setup/{set_up}"
        print(f"  set up     {link}   make the first administrator (once, within 24 h)", flush=True)
    if settings.demo:
        print(demo_people.instructions(address), flush=True)
        print(f"  simulator  {address}{PAGE}   chat from here in the browser", flush=True)
    print(f"  webhook    {address}/webhooks/wechat/CHANNEL, {address}/webhooks/qq/CHANNEL", flush=True)
    print(f"  health     {address}/readyz   metrics {address}/metrics", flush=True)
    if settings.demo:
        print(demo.instructions(address), flush=True)
    if not settings.database.startswith("sqlite"):
        print("  worker     .venv/bin/python -m app worker   beside this: it sends, finds and counts", flush=True)
    print("  stop with Ctrl+C", flush=True)
