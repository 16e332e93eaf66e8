"""How long tickets may take: policies in an order, of which the first that fits a ticket counts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.agents import audit, recounts, versions
from app.agents.naming import read_name
from app.agents.recounts import Scope
from app.agents.rights import Action, Actor, require_here
from app.channels.registry import PLATFORMS
from app.db.driver import Prepared
from app.db.sql import counter, for_update, reserve
from app.errors import AppError, NotFound
from app.tickets.deadline_models import SlaPolicy
from app.tickets.models import DESK, PHONE, TicketKind, TicketPriority

LONGEST: Final = 525_600
"""Minutes: a year."""
MOST: Final = 50
SOURCES: Final = (*PLATFORMS, PHONE, DESK)
_VERSION: Final = "sla_policies"
_GROUP: Final = "policies."


class PolicyNotFound(NotFound):
    message = "没有找到这条时限，可能已经被删掉"


class PolicyNameTaken(AppError):
    status_code, message = 409, "已经有叫这个名字的时限，请换一个"


class TooManyPolicies(AppError):
    status_code, message = 409, f"时限最多 {MOST} 条，请先删掉不用的"


class ConditionInvalid(AppError):
    status_code, message = 422, "请从列表里选择种类、优先级和来源"


class MinutesInvalid(AppError):
    status_code, message = 422, "时限最短 1 分钟，最长 8760 小时；不限就空着"


class FirstTooLong(AppError):
    status_code, message = 422, "首次答复的时限不能比办结的还长"


class WarningInvalid(AppError):
    status_code, message = 422, "提醒的时间为 0 到 99，0 是不提醒"


@dataclass(frozen=True, slots=True)
class Policy:
    id: int
    name: str
    position: int
    kind: str | None
    """None: any; so with the next two."""
    priority: str | None
    source: str | None
    first_response_m: int | None
    """Minutes of service time; None: no limit."""
    next_response_m: int | None
    resolution_m: int | None
    warn_percent: int
    """After so much of the time the owner is warned; 0: he is not."""
    version: int = field(default=1, compare=False)
    """For whoever changes it: of which state he knows."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a policy is made of, as somebody wrote it."""

    name: str
    kind: str | None = None
    priority: str | None = None
    source: str | None = None
    first_response_m: int | None = None
    next_response_m: int | None = None
    resolution_m: int | None = None
    warn_percent: int = 80


# -------------------- what counts


def load(session: Session) -> tuple[Policy, ...]:
    """All of them in their order."""
    return tuple([Policy(*row) for row in _LOAD(session)])


def fitting(policies: Sequence[Policy], kind: str, priority: str, source: str) -> Policy | None:
    """The first that fits."""
    return next((policy for policy in policies if _fits(policy, kind, priority, source)), None)


def _fits(policy: Policy, kind: str, priority: str, source: str) -> bool:
    return (
        policy.kind in (None, kind) and policy.priority in (None, priority) and policy.source in (None, source)
    )  # fmt: skip


def covered(policies: Sequence[Policy]) -> dict[int, str]:
    """Those that never count, because an earlier one fits whatever they fit: by id, that one's name."""
    found = {}
    for index, policy in enumerate(policies):
        wider = (one for one in policies[:index] if _covers(one, policy))
        if (first := next(wider, None)) is not None:
            found[policy.id] = first.name
    return found


def _covers(one: Policy, other: Policy) -> bool:
    pairs = ((one.kind, other.kind), (one.priority, other.priority), (one.source, other.source))
    return all(wide in (None, narrow) for wide, narrow in pairs)


_LOAD = Prepared(
    select(
        SlaPolicy.id, SlaPolicy.name, SlaPolicy.position, SlaPolicy.kind, SlaPolicy.priority, SlaPolicy.source,
        SlaPolicy.first_response_m, SlaPolicy.next_response_m, SlaPolicy.resolution_m, SlaPolicy.warn_percent,
        SlaPolicy.version,
    ).order_by(SlaPolicy.position, SlaPolicy.id)
)  # fmt: skip


# -------------------- looking


def list_policies(session: Session, *, by: Actor | None) -> tuple[Policy, ...]:
    require_here(by, Action.edit_deadlines)
    return load(session)


def get_policy(session: Session, policy_id: int, *, by: Actor | None) -> Policy:
    """PolicyNotFound."""
    found = next((policy for policy in list_policies(session, by=by) if policy.id == policy_id), None)
    if found is None:
        raise PolicyNotFound
    return found


# -------------------- changes: each is followed by the clocks that run (``recounts``)


def add(session: Session, *, by: Actor | None, written: Written, now: datetime) -> int:
    """A new one, the last in the order; its id. PolicyNameTaken, TooManyPolicies, and what ``edit`` refuses."""
    require_here(by, Action.edit_deadlines)
    values = _checked(written)
    count, last = session.execute(select(func.count(), func.max(SlaPolicy.position))).one()
    if count >= MOST:
        raise TooManyPolicies
    row = SlaPolicy(position=(last or 0) + 1)
    _flush(session, row, values, now)
    _record(session, by, "policies.add", now, row.id, **values)
    recounts.ask(session, Scope.policies, now=now)
    return row.id


