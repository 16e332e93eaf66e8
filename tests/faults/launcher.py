"""The service with faults in it: ``launch(["FAULT", …, "serve"])``.

A fault is one word. ``MODULE:NAME`` says where, and must exist:
``kill@MODULE:NAME``        the process ends with SIGKILL the moment this function is called;
``stall@MODULE:NAME``       this asynchronous function never returns;
``set@MODULE:NAME=NUMBER``  this limit has another value (a time in seconds); ``NAME.KEY`` is an entry of a table;
``clock@MODULE=FILE``       what the module takes for the time is ahead by the seconds that stand in the file;
``beat@SECONDS=FILE``       the worker has one timer more, whose runs are lines of the file.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from app.__main__ import main
from app.jobs.timers import Missed, Timer

Timers = Mapping[Timer, Callable[[datetime], Awaitable[None]]]
BEAT = "test.beat"


def _kill(*_: object, **__: object) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


async def _stall(*_: object, **__: object) -> None:
    await asyncio.Event().wait()


def _replacement(kind: str, current: Any, number: str) -> Any:
    if kind == "set":
        return timedelta(seconds=float(number)) if isinstance(current, timedelta) else type(current)(number)
    faults: dict[str, Callable[..., Any]] = {"kill": _kill, "stall": _stall}
    return faults[kind]


def inject(fault: str) -> None:
    kind, _, rest = fault.partition("@")
    place, _, value = rest.partition("=")
    if kind == "clock":
        _shift_clock(import_module(place), Path(value))
    elif kind == "beat":
        _add_timer(float(place), Path(value))
    else:
        _replace(kind, place, value)


def _replace(kind: str, place: str, number: str) -> None:
    module, _, names = place.partition(":")
    *owners, name = names.split(".")
    owner: Any = import_module(module)
    for part in owners:
        owner = getattr(owner, part)
    if isinstance(owner, dict):
        key = int(name) if name.isdigit() else name
        owner[key] = _replacement(kind, owner[key], number)
        return
    replacement = _replacement(kind, getattr(owner, name), number)
    if isinstance(owner, type) or owners == []:
        setattr(owner, name, replacement)
    else:
        object.__setattr__(owner, name, replacement)  # limits are frozen


def _shift_clock(module: Any, ahead: Path) -> None:
    class Shifted(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + timedelta(seconds=float(ahead.read_text()))

    module.datetime = Shifted


def _add_timer(seconds: float, file: Path) -> None:
    """Each run is for its own time, takes a while, and says when it begins and ends: ``begin PLANNED PROCESS``."""
    from app import worker

    recurring: Callable[..., Timers] = worker.recurring

    def say(word: str, planned: datetime) -> None:
        with file.open("a") as lines:  # a short line is appended whole
            lines.write(f"{word} {planned.isoformat()} {os.getpid()}\n")

    async def beat(planned: datetime) -> None:
        say("begin", planned)
        await asyncio.sleep(seconds / 2)
        say("end", planned)

    def more(*given: Any) -> Timers:
        return {**recurring(*given), Timer(BEAT, timedelta(seconds=seconds), Missed.catch_up): beat}

    setattr(worker, "recurring", more)  # noqa: B010  (mypy knows the name as a function's)


def launch(arguments: Sequence[str]) -> int:
    """The faults, then the verb."""
    for fault in arguments[:-1]:
        inject(fault)
    return main(arguments[-1:])
