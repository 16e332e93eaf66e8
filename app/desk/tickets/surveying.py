"""Asking viewers how content they are: once a ticket, seldom a person, by day, and only where his window is open.

Whether that holds is looked at when it is asked. Where it does not hold yet it is tried again; after two days, or where
it never will, it is not asked at all.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.channels import outbound
from app.conversations import outbox, routing
from app.conversations.accounts import Account
from app.conversations.models import Conversation, Owner
from app.desk import reach
from app.desk.tickets import reaching
from app.dialogue import threads
from app.dialogue.turn import Awaiting, Waits
from app.jobs.models import Priority
from app.tickets import finding, satisfaction
from app.tickets.models import Satisfaction, Ticket
from app.viewers.models import Identity

APART: Final = timedelta(days=30)
"""Between two questions to one person."""
TRIED_AGAIN: Final = timedelta(minutes=30)
GIVEN_UP: Final = timedelta(days=2)
ANSWERED_WITHIN: Final = timedelta(days=3)
QUESTION: Final = (
    "【工单 {number}】“{subject}”处理完了。您对这次处理满意吗？\n"
    "回复数字就可以：5 非常满意，4 满意，3 一般，2 不满意，1 很不满意。"
)
PAGE: Final = 20


def list_due(session: Session, *, now: datetime, limit: int = PAGE) -> list[tuple[int, int | None]]:
    """(ticket, the channel on which its viewer would be asked)."""
    due = select(Satisfaction.ticket_id).where(Satisfaction.ask_at <= now).order_by(Satisfaction.ask_at).limit(limit)
    return [(ticket_id, _channel(session, ticket_id)) for ticket_id in session.scalars(due).all()]


def ask(session: Session, ticket_id: int, *, account: Account | None, now: datetime) -> bool:
    """Whether he was asked now. ``account``: the channel, where this process serves it."""
    place_id = reaching.place_of(session, finding.get(session, ticket_id))
    place = routing.lock(session, place_id) if place_id is not None else None
    ticket = finding.lock(session, ticket_id)
    row = session.get_one(Satisfaction, ticket_id, populate_existing=True)
    if row.ask_at is None or row.ask_at > now:  # somebody else was at it
        return False
    if place is None or not _may_ever(session, ticket, row, place, now):
        row.ask_at = None
        return False
    if not _may_now(session, place, account, now):
        row.ask_at = satisfaction.by_day(now + TRIED_AGAIN)
        return False
    row.ask_at, row.asked_at = None, now
    text = outbound.Text(QUESTION.format(number=f"T-{ticket.number}", subject=ticket.subject[:20]))
    outbox.post(session, place.id, text, author="bot", priority=Priority.notice, now=now)
    until = int((now + ANSWERED_WITHIN).timestamp())
    threads.expect(session, place.id, Awaiting(Waits.score, (str(ticket.number),), until))
    return True


def _may_ever(session: Session, ticket: Ticket, row: Satisfaction, place: Conversation, now: datetime) -> bool:
    if ticket.closed_at is None or ticket.closed_at < now - GIVEN_UP or ticket.merged_into_id is not None:
        return False
    if row.asked_at is not None or reaching.is_group(session, place.id):
        return False
    lately = (Satisfaction.viewer_id == row.viewer_id, Satisfaction.asked_at > now - APART)
    return session.scalar(select(Satisfaction.ticket_id).where(*lately).limit(1)) is None


def _may_now(session: Session, place: Conversation, account: Account | None, now: datetime) -> bool:
    """By day, while nobody else speaks with him, and where it leaves at once."""
    if satisfaction.by_day(now) != now or (place.closed_at is None and place.owner != Owner.bot):
        return False
    identity = session.get_one(Identity, place.identity_id)
    return reach.window(session, place, identity, account, now).is_open


def _channel(session: Session, ticket_id: int) -> int | None:
    place = reaching.place_of(session, finding.get(session, ticket_id))
    return None if place is None else session.get_one(Conversation, place).channel_id
