"""A whole service with a channel, and what WeChat sends it: pushes in plain mode, signed as the platform signs them."""

import hashlib
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from xml.etree import ElementTree

import httpx
from fastapi import FastAPI

from app.conversations import accounts
from app.dialogue.understand import Brain
from app.main import create_app
from app.secrets import load_keyring
from app.settings import Settings

TOKEN = "testtoken"
_numbers = itertools.count(10_000)


@asynccontextmanager
async def serving(settings: Settings, brain: Brain | None = None) -> AsyncIterator[FastAPI]:
    """The application with its tasks running; ``app.state.service`` holds its parts.

    ``brain``: what these settings load, where a test has it already: loading takes a second.
    """
    application = create_app(settings, brain=brain)
    async with application.router.lifespan_context(application):
        yield application


def client(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


async def add_channel(app: FastAPI, settings: Settings, name: str, **more: object) -> None:
    service = app.state.service
    await service.db.write(
        accounts.save, platform="wechat", name=name, settings={"app_id": "wx1", "mode": "plain", **more},
        secrets={"token": TOKEN}, keyring=load_keyring(settings), now=datetime.now(UTC),
    )  # fmt: skip
    service.directory.forget()


def signed(**changes: str) -> dict[str, str]:
    """The query of a push at this moment."""
    query = {"timestamp": str(int(time.time())), "nonce": "n1"} | changes
    joined = "".join(sorted((TOKEN, query["timestamp"], query["nonce"])))
    return {"signature": hashlib.sha1(joined.encode()).hexdigest()} | query


def text(content: str, *, sender: str = "viewer", msg_id: int | None = None) -> bytes:
    return _push("text", sender, msg_id, Content=content)


def picture(url: str, media_id: str, *, sender: str = "viewer") -> bytes:
    return _push("image", sender, None, PicUrl=url, MediaId=media_id)


def voice(recognition: str, media_id: str, *, sender: str = "viewer") -> bytes:
    """A recording with what the platform heard in it."""
    return _push("voice", sender, None, MediaId=media_id, Format="amr", Recognition=recognition)


def agent_session(action: str, *, sender: str = "viewer") -> bytes:
    """The platform's own agent takes the viewer (``create``) or leaves him (``close``)."""
    return _push("event", sender, None, Event=f"kf_{action}_session", KfAccount="agent1@gh_test")


def followed(*, sender: str = "viewer") -> bytes:
    return _push("event", sender, None, Event="subscribe", EventKey="")


def menu_clicked(key: str, *, sender: str = "viewer") -> bytes:
    return _push("event", sender, None, Event="CLICK", EventKey=key)


def _push(kind: str, sender: str, msg_id: int | None, **fields: str) -> bytes:
    number = msg_id or next(_numbers)
    elements = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in fields.items())
    return (
        f"<xml><ToUserName><![CDATA[gh_test]]></ToUserName><FromUserName><![CDATA[{sender}]]></FromUserName>"
        f"<CreateTime>{int(time.time())}</CreateTime><MsgType><![CDATA[{kind}]]></MsgType>"
        f"{elements}<MsgId>{number}</MsgId></xml>"
    ).encode()


def text_of(response: httpx.Response) -> str:
    """What a passive reply says."""
    return ElementTree.fromstring(response.content).findtext("Content") or ""
