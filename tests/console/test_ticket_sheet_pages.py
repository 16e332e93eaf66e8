"""The page of one ticket over HTTP: who sees and may do what, and what its forms write."""

import html
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.agents import sessions
from app.agents.calendars import BEIJING
from app.agents.models import Agent
from app.agents.rights import Role
from app.conversations import accounts
from app.conversations.models import Message
from app.desk.tickets import attaching, labelling, macros
from app.desk.tickets.macros import Written
from app.tickets.models import Ticket, TicketEvent, TicketFile
from tests.console.conftest import HTMX, Console, Person
from tests.factories import conversations as talks
from tests.factories import ticketing
from tests.factories.conversations import NOW

KEY = "0123456789"
TEMPLATE = {"id": "TPL_1", "name": "退款进度", "fields": [["thing1", "问题"]]}
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64
FACTS = {"subject": "第8集没有字幕", "kind": "fault", "priority": "normal"}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The rules are tried on both engines elsewhere."""
    return sqlite_url


@pytest.fixture
async def lin(console: Console) -> Person:
    return await console.person("lin", Role.agent, name="林小满")


async def kinds(console: Console, ticket_id: int) -> list[str]:
    rows = select(TicketEvent.kind).where(TicketEvent.ticket_id == ticket_id).order_by(TicketEvent.id)
    return list(await console.db.read(lambda session: session.scalars(rows).all()))


async def row(console: Console, ticket_id: int) -> Ticket:
    return await console.db.read(lambda session: session.get_one(Ticket, ticket_id))


async def reachable(console: Console, **values: Any) -> int:
    """A ticket whose viewer wrote on a channel of WeChat long ago: his window is closed."""
    channel = await talks.channel(console.db)
    talk = await talks.conversation(console.db, channel, wrote_at=None)
    return await ticketing.ticket(console.db, conversation_id=talk, viewer_id=1, **values)


async def test_each_role_sees_it_and_is_offered_what_it_may_do(console: Console, lin: Person) -> None:
    one = await ticketing.ticket(console.db, number=1024, contact="王女士 13800006620", source="phone")
    quality = await console.person("su", Role.quality)
    own, read = (await lin.get(f"/tickets/{one}")).text, (await quality.get(f"/tickets/{one}")).text
    assert "王女士 13800006620" in own
    assert "13800006620" not in read
    assert "****6620" in read
    for deed in ("我来处理", "并入另一个工单", 'id="telling"'):
        assert deed in own
        assert deed not in read
    assert 'id="noting"' in read
    admin = await console.person("root", Role.administrator)
    assert (await admin.get(f"/tickets/{one}")).status_code == 403
    answer = await lin.get("/tickets/T-1024")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/tickets/{one}")
    assert (await lin.get("/tickets/T-1025")).status_code == 404


async def test_a_new_one_is_opened_once(console: Console, lin: Person) -> None:
    written = FACTS | {
        "key": KEY,
        "source": "phone",
        "contact": "王女士",
        "to": "me",
        "tags": "字幕",
        "timecode_s": "12:34",
    }
    first = await lin.post("/tickets/new", **written)
    again = await lin.post("/tickets/new", **written)
    assert first.headers["hx-redirect"] == again.headers["hx-redirect"]
    made = await row(console, int(first.headers["hx-redirect"].rsplit("/", 1)[1]))
    assert (made.owner_id, made.source, made.contact, made.timecode_s) == (lin.actor.id, "phone", "王女士", 754)
    wrong = await lin.post("/tickets/new", **written | {"key": KEY + "2", "timecode_s": "1:99"})
    assert wrong.status_code == 422
    assert wrong.json()["fields"] == {"timecode_s": "时间点要写成 12:34 或 1:02:03"}


async def test_what_it_may_be_about_and_what_is_there_is_said_while_it_is_typed(console: Console, lin: Person) -> None:
    await ticketing.ticket(console.db, number=77, subject="第8集没有字幕", category="playback.subtitle_missing")
    hints = (await lin.post("/tickets/hints", subject="第8集一直没有字幕")).text
    assert "T-77" in hints
    assert '"category": "playback.subtitle_missing"' in hints.replace("&#34;", '"')
    assert "T-77" not in (await lin.post("/tickets/hints", subject="会员怎么退款")).text
    assert "写下标题" in (await lin.post("/tickets/hints", subject="啊")).text


async def test_it_is_changed_given_and_noted(console: Console, lin: Person) -> None:
    one = await ticketing.ticket(console.db)
    changed = await lin.post(f"/tickets/{one}/facts", **FACTS | {"priority": "urgent", "episode": "8", "tags": "字幕"})
    assert changed.status_code == 204
    assert (await lin.post(f"/tickets/{one}/take")).status_code == 204
    assert (await lin.post(f"/tickets/{one}/note", text="问过制作部")).status_code == 204
    assert (await lin.post(f"/tickets/{one}/watch")).status_code == 204
    found = await row(console, one)
    assert (found.priority, found.episode, found.owner_id) == ("urgent", 8, lin.actor.id)
    page = (await lin.get(f"/tickets/{one}")).text
    for said in ("优先级：普通 → 紧急", "问过制作部", "取消关注", "#字幕"):
        assert said in page
    assert (await lin.post(f"/tickets/{one}/give", to="agent:x")).status_code == 422
    assert (await lin.post(f"/tickets/{one}/status", status="closed")).status_code == 422


async def test_a_complaint_has_a_deadline_also_where_nobody_names_one(console: Console, lin: Person) -> None:
    made = await lin.post("/tickets/new", **FACTS | {"kind": "complaint", "key": KEY})
    found = await row(console, int(made.headers["hx-redirect"].rsplit("/", 1)[1]))
    assert found.due_at is not None
    page = (await lin.get(f"/tickets/{found.id}")).text
    assert "正在核查" in page
    assert "投诉专员" in page
    for written in (
        "",
        re.findall(r'name="due" value="([^"]+)"', (await lin.get(f"/tickets/{found.id}/facts")).text)[0],
    ):
        await lin.post(f"/tickets/{found.id}/facts", **FACTS | {"kind": "complaint", "due": written, "tags": "催"})
        assert (await row(console, found.id)).due_at == found.due_at
    assert await kinds(console, found.id) == ["opened", "changed"]  # the tag alone


async def test_where_the_window_is_closed_a_template_can_leave_instead(console: Console, lin: Person) -> None:
    await console.db.write(
        accounts.save, platform="wechat", name="main", settings=talks.WECHAT | {"templates": [TEMPLATE]},
        secrets=talks.SECRETS, keyring=console.app.state.service.keyring, now=NOW,
    )  # fmt: skip
    console.app.state.service.directory.forget()
    (channel,) = [one.id for one in await console.db.read(accounts.list_channels) if one.name == "main"]
    talk = await talks.conversation(console.db, channel, wrote_at=None)
    one = await ticketing.ticket(console.db, conversation_id=talk, viewer_id=1)
    page = (await lin.get(f"/tickets/{one}")).text
    assert "现在先发模板消息“退款进度”" in page
    told = {"text": "字幕已经补上", "key": KEY, "template": "TPL_1"}
    assert (await lin.post(f"/tickets/{one}/tell", **told)).status_code == 422  # its field is empty
    filled = told | {"template:TPL_1:thing1": "第8集字幕"}
    assert (await lin.post(f"/tickets/{one}/tell", **filled)).status_code == 204
    (message,) = await console.db.read(lambda s: s.scalars(select(Message).where(Message.direction == "out")).all())
    assert "第8集字幕" in str((message.data or {})["fallback"])
    assert "字幕已经补上" in message.text
    assert await kinds(console, one) == ["replied"]


async def test_a_word_that_may_be_wrong_is_asked_about_and_nothing_is_lost(console: Console, lin: Person) -> None:
    one = await reachable(console)
    told = {"text": "您的【金额】已到账", "key": KEY}
    refused = await lin.post(f"/tickets/{one}/tell", **told)
    assert (refused.status_code, refused.headers["x-refused"]) == (409, "BlankDoubtful")
    assert await kinds(console, one) == []
    assert (await lin.post(f"/tickets/{one}/tell", **told | {"doubtful": "yes"})).status_code == 204
    assert (await lin.post(f"/tickets/{one}/tell", **told | {"doubtful": "yes"})).status_code == 204
    assert await kinds(console, one) == ["replied"]


async def test_files_are_checked_kept_and_given_back(console: Console, lin: Person) -> None:
    one = await ticketing.ticket(console.db)
    assert (await bring(lin, one, PNG, "扣款 截图.png", evidence="yes")).status_code == 204
    (kept,) = await console.db.read(lambda session: session.scalars(select(TicketFile)).all())
    assert (kept.name, kept.content_type, kept.is_evidence) == ("扣款 截图.png", "image/png", True)
    given = await lin.get(f"/tickets/files/{kept.id}")
    assert (given.content, given.headers["content-type"]) == (PNG, "image/png")
    assert "凭证" in (await lin.get(f"/tickets/{one}")).text
    for content in (b"<html>", b"", b"#!/bin/sh\n"):
        assert (await bring(lin, one, content, "a.png")).status_code == 422
    assert (await bring(lin, 999, PNG, "a.png")).status_code == 404
    assert (await lin.get("/tickets/files/999")).status_code == 404
    operator = await console.person("ye", Role.operator)
    assert (await bring(operator, one, PNG + b"1", "b.png")).status_code == 204
    admin = await console.person("root", Role.administrator)
    assert (await bring(admin, one, PNG, "a.png")).status_code == 403


async def bring(
    who: Person, ticket_id: int, content: bytes, name: str, *, to: str = "files", **fields: str
) -> Any:  # fmt: skip
    headers = HTMX | {"x-csrf": sessions.csrf(who.token)}
    files = {"file": (name, content)}
    return await who.http.post(f"/tickets/{ticket_id}/{to}", data=fields, files=files, headers=headers)


async def test_pictures_are_sent_with_the_words_by_whoever_brought_them(console: Console, lin: Person) -> None:
    one = await reachable(console)
    brought = await bring(lin, one, PNG, "步骤.png", to="upload")
    assert brought.status_code == 200
    picture = brought.json()["ticket"]
    assert (await lin.get(brought.json()["address"])).content == PNG
    boss = await console.person("zhou", Role.supervisor)
    told = {"text": "请按图操作", "key": KEY, "file": picture}
    assert (await boss.post(f"/tickets/{one}/tell", **told)).status_code == 404
    assert await kinds(console, one) == []
    assert (await lin.post(f"/tickets/{one}/tell", **told)).status_code == 204
    (kept,) = await console.db.read(lambda session: session.scalars(select(TicketFile)).all())
    assert (kept.name, kept.size, kept.content_type) == ("图片 1.png", len(PNG), "image/png")
    assert (await lin.get(f"/tickets/files/{kept.id}")).content == PNG
    page = (await lin.get(f"/tickets/{one}")).text
    assert "图片 1.png" in page
    assert "给观众的" in page
    assert (await bring(lin, one, b"%PDF-1.7", "a.pdf", to="upload")).status_code == 422
    quality = await console.person("su", Role.quality)
    assert (await bring(quality, one, PNG, "a.png", to="upload")).status_code == 403


async def test_more_files_than_a_ticket_holds_are_refused(console: Console, lin: Person) -> None:
    one = await ticketing.ticket(console.db)
    for number in range(attaching.MOST):
        assert (await bring(lin, one, PNG + bytes([number]), f"{number}.png")).status_code == 204
    assert (await bring(lin, one, PNG + b"last", "last.png")).status_code == 409


async def test_a_macro_does_all_of_it_or_nothing(console: Console, lin: Person) -> None:
    boss = await console.person("zhou", Role.supervisor)
    written = Written(
        "已提交财务", None, {"priority": "high", "tags": ["财务"]}, "已经提交财务，三天内到账。", closes=True
    )
    macro = await console.db.write(macros.add, by=boss.actor, written=written, now=NOW)
    one, alone = await reachable(console), await ticketing.ticket(console.db)
    assert "已提交财务" in (await lin.get(f"/tickets/{one}/macros", **HTMX)).text
    assert (await lin.post(f"/tickets/{alone}/macro", macro=macro, key=KEY)).status_code == 409  # no way to a viewer
    assert await kinds(console, alone) == []
    assert (await lin.post(f"/tickets/{one}/macro", macro=macro, key=KEY)).status_code == 204
    found = await row(console, one)
    assert (found.priority, found.status) == ("high", "closed")
    assert await kinds(console, one) == ["changed", "changed", "closed"]


async def test_two_are_merged_parted_and_one_is_split(console: Console, lin: Person) -> None:
    one, other = await ticketing.ticket(console.db, number=77), await ticketing.ticket(console.db)
    await lin.post(f"/tickets/{other}/note", text="还有画面花屏")
    (line,) = await console.db.read(lambda s: s.scalars(select(TicketEvent.id)).all())
    assert "还有画面花屏" in (await lin.get(f"/tickets/{other}/split", **HTMX)).text
    parted = await lin.post(f"/tickets/{other}/split", line=line, subject="画面花屏", key=KEY)
    again = await lin.post(f"/tickets/{other}/split", line=line, subject="画面花屏", key=KEY)
    assert parted.headers["hx-redirect"] == again.headers["hx-redirect"]
    assert (await lin.post(f"/tickets/{other}/merge", number="t77")).headers["hx-refresh"] == "true"
    assert "已并入" in (await lin.get(f"/tickets/{other}")).text
    assert (await lin.post(f"/tickets/{other}/merge", number="T-77")).status_code == 409
    assert (await lin.post(f"/tickets/{other}/unmerge")).status_code == 204
    assert (await row(console, other)).status == "open"
    assert (await row(console, one)).merged_into_id is None
    assert (await lin.post(f"/tickets/{one}/merge", number="T-9999")).status_code == 422


async def test_in_english_nothing_is_left_in_chinese(console: Console, lin: Person) -> None:
    await console.db.write(
        lambda s: s.execute(update(Agent).where(Agent.id == lin.actor.id).values(language="en")) and None
    )
    one = await reachable(console, subject="No subtitles", title="Dark", due_at=NOW, next_due_at=NOW, kind="complaint")
    await lin.post(f"/tickets/{one}/facts", **FACTS | {"subject": "No subtitles at all", "title": "Dark"})
    await lin.post(f"/tickets/{one}/note", text="asked")
    picture = (await bring(lin, one, PNG, "a.png", to="upload")).json()["ticket"]
    await lin.post(f"/tickets/{one}/tell", text="look", key=KEY, file=picture)
    page = re.sub(r"(?s)<(script|style|datalist|select).*?</\1>", "", (await lin.get(f"/tickets/{one}")).text)
    page = re.sub(r"(?s)<textarea.*?</textarea>|图片 1.png|微信观众|投诉专员|林小满|林", "", page)
    assert re.findall(r"[\u4e00-\u9fff]+", page) == []


async def test_having_it_open_is_having_seen_what_was_told(console: Console, lin: Person) -> None:
    one = await ticketing.ticket(console.db, owner_id=lin.actor.id)
    boss = await console.person("zhou", Role.supervisor, name="周正")
    await boss.post(f"/tickets/{one}/note", text="今天要给结果")
    assert "今天要给结果" in (await lin.get("/tickets/today")).text or "周正" in (await lin.get("/tickets/today")).text
    assert (await lin.post(f"/tickets/{one}/seen")).status_code == 204
    assert "周正" not in (await lin.get("/tickets/today")).text


async def test_what_is_no_ticket_is_not_there(lin: Person) -> None:
    for path in ("/tickets/9", "/tickets/9/now", "/tickets/9/facts", "/tickets/9/split"):
        assert (await lin.get(path)).status_code == 404, path
    for path, given in _DEEDS.items():
        assert (await lin.post(f"/tickets/9/{path}", **given)).status_code in (404, 409), path


_DEEDS: Mapping[str, dict[str, str]] = {
    "facts": FACTS, "give": {"to": "nobody"}, "take": {}, "status": {"status": "in_progress"},
    "watch": {}, "note": {"text": "x"},
    "tell": {"text": "x", "key": KEY}, "close": {"text": "x"}, "reopen": {"text": "x"}, "unmerge": {},
    "link": {"conversation": "1"}, "unlink": {"conversation": "1"}, "split": {"line": "1", "subject": "x", "key": KEY},
    "settle": {"outcome": "accepted", "text": "x"}, "ask-again": {"text": "x", "key": KEY},
}  # fmt: skip


def shown_by(form: str) -> str:
    (written,) = re.findall(r'name="shown" value="([^"]*)"', form)
    return html.unescape(written)


async def test_what_a_form_did_not_touch_is_not_written_over_what_a_colleague_changed(
    console: Console, lin: Person
) -> None:
    one = await ticketing.ticket(console.db, category="no.longer.there", contact="王女士 13800006620", source="phone")
    await lin.post(f"/tickets/{one}/facts", **FACTS | {"category": "no.longer.there", "tags": "字幕"})
    form = (await lin.get(f"/tickets/{one}/facts")).text
    assert '<option value="no.longer.there" selected>' in form  # else the next change would clear it
    opened = FACTS | {"shown": shown_by(form), "category": "no.longer.there", "contact": "王女士 13800006620"}
    chen = await console.person("chen", Role.agent)
    assert (
        await chen.post(f"/tickets/{one}/facts", **opened | {"priority": "urgent", "tags": "急"})
    ).status_code == 204
    renamed = opened | {"subject": "第8集字幕全没有", "tags": "字幕"}
    assert (await lin.post(f"/tickets/{one}/facts", **renamed)).status_code == 204
    found = await row(console, one)
    assert (found.subject, found.priority, found.category) == ("第8集字幕全没有", "urgent", "no.longer.there")
    assert await console.db.read(labelling.tags_of, one) == ("急",)  # chen took one away and added another
    late = await lin.post(f"/tickets/{one}/facts", **opened | {"priority": "low", "tags": "字幕"})
    assert (late.status_code, late.headers["x-refused"]) == (409, "FactsMoved")
    assert "优先级刚刚被同事改过" in late.json()["fields"]["priority"]
    assert (await row(console, one)).priority == "urgent"


async def test_who_takes_a_ticket_does_not_take_it_from_who_was_a_moment_faster(console: Console, lin: Person) -> None:
    one = await ticketing.ticket(console.db)
    chen = await console.person("chen", Role.agent, name="陈一诺")
    assert (await chen.post(f"/tickets/{one}/take", former="")).status_code == 204
    late = await lin.post(f"/tickets/{one}/take", former="")
    assert (late.status_code, late.json()["error"]) == (409, "这个工单刚刚交给了陈一诺，请先看看")
    page = (await lin.get(f"/tickets/{one}")).text
    assert "从陈一诺接过来" in page
    assert (await lin.post(f"/tickets/{one}/take", former=str(chen.actor.id))).status_code == 204
    assert (await row(console, one)).owner_id == lin.actor.id


async def test_a_long_history_is_shown_from_both_ends_and_whole_where_it_is_asked_for(
    console: Console, lin: Person
) -> None:
    made = await lin.post("/tickets/new", **FACTS | {"key": KEY, "description": "从头就没有"})
    one = int(made.headers["hx-redirect"].rsplit("/", 1)[1])

    def write(session: Session) -> None:
        session.add_all(
            TicketEvent(ticket_id=one, kind="noted", author="1", text=f"第{n}条。", at=NOW) for n in range(300)
        )

    await console.db.write(write)
    short, whole = (await lin.get(f"/tickets/{one}")).text, (await lin.get(f"/tickets/{one}/now?lines=450")).text
    assert "显示中间的 250 条" in short
    assert [text in short for text in ("从头就没有", "第249条。", "第250条。", "第299条。")] == [
        True,
        False,
        True,
        True,
    ]
    assert f'data-fresh="/tickets/{one}/now?lines=450"' in whole  # and stays so when something happens
    assert [text in whole for text in ("从头就没有", "第0条。", "第299条。", "显示中间的")] == [True, True, True, False]
    assert "第0条。" in (await lin.get(f"/tickets/{one}/split")).text


async def test_a_new_one_has_a_parent_a_skill_and_watchers(console: Console, lin: Person) -> None:
    chen = await console.person("chen", Role.agent)
    above = await ticketing.ticket(console.db, number=77)
    assert 'value="T-77"' in (await lin.get("/tickets/new?parent=T-77")).text
    made = await lin.post(
        "/tickets/new", **FACTS | {"key": KEY, "parent": "T-77", "skill": "字幕", "watchers": str(chen.actor.id)}
    )
    found = await row(console, int(made.headers["hx-redirect"].rsplit("/", 1)[1]))
    assert (found.parent_id, found.skill) == (above, "字幕")
    assert "取消关注" in (await chen.get(f"/tickets/{found.id}")).text


async def test_a_deadline_is_named_where_it_was_not_just_now(console: Console, lin: Person) -> None:
    one = await ticketing.ticket(console.db)
    due = NOW + timedelta(hours=1)

    def write(session: Session) -> None:
        detail = {"metric": "resolution", "due": due.isoformat()}
        for kind, at in (("warned", NOW), ("breached", due + timedelta(seconds=3))):
            session.add(TicketEvent(ticket_id=one, kind=kind, author="clock", text="", detail=detail, at=at))

    await console.db.write(write)
    page = re.sub(r"<[^>]+>|\s+", "", (await lin.get(f"/tickets/{one}")).text)
    assert f"快到期（期限{due.astimezone(BEIJING):%Y-%m-%d%H:%M}）" in page
    assert "超时（期限" not in page
