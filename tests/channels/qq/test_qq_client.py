"""The client against the played platform on a real port, and against some that are none."""

import json
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.channels import outbound
from app.channels.base import Inbound
from app.channels.delivery import Delivery, DeliveryError, Line, Media, Outcome, Receipt, ReplyTo, Upload, Uploaded
from app.channels.outbound import Choice
from app.channels.qq.account import Account
from app.channels.qq.addresses import Scene
from app.channels.qq.platform import QQ
from app.simulator.trouble import Kind
from tests.fakes.qq import APP_ID, SECRET, Played, running

PLATFORM = QQ()
ACCOUNT = Account(APP_ID, SECRET)
HELLO = outbound.Text("您好。")
QUICK = httpx.Timeout(5, read=0.1)


@dataclass(frozen=True, slots=True)
class Desk:
    """Our side of a played platform."""

    played: Played
    line: Line

    def reply(self, scene: Scene = Scene.c2c, target: str = "U1", number: int = 1) -> ReplyTo:
        """To a message that somebody wrote just now."""
        pushed = self.played.acts.says(scene, target, "P1", "在吗")
        inbound = PLATFORM.restore(pushed.body)
        return ReplyTo(inbound.key, number)

    async def send(
        self, to: str = "c2c:U1", message: outbound.Message = HELLO, reply_to: ReplyTo | None = None, **more: Any
    ) -> Receipt:
        account = more.pop("account", ACCOUNT)
        return await PLATFORM.send(self.line, account, Delivery(to, message, "1", reply_to, **more))

    def seen(self, scene: Scene = Scene.c2c, target: str = "U1") -> list[str]:
        return [seen.text for seen in self.played.world.place(scene, target).seen]

    @property
    def last(self) -> dict[str, Any]:
        """The body of the newest call."""
        return self.played.world.log[-1].body


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with running() as played, httpx.AsyncClient(timeout=QUICK, trust_env=False) as http:
        line = Line(http, played.url)
        token, _ = await PLATFORM.fetch_token(line, ACCOUNT)
        yield Desk(played, line._replace(token=token))


async def failure(call: Awaitable[object]) -> DeliveryError:
    with pytest.raises(DeliveryError) as failed:
        await call
    return failed.value


# -------------------- tokens


async def test_a_token_is_the_same_until_it_is_near_its_end(desk: Desk) -> None:
    token, seconds = await PLATFORM.fetch_token(desk.line, ACCOUNT)
    assert token == desk.line.token
    assert 7100 < seconds <= 7200
    assert "botSecret" not in repr(desk.played.world.log)


@pytest.mark.parametrize(
    ("code", "outcome", "wait"),
    [
        (100001, Outcome.later, 60), (100002, Outcome.retry, None), (100007, Outcome.operator, None),
        (100016, Outcome.operator, None), (10004, Outcome.operator, None), (19999, Outcome.permanent, None),
    ],
)  # fmt: skip
async def test_codes_of_the_token_call_come_with_a_good_status(
    desk: Desk, code: int, outcome: Outcome, wait: float | None
) -> None:
    desk.played.plan("token", Kind.code, code)
    error = await failure(PLATFORM.fetch_token(desk.line, ACCOUNT))
    assert (error.code, error.outcome, error.retry_after) == (str(code), outcome, wait)


async def test_a_wrong_secret_is_for_a_person_to_mend(desk: Desk) -> None:
    error = await failure(PLATFORM.fetch_token(desk.line, Account(APP_ID, "anotherSecret")))
    assert (error.code, error.outcome) == ("100016", Outcome.operator)
    assert "anotherSecret" not in f"{error}{error!r}{error.__cause__!r}"


@pytest.mark.parametrize("kind", [Kind.lost, Kind.taken, Kind.silent, Kind.taken_silent])
async def test_a_token_that_did_not_come_is_asked_for_again(desk: Desk, kind: Kind) -> None:
    desk.played.plan("token", kind)
    error = await failure(PLATFORM.fetch_token(desk.line, ACCOUNT))
    assert (error.code, error.outcome) == ("no_answer", Outcome.retry)


# -------------------- messages


