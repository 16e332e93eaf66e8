"""What a person tells the viewer of a ticket: said in his conversation by the outbox, and written to the ticket, in one
transaction.

The conversation is locked before the ticket, as on the way in. Whether the viewer's window is open is decided when the
message leaves: where it is closed, it waits until he writes, and the approved notice (``announcement``) goes first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.rights import Action, Actor
from app.channels import outbound
from app.channels.registry import PLATFORMS
from app.channels.text import carriable, split_text
from app.conversations import outbox, routing
from app.conversations.models import Channel, Conversation
from app.desk import names, words
from app.desk.models import SentKey
from app.desk.replies import LONGEST_KEY, MOST_PIECES, TextTooLong
from app.desk.tickets import attaching, closing, reaching
from app.desk.tickets.attaching import Brought
from app.dialogue import threads
from app.dialogue.turn import Awaiting, Waits
from app.jobs.models import Priority
from app.tickets import complaints, finding, satisfaction, steps
from app.tickets.models import Ticket

ANSWERED_WITHIN: Final = timedelta(days=3)
"""For so long the viewer's next words are the answer to what he was asked."""


class Then(StrEnum):
    """What becomes of the ticket with it."""

    goes_on = "goes_on"
    asks = "asks"
    """It waits for the viewer's answer."""
    closes = "closes"


WORDING: Final = {
    Then.goes_on: "【工单 {number}】\n{text}",
    Then.asks: "【工单 {number}】想向您核实：\n{text}\n直接在这里回复就可以。",
    Then.closes: "【工单 {number}】已经处理完：\n{text}\n还有问题的话直接在这里说，我们接着处理。",
}
PICTURES_ALONE: Final = "请看图片"
CLOSES_AGAIN: Final = (
    "【工单 {number}】已经处理完：\n{text}\n这次解决了吗？回复“解决了”或“还没有”，没有解决我们接着处理。"
)
"""Of one that was opened again: its viewer is not asked a second time how content he is, but whether it is done."""


@dataclass(frozen=True, slots=True)
class Told:
    message_id: int
    """Of the first message that it became."""
    event_id: int | None
    """The line of the history; None where this is a repeat."""


def tell(
    session: Session, ticket_id: int, *, by: Actor | None, text: str, then: Then, key: str, now: datetime,
    announcement: outbound.Notice | None = None, even_if_doubtful: bool = False, pictures: Sequence[Brought] = (),
) -> Told:  # fmt: skip
    """A repeat with the same ``key`` says nothing, and returns the first. ``by`` None: a command, whose repeat repeats.

    ``pictures`` leave behind the text, and stay with the ticket; where it goes on they need none.

    NoWay, InGroup, TextMissing, TextTooLong, TooManyFiles, Undecided, WordBlocked, TicketClosed; WordDoubtful unless
    ``even_if_doubtful``.
    """
    rights.require_here(by, Action.work_tickets)
    alone = bool(pictures) and not text.strip() and then is Then.goes_on
    said = PICTURES_ALONE if alone else closing.read_text(text)
    ticket = finding.get(session, ticket_id)
    place = routing.lock(session, reaching.require_place(session, ticket))
    key, author = carriable(key)[:LONGEST_KEY], str(by.id) if by is not None else names.COMMAND
    known = session.get(SentKey, (by.id, place.id, key)) if by is not None else None
    if known is not None:
        return Told(known.message_id, None)
    ticket = finding.lock_open(session, ticket_id)
    if then is Then.closes and by is not None:
        closing.require_decided(session, ticket, by)
    words.check(session, said, even_if_doubtful=even_if_doubtful)
    wording, waits = _asking(session, ticket, then)
    if waits is not None:
        routing.open_for_answer(session, place, by=by, now=now)
    text = wording.format(number=f"T-{ticket.number}", text=said)
    message_id = say(session, place, text, author=author, now=now, announcement=announcement)
    shown = [
        outbox.post(session, place.id, outbound.Image(one.key), author=author, priority=Priority.agent, now=now)
        for one in pictures
    ]
    if by is not None:
        session.add(SentKey(agent_id=by.id, conversation_id=place.id, key=key, message_id=message_id, at=now))
    event_id = _step(session, ticket, said, then, author, now, message_id)
    if event_id is not None and shown:
        attaching.keep_sent(session, ticket_id, event_id, list(zip(pictures, shown, strict=True)))
    if waits is not None:
        until = int((now + ANSWERED_WITHIN).timestamp())
        threads.expect(session, place.id, Awaiting(waits, (str(ticket.number),), until))
    return Told(message_id, event_id)


def say(
    session: Session, place: Conversation, text: str, *, author: str, now: datetime,
    announcement: outbound.Notice | None = None,
) -> int:  # fmt: skip
    """In the conversation, which is locked; as several messages where one is too long. The first one's id."""
    platform = session.scalars(select(Channel.platform).where(Channel.id == place.channel_id)).one()
    limit = PLATFORMS[platform].capability.text_bytes if platform in PLATFORMS else outbox.LONGEST_TEXT
    parts = split_text(text, limit)
    if len(parts) > MOST_PIECES:
        raise TextTooLong(MOST_PIECES * limit)
    said = [
        outbox.post(
            session, place.id, outbound.Text(part), author=author, priority=Priority.agent, now=now,
            announcement=announcement if number == 0 else None,
        )
        for number, part in enumerate(parts)
    ]  # fmt: skip
    place.waits_since = None
    return said[0]


def _asking(session: Session, ticket: Ticket, then: Then) -> tuple[str, Waits | None]:
    """How it is worded, and as what the viewer's next words are heard."""
    if then is Then.asks:
        return WORDING[then], Waits.decision if complaints.is_decided(session, ticket) else Waits.answer
    if then is Then.closes and ticket.reopened and satisfaction.is_over(session, ticket):
        return CLOSES_AGAIN, Waits.solved
    return WORDING[then], None


def _step(
    session: Session, ticket: Ticket, text: str, then: Then, by: str, now: datetime, message_id: int
) -> int | None:
    if then is Then.asks:
        return steps.ask(session, ticket, text, by=by, now=now, message_id=message_id)
    if then is Then.closes:
        return steps.close(session, ticket, text, by=by, now=now, message_id=message_id)
    return steps.reply(session, ticket, text, by=by, now=now, message_id=message_id)
