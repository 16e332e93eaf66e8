"""The tickets of demo mode: once, believable, and nobody's dialogue comes upon them."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.agents.models import Agent
from app.commands import demo_people, demo_tickets
from app.db.database import Database
from app.faq.titles import load_titles
from app.settings import ROOT
from app.tickets.deadline_models import TicketClock
from app.tickets.models import Complaint, Satisfaction, Ticket, TicketEvent, TicketKind, TicketStatus
from tests.demo_knowledge import brain


async def every(db: Database) -> list[Ticket]:
    return await db.read(lambda session: list(session.scalars(select(Ticket).order_by(Ticket.number))))


@pytest.fixture
async def tickets(db: Database) -> list[Ticket]:
    await demo_people.add_people(db)
    await demo_tickets.add_tickets(db)
    return await every(db)


async def test_they_are_made_once(db: Database, tickets: list[Ticket]) -> None:
    await demo_tickets.add_tickets(db)
    assert len(await every(db)) == len(tickets) > 50


async def test_they_belong_to_no_viewer_and_take_numbers_as_others_do(db: Database, tickets: list[Ticket]) -> None:
    assert all(ticket.viewer_id is None and ticket.conversation_id is None for ticket in tickets)
    assert {ticket.source for ticket in tickets} == {"phone", "desk"}
    numbers = [ticket.number for ticket in tickets]
    assert numbers == list(range(numbers[0], numbers[0] + len(tickets)))
    (following,) = await db.write(demo_tickets._numbers, 1)
    assert following > numbers[-1]


async def test_they_speak_of_titles_and_entries_that_the_knowledge_has(tickets: list[Ticket]) -> None:
    knowledge = brain().knowledge
    assert {ticket.category for ticket in tickets} <= knowledge.entries.keys()
    titles = load_titles(ROOT / "faq" / "catalogue", demo=True)
    assert {ticket.title for ticket in tickets if ticket.title} <= {title.name for title in titles}


async def test_lists_and_figures_have_something_to_show(db: Database, tickets: list[Ticket]) -> None:
    now = datetime.now(UTC)
    unclosed = [ticket for ticket in tickets if ticket.closed_at is None]
    assert {ticket.kind for ticket in tickets} == set(TicketKind)
    assert {ticket.status for ticket in tickets} >= {TicketStatus.open, TicketStatus.in_progress, TicketStatus.closed}
    assert any(ticket.next_due_at and ticket.next_due_at < now for ticket in unclosed)
    assert any(ticket.owner_id is None for ticket in unclosed)
    assert min(ticket.opened_at for ticket in tickets) > now - timedelta(days=62)
    assert all(ticket.opened_at <= ticket.updated_at <= now for ticket in tickets)
    assert all(ticket.closed_at is None or ticket.opened_at < ticket.closed_at <= now for ticket in tickets)

    def rest(session: Session) -> None:
        owners = set(session.scalars(select(Agent.login).where(Agent.id.in_([each.owner_id for each in tickets]))))
        assert owners == {"lin", "chen", "zhou"}
        scores = session.scalars(select(Satisfaction.score)).all()
        assert None in scores
        assert len({score for score in scores if score}) > 2
        complaints = sum(ticket.kind == "complaint" for ticket in tickets)
        assert session.scalar(select(func.count()).select_from(Complaint)) == complaints > 0
        late = session.scalar(select(func.count(TicketClock.breached_at)))
        told = session.scalar(select(func.count()).where(TicketEvent.kind == "breached"))
        assert late == told == sum(ticket.breaches for ticket in tickets) > 0
        running = select(TicketClock.ticket_id).where(TicketClock.ended_at.is_(None))
        assert set(session.scalars(running)) == {ticket.id for ticket in unclosed}
        first = select(TicketEvent.kind).where(TicketEvent.ticket_id == unclosed[0].id).order_by(TicketEvent.id)
        assert session.scalars(first).first() == "opened"

    await db.read(rest)
