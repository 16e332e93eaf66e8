"""Our own service as a contestant: a store of its own, one channel, one ``serve`` process in production mode."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from app.faq.facts import FACTS
from tests.bench import processes
from tests.bench.account import AES_KEY, APP_ID, TOKEN
from tests.bench.contestants import Contestant
from tests.bench.messages import Mode
from tests.bench.store import durable_postgres

_APP = (sys.executable, "-m", "app")
_CHANNEL = "bench"
_PATH = f"/webhooks/wechat/{_CHANNEL}"


def label(database: str, preload: int = 0) -> str:
    return f"ours {database}" + (f" +{preload:,}" if preload else "")


@contextmanager
def service(database: str, folder: Path, mode: Mode, *, preload: int = 0) -> Iterator[Contestant]:
    """Our service with its channel made and, on request, ``preload`` messages stored before."""
    with empty_service(database, folder, label(database, preload)) as contestant:
        log = folder / f"{contestant.name}.setup.log"
        _, env = contestant.on(processes.free_port())
        processes.run((*_APP, *_add_channel(mode)), env, log)
        if preload:
            print(f"storing {preload:,} messages in {contestant.name}", flush=True)
            processes.run((*_APP, "seed", "--messages", str(preload)), env, log)
        yield contestant


@contextmanager
def empty_service(database: str, folder: Path, name: str) -> Iterator[Contestant]:
    """Our service before its first start: no tables yet. The database server, if it needs one, runs meanwhile."""
    home = folder / name.replace(" ", "-").replace(",", "")
    home.mkdir()
    with ExitStack() as stack:
        if database == "postgres":
            url, store_pid = stack.enter_context(durable_postgres())
        else:
            url, store_pid = f"sqlite:///{home / 'bench.db'}", None
        env = _environment(url, home)
        yield Contestant(name, (*_APP, "serve"), _PATH, env, metrics=True, store_pid=store_pid)


def _environment(url: str, home: Path) -> Mapping[str, str]:
    return {
        "PORT": "{port}",
        "DATABASE_URL": url,
        "DATA_DIR": str(home),
        "MODE": "production",
        **{f"FACTS__{fact.name.upper()}": fact.demo for fact in FACTS},
        "LOG_LEVEL": "info",  # what an installation writes by default is paid for here too
    }


def _add_channel(mode: Mode) -> tuple[str, ...]:
    account = ("--app-id", APP_ID, "--token", TOKEN)
    encrypted = ("--mode", "safe", "--aes-key", AES_KEY) if mode == "aes" else ("--mode", "plain")
    return ("channel", "add", "wechat", _CHANNEL, *account, *encrypted)
