"""Every kind of message, from the neutral form to the viewer's phone, and every way in which one does not arrive."""

import io
import logging
import sys
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import get_args

import httpx
import pytest

from app import logs
from app.channels import outbound
from app.channels.content import NoticeReported
from app.channels.delivery import Delivery, DeliveryError, Line, Outcome, Passage, Receipt, Window
from app.channels.outbound import Choice
from app.channels.wechat import client, limits
from app.channels.wechat.account import Account, Mode
from app.channels.wechat.platform import WeChat
from app.simulator.trouble import Kind, Trouble
from app.simulator.wechat.files import File
from app.simulator.wechat.table import APIS
from tests.fakes.played_wechat import APP_ID, SECRET, TOKEN, VIEWER, Standing

wechat = WeChat()
ACCOUNT = Account(APP_ID, TOKEN, (), Mode.plain, app_secret=SECRET)
HELLO = outbound.Text("您好")
NOTICE = outbound.Notice("tmpl_0001", {"thing1": "会员退款", "time2": "10:00"}, url="https://example.com/r/1")
SUBSCRIBED = outbound.Notice("tmpl_0002", {"thing1": "第 9 集"}, url="https://example.com/9", subscribed=True)


def delivery(message: outbound.Message, **more: object) -> Delivery:
    return Delivery(**{"recipient": VIEWER, "message": message, "key": "m-0001", **more})  # type: ignore[arg-type]  # named by the test


async def send(stands: Standing, message: outbound.Message, **more: object) -> Receipt:
    return await wechat.send(stands.line, ACCOUNT, delivery(message, **more))


async def failure(call: Awaitable[object]) -> DeliveryError:
    with pytest.raises(DeliveryError) as failed:
        await call
    return failed.value


# -------------------- what arrives


KINDS: list[tuple[outbound.Message, str, dict[str, object]]] = [
    (HELLO, "text", {"content": "您好"}),
    (outbound.Image("p"), "image", {"media_id": "P"}),
    (outbound.Voice("v"), "voice", {"media_id": "V"}),
    (
        outbound.Video("f", "预告片", "第二季", thumb="p"),
        "video",
        {"media_id": "F", "title": "预告片", "description": "第二季", "thumb_media_id": "P"},
    ),
    (outbound.Video("f"), "video", {"media_id": "F", "title": "", "description": ""}),
    (
        outbound.Article("开播", "八点", "https://example.com/a?b=1&c=2", "https://example.com/p.png"),
        "news",
        {
            "articles": [
                {
                    "title": "开播",
                    "description": "八点",
                    "url": "https://example.com/a?b=1&c=2",
                    "picurl": "https://example.com/p.png",
                }
            ]
        },
    ),
    (
        outbound.Menu("有用吗？", (Choice("a:1", "有用"), Choice("a:2", "没用")), "谢谢"),
        "msgmenu",
        {
            "head_content": "有用吗？",
            "list": [{"id": "a:1", "content": "有用"}, {"id": "a:2", "content": "没用"}],
            "tail_content": "谢谢",
        },
    ),
    (
        outbound.MiniProgram("看剧", "wxmini", "pages/i?a=1", "p"),
        "miniprogrampage",
        {"title": "看剧", "appid": "wxmini", "pagepath": "pages/i?a=1", "thumb_media_id": "P"},
    ),
]


@pytest.mark.parametrize(("message", "kind", "content"), KINDS)
async def test_each_kind_arrives_as_the_platform_names_it(
    stands: Standing, message: outbound.Message, kind: str, content: dict[str, object]
) -> None:
    for file_kind, media_id in (("image", "P"), ("voice", "V"), ("video", "F")):
        stands.account.files.put(File(file_kind, "x", "x/y", b"x", stands.platform.clock.now(), False), media_id)
    assert await send(stands, message, media={"p": "P", "v": "V", "f": "F"}) == Receipt()
    assert [(arrival.kind, arrival.content) for arrival in stands.viewer.phone] == [(kind, content)]


def test_every_kind_but_files_and_notices_is_covered() -> None:
    assert {type(message) for message, _, _ in KINDS} == set(get_args(outbound.Message)) - {
        outbound.File,
        outbound.Notice,
    }