def edit(
    session: Session, policy_id: int, *, by: Actor | None, written: Written, version: int | None = None, now: datetime
) -> bool:
    """Whether deadlines that run are counted anew because of it. ``version``: see ``versions.claim``.

    ChangedMeanwhile, PolicyNameTaken; ConditionInvalid, MinutesInvalid, FirstTooLong, WarningInvalid.
    """
    require_here(by, Action.edit_deadlines)
    row, after = _lock(session, policy_id), _checked(written)
    before = {name: getattr(row, name) for name in after}
    changes = sorted(name for name in after if before[name] != after[name])
    if not changes:
        return False
    versions.claim(session, SlaPolicy, policy_id, version, _GROUP)
    _flush(session, row, after, now)
    was, is_now = ({name: values[name] for name in changes} for values in (before, after))
    _record(session, by, "policies.edit", now, policy_id, name=row.name, before=was, after=is_now)
    if counts := changes != ["name"]:
        recounts.ask(session, Scope.policies, now=now)
    return counts


def delete_policy(session: Session, policy_id: int, *, by: Actor | None, now: datetime) -> None:
    """PolicyNotFound."""
    require_here(by, Action.edit_deadlines)
    row = _lock(session, policy_id)
    _record(session, by, "policies.delete", now, policy_id, **asdict(_written(row)))
    session.execute(delete(SlaPolicy).where(SlaPolicy.id == policy_id))
    recounts.ask(session, Scope.policies, now=now)


def move(session: Session, policy_id: int, *, by: Actor | None, up: bool, now: datetime) -> None:
    """Before the one above it, or behind the one below; the first and the last stay. PolicyNotFound."""
    require_here(by, Action.edit_deadlines)
    locked = for_update(select(SlaPolicy).order_by(SlaPolicy.id))
    rows = session.scalars(locked, execution_options={"populate_existing": True}).all()
    order = sorted(rows, key=lambda row: (row.position, row.id))
    at = next((index for index, row in enumerate(order) if row.id == policy_id), None)
    if at is None:
        raise PolicyNotFound
    other = at - 1 if up else at + 1
    if not 0 <= other < len(order):
        return
    order[at], order[other] = order[other], order[at]
    for position, row in enumerate(order, 1):
        row.position = position
    session.flush()
    _record(session, by, "policies.move", now, policy_id, after=[row.name for row in order])
    recounts.ask(session, Scope.policies, now=now)


def seed_demo(session: Session, now: datetime) -> None:
    """Once: what somebody has changed or deleted does not come back."""
    if counter(session, _VERSION) == 0:
        for written in DEMO:
            add(session, by=None, written=written, now=now)


DEMO: Final = (
    Written("紧急", priority=TicketPriority.urgent, first_response_m=15, next_response_m=30, resolution_m=4 * 60),
    Written(
        "投诉", kind=TicketKind.complaint, first_response_m=2 * 60, next_response_m=8 * 60, resolution_m=5 * 8 * 60
    ),
    Written("其他工单", first_response_m=4 * 60, next_response_m=8 * 60, resolution_m=3 * 8 * 60),
)
"""A working day counts as eight hours."""


# -------------------- pieces


def _checked(written: Written) -> dict[str, Any]:
    """Column → value, each as it must be."""
    conditions = ((written.kind, set(TicketKind)), (written.priority, set(TicketPriority)), (written.source, SOURCES))
    if any(value is not None and value not in known for value, known in conditions):
        raise ConditionInvalid
    first, resolution = written.first_response_m, written.resolution_m
    if any(m is not None and not 1 <= m <= LONGEST for m in (first, written.next_response_m, resolution)):
        raise MinutesInvalid
    if first is not None and resolution is not None and first > resolution:
        raise FirstTooLong
    if not 0 <= written.warn_percent <= 99:
        raise WarningInvalid
    return asdict(written) | {"name": read_name(written.name)}


def _written(row: SlaPolicy) -> Written:
    return Written(
        row.name, row.kind, row.priority, row.source, row.first_response_m, row.next_response_m, row.resolution_m,
        row.warn_percent,
    )  # fmt: skip


def _lock(session: Session, policy_id: int) -> SlaPolicy:
    one = for_update(select(SlaPolicy).where(SlaPolicy.id == policy_id))
    row = session.scalars(one, execution_options={"populate_existing": True}).one_or_none()
    if row is None:
        raise PolicyNotFound
    return row


def _flush(session: Session, row: SlaPolicy, values: Mapping[str, Any], now: datetime) -> None:
    try:
        with session.begin_nested():
            for name, value in values.items():
                setattr(row, name, value)
            row.updated_at = now
            session.add(row)
            session.flush()
    except IntegrityError:
        raise PolicyNameTaken from None


def _record(session: Session, by: Actor | None, action: str, now: datetime, policy_id: int, **detail: Any) -> None:
    reserve(session, _VERSION)
    audit.record(session, by, action, now=now, subject="policy", subject_id=policy_id, **detail)