@pytest.mark.parametrize(
    ("to", "scene", "target"),
    [
        ("c2c:U1", Scene.c2c, "U1"), ("group:G1:P1", Scene.group, "G1"), ("channel:C1:P1", Scene.channel, "C1"),
        ("dm:D1:P1", Scene.dm, "D1"),
    ],
)  # fmt: skip
async def test_a_reply_reaches_its_place(desk: Desk, to: str, scene: Scene, target: str) -> None:
    reply_to = desk.reply(scene, target)
    receipt = await desk.send(to, reply_to=reply_to)
    (seen,) = desk.played.world.place(scene, target).seen
    assert (receipt, seen.text) == (Receipt(seen.id), "您好。")
    assert seen.replies_to == f"{reply_to.key.removeprefix('m:')}#1"


async def test_a_repeat_of_a_reply_is_taken_once(desk: Desk) -> None:
    reply_to = desk.reply()
    desk.played.plan("c2c", Kind.status_taken, 504)
    lost = await failure(desk.send(reply_to=reply_to))
    assert (lost.code, lost.outcome) == ("http_504", Outcome.unknown)
    assert PLATFORM.passage(ACCOUNT, "c2c:U1", HELLO, reply_to).keyed
    assert await desk.send(reply_to=reply_to) == Receipt(repeated=True)
    assert not (await desk.send(reply_to=reply_to._replace(number=2))).repeated
    assert desk.seen() == ["您好。", "您好。"]


async def test_a_reply_to_an_event_names_it(desk: Desk) -> None:
    event = desk.played.acts.befriends("U1")
    await desk.send(reply_to=ReplyTo(PLATFORM.restore(event.body).key, 1))
    assert (desk.last["event_id"], desk.last["msg_seq"]) == (event.id, 1)
    assert "msg_id" not in desk.last


async def test_without_a_message_of_the_viewer_it_is_of_our_own_accord(desk: Desk) -> None:
    await desk.send()
    assert desk.last == {"msg_type": 0, "content": "您好。"}
    desk.played.world.place(Scene.c2c, "U1").proactive = False
    error = await failure(desk.send())
    assert (error.code, error.outcome) == ("40054013", Outcome.window)


async def test_what_is_audited_counts_as_taken(desk: Desk) -> None:
    desk.played.bot.audited = True
    receipt = await desk.send()
    assert (receipt.repeated, list(desk.played.world.audits)) == (False, [receipt.platform_id])


@pytest.mark.parametrize("kind", [Kind.lost, Kind.taken, Kind.silent, Kind.taken_silent])
async def test_what_was_written_and_not_answered_is_unknown(desk: Desk, kind: Kind) -> None:
    desk.played.plan("c2c", kind)
    error = await failure(desk.send())
    assert (error.code, error.outcome) == ("no_answer", Outcome.unknown)


async def test_a_stale_token_is_to_be_replaced(desk: Desk) -> None:
    desk.played.qq.credentials.revoke()
    error = await failure(desk.send())
    assert (error.code, error.outcome) == ("11244", Outcome.refresh)
    assert "trace-" in error.detail
    assert desk.line.token not in str(error)


async def test_an_address_that_is_not_allowed_is_for_a_person_to_mend(desk: Desk) -> None:
    desk.played.bot.allowed = frozenset({"192.0.2.7"})
    error = await failure(desk.send())
    assert (error.code, error.outcome) == ("40023002", Outcome.operator)


async def test_a_window_that_is_over(desk: Desk) -> None:
    reply_to = desk.reply(Scene.group, "G1")
    desk.played.world.clock.advance(timedelta(minutes=6))
    error = await failure(desk.send("group:G1:P1", reply_to=reply_to))
    assert (error.code, error.outcome) == ("40034005", Outcome.window)


@pytest.mark.parametrize("key", [f"h:{'0' * 64}", f"x:{'0' * 64}", "o:1"])
async def test_what_has_no_id_of_the_platform_cannot_be_replied_to(desk: Desk, key: str) -> None:
    error = await failure(desk.send(reply_to=ReplyTo(key, 1)))
    assert (error.code, error.outcome) == ("bad_reply", Outcome.permanent)


@pytest.mark.parametrize("to", ["platform", "", "c2c:", "nowhere:1"])
async def test_who_is_nobody_gets_nothing(desk: Desk, to: str) -> None:
    error = await failure(desk.send(to))
    assert (error.code, error.outcome) == ("bad_recipient", Outcome.permanent)


# -------------------- what they hold

CHOICES = (Choice("playback.buffering", "播放卡顿"), Choice("intent:human", "转人工"))
MENU = outbound.Menu("请选择：", CHOICES, "或直接提问")