async def test_the_agent_who_writes_is_named(stands: Standing) -> None:
    await send(stands, outbound.Text("我是小周"), agent="zhou@gh_demo")
    await send(stands, outbound.Text("没有名字"))
    assert [arrival.agent for arrival in stands.viewer.phone] == ["zhou@gh_demo", ""]


async def test_choices_are_links_where_the_account_allows_it(stands: Standing) -> None:
    linking = Account(APP_ID, TOKEN, (), Mode.plain, menu_links=True)
    text = outbound.Text("是哪一个？\n1. 退款", (Choice("x", "退款"),))
    await wechat.send(stands.line, linking, delivery(text))
    assert "weixin://bizmsgmenu" in stands.viewer.texts[0]


async def test_a_template_notice_arrives_once_for_its_key(stands: Standing) -> None:
    stands.viewer.ledger.close()
    first, second = await send(stands, NOTICE), await send(stands, NOTICE)
    other = await send(stands, NOTICE, key="m-0002")
    assert first.platform_id == second.platform_id != other.platform_id
    assert [(a.kind, a.key) for a in stands.viewer.phone] == [("template", "m-0001"), ("template", "m-0002")]
    assert stands.viewer.phone[0].content == {"thing1": "会员退款", "time2": "10:00"}


async def test_a_notice_may_open_a_mini_program(stands: Standing) -> None:
    await send(stands, outbound.Notice("tmpl_0001", {"thing1": "x"}, mini_program=("wxmini", "pages/i")))
    assert '"miniprogram": {"appid": "wxmini", "pagepath": "pages/i"}' in stands.platform.log[-1].request


async def test_a_subscribed_notice_uses_up_an_acceptance(stands: Standing) -> None:
    stands.viewer.accepted["tmpl_0002"] = 1
    receipt = await send(stands, SUBSCRIBED)
    error = await failure(send(stands, SUBSCRIBED))
    assert receipt.platform_id
    assert (error.code, error.outcome) == ("43101", Outcome.recipient)
    assert stands.viewer.texts == ["thing1：第 9 集"]


async def test_the_viewer_sees_that_somebody_types_and_no_refusal_matters(stands: Standing) -> None:
    await wechat.show_typing(stands.line, ACCOUNT, VIEWER, None)
    assert stands.viewer.typing_until is not None
    await wechat.show_typing(stands.line, ACCOUNT, VIEWER, None)
    await wechat.show_typing(stands.line._replace(token="stale"), ACCOUNT, VIEWER, None)
    assert [logged.code for logged in stands.platform.log][-3:] == [0, 45081, 40001]
    stands.platform.troubles.plan("custom/typing", Trouble(Kind.lost), Trouble(Kind.status, 502))
    for _ in range(2):
        await wechat.show_typing(stands.line, ACCOUNT, VIEWER, None)


async def test_an_account_without_customer_service_shows_no_typing(stands: Standing) -> None:
    unverified = Account(APP_ID, TOKEN, (), Mode.plain, customer_service=False)
    await wechat.show_typing(stands.line, unverified, VIEWER, None)
    assert "custom/typing" not in {logged.api for logged in stands.platform.log}


# -------------------- what does not


async def test_what_the_platform_has_no_message_for_is_refused_before_it_leaves(stands: Standing) -> None:
    error = await failure(send(stands, outbound.File("f", "账单.pdf"), media={"f": "id"}))
    assert (error.code, error.outcome) == ("unsupported", Outcome.permanent)
    missing = await failure(send(stands, outbound.Image("p")))
    assert (missing.code, missing.outcome) == ("no_media_id", Outcome.media)
    assert [logged.api for logged in stands.platform.log] == ["stable_token"]


