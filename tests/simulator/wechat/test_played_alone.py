"""The platform as a program of its own, told by another process what to do."""

import httpx

from app.channels import outbound
from app.channels.delivery import Delivery, DeliveryError, Line
from app.channels.wechat import client
from app.channels.wechat.account import Account, Mode
from app.channels.wechat.platform import WeChat
from tests.fakes.played_wechat import APP_ID, SECRET, VIEWER, elsewhere

wechat = WeChat()
ACCOUNT = Account(APP_ID, "tok", (), Mode.plain, app_secret=SECRET)


async def test_it_takes_messages_and_tells_of_them() -> None:
    async with elsewhere("--app-id", APP_ID, "--app-secret", SECRET) as platform, httpx.AsyncClient() as http:
        codes = []

        async def send(text: str) -> None:
            token = await client.fetch_stable_token(Line(http, platform.url), app_id=APP_ID, secret=SECRET)
            line = Line(http, platform.url, token.value)
            try:
                await wechat.send(line, ACCOUNT, Delivery(VIEWER, outbound.Text(text), "m-1"))
            except DeliveryError as error:
                codes.append(error.code)

        platform.tell("wrote", app_id=APP_ID, openids=[VIEWER])
        platform.tell("troubles", plan={"custom/send": [None, {"kind": "code", "code": 45011}, {"kind": "taken"}]})
        for text in ("一", "二", "三"):
            await send(text)
        platform.tell("troubles", clear=True, latency=0.01, shares={"*": {}})
        platform.tell("contact", app_id=APP_ID, openid=VIEWER, following=False)
        await send("四")
        platform.tell("tokens", do="revoke")
        platform.tell("clock", advance=60)

        assert codes == ["45011", "no_answer", "43004"]
        assert [arrival["text"] for arrival in platform.phones(APP_ID)[VIEWER]] == ["一", "三"]
        sent = [
            (call["openid"], call["accepted"], call["answered"])
            for call in platform.log()
            if call["api"] == "custom/send"
        ]
        assert sent == [(VIEWER, True, True), (VIEWER, False, True), (VIEWER, True, False), (VIEWER, False, True)]
