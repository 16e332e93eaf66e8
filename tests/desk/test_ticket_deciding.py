"""Complaints decided in writing, and what their viewers say of it."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.agents.rights import Actor, Forbidden
from app.conversations.models import Channel, Message
from app.db.database import Database
from app.desk.tickets import closing, deciding, opening, telling
from app.desk.tickets.closing import TextMissing
from app.desk.tickets.opening import Draft
from app.desk.tickets.reaching import InGroup
from app.tickets import finding, returning, service, steps
from app.tickets.complaints import NoComplaint, NotDecided
from app.tickets.finding import TicketClosed
from app.tickets.models import Complaint, ComplaintState, TicketEvent, TicketNotice
from tests.factories import conversations as make
from tests.factories import deadlines, desk, ticketing
from tests.factories import delivering as do
from tests.factories.conversations import NOW
from tests.factories.desk import audited

DAY = timedelta(days=1)
DECISION, WAYS = "退还两笔扣款，向您道歉。", "可以申请公司复核。"


@pytest.fixture
async def talk(db: Database) -> int:
    return await make.conversation(db, await make.channel(db))


@pytest.fixture
async def complaint(db: Database, talk: int, lin: Actor) -> int:
    await deadlines.policy(db, first_response_m=600, next_response_m=60, resolution_m=6000)
    return await opened(db, lin, talk)


async def opened(db: Database, by: Actor, talk: int | None = None) -> int:
    fields = {"subject": "扣了三次钱", "kind": "complaint", "due_at": NOW + 5 * DAY}
    source = "phone" if talk is None else "desk"
    draft = Draft(fields, conversation_id=talk, owner_id=by.id, source=source)
    return await db.write(opening.open_ticket, draft, by=by, now=NOW)


async def decide(db: Database, ticket: int, by: Actor, text: str = DECISION, key: str = "k") -> int | None:
    return await db.write(
        deciding.decide, ticket, by=by, decision=text, remedies=WAYS, key=key, now=NOW + DAY
    )  # fmt: skip


async def settle(db: Database, ticket: int, by: Actor, outcome: ComplaintState, text: str = "他说的") -> None:
    await db.write(deciding.settle, ticket, by=by, outcome=outcome, text=text, now=NOW + 2 * DAY)


def formal(session: Session, ticket: int) -> Complaint:
    return session.get_one(Complaint, ticket)


def kinds(session: Session, ticket: int) -> list[str]:
    own = select(TicketEvent.kind).where(TicketEvent.ticket_id == ticket).order_by(TicketEvent.id)
    return list(session.scalars(own))


async def test_it_is_sent_with_the_further_ways_and_waits_for_his_yes(
    db: Database, talk: int, complaint: int, zhou: Actor
) -> None:
    sent = await decide(db, complaint, zhou)
    assert sent is not None
    message = await db.read(do.message, sent)
    assert (message.conversation_id, message.author) == (talk, str(zhou.id))
    assert all(words in (message.text or "") for words in (DECISION, WAYS, "接受"))
    row, decided = await db.read(deadlines.ticket_of, complaint), await db.read(formal, complaint)
    assert row.status == "waiting"
    assert (decided.state, decided.decision, decided.remedies) == ("decided", DECISION, WAYS)
    assert (decided.decided_by, decided.decided_at, decided.remind_at) == (zhou.id, NOW + DAY, None)
    assert row.responded_at == NOW + DAY
    assert await db.read(deadlines.dues, complaint) == {"resolution": None}
    assert (await db.read(desk.talk_of, talk)).awaiting is not None
    assert await db.read(audited, "complaints.decide") == [(zhou.id, None)]


async def test_only_who_leads_decides(db: Database, complaint: int, lin: Actor) -> None:
    with pytest.raises(Forbidden):
        await decide(db, complaint, lin)


async def test_a_repeat_decides_nothing_anew_also_once_it_is_settled(db: Database, complaint: int, zhou: Actor) -> None:
    sent = await decide(db, complaint, zhou)
    assert await decide(db, complaint, zhou) == sent
    await settle(db, complaint, zhou, ComplaintState.accepted)
    assert await decide(db, complaint, zhou) == sent
    assert (await db.read(kinds, complaint)).count("decided") == 1
    messages = select(func.count()).select_from(Message).where(Message.direction == "out")
    assert await db.read(lambda s: s.scalar(messages)) == 1
    with pytest.raises(TicketClosed):
        await decide(db, complaint, zhou, key="other")


async def test_where_no_channel_leads_it_is_written_down_alone_once(db: Database, lin: Actor, zhou: Actor) -> None:
    called = await opened(db, lin)
    assert await decide(db, called, zhou) is None
    assert await decide(db, called, zhou) is None
    assert (await db.read(kinds, called)).count("decided") == 1
    assert await decide(db, called, zhou, "再退一笔。") is None
    assert (await db.read(kinds, called)).count("decided") == 2
    assert (await db.read(formal, called)).decision == "再退一笔。"


async def test_what_cannot_be_decided_is_refused(db: Database, talk: int, lin: Actor, zhou: Actor) -> None:
    fault = await ticketing.ticket(db, conversation_id=talk)
    with pytest.raises(NoComplaint):
        await decide(db, fault, zhou)
    complaint = await opened(db, lin, talk)
    with pytest.raises(TextMissing):
        await decide(db, complaint, zhou, " ")
    for outcome in (ComplaintState.accepted, ComplaintState.refused, ComplaintState.pending):
        with pytest.raises(NotDecided):
            await settle(db, complaint, lin, outcome)
    with pytest.raises(NoComplaint):
        await settle(db, fault, lin, ComplaintState.accepted)
    messages = select(func.count()).select_from(Message).where(Message.direction == "out")
    assert await db.read(lambda s: s.scalar(messages)) == 0


async def test_in_a_group_nobody_reads_the_decision(db: Database, lin: Actor, zhou: Actor) -> None:
    channel = await make.channel(db)
    await db.write(lambda s: s.execute(update(Channel).values(platform="qq")) and None)
    complaint = await opened(db, lin, await make.conversation(db, channel, "group:G1:M1"))
    with pytest.raises(InGroup):
        await decide(db, complaint, zhou)


# -------------------- what he says


async def test_accepted_it_is_done(db: Database, complaint: int, lin: Actor, zhou: Actor) -> None:
    await decide(db, complaint, zhou)
    await settle(db, complaint, lin, ComplaintState.accepted)
    row, settled = await db.read(deadlines.ticket_of, complaint), await db.read(formal, complaint)
    assert (row.status, settled.state, settled.settled_at) == ("closed", "accepted", NOW + 2 * DAY)
    assert (await db.read(kinds, complaint))[-2:] == ["accepted", "closed"]


async def test_refused_it_goes_on_and_those_who_lead_hear_of_it(
    db: Database, complaint: int, lin: Actor, zhou: Actor
) -> None:
    await decide(db, complaint, zhou)
    before = await db.read(lambda s: s.scalar(select(func.count()).select_from(TicketNotice)))
    await settle(db, complaint, lin, ComplaintState.refused)
    row = await db.read(deadlines.ticket_of, complaint)
    assert (row.status, row.asked, row.waiting_since, row.closed_at) == ("in_progress", None, None, None)
    dues = await db.read(deadlines.dues, complaint)
    assert set(dues) == {"resolution", "next_response"}  # he is owed a word again
    assert None not in dues.values()
    told = select(TicketNotice.agent_id).order_by(TicketNotice.event_id)
    assert (await db.read(lambda s: s.scalars(told).all()))[before:] == [zhou.id]
    assert await decide(db, complaint, zhou, "三笔都退。", key="again") is not None
    again = await db.read(formal, complaint)
    assert (again.state, again.settled_at) == ("decided", None)


async def test_once_the_money_is_there_it_waits_and_is_asked_again(
    db: Database, complaint: int, lin: Actor, zhou: Actor
) -> None:
    await decide(db, complaint, zhou)
    await settle(db, complaint, lin, ComplaintState.pending, "钱收到我才认")
    row, pending = await db.read(deadlines.ticket_of, complaint), await db.read(formal, complaint)
    assert (row.status, row.closed_at, pending.state, pending.settled_at) == ("waiting", None, "pending", None)
    assert "到位" in (row.asked or "")
    await settle(db, complaint, lin, ComplaintState.accepted)
    assert (await db.read(formal, complaint)).state == "accepted"


async def test_what_the_viewer_says_late_or_twice_is_kept_and_settles_nothing(
    db: Database, complaint: int, zhou: Actor
) -> None:
    await db.write(returning.settle, complaint, ComplaintState.accepted, "接受", now=NOW)  # before it is decided
    assert (await db.read(kinds, complaint))[-1] == "added"
    await decide(db, complaint, zhou)
    await db.write(returning.settle, complaint, ComplaintState.refused, "不接受", now=NOW + DAY)
    await db.write(returning.settle, complaint, ComplaintState.accepted, "算了接受", now=NOW + DAY)
    assert (await db.read(kinds, complaint))[-2:] == ["refused", "added"]
    assert (await db.read(deadlines.ticket_of, complaint)).status == "in_progress"


async def test_a_promise_that_begins_anew_is_the_deadline(db: Database, complaint: int, zhou: Actor) -> None:
    """He was asked something and told another day: he is not reminded of the old one."""

    def ask(session: Session) -> None:
        steps.ask(session, finding.lock(session, complaint), "哪一笔？", by="1", now=NOW)

    await db.write(ask)
    await db.write(service.resume, complaint, due=NOW + 9 * DAY, now=NOW + DAY)
    moved = await db.read(formal, complaint)
    assert (moved.deadline_at, moved.remind_at) == (NOW + 9 * DAY, NOW + 8 * DAY)
    await db.write(closing.close, complaint, by=zhou, text="撤诉", now=NOW + DAY)
    await db.write(returning.reopen, complaint, "没撤", due=NOW + 20 * DAY, now=NOW + 2 * DAY)
    assert (await db.read(formal, complaint)).deadline_at == NOW + 20 * DAY


async def test_without_a_decision_only_who_decides_ends_it(
    db: Database, complaint: int, lin: Actor, zhou: Actor
) -> None:
    with pytest.raises(closing.Undecided):
        await db.write(closing.close, complaint, by=lin, text="撤诉", now=NOW)
    with pytest.raises(closing.Undecided):
        await db.write(
            telling.tell, complaint, by=lin, text="撤诉", then=telling.Then.closes, key="k" * 8, now=NOW
        )  # fmt: skip
    assert await db.write(closing.close, complaint, by=zhou, text="撤诉", now=NOW)
