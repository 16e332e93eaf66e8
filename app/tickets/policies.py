"""Which times tickets must keep, by what they are. Of the policies that fit, the first in order counts."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.driver import Prepared
from app.db.rows import table_of
from app.tickets.models import SlaPolicy

_policy = table_of(SlaPolicy).c


@dataclass(frozen=True, slots=True)
class Policy:
    id: int
    name: str
    position: int
    kind: str | None
    priority: str | None
    source: str | None
    first_response_m: int | None
    next_response_m: int | None
    resolution_m: int | None
    warn_percent: int


_LOAD = Prepared(
    select(
        _policy.id, _policy.name, _policy.position, _policy.kind, _policy.priority, _policy.source,
        _policy.first_response_m, _policy.next_response_m, _policy.resolution_m, _policy.warn_percent,
    ).order_by(_policy.position, _policy.id)
)  # fmt: skip


def load(session: Session) -> tuple[Policy, ...]:
    return tuple(Policy(*row) for row in _LOAD(session))


def fitting(policies: Sequence[Policy], kind: str, priority: str, source: str) -> Policy | None:
    asked = (kind, priority, source)
    return next((one for one in policies if _fits((one.kind, one.priority, one.source), asked)), None)


def _fits(wanted: tuple[str | None, ...], asked: tuple[str, ...]) -> bool:
    return all(one in (None, other) for one, other in zip(wanted, asked, strict=True))