async def test_choices_are_lines_unless_buttons_are_permitted(desk: Desk) -> None:
    await desk.send(message=MENU)
    assert desk.seen() == ["请选择：\n1. 播放卡顿\n2. 转人工\n或直接提问"]
    desk.played.bot.buttons = True
    await desk.send(message=MENU, account=replace(ACCOUNT, buttons=True))
    assert desk.seen()[-1] == "请选择：\n或直接提问"
    buttons = [row["buttons"][0] for row in desk.last["keyboard"]["content"]["rows"]]
    assert [(button["render_data"]["label"], button["action"]["data"]) for button in buttons] == [
        ("播放卡顿", "playback.buffering|播放卡顿"), ("转人工", "intent:human|转人工"),
    ]  # fmt: skip


async def test_buttons_ride_on_markdown_where_that_is_permitted(desk: Desk) -> None:
    desk.played.bot.buttons = desk.played.bot.markdown = True
    text = outbound.Text("*请选择*\n1. 播放卡顿\n2. 转人工", CHOICES)
    await desk.send(message=text, account=replace(ACCOUNT, buttons=True, markdown=True))
    assert desk.last["msg_type"] == 2
    assert desk.seen() == ["\\*请选择\\*\n1. 播放卡顿\n2. 转人工"]


async def test_a_permission_that_was_taken_back_costs_the_buttons_alone(desk: Desk) -> None:
    receipt = await desk.send(message=MENU, account=replace(ACCOUNT, buttons=True), reply_to=desk.reply())
    assert receipt.platform_id
    assert desk.seen() == ["请选择：\n1. 播放卡顿\n2. 转人工\n或直接提问"]


async def test_an_address_that_the_console_does_not_know_costs_the_address_alone(desk: Desk) -> None:
    account = replace(ACCOUNT, link_domains=("example.com",))
    await desk.send(message=outbound.Text("见 https://example.com/help"), account=account)
    assert desk.seen() == ["见 example"]
    desk.played.bot.domains = ("example.com",)
    await desk.send(message=outbound.Text("见 https://example.com/help"), account=account)
    assert desk.seen()[-1] == "见 https://example.com/help"


async def test_an_article_is_a_text(desk: Desk) -> None:
    desk.played.bot.domains = ("example.com",)
    article = outbound.Article("片花上线", "点开就看", "https://example.com/a", "https://example.com/a.png")
    await desk.send(message=article, account=replace(ACCOUNT, link_domains=("example.com",)))
    await desk.send(message=article)
    assert desk.seen() == ["片花上线\n点开就看\nhttps://example.com/a", "片花上线\n点开就看"]


async def test_guilds_read_some_signs_as_marks(desk: Desk) -> None:
    text = outbound.Text("1 < 2 & <@all>\x07\ud800")
    await desk.send("channel:C1:P1", text, desk.reply(Scene.channel, "C1"))
    await desk.send("c2c:U1", text)
    assert desk.seen(Scene.channel, "C1") == ["1 &lt; 2 &amp; &lt;@all&gt;"]
    assert desk.seen() == ["1 < 2 & <@all>"]


async def test_nothing_to_say_never_leaves(desk: Desk) -> None:
    for text in ("", " \n", "http://192.0.2.7/"):
        error = await failure(desk.send(message=outbound.Text(text)))
        assert (error.code, error.outcome) == ("empty", Outcome.permanent)


@pytest.mark.parametrize(
    "message", [outbound.MiniProgram("", "", "", "f"), outbound.Notice("t", {"a": "b"})], ids=lambda m: m.kind
)
async def test_kinds_that_qq_lacks(desk: Desk, message: outbound.Message) -> None:
    error = await failure(desk.send(message=message))
    assert (error.code, error.outcome) == ("unsupported", Outcome.permanent)


# -------------------- files


def file(kind: str = "image", to: str = "c2c:U1", size: int = 3) -> Upload:
    return Upload(kind, "a", "image/png", size, b"png", to)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (outbound.Image("f"), "[图片]"), (outbound.Voice("f"), "[语音]"), (outbound.File("f", "a.pdf"), "[文件]"),
        (outbound.Video("f", "片花", "见 https://other.com"), "[视频]片花\n见 other"),
    ],
    ids=lambda found: getattr(found, "kind", ""),
)  # fmt: skip
async def test_a_file_is_brought_and_shown(desk: Desk, message: outbound.Message, text: str) -> None:
    uploaded = await PLATFORM.upload(desk.line, ACCOUNT, file(outbound.kind_of(message)))
    assert uploaded.valid_until is not None
    assert abs(uploaded.valid_until - datetime.now(UTC) - timedelta(days=3)) < timedelta(minutes=1)
    await desk.send(message=message, media={"f": uploaded.media_id}, reply_to=desk.reply())
    assert desk.seen() == [text]


