"""The service with faults in it: ``launch(["FAULT", …, "serve"])``.

A fault is one word. ``MODULE:NAME`` says where, and must exist:
``kill@MODULE:NAME``        the process ends with SIGKILL the moment this function is called;
``stall@MODULE:NAME``       this asynchronous function never returns;
``set@MODULE:NAME=NUMBER``  this limit has another value (a time in seconds).
"""

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from datetime import timedelta
from importlib import import_module
from typing import Any, NoReturn

from app.__main__ import main


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
    kind, _, place = fault.partition("@")
    path, _, number = place.partition("=")
    module, _, names = path.partition(":")
    *owners, name = names.split(".")
    owner: Any = import_module(module)
    for part in owners:
        owner = getattr(owner, part)
    replacement = _replacement(kind, getattr(owner, name), number)
    if isinstance(owner, type) or owners == []:
        setattr(owner, name, replacement)
    else:
        object.__setattr__(owner, name, replacement)  # limits are frozen


def launch(arguments: Sequence[str]) -> int:
    """The faults, then the verb."""
    for fault in arguments[:-1]:
        inject(fault)
    return main(arguments[-1:])
