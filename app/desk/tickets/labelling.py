"""Tags of tickets, and who watches them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import events
from app.agents import rights
from app.agents.rights import Action, Actor
from app.db.rows import Insert, table_of
from app.db.sql import changed
from app.desk import tags as all_tags
from app.desk.tickets import assigning
from app.tickets import finding, history
from app.tickets.models import Ticket, TicketTag, TicketWatcher

_insert = Insert(table_of(TicketTag), ("ticket_id", "tag"), or_ignore=True)
_insert_watchers = Insert(table_of(TicketWatcher), ("ticket_id", "agent_id"), or_ignore=True)


def tags_of(session: Session, ticket_id: int) -> tuple[str, ...]:
    """Sorted."""
    return tuple(sorted(session.scalars(select(TicketTag.tag).where(TicketTag.ticket_id == ticket_id))))


def add_tag(session: Session, ticket_id: int, *, by: Actor, tag: str, now: datetime) -> bool:
    """Whether it is new; also on a closed one. TagUnusable, TooManyTags."""
    rights.require(by, Action.work_tickets)
    wanted = all_tags.read_tag(tag)
    ticket = finding.lock(session, ticket_id)
    known = tags_of(session, ticket_id)
    if wanted in known:
        return False
    if len(known) >= all_tags.MOST:
        raise all_tags.TooManyTags
    _insert(session, [(ticket_id, wanted)])
    _write_down(session, ticket, known, (*known, wanted), by, now)
    return True


def set_tags(session: Session, ticket_id: int, *, by: Actor, tags: Sequence[str], now: datetime) -> bool:
    """Exactly these; whether that is new. TagUnusable, TooManyTags."""
    rights.require(by, Action.work_tickets)
    wanted = {all_tags.read_tag(tag) for tag in tags}
    if len(wanted) > all_tags.MOST:
        raise all_tags.TooManyTags
    ticket = finding.lock(session, ticket_id)
    known = tags_of(session, ticket_id)
    if wanted == set(known):
        return False
    gone = (TicketTag.ticket_id == ticket_id, TicketTag.tag.not_in(wanted))
    session.execute(delete(TicketTag).where(*gone))
    _insert(session, [(ticket_id, tag) for tag in sorted(wanted.difference(known))])
    _write_down(session, ticket, known, tuple(wanted), by, now)
    return True


def remove_tag(session: Session, ticket_id: int, *, by: Actor, tag: str, now: datetime) -> bool:
    """Whether it was there."""
    rights.require(by, Action.work_tickets)
    gone = all_tags.read_tag(tag)
    ticket = finding.lock(session, ticket_id)
    known = tags_of(session, ticket_id)
    own = (TicketTag.ticket_id == ticket_id, TicketTag.tag == gone)
    if not changed(session.execute(delete(TicketTag).where(*own))):
        return False
    _write_down(session, ticket, known, tuple(one for one in known if one != gone), by, now)
    return True


def _write_down(
    session: Session, ticket: Ticket, before: tuple[str, ...], after: tuple[str, ...], by: Actor, now: datetime
) -> None:
    detail = {"tags": [list(before), sorted(after)]}
    history.write_down(session, ticket, "changed", by=str(by.id), now=now, detail=detail)


# -------------------- watchers


def watch(session: Session, ticket_id: int, *, by: Actor, agent_id: int | None = None, now: datetime) -> None:
    """One's self, or a colleague. OwnerWrong for who is gone."""
    rights.require(by, Action.see_tickets)
    if agent_id is not None and agent_id != by.id:
        rights.require(by, Action.work_tickets)
        assigning.require_owner(session, agent_id)
    finding.lock(session, ticket_id)
    _insert_watchers(session, [(ticket_id, agent_id or by.id)])
    events.publish(session, events.Kind.ticket, [ticket_id], now=now)


def unwatch(session: Session, ticket_id: int, *, by: Actor, agent_id: int | None = None, now: datetime) -> None:
    rights.require(by, Action.see_tickets)
    if agent_id is not None and agent_id != by.id:
        rights.require(by, Action.work_tickets)
    own = (TicketWatcher.ticket_id == ticket_id, TicketWatcher.agent_id == (agent_id or by.id))
    session.execute(delete(TicketWatcher).where(*own))
    events.publish(session, events.Kind.ticket, [ticket_id], now=now)