async def test_a_file_that_is_not_there_is_to_be_brought(desk: Desk) -> None:
    error = await failure(desk.send(message=outbound.Image("f")))
    assert (error.code, error.outcome) == ("no_file", Outcome.media)


async def test_files_that_cannot_be_brought(desk: Desk) -> None:
    for upload in (file("thumb"), file(to="channel:C1:P1"), file(size=11 * 1024 * 1024)):
        assert (await failure(PLATFORM.upload(desk.line, ACCOUNT, upload))).outcome is Outcome.permanent
    assert (await failure(desk.send("dm:D1:P1", outbound.Image("f"), media={"f": "x"}))).code == "unsupported"
    desk.played.plan("files", Kind.code, 304082)
    assert (await failure(PLATFORM.upload(desk.line, ACCOUNT, file()))).outcome is Outcome.retry
    desk.played.plan("files", Kind.taken)
    assert (await failure(PLATFORM.upload(desk.line, ACCOUNT, file()))).outcome is Outcome.retry


# -------------------- taps


async def test_a_tap_is_settled(desk: Desk) -> None:
    tapped = PLATFORM.restore(desk.played.acts.taps("U1", "a|b").body)
    assert isinstance(tapped, Inbound)
    await PLATFORM.settle_push(desk.line, ACCOUNT, tapped)
    (settled,) = desk.played.world.settled.values()
    assert settled.code == 0
    assert settled.after < timedelta(seconds=5)


async def test_what_awaits_no_call_and_typing_make_none(desk: Desk) -> None:
    said = PLATFORM.restore(desk.played.acts.says(Scene.c2c, "U1", "U1", "在吗").body)
    assert isinstance(said, Inbound)
    calls = len(desk.played.world.log)
    await PLATFORM.settle_push(desk.line, ACCOUNT, said)
    await PLATFORM.show_typing(desk.line, ACCOUNT, "c2c:U1", ReplyTo(said.key, 1))
    assert len(desk.played.world.log) == calls


async def test_a_tap_without_an_id_cannot_be_settled(desk: Desk) -> None:
    tapped = PLATFORM.restore(desk.played.acts.taps("U1", "a|b").body)
    assert isinstance(tapped, Inbound)
    error = await failure(PLATFORM.settle_push(desk.line, ACCOUNT, tapped._replace(body=b'{"d":{}}')))
    assert (error.code, error.outcome) == ("bad_interaction", Outcome.permanent)


# -------------------- whoever else may answer


