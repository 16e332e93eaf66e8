"""One way to run a rule in a transaction, on either engine.

A rule is a synchronous function ``fn(session, …)``. ``await db.write(fn, …)`` runs it in a transaction and returns
after the commit; ``await db.read(fn, …)`` runs it where nothing may be written. The function may run twice, so it does
nothing but talk to the database.
"""

import logging
from collections.abc import Callable
from time import perf_counter, thread_time
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy.orm import Session

P = ParamSpec("P")
T = TypeVar("T")
Rule = Callable[Concatenate[Session, P], T]

SLOW_WRITE = 0.05
"""Seconds: a longer write keeps everybody else's waiting and is logged."""

LAST = "last"
"""Key of ``Session.info``: what a rule leaves to be called with the session as the last act of its transaction.

It tells others of what the rule did: where it was left, ``on_publish`` is called after the commit.
"""

log = logging.getLogger(__name__)


class Database(Protocol):
    dialect: str
    """``sqlite`` or ``postgresql``."""
    ingest_batches: int
    """How many calls of ``write_first`` can be under way at once."""
    on_publish: Callable[[], None]
    """Called in the loop of who wrote, after a commit with something that others are to be told of."""

    async def write(self, rule: Rule[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run the rule in a transaction of its own (or its own savepoint); return after the commit."""

    async def write_first(self, rule: Rule[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """``write`` that goes ahead of all waiting ordinary writes: for ingest alone."""

    async def read(self, rule: Rule[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run the rule on a consistent view, beside writers."""

    async def look(self, rule: Rule[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """``read`` for a rule that is one statement: without a transaction, which would cost two exchanges more."""

    async def close(self) -> None: ...


def tell_nobody() -> None:
    """``on_publish`` of a process in which nobody follows."""


class SlowWrite(Exception):
    """A write took longer than a test run allows."""


def timed(session: Session, rule: Callable[..., T], args: Any, kwargs: Any, *, limit: float | None = None) -> T:
    """Call the rule and flush; log a slow one.

    ``limit``: seconds of this thread's own work after which it fails, whatever else the machine does meanwhile (tests).
    Only for a thread that runs one rule at a time: in an event loop the others' work would count as this one's.
    """
    start, work = perf_counter(), thread_time()
    session.connection()  # begins: what goes to the driver directly is part of the transaction too
    result = rule(session, *args, **kwargs)
    session.flush()
    if (last := session.info.get(LAST)) is not None:
        last(session)
    took, worked = perf_counter() - start, thread_time() - work
    if took > SLOW_WRITE:
        name = getattr(rule, "__qualname__", repr(rule))
        log.warning("slow write", extra={"rule": name, "ms": round(took * 1000)})
        if limit is not None and worked > limit:
            raise SlowWrite(f"{name} worked {worked:.3f} s")
    return result
