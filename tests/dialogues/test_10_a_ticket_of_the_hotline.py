"""Dialogue 10: the ticket of a call, asked for by an account of which nobody knows that it is the caller's."""

from datetime import UTC, datetime, timedelta

from app.agents.rights import Role
from app.desk.tickets import opening, reading
from app.desk.tickets.opening import Draft
from tests.dialogues.stage import Stage
from tests.factories import deadlines
from tests.factories.people import make_agent

COVERS = {10: "S1"}
PARTLY = {10: "E1 S2"}
ASKED = ("我前天打电话说的那个退款怎么样了", "处理得怎么样了", "T-20688 怎么样了", "所有工单")


async def test_nothing_of_the_callers_ticket_is_told(stage: Stage) -> None:
    caller = stage.viewer("来电")
    await caller.says("你好")
    two_days_ago = datetime.now(UTC) - timedelta(days=2)
    ticket = await caller.had_ticket(20688, "给妈妈买重了一份会员，要退一份", opened=two_days_ago, kind="refund")

    for number, words in enumerate(ASKED):
        reply = await stage.viewer(f"微信{number}").says(words)
        assert reply.text
        assert not any(detail in reply for detail in ("妈妈", "买重", "退一份"))
        assert "20688" in words or "20688" not in reply
    assert len(await stage.history(ticket)) == 1


async def test_what_an_agent_wrote_of_a_call_is_kept_and_told_to_nobody_who_writes(stage: Stage) -> None:
    agent, called = await make_agent(stage.db, "lin"), datetime.now(UTC)
    summary = (
        "来电：“我是上礼拜给我妈买的会员，买成两份了，你们给退一份吧，我手机 138 0000 6620”。\n"
        "上周给妈妈买重了一份会员，要退一份；答应三天内答复，原路退回。"
    )
    fields = {
        "subject": "买重了一份会员", "kind": "refund", "contact": "手机尾号 6620", "category": "membership.refund",
        "due_at": called + timedelta(days=3),
    }  # fmt: skip
    draft = Draft(fields, summary, source="phone")
    made = await stage.db.write(opening.open_ticket, draft, by=agent, now=called)
    ticket = await stage.db.read(deadlines.ticket_of, made)
    assert (ticket.source, ticket.contact, ticket.viewer_id) == ("phone", "手机尾号 6620", None)
    (line,) = await stage.history(ticket)
    assert (line.kind, line.text) == ("opened", summary)
    assert await stage.db.read(deadlines.dues, made) == {"promise": called + timedelta(days=3)}

    viewer = stage.viewer("小林")
    for words in ("我前天打电话说的那个退款怎么样了", f"T-{ticket.number} 怎么样了", "所有工单"):
        reply = await viewer.says(words)
        assert not any(detail in reply for detail in ("妈妈", "买重", "6620", "原路"))

    ordinary = await make_agent(stage.db, "su", roles=[Role.quality])
    own, masked = [
        await stage.db.read(reading.read, made, by=reader, account=None, now=called) for reader in (agent, ordinary)
    ]
    assert own.lines[0].text == summary
    assert masked.lines[0].text == summary.replace("138 0000 6620", "****6620")
    assert (own.contact, masked.contact) == ("手机尾号 6620", "****6620")
