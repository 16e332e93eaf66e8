"""What becomes a ticket, through the batch on real databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents.calendars import read_calendar
from app.channels.content import Image, Recalled, Text
from app.conversations.models import Conversation, Message
from app.dialogue import phrases
from app.dialogue.rules import Rules
from app.tickets import finding
from app.tickets.models import Ticket
from app.viewers.models import Consent, Identity
from tests.dialogue.conftest import Talk
from tests.factories import ticketing

THEFT = "我会员被人登了，现在还在看，赶紧"


async def stored(talk: Talk) -> list[Ticket]:
    return await talk.db.read(lambda session: list(session.scalars(select(Ticket).order_by(Ticket.id))))


async def history(talk: Talk, number: int) -> list[tuple[str, str, int | None]]:
    def read(session: Session) -> list[tuple[str, str, int | None]]:
        return [(e.kind, e.text, e.seq) for e in finding.history(session, finding.lock_number(session, number))]

    return await talk.db.write(read)


async def conversation(talk: Talk) -> Conversation:
    return await talk.db.read(lambda session: session.scalars(select(Conversation)).one())


async def consents(talk: Talk) -> list[tuple[str, bool]]:
    def read(session: Session) -> list[tuple[str, bool]]:
        return [(row.topic, row.granted) for row in session.scalars(select(Consent).order_by(Consent.id))]

    return await talk.db.read(read)


def closed_now(talk: Talk) -> Rules:
    """Rules under which nobody is there for the next two hours."""
    begins, ends = talk.now + timedelta(hours=2 + 8), talk.now + timedelta(hours=10 + 8)
    hours = read_calendar(f"每天 {begins:%H:%M}-{ends:%H:%M}")
    rules = talk.rules
    return Rules(rules.brain, hours, rules.promises, rules.silence, rules.burst)


# -------------------- hand-overs


async def test_a_ticket_says_what_was_not_understood_not_how_it_was_denied(talk: Talk) -> None:
    await talk.say("我那个东西弄不了你给看下")
    answer = await talk.say("都不是，就是上回那样的")
    ticket = (await stored(talk))[0]
    assert ticket.subject.startswith("我那个东西弄不了你给看下")
    assert f"T-{ticket.number}" in (answer.text or "")
    assert ticket.due_at is not None


async def test_a_ticket_names_the_matter_and_what_was_heard(talk: Talk) -> None:
    await talk.say("《长风渡》第8集卡，怎么办")
    await talk.say("播放卡顿、一直缓冲怎么办？")
    await talk.say("还是不行")
    ticket = (await stored(talk))[0]
    assert (ticket.kind, ticket.category) == ("fault", "playback.buffering")
    assert ticket.subject.startswith("播放卡顿")
    opened = (await history(talk, ticket.number))[0]
    assert "《长风渡》" in opened[1]
    assert "第 8 集" in opened[1]


async def test_out_of_hours_a_ticket_is_made_and_the_bot_stays(talk: Talk) -> None:
    talk.rules = closed_now(talk)
    answer = await talk.say("转人工")
    assert "不在人工服务时间" in (answer.text or "")
    assert (await conversation(talk)).owner == "bot"
    await talk.say("电视上看不了，昨天还好好的呢")
    refund = await talk.say("会员可以退款吗？")
    assert "退" in (refund.text or ""), "a question is answered also at night"
    assert len(await stored(talk)) == 1
    assert ("added", "电视上看不了，昨天还好好的呢", 3) in await history(talk, 1)


async def test_a_second_call_for_a_person_at_night_is_the_same_ticket(talk: Talk) -> None:
    talk.rules = closed_now(talk)
    first, second = await talk.say("转人工"), await talk.say("人工")
    assert "T-1" in (first.text or "")
    assert "T-1" in (second.text or "")
    assert len(await stored(talk)) == 1


# -------------------- urgent


async def test_an_urgent_matter_is_answered_and_goes_first(talk: Talk) -> None:
    answer = await talk.say(THEFT)
    ticket = (await stored(talk))[0]
    assert (ticket.priority, ticket.category) == ("high", "account.stolen")
    assert "T-1" in (answer.text or "")
    assert (await conversation(talk)).owner == "bot"
    more = await talk.say("退不出去啊，他把手机号换了")
    assert (await conversation(talk)).owner == "queue", "a person at once, while somebody is there"
    assert "T-1" in (more.text or "")
    assert "人工客服" in (more.text or "")
    assert len(await stored(talk)) == 1


async def test_an_ordinary_ticket_becomes_urgent(talk: Talk) -> None:
    talk.rules = closed_now(talk)
    await talk.say("转人工")
    before = (await stored(talk))[0]
    await talk.say(THEFT)
    after = (await stored(talk))[0]
    assert (before.priority, after.priority) == ("normal", "high")
    assert before.due_at is not None
    assert after.due_at is not None
    assert after.due_at < before.due_at
    assert [kind for kind, _, _ in await history(talk, 1)] == ["opened", "added", "raised"]


@pytest.mark.parametrize("text", ["孩子拿我手机充了三百块，能退吗", "我女儿看直播打赏了好几百", "小孩偷偷买了会员年卡"])
async def test_a_childs_payment_goes_first(talk: Talk, text: str) -> None:
    answer = await talk.say(text)
    ticket = (await stored(talk))[0]
    assert (ticket.kind, ticket.priority) == ("refund", "high")
    assert f"T-{ticket.number}" in (answer.text or "")
    assert "{" not in (answer.text or "")


async def test_what_is_asked_after_a_childs_payment_was_not_said_before(talk: Talk) -> None:
    """The alarm knows the matter, but its words are not the entry's: that one is still to be said in full."""
    refund = talk.rules.brain.knowledge.entries["membership.refund"]
    await talk.say("孩子拿我手机充了三百块，能退吗")
    assert ((await talk.say("会员怎么退款")).text or "").startswith(refund.answer)
    assert ((await talk.say("会员怎么退款")).text or "").startswith(refund.again[0])


