"""What the simulator pushes is what the real codec reads, in each form; and it signs for nobody real."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.channels import outbound
from app.channels.base import Inbound, Request
from app.channels.content import (
    Content,
    Followed,
    Image,
    Link,
    Location,
    MenuUsed,
    Text,
    Unfollowed,
    Unknown,
    Video,
    Voice,
)
from app.channels.registry import PLATFORMS
from app.commands.demo import CHANNELS
from app.conversations.accounts import Account
from app.simulator import pushes
from app.simulator.envelopes import NotSimulated, open_reply, seal
from app.simulator.exchanges import BadReply
from app.simulator.faces import LINKS, PLACES, picture, video
from app.simulator.pushes import Stamp
from app.simulator.wechat.sealing import Seed

STAMP = Stamp("oViewer", "gh_demo", 1_790_000_000, 7_000_000_000_000_000_001)
SEED = Seed(1_790_000_000, "nonce", b"0123456789abcdef")
NOW = datetime.fromtimestamp(SEED.seconds, UTC)
ACCOUNTS = [name for name, channel in CHANNELS.items() if channel.platform == "wechat"]
CONTENTS = [
    Text("会员怎么退款"),
    Text("]]> <b>&amp; 😀\n第二行", "menu-7"),
    Image("http://127.0.0.1/p.svg", "media-1"),
    picture("receipt", "http://127.0.0.1"),
    Voice("media-2", "amr", "media-2-16k", "我要退款"),
    Voice("media-3", "amr"),
    video(3),
    Video("media-4", "thumb", short=True),
    *PLACES.values(),
    Location(-33.5, 18.25, 12, ""),
    *LINKS.values(),
    Link("", "", "https://example.com"),
    Followed(),
    Followed("shop", "ticket"),
    Unfollowed(),
    MenuUsed("click", "playback.buffering"),
    MenuUsed("view", "https://example.com/today"),
]


def account(name: str = "demo", *, simulated: bool = True) -> Account:
    platform = PLATFORMS["wechat"]
    return Account(1, name, simulated, platform, platform.account(CHANNELS[name].settings, CHANNELS[name].secrets))


@pytest.mark.parametrize("name", ACCOUNTS)
@pytest.mark.parametrize("content", CONTENTS, ids=lambda content: content.kind)
def test_the_service_reads_what_the_viewer_did(content: Content, name: str) -> None:
    on = account(name)
    signed = seal(on, STAMP.openid, pushes.write(content, STAMP), SEED)
    read = on.platform.parse(on.credentials, Request(signed.query, signed.body), NOW)
    assert isinstance(read, Inbound)
    assert read.content == content
    assert (read.sender, read.recipient, read.sent_at) == ("oViewer", "gh_demo", NOW)


def test_each_attempt_is_signed_anew_and_has_the_same_key() -> None:
    on, body = account("demo-safe"), pushes.write(Text("在吗"), STAMP)
    attempts = [seal(on, STAMP.openid, body, replace(SEED, nonce=nonce)) for nonce in ("1", "2")]
    reads = [on.platform.parse(on.credentials, Request(s.query, s.body), NOW) for s in attempts]
    assert attempts[0].query["msg_signature"] != attempts[1].query["msg_signature"]
    assert isinstance(reads[0], Inbound)
    assert isinstance(reads[1], Inbound)
    assert reads[0].key == reads[1].key == f"m:{STAMP.number}"


def test_nothing_is_signed_for_a_real_account() -> None:
    with pytest.raises(NotSimulated):
        seal(account(simulated=False), STAMP.openid, b"<xml/>", SEED)


def test_what_no_viewer_does_is_not_pushed() -> None:
    with pytest.raises(ValueError, match="unknown"):
        pushes.write(Unknown("hologram"), STAMP)


@pytest.mark.parametrize("name", ACCOUNTS)
def test_the_platform_shows_what_the_service_answers(name: str) -> None:
    on, push = account(name), pushes.write(Text("在吗"), STAMP)
    inbound = on.platform.restore(push)
    assert isinstance(inbound, Inbound)
    body, _ = on.platform.answer(on.credentials, inbound, outbound.Text("在的 ]]> 👋"), NOW)
    reply = open_reply(on, STAMP.openid, body)
    assert (reply.text, reply.sealed) == ("在的 ]]> 👋", name == "demo-safe")
    assert open_reply(on, STAMP.openid, b"success").text is None


@pytest.mark.parametrize("body", [b'{"ok": true}', b"<html>oops</html>", b"<xml><ToUserName>x</ToUserName></xml>"])
@pytest.mark.parametrize("name", ACCOUNTS)
def test_what_the_platform_cannot_use_is_no_answer(name: str, body: bytes) -> None:
    with pytest.raises(BadReply):
        open_reply(account(name), STAMP.openid, body)


def test_a_plain_answer_to_a_safe_account_is_no_answer() -> None:
    on = account()
    inbound = on.platform.restore(pushes.write(Text("在吗"), STAMP))
    assert isinstance(inbound, Inbound)
    body, _ = on.platform.answer(on.credentials, inbound, outbound.Text("在的"), NOW)
    with pytest.raises(BadReply, match="没有加密"):
        open_reply(account("demo-safe"), STAMP.openid, body)
