"""How many statements a rule sends to the database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that SQLAlchemy executes meanwhile, whatever the engine."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def counting(rule: Callable[..., Any]) -> Callable[..., int]:
    """The rule, returning how many statements it took."""

    def wrapped(session: Session, *args: Any, **kwargs: Any) -> int:
        with counted() as seen:
            rule(session, *args, **kwargs)
        return len(seen)

    return wrapped
