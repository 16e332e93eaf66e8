"""``ticket``: what viewers reported, seen and worked on from the command line."""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.agents.calendars import BEIJING
from app.commands.opened import with_database
from app.conversations.models import Direction, Message
from app.desk import names
from app.desk.replies import TextTooLong
from app.desk.tickets import telling
from app.desk.tickets.closing import LONGEST, TextMissing
from app.desk.tickets.reaching import InGroup, NoWay
from app.desk.tickets.telling import Then
from app.desk.words import BlankDoubtful, CardDoubtful, WordBlocked, WordDoubtful
from app.errors import AppError, ConfigurationError
from app.settings import Settings
from app.tickets import finding, steps
from app.tickets.finding import TicketClosed, TicketNotFound
from app.tickets.models import PRESSING, Ticket, TicketEvent

_STEPS: dict[str, tuple[Callable[..., object] | Then, str]] = {
    "start": (steps.start, "somebody works on it now"),
    "reply": (Then.goes_on, "tell the viewer how it stands: sent as from the ticket's page"),
    "ask": (Then.asks, "ask the viewer something, and wait for his answer: sent as from the ticket's page"),
    "close": (steps.close, "done; the text says what was done, which the viewer hears when he asks"),
}
_WITHOUT_TEXT = ("start",)
_REFUSED: dict[type[AppError], str] = {
    TicketNotFound: "There is no ticket of that number.",
    TicketClosed: "That ticket is closed.",
    NoWay: "No channel leads to the viewer of that ticket: call him, and write down what was said.",
    InGroup: "That ticket comes from a group, where all would read it: ask its viewer for a private chat first.",
    TextMissing: f"The text is empty, or longer than {LONGEST} characters.",
    TextTooLong: "The text is too long for the viewer's platform.",
    WordBlocked: "The text holds a word that may not be sent.",
    WordDoubtful: "The text holds a word that is looked at twice: add --anyway to send it as it is.",
    CardDoubtful: "The text holds a number like that of a card: add --anyway to send it as it is.",
    BlankDoubtful: "The text holds a blank that nobody filled in: add --anyway to send it as it is.",
}


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    kinds = verbs.add_parser("ticket", help="list tickets, show one, work on it").add_subparsers(
        required=True, metavar="ACTION"
    )
    kinds.add_parser("list", help="the open ones, urgent first, then by the promised time").set_defaults(run=show_all)
    showing = kinds.add_parser("show", help="one with its history and the talk behind it")
    _add_number(showing)
    showing.set_defaults(run=show)
    for name, (_, description) in _STEPS.items():
        step = kinds.add_parser(name, help=description)
        _add_number(step)
        if name not in _WITHOUT_TEXT:
            step.add_argument("text")
        if isinstance(_STEPS[name][0], Then):
            step.add_argument("--anyway", action="store_true", help="also with doubtful words")
        step.set_defaults(run=work, step=name)


def _add_number(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", type=_number, help="such as T-1003 or 1003")


def _number(text: str) -> int:
    digits = text.upper().removeprefix("T").removeprefix("-")
    if not digits.isdecimal() or len(digits) > 9:
        raise argparse.ArgumentTypeError(f"'{text}' is no ticket's number")
    return int(digits)


def show_all(settings: Settings, options: argparse.Namespace) -> None:
    found: list[Ticket] = with_database(settings, lambda db, _: db.read(finding.list_open))
    for ticket in found:
        urgent, state = "!" if ticket.priority in PRESSING else " ", f"{ticket.kind:<10} {ticket.status:<11}"
        print(f"{urgent} T-{ticket.number}  {state} {_time(ticket.due_at)}  {ticket.subject}")
    print(f"{len(found)} open.")


def show(settings: Settings, options: argparse.Namespace) -> None:
    ticket, lines, talk = _run(settings, _whole, options.number)
    print(f"T-{ticket.number}  {ticket.kind}, {ticket.status}, priority {ticket.priority}  {ticket.subject}")
    print(f"  about {ticket.category or '-'}, opened {_time(ticket.opened_at)}, answer promised {_time(ticket.due_at)}")
    for line in lines:
        print(f"  {_time(line.at)}  {line.author} {line.kind}: {line.text}")
    print("  ----")
    for message in talk:
        who = "viewer" if message.direction == Direction.inbound else message.author
        back = " (recalled)" if message.recalled_at else ""
        print(f"  {message.seq:>4} {who}{back}: {message.text or f'[{message.kind}]'}")


def work(settings: Settings, options: argparse.Namespace) -> None:
    step, now = _STEPS[options.step][0], datetime.now(UTC)
    if isinstance(step, Then):
        _run(settings, _tell, options.number, step, options.text, now, options.anyway)
        print(f"T-{options.number}: {options.step} is written down, and goes to the viewer.")
        return
    text = () if options.step in _WITHOUT_TEXT else (options.text,)

    def work(session: Session) -> None:
        step(session, finding.lock_number(session, options.number), *text, by=names.COMMAND, now=now)

    _run(settings, work)
    print(f"T-{options.number}: {options.step} is written down.")


def _tell(session: Session, number: int, then: Then, text: str, now: datetime, anyway: bool) -> None:
    ticket_id = finding.id_of(session, number)
    telling.tell(
        session, ticket_id, by=None, text=text, then=then, key="", now=now, even_if_doubtful=anyway
    )  # fmt: skip


def _whole(session: Session, number: int) -> tuple[Ticket, list[TicketEvent], list[Message]]:
    ticket = finding.lock_number(session, number)
    return ticket, finding.history(session, ticket), finding.transcript(session, ticket)


def _run(settings: Settings, rule: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return with_database(settings, lambda db, _: db.write(rule, *arguments))
    except tuple(_REFUSED) as error:
        raise ConfigurationError(_REFUSED[type(error)]) from None


def _time(at: datetime | None) -> str:
    return f"{at.astimezone(BEIJING):%m-%d %H:%M}" if at else "-"