async def test_a_childs_payment_goes_first_in_the_queue_as_well(talk: Talk) -> None:
    await talk.say("转人工")
    answer = await talk.say("我女儿偷偷充了三百")
    assert "T-1" in (answer.text or "")
    assert [(ticket.priority, ticket.status) for ticket in await stored(talk)] == [("high", "open")]
    assert (await conversation(talk)).owner == "queue"


async def test_so_many_suggestions_and_no_more(talk: Talk) -> None:
    for number in range(13):
        talk.now += timedelta(minutes=1)
        await talk.say(f"建议你们把第 {number} 期的片尾歌单列出来")
    assert len(await stored(talk)) == 10
    assert len(await history(talk, 10)) == 4


async def test_thanks_are_no_answer_to_what_was_asked(talk: Talk) -> None:
    await talk.say("投诉")
    await talk.db.write(ticketing.ask, 1, "哪天的事？", by="agent", now=talk.now)
    await talk.say("工单进度")
    await talk.say("谢谢")
    assert (await stored(talk))[0].status == "waiting"


async def test_buying_for_a_child_is_not_urgent(talk: Talk) -> None:
    await talk.say("孩子想看动画片，怎么充会员")
    assert not await stored(talk)


async def test_danger_is_met_with_words_and_a_person(talk: Talk) -> None:
    answer = await talk.say("活着没意思，我不想活了")
    assert "12356" in (answer.text or "")
    assert (await conversation(talk)).owner == "queue"
    assert (await stored(talk))[0].priority == "high"
    more = await talk.say("你在吗")
    assert "12356" in (more.text or ""), "no “added to your ticket” here"


async def test_danger_at_night_is_stayed_with(talk: Talk) -> None:
    talk.rules = closed_now(talk)
    assert "12356" in ((await talk.say("我不想活了")).text or "")
    assert (await conversation(talk)).owner == "bot"
    more = await talk.say("没有人会在乎的，你也一样")
    assert more.text == phrases.CARED_FOR
    assert ("added", "没有人会在乎的，你也一样", 3) in await history(talk, 1)


# -------------------- complaints, suggestions, requests


