"""The written decision about a complaint, sent to its viewer; and what he says of it, where he says it to a person."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from app.agents import audit, rights
from app.agents.rights import Action, Actor
from app.channels.text import carriable
from app.conversations import routing
from app.conversations.models import Conversation
from app.desk import words
from app.desk.models import SentKey
from app.desk.replies import LONGEST_KEY
from app.desk.tickets import closing, reaching, telling
from app.dialogue import threads
from app.dialogue.turn import Awaiting, Waits
from app.tickets import complaints, finding
from app.tickets.models import ComplaintState, Ticket

REMEDIES: Final = "您可以申请公司复核（回复“复核”），也可以拨打 12315 向市场监督管理部门投诉。"
"""What a decision names where its writer names nothing else."""
ACCEPTED_WITHIN: Final = timedelta(days=30)
WORDING: Final = (
    "【投诉 {number} 书面答复】\n{decision}\n\n如果您不同意这个结果：{remedies}\n"
    "请告诉我们您是否接受，回复“接受”或“不接受”。"
)
AGAIN: Final = "【投诉 {number}】\n{text}\n现在请告诉我们您是否接受，回复“接受”或“不接受”。"


def decide(
    session: Session, ticket_id: int, *, by: Actor, decision: str, remedies: str, key: str, now: datetime,
    even_if_doubtful: bool = False,
) -> int | None:  # fmt: skip
    """The message's id; None where no channel leads to the viewer, and he is to be told by phone or letter.

    A repeat with the same ``key`` decides nothing anew. TextMissing, NoComplaint, TicketClosed, InGroup, WordBlocked,
    WordDoubtful unless ``even_if_doubtful``, TextTooLong.
    """
    rights.require(by, Action.decide_complaints)
    said, further = closing.read_text(decision), closing.read_text(remedies or REMEDIES)
    place, key = _place(session, ticket_id), carriable(key)[:LONGEST_KEY]
    if place is not None and (known := session.get(SentKey, (by.id, place.id, key))):
        return known.message_id
    ticket = finding.lock_open(session, ticket_id)
    formal, message_id = complaints.get(session, ticket), None
    if place is None:  # no message keeps the key: the same words of the same person are a repeat
        if (formal.state, formal.decided_by, formal.decision) == (ComplaintState.decided, by.id, said):
            return None
    else:
        words.check(session, f"{said}\n{further}", even_if_doubtful=even_if_doubtful)
        text = WORDING.format(number=f"T-{ticket.number}", decision=said, remedies=further)
        message_id = _say(session, place, ticket, text, by, key, now)
    complaints.decide(session, ticket, decision=said, remedies=further, agent_id=by.id, now=now, message_id=message_id)
    audit.record(session, by, Action.decide_complaints, subject="ticket", subject_id=ticket_id, now=now)
    return message_id


def ask_again(
    session: Session, ticket_id: int, *, by: Actor, text: str, key: str, now: datetime, even_if_doubtful: bool = False
) -> int | None:
    """``text``: what was done of what was decided; then whether he accepts it now. As ``decide``; NotDecided."""
    rights.require(by, Action.work_tickets)
    said = closing.read_text(text)
    place, key = _place(session, ticket_id), carriable(key)[:LONGEST_KEY]
    if place is not None and (known := session.get(SentKey, (by.id, place.id, key))):
        return known.message_id
    ticket, message_id = finding.lock_open(session, ticket_id), None
    if place is not None:
        complaints.require_decided(session, ticket)
        words.check(session, said, even_if_doubtful=even_if_doubtful)
        message_id = _say(session, place, ticket, AGAIN.format(number=f"T-{ticket.number}", text=said), by, key, now)
    complaints.ask_again(session, ticket, said, by=str(by.id), now=now, message_id=message_id)
    return message_id


def _place(session: Session, ticket_id: int) -> Conversation | None:
    """Where its viewer is told, locked; InGroup."""
    place_id = reaching.place_of(session, finding.get(session, ticket_id))
    if place_id is not None and reaching.is_group(session, place_id):
        raise reaching.InGroup
    return routing.lock(session, place_id) if place_id is not None else None


def _say(session: Session, place: Conversation, ticket: Ticket, text: str, by: Actor, key: str, now: datetime) -> int:
    """And his next words on it are heard as his answer."""
    routing.open_for_answer(session, place, by=by, now=now)
    message_id = telling.say(session, place, text, author=str(by.id), now=now)
    session.add(SentKey(agent_id=by.id, conversation_id=place.id, key=key, message_id=message_id, at=now))
    until = int((now + ACCEPTED_WITHIN).timestamp())
    threads.expect(session, place.id, Awaiting(Waits.decision, (str(ticket.number),), until))
    return message_id


def settle(session: Session, ticket_id: int, *, by: Actor, outcome: ComplaintState, text: str, now: datetime) -> None:
    """What the viewer said to a person. NoComplaint, NotDecided, TicketClosed, TextMissing."""
    rights.require(by, Action.work_tickets)
    said = closing.read_text(text)
    complaints.settle(session, finding.lock_open(session, ticket_id), outcome, said, by=str(by.id), now=now)