@asynccontextmanager
async def answering(content: object, status: int = 200, **headers: str) -> AsyncIterator[Line]:
    """A server that gives the same answer to everything."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()

    async def serve(request: Request) -> Response:
        return Response(body, status, headers)

    app = Starlette(routes=[Route("/{path:path}", serve, methods=["GET", "POST", "PUT"])])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as http:
        yield Line(http, "https://api.example.test/", "TOKEN")


TO_U1 = Delivery("c2c:U1", HELLO, "1")
GARBAGE = [b"", b"<html>", b"null", b"[]", b"\xff", b"[" * 100_000]


@pytest.mark.parametrize("answer", GARBAGE)
async def test_garbage_after_sending_is_unknown(answer: bytes) -> None:
    async with answering(answer) as line:
        error = await failure(PLATFORM.send(line, ACCOUNT, TO_U1))
    assert (error.code, error.outcome) == ("bad_answer", Outcome.unknown)


TOKENLESS: list[Any] = [
    {}, {"access_token": "T"}, {"access_token": "", "expires_in": "7200"}, {"access_token": "T", "expires_in": "0"},
    {"access_token": "T", "expires_in": "soon"}, {"access_token": 1, "expires_in": 7200},
]  # fmt: skip


@pytest.mark.parametrize("answer", [*GARBAGE, *TOKENLESS])
async def test_garbage_instead_of_a_token_is_tried_again(answer: object) -> None:
    async with answering(answer) as line:
        error = await failure(PLATFORM.fetch_token(line, ACCOUNT))
    assert (error.code, error.outcome) == ("bad_answer", Outcome.retry)


@pytest.mark.parametrize("seconds", [7200, "7200"])
async def test_the_life_of_a_token_may_be_a_text_or_a_number(seconds: object) -> None:
    async with answering({"access_token": "T", "expires_in": seconds}) as line:
        assert await PLATFORM.fetch_token(line, ACCOUNT) == ("T", 7200)


@pytest.mark.parametrize(
    ("status", "sending", "fetching"),
    [
        (302, Outcome.operator, Outcome.operator),
        (401, Outcome.refresh, Outcome.refresh),
        (403, Outcome.operator, Outcome.operator),
        (404, Outcome.operator, Outcome.operator),
        (429, Outcome.later, Outcome.later),
        (500, Outcome.unknown, Outcome.retry),
        (504, Outcome.unknown, Outcome.retry),
    ],
)
async def test_a_status_without_a_code(status: int, sending: Outcome, fetching: Outcome) -> None:
    async with answering(b"<html>", status, **{"X-Tps-trace-ID": "trace-1"}) as line:
        errors = [
            await failure(PLATFORM.send(line, ACCOUNT, TO_U1)),
            await failure(PLATFORM.fetch_token(line, ACCOUNT)),
        ]
    assert [error.code for error in errors] == [f"http_{status}"] * 2
    assert [error.outcome for error in errors] == [sending, fetching]
    assert all("trace-1" in error.detail for error in errors)


@pytest.mark.parametrize(
    ("status", "answer", "receipt"),
    [
        (204, b"", Receipt()),
        (200, {"id": "1", "timestamp": 1767578400}, Receipt("1")),
        (200, {"id": None, "code": 0}, Receipt()),
        (201, {"code": 304024, "data": {"message_audit": {"audit_id": "A1"}}}, Receipt("A1")),
        (202, {"code": 304023, "data": None}, Receipt()),
        (400, {"err_code": "40054005"}, Receipt(repeated=True)),
    ],
)
async def test_other_answers_that_mean_taken(status: int, answer: object, receipt: Receipt) -> None:
    async with answering(answer, status) as line:
        assert await PLATFORM.send(line, ACCOUNT, TO_U1) == receipt


async def test_a_detail_is_bounded_and_names_the_trace() -> None:
    async with answering({"err_code": 50006, "message": "空", "trace_id": "trace-2"}, 400) as line:
        assert "trace-2" in (await failure(PLATFORM.send(line, ACCOUNT, TO_U1))).detail
    async with answering({"err_code": 50006, "message": "x" * 5000}, 400) as line:
        assert len((await failure(PLATFORM.send(line, ACCOUNT, TO_U1))).detail) == 300


async def test_a_known_code_is_preferred_and_distress_is_never_a_refusal() -> None:
    async with answering({"code": 11244, "err_code": 999}, 401) as line:
        assert (await failure(PLATFORM.send(line, ACCOUNT, TO_U1))).code == "11244"
    async with answering({"err_code": 40054006}, 504) as line:
        assert (await failure(PLATFORM.send(line, ACCOUNT, TO_U1))).outcome is Outcome.unknown
    async with answering({"err_code": 12345}, 500) as line:
        assert (await failure(PLATFORM.send(line, ACCOUNT, TO_U1))).outcome is Outcome.unknown


@pytest.mark.parametrize(("ttl", "until"), [(0, True), (None, False)])
async def test_a_file_may_be_kept_for_ever(ttl: int | None, until: bool) -> None:
    async with answering({"file_info": "F", "ttl": ttl}) as line:
        if until:
            assert await PLATFORM.upload(line, ACCOUNT, file()) == Uploaded("F", None)
        else:
            assert (await failure(PLATFORM.upload(line, ACCOUNT, file()))).code == "bad_answer"


# -------------------- files of viewers


async def test_a_file_of_a_viewer_is_fetched_by_its_address(desk: Desk) -> None:
    desk.played.world.left["a"] = ("image/jpeg", b"jpeg" * 1000)
    media = Media("image", f"{desk.played.url}/left/a", "a.jpg")
    async with PLATFORM.download(desk.line, ACCOUNT, media) as found:
        assert (found.content_type, found.size, found.name) == ("image/jpeg", 4000, "a.jpg")
        assert b"".join([chunk async for chunk in found.chunks]) == b"jpeg" * 1000


async def test_a_file_whose_time_is_over(desk: Desk) -> None:
    with pytest.raises(DeliveryError) as failed:
        async with PLATFORM.download(desk.line, ACCOUNT, Media("image", f"{desk.played.url}/left/b")):
            pass
    assert failed.value.outcome is Outcome.media
