"""Quick replies, sensitive words, saved views and templates over HTTP."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.agents import sessions
from app.agents.rights import Role
from app.conversations import accounts, routing
from app.conversations.models import Message
from app.desk import quick, quick_lists, saved
from app.desk.quick import Place, Scope, Written
from tests.console.conftest import HTMX, Console, Person
from tests.factories import conversations as make
from tests.factories.desk import hear

PNG = b"\x89PNG\r\n\x1a\n" + bytes(60)
TEMPLATE = {"id": "TPL_1", "name": "工单进展", "fields": [["thing1", "问题"]]}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The rules are tried on both engines elsewhere."""
    return sqlite_url


@pytest.fixture
async def zhou(console: Console) -> Person:
    return await console.person("zhou", Role.supervisor, Role.operator, name="周正")


async def upload(person: Person, path: str, content: bytes, **fields: str) -> Any:
    headers = HTMX | {"x-csrf": sessions.csrf(person.token)}
    return await person.http.post(path, files={"file": ("a.png", content)}, data=fields, headers=headers)


async def talk_of(console: Console, person: Person) -> int:
    now = datetime.now(UTC)
    await console.db.write(
        accounts.save, platform="wechat", name="main", settings=make.WECHAT | {"templates": [TEMPLATE]},
        secrets=make.SECRETS, keyring=console.app.state.service.keyring, now=now,
    )  # fmt: skip
    console.app.state.service.directory.forget()
    (channel,) = [each for each in await console.db.read(accounts.list_channels) if each.name == "main"]
    talk = await make.conversation(console.db, channel.id, wrote_at=None)
    await console.db.write(routing.take_over, talk, by=person.actor, now=now)
    return talk


async def test_a_reply_is_added_with_a_picture_changed_and_deleted(console: Console, zhou: Person) -> None:
    kept = (await upload(zhou, "/replies/picture", PNG)).json()
    fields = {"shortcut": "/Step", "text": "请按图操作", "place": "all", "picture": kept["ticket"], "name": "步骤.png"}
    added = await zhou.post("/replies", **fields)
    assert (added.status_code, "changed" in added.headers["hx-trigger"]) == (204, True)
    listed = await zhou.get("/replies")
    assert "/step" in listed.text
    (reply_id,) = re.findall(r'hx-get="/replies/(\d+)"', listed.text)
    form = await zhou.http.get(f"/replies/{reply_id}", headers=HTMX)
    assert 'alt="步骤.png"' in form.text
    edited = await zhou.post(f"/replies/{reply_id}", shortcut="step", text="{客服}说", place="own")
    assert edited.status_code == 204
    reply = await console.db.read(quick_lists.get_reply, int(reply_id), by=zhou.actor)
    assert (reply.scope, reply.text, reply.pictures) == (Scope.own, "{客服}说", ())
    await zhou.post(f"/replies/{reply_id}/delete")
    assert "还没有快捷回复" in (await zhou.get("/replies")).text


async def test_a_picture_of_somebody_else_cannot_be_taken(console: Console, zhou: Person) -> None:
    kept = (await upload(zhou, "/replies/picture", PNG)).json()
    lin = await console.person("lin", Role.agent)
    answer = await lin.post("/replies", shortcut="a", text="好", place="own", picture=kept["ticket"], name="x")
    assert answer.status_code == 404
    assert (await upload(zhou, "/replies/picture", b"no picture")).status_code == 422


async def test_a_preview_shows_what_is_filled_in_and_what_is_unknown(zhou: Person) -> None:
    shown = (await zhou.post("/replies/preview", text="您好{观众}，{客服}，{订单}<b>")).text
    assert "您好小雨，周正，【订单】&lt;b&gt;" in shown
    assert "没有这个变量：订单" in shown


async def test_tables_go_out_and_in(console: Console, zhou: Person) -> None:
    content = "快捷词,内容\nhi,您好\ntk,退款\n".encode()
    taken = await upload(zhou, "/replies/table", content, place="all")
    assert taken.status_code == 204
    table = await zhou.get("/replies/table")
    assert "attachment" in table.headers["content-disposition"]
    assert table.text.startswith("\ufeff快捷词,内容")
    assert "tk,退款,全部" in table.text
    wrong = await upload(zhou, "/replies/table", "快捷词,内容\na b,您好\n".encode(), place="all")
    assert (wrong.status_code, "第 2 行" in wrong.json()["error"]) == (422, True)
    lin = await console.person("lin", Role.agent)
    assert (await upload(lin, "/replies/table", content, place="all")).status_code == 403


async def test_words_are_listed_changed_and_tried_out(console: Console) -> None:
    ye = await console.person("ye", Role.operator)
    await ye.post("/words", words="垃圾\n赔偿\n", blocks="yes", advice="请换个说法")
    listed = (await ye.get("/words")).text
    word_id = re.findall(r'hx-get="/words/(\d+)"', listed)[0]
    await ye.post(f"/words/{word_id}", word="绝对", blocks="no", advice="")
    tried = (await ye.post("/words/try", text="绝对不是垃.圾")).text
    assert tried.index("不能发送") < tried.index("提醒")
    assert "没有敏感词" in (await ye.post("/words/try", text="您好")).text
    assert (await ye.post(f"/words/{word_id}/delete")).status_code == 204
    assert (await ye.http.get(f"/words/{word_id}", headers=HTMX)).status_code == 404