async def test_the_platform_refuses_for_real_causes(stands: Standing) -> None:
    async def refused(message: outbound.Message = HELLO, **more: object) -> tuple[str, Outcome]:
        error = await failure(send(stands, message, **more))
        return error.code, error.outcome

    viewer = stands.viewer
    assert await refused(recipient="oNobody") == ("40003", Outcome.permanent)
    assert await refused(outbound.Text("长" * 683)) == ("45002", Outcome.permanent)
    assert await refused(outbound.Text(" ")) == ("44004", Outcome.permanent)
    assert await refused(outbound.Image("p"), media={"p": "expired"}) == ("40007", Outcome.media)
    for _ in range(5):
        await send(stands, HELLO)
    assert await refused() == ("45047", Outcome.window)
    stands.platform.clock.advance(timedelta(hours=48))
    await stands.renew()
    assert await refused() == ("45015", Outcome.window)
    viewer.refuses = True
    assert await refused() == ("48002", Outcome.recipient)
    viewer.blacklisted = True
    assert await refused() == ("43019", Outcome.recipient)
    viewer.blacklisted = False
    viewer.leave()
    assert await refused() == ("43004", Outcome.recipient)
    stands.account.verified = False
    assert await refused() == ("48001", Outcome.operator)
    assert viewer.texts == ["您好"] * 5


async def test_a_stale_credential_is_to_be_replaced(stands: Standing) -> None:
    stands.platform.expire_tokens()
    assert (await failure(send(stands, HELLO))).outcome is Outcome.refresh
    stands.account.credentials.revoke()
    assert (await failure(send(stands, HELLO))).code == "40001"
    await stands.renew()
    await send(stands, HELLO)
    assert len(stands.viewer.phone) == 1


TROUBLES = [
    (Trouble(Kind.code, -1), "-1"),
    (Trouble(Kind.lost), "no_answer"),
    (Trouble(Kind.taken), "no_answer"),
    (Trouble(Kind.status, 502), "http_502"),
    (Trouble(Kind.status_taken, 504), "http_504"),
]


@pytest.mark.parametrize(("trouble", "code"), TROUBLES)
async def test_what_nobody_knows_is_repeated_only_where_a_key_is_taken(
    stands: Standing, trouble: Trouble, code: str
) -> None:
    stands.viewer.accepted["tmpl_0002"] = 1
    found = {}
    for api, message in (
        ("custom/send", HELLO),
        ("template/send", NOTICE),
        ("subscribe/bizsend", SUBSCRIBED),
    ):
        stands.platform.troubles.plan(api, trouble)
        error = await failure(send(stands, message))
        assert error.code == code
        found[wechat.passage(ACCOUNT, VIEWER, message, None).keyed, error.outcome] = api
    assert found.keys() == {(False, Outcome.unknown), (True, Outcome.retry)}
    assert len(stands.viewer.phone) == (3 if trouble.kind.takes else 0)
    await send(stands, NOTICE)
    assert [a.kind for a in stands.viewer.phone].count("template") == 1
    assert [logged.answered for logged in stands.platform.log][1:4] == [trouble.kind is Kind.code] * 3


async def test_a_silent_platform_is_given_up(stands: Standing) -> None:
    impatient = httpx.Timeout(1, read=0.1)
    async with httpx.AsyncClient(timeout=impatient) as http:
        line = stands.line._replace(http=http)
        for kind in (Kind.silent, Kind.taken_silent):
            stands.platform.troubles.plan("custom/send", Trouble(kind))
            error = await failure(wechat.send(line, ACCOUNT, delivery(HELLO)))
            assert (error.code, error.outcome) == ("no_answer", Outcome.unknown)
    assert len(stands.viewer.phone) == 1


async def test_limits_of_rate(stands: Standing) -> None:
    stands.account.quotas.rates["custom/send"] = stands.account.quotas.rates["custom/send"]._replace(per_minute=1)
    await send(stands, outbound.Text("一"))
    minute = await failure(send(stands, outbound.Text("二")))
    stands.account.quotas.rates["custom/send"] = limits.RATES["custom/send"]._replace(per_day=1)
    day = await failure(send(stands, outbound.Text("三")))
    assert (minute.code, minute.outcome, minute.retry_after) == ("45011", Outcome.later, 60)
    assert (day.code, day.outcome, day.retry_after) == ("45009", Outcome.later, None)


# -------------------- credentials