async def test_a_complaint_is_registered_with_its_day_and_takes_evidence(talk: Talk) -> None:
    angry = await talk.say("你们这什么垃圾平台，扣我三次钱，客服还挂我电话")
    assert "1. 转人工\n2. 投诉" in (angry.text or "")
    answer = await talk.say("我要投诉 要书面答复")
    ticket = (await stored(talk))[0]
    assert (ticket.kind, ticket.priority) == ("complaint", "high")
    assert "扣我三次钱" in ticket.subject
    assert talk.rules.promises.complaint_office in (answer.text or "")
    assert (await conversation(talk)).owner == "bot"
    picture = await talk.say(Image("https://example.com/p", "m"))
    assert f"T-{ticket.number}" in (picture.text or "")
    assert ("added", "[图片]", 5) in await history(talk, ticket.number)
    due = await talk.say("具体哪天给我答复 别跟我说尽快")
    assert f"T-{ticket.number}" in (due.text or "")
    assert len(await stored(talk)) == 1


async def test_a_complaint_beside_an_open_ticket_has_its_own_number(talk: Talk) -> None:
    talk.rules = closed_now(talk)
    await talk.say("转人工")
    await talk.say("投诉")
    await talk.say("投诉")
    assert [ticket.kind for ticket in await stored(talk)] == ["inquiry", "complaint"]


async def test_each_suggestion_is_its_own_and_asks_for_consent_once(talk: Talk) -> None:
    await talk.say("建议你们每期片尾放一下歌单，每次都要去搜")
    await talk.say("要的")
    await talk.say("再提一个，能不能别老请同一拨人")
    await talk.say("不用了")
    assert [ticket.kind for ticket in await stored(talk)] == ["suggestion", "suggestion"]
    assert await consents(talk) == [("ticket:1", True)]


async def test_a_suggestion_that_is_only_announced_is_asked_for(talk: Talk) -> None:
    await talk.say("提建议")
    assert not await stored(talk)
    await talk.say("片尾把歌单列出来吧")
    assert [ticket.subject for ticket in await stored(talk)] == ["片尾把歌单列出来吧"]


async def test_a_request_for_personal_data_is_registered(talk: Talk) -> None:
    await talk.say("怎么查看或删除我的个人信息？")
    await talk.say("好的")
    ticket = (await stored(talk))[0]
    assert ticket.kind == "data"
    assert ticket.due_at == talk.rules.due("data", "normal", ticket.opened_at)


async def test_pushes_are_refused_and_agreed_to_with_a_history(talk: Talk) -> None:
    await talk.say("退订")
    await talk.say("恢复推送")
    await talk.say("TD")
    assert await consents(talk) == [("pushes", False), ("pushes", True), ("pushes", False)]
    identity = await talk.db.read(lambda session: session.scalars(select(Identity)).one())
    assert identity.refused_pushes_at is not None


# -------------------- progress


async def test_progress_is_told_of_the_ticket_that_the_words_fit(talk: Talk) -> None:
    await talk.say("建议你们每期片尾放一下歌单，每次都要去搜")
    await talk.say("不用")
    await talk.say("投诉")
    answer = await talk.say("工单进度")
    assert "T-2" in (answer.text or "")
    assert "回复“所有工单”" in (answer.text or "")
    listed = (await talk.say("所有工单")).text or ""
    assert listed.index("T-2") < listed.index("T-1")
    assert "歌单" in ((await talk.say("1")).text or "")


async def test_another_persons_ticket_does_not_exist(talk: Talk) -> None:
    await talk.say("投诉", "other")
    await talk.say("建议你们每期片尾放一下歌单，每次都要去搜", "viewer")
    await talk.say("不用", "viewer")
    await talk.say("工单进度", "viewer")
    for words in ("那 T-1 呢", "1", "T-1", "t-999"):
        answer = (await talk.say(words, "viewer")).text or ""
        assert "没有编号为 T-" in answer, words
        assert "投诉" not in answer


