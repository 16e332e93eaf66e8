"""Choices as links; the form is that of the platform's customer-service texts."""

from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from app.channels import outbound
from app.channels.base import Inbound
from app.channels.content import Text
from app.channels.outbound import Choice
from app.channels.wechat.menus import linked
from app.channels.wechat.platform import WeChat

NOW = datetime(2026, 11, 24, tzinfo=UTC)
CHOICES = (Choice("playback.buffering", "播放卡顿"), Choice("intent:human", "转人工"))
TEXT = "您要问的是哪一件？\n1. 播放卡顿\n2. 转人工\n回复数字就可以"


def test_each_choice_is_a_link_on_its_line() -> None:
    lines = linked(TEXT, CHOICES).split("\n")
    assert lines[0] == "您要问的是哪一件？"
    assert lines[1] == (
        '1. <a href="weixin://bizmsgmenu?msgmenucontent=%E6%92%AD%E6%94%BE%E5%8D%A1%E9%A1%BF'
        '&msgmenuid=playback.buffering">播放卡顿</a>'
    )
    assert "msgmenuid=intent%3Ahuman" in lines[2]
    assert lines[3] == "回复数字就可以"


def test_labels_cannot_break_out_of_their_link() -> None:
    text = linked('1. 4K"<b>&HDR', (Choice('x"><script>', '4K"<b>&HDR'),))
    assert text.count("<") == 2, "the link alone"
    assert "<script>" not in text


def test_a_choice_that_has_no_line_is_left_out() -> None:
    assert linked("没有选项", CHOICES) == "没有选项"


@pytest.mark.parametrize("links", [True, False])
def test_the_account_decides(links: bool) -> None:
    platform = WeChat()
    account = platform.account({"app_id": "wx1", "mode": "plain", "menu_links": links}, {"token": "token123"})
    push = Inbound("m:1", "viewer", "gh_1", NOW, Text("在吗"), b"<xml></xml>")
    body, _ = platform.answer(account, push, outbound.Text(TEXT, CHOICES), NOW)
    content = ElementTree.fromstring(body).findtext("Content") or ""
    assert ("weixin://bizmsgmenu" in content) is links
    assert "播放卡顿" in content