async def test_who_may_have_a_credential(stands: Standing) -> None:
    async def refused(app_id: str = APP_ID, secret: str = SECRET, *, force: bool = False) -> tuple[str, Outcome]:
        call = client.fetch_stable_token(stands.line, app_id=app_id, secret=secret, force_refresh=force)
        error = await failure(call)
        assert secret not in str(error)
        return error.code, error.outcome

    assert await refused(app_id="wxother") == ("40013", Outcome.operator)
    assert await refused(secret="guessed") == ("40125", Outcome.operator)
    stands.account.allowed_ips = frozenset({"203.0.113.7"})
    assert await refused() == ("40164", Outcome.operator)
    stands.account.allowed_ips = None
    stands.account.secret_frozen = True
    assert await refused() == ("40243", Outcome.operator)
    stands.account.secret_frozen = False
    await client.fetch_stable_token(stands.line, app_id=APP_ID, secret=SECRET, force_refresh=True)
    assert await refused(force=True) == ("45011", Outcome.later)
    assert (await failure(send(stands, HELLO))).outcome is Outcome.refresh


async def test_an_address_that_is_not_allowed_is_named(stands: Standing) -> None:
    stands.account.allowed_ips = frozenset()
    error = await failure(client.fetch_stable_token(stands.line, app_id=APP_ID, secret=SECRET))
    assert "127.0.0.1" in error.detail


@contextmanager
def logging_everything() -> Iterator[io.StringIO]:
    """As the service logs at its most talkative; what was configured before is put back."""
    root, stderr, written = logging.getLogger(), sys.stderr, io.StringIO()
    handlers, level = root.handlers[:], root.level
    sys.stderr = written
    try:
        logs.configure("debug")
        yield written
    finally:
        sys.stderr = stderr
        root.handlers[:] = handlers
        root.setLevel(level)


async def test_no_secret_reaches_the_log_an_error_or_a_repr(stands: Standing) -> None:
    log = logging.getLogger("test")
    with logging_everything() as written:
        await stands.renew()
        token = stands.line.token
        stands.platform.troubles.plan(
            "custom/send", Trouble(Kind.lost), Trouble(Kind.code, 40001), Trouble(Kind.status, 403)
        )
        for line in (
            *[stands.line] * 3,
            stands.line._replace(base_url="http://127.0.0.1:1"),
            Line(stands.http, "ftp://x", token),
        ):
            try:
                await wechat.send(line, ACCOUNT, delivery(HELLO))
            except DeliveryError:
                log.exception("refused %r %r", line, ACCOUNT)
    said = written.getvalue()
    assert said.count("refused") == 5
    assert not [secret for secret in (token, SECRET, TOKEN) if secret in said]


# -------------------- by which way, and how many


def test_the_way_of_each_kind() -> None:
    def way(message: outbound.Message) -> Passage:
        return wechat.passage(ACCOUNT, VIEWER, message, None)

    custom = Passage("custom/send", Window.required, keyed=False)
    assert way(HELLO) == way(outbound.Image("p")) == way(outbound.Menu("?", ())) == custom
    assert way(NOTICE) == Passage("template/send", Window.none, keyed=True)
    assert way(SUBSCRIBED) == Passage("subscribe/bizsend", Window.none, keyed=False)


def test_rates_are_named_as_the_ways_are() -> None:
    sending, rates = wechat.rates(ACCOUNT), limits.RATES
    ways = {wechat.passage(ACCOUNT, VIEWER, message, None).api for message in (HELLO, NOTICE, SUBSCRIBED)}
    assert sending.keys() <= ways == limits.PASSAGES
    assert sending["custom/send"].per_day == 500_000
    assert sending["template/send"].per_day == 100_000
    assert (rates["mass/sendall"].per_day, rates["mass/sendall"].per_minute) == (100, 60)
    assert set(rates) <= {*APIS, "stable_token", "token"}
    assert all(len(api) <= 32 for api in rates)


# -------------------- what is reported later


@pytest.mark.parametrize(
    ("status", "delivered"),
    [("success", True), ("0", True), ("failed:user block", False), ("failed: system failed", False), ("43101", False)],
)
def test_what_a_status_means(status: str, delivered: bool) -> None:
    assert NoticeReported("1", status).delivered is delivered
