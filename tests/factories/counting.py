"""How many statements a rule sends to the database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that SQLAlchemy executes meanwhile, whatever the engine; not those that are prepared."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@contextmanager
def heard(session: Session) -> Iterator[list[str]]:
    """The statements that the session's connection is given meanwhile, as its driver tells."""
    seen: list[str] = []
    driver: Any = session.connection().connection.driver_connection
    if session.get_bind().dialect.name == "sqlite":
        driver.set_trace_callback(seen.append)
        try:
            yield seen
        finally:
            driver.set_trace_callback(None)
        return

    def note(record: Any) -> None:
        seen.append(record.query)

    driver.add_query_logger(note)
    try:
        yield seen
    finally:
        driver.remove_query_logger(note)


def counting(rule: Callable[..., Any]) -> Callable[..., int]:
    """The rule, returning how many statements it took."""

    def wrapped(session: Session, *args: Any, **kwargs: Any) -> int:
        with heard(session) as seen:
            rule(session, *args, **kwargs)
        return len(seen)

    return wrapped