async def test_the_reply_box_is_offered_quick_replies_filled_in(console: Console, zhou: Person) -> None:
    talk = await talk_of(console, zhou)
    written = Written("hi", '{观众}"您好"，我是{客服}')
    reply_id = await console.db.write(
        quick.add, by=zhou.actor, place=Place(Scope.own), written=written, now=datetime.now(UTC)
    )
    offered = (await zhou.http.get(f"/desk/{talk}/quick?q=h", headers=HTMX)).text
    assert 'data-text="【观众】&#34;您好&#34;，我是周正"' in offered
    assert "没有这样的快捷回复" in (await zhou.http.get(f"/desk/{talk}/quick?q=zz", headers=HTMX)).text
    await zhou.post(f"/desk/{talk}/quick/{reply_id}")
    assert (await console.db.read(quick_lists.get_reply, reply_id, by=zhou.actor)).used == 1


async def test_a_closed_window_offers_a_template_which_is_sent_once(console: Console, zhou: Person) -> None:
    talk = await talk_of(console, zhou)
    window = (await zhou.http.get(f"/desk/{talk}/window", headers=HTMX)).text
    assert "窗口已关闭" in window
    assert "发模板消息" in window
    assert "工单进展" in (await zhou.http.get(f"/desk/{talk}/notice", headers=HTMX)).text
    fields = {"template": "TPL_1", "value": "退款进度", "seen": "0", "key": "k" * 8}
    empty = await zhou.post(f"/desk/{talk}/notice", **fields | {"value": ""})
    assert (empty.status_code, "“问题”要填" in empty.json()["error"]) == (422, True)
    for _ in range(2):
        assert (await zhou.post(f"/desk/{talk}/notice", **fields)).status_code == 204
    assert await console.db.read(_notices, talk) == 1


async def test_one_fetch_brings_what_belongs_together(console: Console, zhou: Person) -> None:
    """Two hundred desks fetch after each message: what is told by one look is fetched at once."""
    talk = await talk_of(console, zhou)
    now = (await zhou.http.get(f"/desk/{talk}/log", headers=HTMX)).text
    assert re.findall(r'<(?:div|header)[^>]* id="(log|bar)"[^>]*data-(?:newest|stance)="(\w+)"', now) == [
        ("log", "0"), ("bar", "own")
    ]  # fmt: skip
    beside = (await zhou.http.get(f"/desk/{talk}/context", headers=HTMX)).text
    assert "窗口已关闭：现在写的会等观众再说话时发出" in beside[beside.index('id="window"') :]
    assert len(re.findall("hx-swap-oob", now + beside)) == 2


async def test_the_list_of_ones_own_tells_how_much_is_unread(console: Console, zhou: Person) -> None:
    talk = await talk_of(console, zhou)
    await hear(console.db, talk, datetime.now(UTC))
    for view, told in {"mine": ["1"], "snoozed": ["1"], "all": []}.items():
        shown = (await zhou.http.get(f"/desk/list?view={view}", headers=HTMX)).text
        assert re.findall(r'id="list"[^>]*data-unread="(\d+)"', shown) == told
        views = (await zhou.http.get(f"/desk/views?view={view}", headers=HTMX)).text
        assert (f"conversation:{talk}" in views) is not bool(told)  # the fresher one follows what is said


def _notices(session: Session, talk: int) -> int:
    own = (Message.conversation_id == talk, Message.kind == "notice", Message.text == "退款进度")
    return session.scalar(select(func.count()).where(*own)) or 0


async def test_filters_become_a_view_with_a_name(console: Console, zhou: Person) -> None:
    kept = await zhou.post("/desk/saved", name="退款的", view="queue", channel="", priority="2", title="", tag="退款")
    assert kept.status_code == 204
    (view,) = await console.db.read(saved.list_own, by=zhou.actor)
    assert view.filters == {"view": "queue", "priority": "2", "tag": "退款"}
    assert "/desk?view=queue&amp;priority=2&amp;tag=%E9%80%80%E6%AC%BE" in (await zhou.get("/desk")).text
    await zhou.post(f"/desk/saved/{view.id}", name="急退款")
    assert "急退款" in (await zhou.http.get("/desk/saved", headers=HTMX)).text
    await zhou.post(f"/desk/saved/{view.id}/delete")
    assert "急退款" not in (await zhou.get("/desk")).text


async def test_suggestions_are_a_part_of_the_page_that_may_be_empty(console: Console, zhou: Person) -> None:
    talk = await talk_of(console, zhou)
    shown = await zhou.http.get(f"/desk/{talk}/suggestions", headers=HTMX)
    assert (shown.status_code, "data-suggests" in shown.text) == (200, False)
