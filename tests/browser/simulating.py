"""What tests of the simulator do on its page."""

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from app.simulator.addresses import WECHAT_API

FIELD = "写给公众号的消息，按回车发送"
SLOW = 30_000
"""Milliseconds for what has pauses of its own: retries, late answers, scenarios."""


async def opened(page: Page, path: str = "/simulator") -> None:
    """The page is shown, and has followed the stream's opening."""
    await page.goto(path)
    await expect(page.locator("html")).to_have_attribute("data-live-state", "open")


async def say(page: Page, text: str) -> None:
    """On the first phone; returns when its answer is there."""
    field, talk = page.get_by_label(FIELD).first, page.get_by_role("log").first
    answers = talk.locator(".line.account")
    before = await answers.count()
    await field.fill(text)
    await field.press("Enter")
    await expect(field).to_have_value("")
    await expect(answers).to_have_count(before + 1)


async def settled(wire: Locator) -> None:
    """The first exchange is complete: nothing on the wire is replaced under a hand any more."""
    await expect(wire.get_by_text("发送状态：已发送").first).to_be_attached()


async def turn_to(page: Page, channel: str, number: int = 0) -> None:
    """Let a phone show another account; returns when one can write there."""
    station = page.locator(".station").nth(number)
    await station.locator(f"button[id$='-to-{channel}']").click()
    app = {"demo-qq": "qq", "demo-qq-group": "qq-group"}.get(channel, "wechat")
    for part in (".screen", ".composer"):
        await expect(station.locator(part)).to_have_attribute("data-app", app)


async def write(page: Page, text: str, number: int = 0) -> None:
    """On one of the phones; returns when it has left."""
    field = page.locator(".composer textarea").nth(number)
    await field.fill(text)
    await field.press("Enter")
    await expect(field).to_have_value("")


async def reach(page: Page, name: str) -> None:
    """Press Tab until what has this label or text has the focus."""
    for _ in range(80):
        await page.keyboard.press("Tab")
        focused = await page.evaluate("document.activeElement.ariaLabel || document.activeElement.innerText.trim()")
        if focused == name:
            return
    pytest.fail(f"Tab never reaches “{name}”")


async def send_later(address: str, openid: str, text: str) -> None:
    """As the service's sender does."""
    secret = {"grant_type": "client_credential", "appid": "wxdemo0000000000", "secret": "demosecret"}
    async with httpx.AsyncClient(base_url=f"{address}{WECHAT_API}/cgi-bin") as http:
        token = (await http.post("/stable_token", json=secret)).json()["access_token"]
        message = {"touser": openid, "msgtype": "text", "text": {"content": text}}
        sent = await http.post("/message/custom/send", params={"access_token": token}, json=message)
        assert sent.json()["errcode"] == 0
