"""Who is measured: a command, the path of its webhook, and what it needs around it. The peers are defined here."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.account import APP_ID
from tests.bench.messages import Mode

BASE = "wechatpy+fastapi"
"""The contestant that all ratios refer to."""

PEERS = ("wechatpy", "werobot", "nonebot", "bare")

_FOLDER = Path(__file__).parent / "peers"
_MODULES = "tests.bench.peers"
_UVICORN_QUIET = ("--no-access-log", "--log-level", "warning")


@dataclass(frozen=True, slots=True)
class Contestant:
    """``{port}`` in the command and in environment values is replaced by the port of the run."""

    name: str
    command: tuple[str, ...]
    path: str
    env: Mapping[str, str] = field(default_factory=dict)
    metrics: bool = False
    """Whether it has our /metrics and /readyz."""
    store_pid: int | None = None
    """The database server beside it, whose CPU time is reported too."""

    def on(self, port: int) -> tuple[list[str], dict[str, str]]:
        """Command and environment for one run."""
        command = [word.replace("{port}", str(port)) for word in self.command]
        return command, {name: value.replace("{port}", str(port)) for name, value in self.env.items()}


def peer(name: str, mode: Mode) -> Contestant | None:
    """A peer, installed if it was not; None where it has no such mode."""
    if mode == "aes" and name in ("nonebot", "bare"):
        return None
    return {"wechatpy": _wechatpy, "werobot": _werobot, "nonebot": _nonebot, "bare": _bare}[name](mode)


def _wechatpy(_: Mode) -> Contestant:
    return Contestant(BASE, _uvicorn("wechatpy_fastapi:app"), "/wx")


def _bare(_: Mode) -> Contestant:
    return Contestant("bare ASGI", _uvicorn("bare_asgi:app"), "/wx")


def _werobot(mode: Mode) -> Contestant:
    gunicorn = str(_environment("werobot_app") / "gunicorn")
    options = ("--no-control-socket", "--worker-class", "sync", "--workers", "1", "--bind", "127.0.0.1:{port}")
    env = {"AES": "1"} if mode == "aes" else {}
    return Contestant("werobot", (gunicorn, *options, f"{_MODULES}.werobot_app:application"), "/wx", env)


def _nonebot(_: Mode) -> Contestant:
    python = str(_environment("nonebot_wxmp") / "python")
    path = f"/wxmp/revice/{APP_ID}"  # the adapter's own spelling
    return Contestant("nonebot+wxmp", (python, "-m", f"{_MODULES}.nonebot_wxmp", "{port}"), path)


def _uvicorn(app: str) -> tuple[str, ...]:
    uvicorn = str(_environment("wechatpy_fastapi") / "uvicorn")
    return (uvicorn, f"{_MODULES}.{app}", "--port", "{port}", *_UVICORN_QUIET)


def _environment(name: str) -> Path:
    """The bin folder of a virtual environment with exactly what ``peers/NAME.txt`` pins, made on first use."""
    pins = _FOLDER / f"{name}.txt"
    home = _cache() / f"{name}-{hashlib.sha256(pins.read_bytes()).hexdigest()[:12]}"
    finished = home / "finished"
    if not finished.exists():
        print(f"installing the peer {name} into {home}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        # The files pin the whole closure, so pip need not (and for nonebot's adapter must not) resolve anything.
        subprocess.run([home / "bin/pip", "install", "--quiet", "--no-deps", "--requirement", pins], check=True)
        finished.touch()
    return home / "bin"


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "viewer-bench"
