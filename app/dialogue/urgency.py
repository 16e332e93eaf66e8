"""How urgent it is that a person speaks with a viewer: 2 urgent, 1 a complaint, 0 as usual. Pure."""

from collections.abc import Iterable

from app.dialogue.turn import Decision, OpenTicket
from app.tickets.models import PRESSING, TicketKind
from app.tickets.views import TicketRef


def of(decision: Decision, here: Iterable[TicketRef]) -> int:
    """By the tickets that the turn opens, and those of the conversation that are open already."""
    tickets: list[OpenTicket | TicketRef] = [*_opened(decision), *here]
    return max((of_ticket(ticket.kind, ticket.priority) for ticket in tickets), default=0)


def is_reported(decision: Decision) -> bool:
    """Whether the turn opens a ticket at all."""
    return bool(_opened(decision))


def _opened(decision: Decision) -> list[OpenTicket]:
    return [effect for effect in decision.effects if isinstance(effect, OpenTicket)]


def of_ticket(kind: str, priority: str) -> int:
    if kind == TicketKind.complaint:
        return 1
    return 2 if priority in PRESSING else 0
