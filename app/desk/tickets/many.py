"""One change to many tickets: first what it would do, in numbers; then a few at a time, each by its own rule.

Each rule leaves alone what is as it shall be: what is repeated changes nothing twice. ``runs`` carries it out.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.rights import Action, Actor
from app.db.driver import Prepared
from app.db.sql import is_any
from app.desk import tags
from app.desk.tickets import assigning, changing, closing, labelling
from app.errors import AppError
from app.tickets import history
from app.tickets.models import Ticket, TicketEvent, TicketPriority, TicketStatus, TicketTag

MOST: Final = 10_000
AT_ONCE: Final = 5
"""Tickets of one transaction: it must not hold up what viewers wait for."""


class What(StrEnum):
    give = "give"
    priority = "priority"
    tag = "tag"
    untag = "untag"
    start = "start"
    close = "close"


class AsBefore(AppError):
    """Not a failure: it is what there is to say of a ticket that stays as it was."""

    status_code, message = 409, "本来就是这样"


class TouchedMeanwhile(AppError):
    """As ``AsBefore``."""

    status_code, message = 409, "这期间别人动过，请先看看"


class ValueMissing(AppError):
    status_code, message = 422, "请先选好要改成什么"


class NothingChosen(AppError):
    status_code, message = 422, "没有选中工单，请先勾选"


@dataclass(frozen=True, slots=True)
class Deed:
    what: What
    owner_id: int | None = None
    team_id: int | None = None
    priority: TicketPriority | None = None
    tag: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    ids: tuple[int, ...]
    """All that are meant, in their order."""
    changes: int
    same: int
    """They are so already."""
    closed: int
    """They are closed, and stay as they are."""


@dataclass(frozen=True, slots=True)
class Outcome:
    changed: int
    left: Mapping[str, Sequence[int]]
    """By what was said of them: those that stayed as they were."""


def preview(session: Session, ids: Sequence[int], *, by: Actor, deed: Deed, now: datetime) -> Plan:
    """What it would do now. NothingChosen, ValueMissing; OwnerWrong, TeamGone, TagUnusable, TextMissing."""
    rights.require(by, Action.change_many)
    deed = _checked(session, deed)
    rows = _STATES(session, ids=sorted(set(ids))[:MOST])
    if not rows:
        raise NothingChosen
    tagged = {row[0] for row in _TAGGED(session, ids=[row[0] for row in rows], tag=deed.tag)} if deed.tag else set()
    fates = Counter(_fate(deed, row, row[0] in tagged) for row in rows)
    return Plan(tuple(row[0] for row in rows), fates["change"], fates["same"], fates["closed"])


def apply(
    session: Session, ids: Sequence[int], *, by: Actor, deed: Deed, since: datetime, now: datetime
) -> Outcome:  # fmt: skip
    """To ``AT_ONCE`` of them at most; what one cannot be changed for, leaves the others alone.

    ``since``: when it was said what would become of them. Where somebody else has done something about it after that,
    it stays as he made it.
    """
    rights.require(by, Action.change_many)
    left: dict[str, list[int]] = {}
    changed = 0
    for ticket_id in sorted(set(ids))[:AT_ONCE]:
        try:
            with session.begin_nested():
                if not _RULES[deed.what](session, ticket_id, by, deed, now):
                    raise AsBefore
                # Now that it is locked: what was done before is there to be seen, and nothing comes between.
                if _is_touched(session, ticket_id, deed.what, by, since):
                    raise TouchedMeanwhile
            changed += 1
        except AppError as error:
            left.setdefault(error.message, []).append(ticket_id)
    return Outcome(changed, left)


def _is_touched(session: Session, ticket_id: int, what: What, by: Actor, since: datetime) -> bool:
    others = TicketEvent.author.not_in([history.BOT, history.CLOCK, str(by.id)])
    lines = select(TicketEvent.kind, TicketEvent.detail).where(
        TicketEvent.ticket_id == ticket_id, TicketEvent.at > since, others
    )
    return any(
        what is What.close or _TOUCHED[what] & {kind, *(detail or {})} for kind, detail in session.execute(lines)
    )


_TOUCHED: Final[Mapping[What, frozenset[str]]] = {
    What.give: frozenset({"owner_id", "team_id"}), What.priority: frozenset({"priority", "raised"}),
    What.start: frozenset({"status", "asked", "reopened"}), What.tag: frozenset(), What.untag: frozenset(),
}  # fmt: skip
"""Kinds of lines, and fields of those that tell of a change, that speak against it. To close one: whatever was done."""


def _checked(session: Session, deed: Deed) -> Deed:
    """With what it is to become as the rules will read it."""
    if deed.what is What.give:
        if deed.owner_id is None and deed.team_id is None:
            raise ValueMissing
        if deed.owner_id is not None:
            assigning.require_owner(session, deed.owner_id)
        if deed.team_id is not None:
            changing.require_team(session, deed.team_id)
    elif deed.what is What.priority and deed.priority is None:
        raise ValueMissing
    elif deed.what is What.close:
        closing.read_text(deed.text)
    elif deed.what in (What.tag, What.untag):
        return Deed(deed.what, tag=tags.read_tag(deed.tag))
    return deed


def _fate(deed: Deed, row: Sequence[Any], is_tagged: bool) -> str:
    """``change``, ``same`` or ``closed``."""
    _, status, owner_id, team_id, priority = row
    if deed.what in (What.tag, What.untag):
        return "same" if is_tagged == (deed.what is What.tag) else "change"
    if status == TicketStatus.closed:
        return "closed"
    team = deed.team_id if deed.team_id is not None else team_id
    same = {
        What.give: (owner_id, team_id) == (deed.owner_id, team), What.priority: priority == deed.priority,
        What.start: status == TicketStatus.in_progress,
    }  # fmt: skip
    return "same" if same.get(deed.what, False) else "change"


_STATES: Final = Prepared(
    select(Ticket.id, Ticket.status, Ticket.owner_id, Ticket.team_id, Ticket.priority)
    .where(is_any(Ticket.id, "ids"))
    .order_by(Ticket.id)
)
_TAGGED: Final = Prepared(
    select(TicketTag.ticket_id).where(is_any(TicketTag.ticket_id, "ids"), TicketTag.tag == bindparam("tag"))
)
Rule = Callable[[Session, int, Actor, Deed, datetime], bool]


def _give(session: Session, ticket_id: int, by: Actor, deed: Deed, now: datetime) -> bool:
    return assigning.give(session, ticket_id, by=by, owner_id=deed.owner_id, team_id=deed.team_id, now=now)


def _set_priority(session: Session, ticket_id: int, by: Actor, deed: Deed, now: datetime) -> bool:
    return changing.change(session, ticket_id, by=by, changes={"priority": deed.priority}, now=now)


def _start(session: Session, ticket_id: int, by: Actor, deed: Deed, now: datetime) -> bool:
    return changing.change(session, ticket_id, by=by, changes={"status": TicketStatus.in_progress}, now=now)


def _close(session: Session, ticket_id: int, by: Actor, deed: Deed, now: datetime) -> bool:
    return closing.close(session, ticket_id, by=by, text=deed.text, now=now)


def _tag(session: Session, ticket_id: int, by: Actor, deed: Deed, now: datetime) -> bool:
    return labelling.add_tag(session, ticket_id, by=by, tag=deed.tag, now=now)


def _untag(session: Session, ticket_id: int, by: Actor, deed: Deed, now: datetime) -> bool:
    return labelling.remove_tag(session, ticket_id, by=by, tag=deed.tag, now=now)


_RULES: Final[Mapping[What, Rule]] = {
    What.give: _give, What.priority: _set_priority, What.tag: _tag, What.untag: _untag, What.start: _start,
    What.close: _close,
}  # fmt: skip