async def test_the_answer_that_a_ticket_waits_for_starts_it_again(talk: Talk) -> None:
    await talk.say("投诉")
    await talk.db.write(ticketing.ask, 1, "您是在电视上还是手机上看的？", by="agent", now=talk.now)
    talk.now += timedelta(hours=1)
    asked = await talk.say("工单进度")
    assert "您是在电视上还是手机上看的" in (asked.text or "")
    before = (await stored(talk))[0]
    assert before.status == "waiting"
    talk.now += timedelta(days=1)
    await talk.say("工单进度")
    answer = await talk.say("哦哦 是电视上看的，第7集没有")
    after = (await stored(talk))[0]
    assert (after.status, after.asked) == ("in_progress", None)
    assert before.due_at is not None
    assert after.due_at is not None
    assert after.due_at > before.due_at
    assert "T-1" in (answer.text or "")
    assert (await history(talk, 1))[-1][:2] == ("answered", "哦哦 是电视上看的，第7集没有")


async def test_solved_closes_what_it_is_about_but_no_complaint(talk: Talk) -> None:
    talk.rules = closed_now(talk)
    await talk.say("转人工")
    await talk.say("投诉")
    await talk.say("好了，解决了")
    assert {ticket.kind: ticket.status for ticket in await stored(talk)} == {"inquiry": "closed", "complaint": "open"}


async def test_what_is_urgent_is_not_closed_by_a_word(talk: Talk) -> None:
    await talk.say(THEFT)
    await talk.say("好了")
    assert (await stored(talk))[0].status == "open"


# -------------------- bursts, recalls


async def test_a_flood_is_kept_and_answered_once(talk: Talk) -> None:
    pushes = [talk.push(f"会员怎么退款{'？' * n}") for n in range(30)]
    answers = await talk.bring(pushes)
    assert all(answer.text for answer in answers[:20])
    assert "发得有点快" in (answers[20].text or "")
    assert not any(answer.text for answer in answers[21:])
    assert (await talk.say("转人工")).text, "a person can be called at any time"
    talk.now += timedelta(minutes=2)
    kept = await talk.db.read(lambda session: list(session.scalars(select(Message).where(Message.direction == "in"))))
    assert len(kept) == 31
    calm = talk.push("会员可以退款吗？", "somebody else")
    assert (await talk.bring([calm]))[0].text, "others are not slowed down"


async def test_a_recalled_message_is_marked_for_whoever_reads_it(talk: Talk) -> None:
    await talk.bring([talk.push("发错了别看", key="m:77")])
    answer = await talk.say(Recalled("m:77"))
    assert answer.text is None
    rows = await talk.db.read(lambda session: list(session.scalars(select(Message).order_by(Message.seq))))
    assert [row.text for row in rows if row.recalled_at] == ["发错了别看"]
    stranger = talk.push(Recalled("m:77"), "somebody else")
    talk.now += timedelta(days=1)
    await talk.bring([stranger])
    again = await talk.db.read(lambda session: session.scalars(select(Message).where(Message.seq == 1)).first())
    assert again is not None
    assert again.recalled_at == rows[0].recalled_at, "nobody takes back what another wrote"


# -------------------- two at once


async def test_two_in_one_batch_share_a_ticket(talk: Talk) -> None:
    answers = await talk.bring([talk.push("转人工"), talk.push("快点啊"), talk.push(THEFT)])
    assert "T-1" in (answers[0].text or "")
    ticket = (await stored(talk))[0]
    assert ticket.priority == "high"
    assert [kind for kind, _, _ in await history(talk, 1)] == ["opened", "added", "added", "raised"]


async def test_a_tapped_choice_means_what_it_names_whenever_it_is_tapped(talk: Talk) -> None:
    for _ in range(2):
        answer = await talk.say(Text("播放卡顿", menu_id="playback.buffering"))
        assert answer.said == "answered"
        talk.now += timedelta(days=2)


async def test_a_ticket_says_when_it_happened_also_after_midnight(talk: Talk) -> None:
    talk.now = datetime(2026, 3, 2, 15, 50, tzinfo=UTC)  # 23:50 in Beijing
    await talk.say("《长风渡》昨晚一直卡，怎么办")
    talk.now += timedelta(minutes=20)
    await talk.say("转人工")
    opened = (await history(talk, (await stored(talk))[0].number))[0]
    assert "发生时间：3月1日 晚上" in opened[1]


async def test_a_ticket_does_not_say_that_it_happened_just_now(talk: Talk) -> None:
    await talk.say("刚才一直卡，转人工")
    await talk.say("转人工")
    assert "发生时间" not in (await history(talk, (await stored(talk))[0].number))[0][1]
