"""What demo mode starts with: simulated channels whose secrets everybody may know, as they are served nowhere else."""

import hashlib
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import httpx
from sqlalchemy.orm import Session

from app.conversations import accounts
from app.db.database import Database
from app.errors import ConfigurationError
from app.secrets import Keyring

NAME = "demo"
TOKEN = "demotoken"
_SECRETS = {"token": TOKEN, "app_secret": "demosecret"}
CHANNELS: Mapping[str, tuple[Mapping[str, Any], Mapping[str, str]]] = {
    NAME: ({"app_id": "wxdemo0000000000", "mode": "plain", "customer_service": True, "menu_links": True}, _SECRETS),
    "demo-safe": (
        {"app_id": "wxdemosafe000000", "mode": "safe", "customer_service": True, "menu_links": True},
        {**_SECRETS, "aes_key": "ZGVtbyBrZXkgb2YgdGhlIHNpbXVsYXRvcjogMzIgQnk"},
    ),
    "demo-sub": ({"app_id": "wxdemosub0000000", "mode": "plain", "customer_service": False}, _SECRETS),
}
"""(settings, secrets) by name: a service account, one in safe mode, and one that may not send by itself."""


async def add_channels(db: Database, keyring: Keyring) -> None:
    await db.write(_add, keyring, now=datetime.now(UTC))


def _add(session: Session, keyring: Keyring, *, now: datetime) -> None:
    """Those that are missing or differ; a channel of the same name that somebody made for a real account stays."""
    known = {channel.name: channel for channel in accounts.list_channels(session) if channel.platform == "wechat"}
    for name, (settings, secret) in CHANNELS.items():
        channel = known.get(name)
        if channel is not None and (not channel.simulated or channel.settings == settings):
            continue
        accounts.save(
            session, platform="wechat", name=name, settings=settings, secrets=secret, keyring=keyring, now=now,
            simulated=True,
        )  # fmt: skip


def instructions(address: str) -> str:
    """How to send the first message, as lines for the terminal."""
    return (
        f"  demo       {address}/webhooks/wechat/{NAME} (token {TOKEN}, plain mode)\n"
        "  try it     .venv/bin/python -m app say 会员怎么退款"
    )


def say(address: str, text: str, viewer: str) -> str:
    """Write to the demo channel of the service at ``address`` and return what it answers."""
    now, nonce = str(int(time.time())), secrets.token_hex(4)
    signed = "".join(sorted((TOKEN, now, nonce)))
    query = {"signature": hashlib.sha1(signed.encode()).hexdigest(), "timestamp": now, "nonce": nonce}
    fields = {"ToUserName": "gh_demo", "FromUserName": viewer, "CreateTime": now, "MsgType": "text", "Content": text}
    push = ElementTree.Element("xml")
    for name, value in (fields | {"MsgId": str(secrets.randbits(62))}).items():
        ElementTree.SubElement(push, name).text = value
    try:
        response = httpx.post(
            f"{address}/webhooks/wechat/{NAME}", params=query, content=ElementTree.tostring(push, "utf-8"), timeout=10
        )
    except httpx.HTTPError:
        raise ConfigurationError(f"Nobody answers at {address}: start the service with 'make run' first.") from None
    if response.status_code != 200:
        raise ConfigurationError(f"The service answered {response.status_code}: is it in demo mode ('make run')?")
    if response.text == "success":
        return "(no answer)"
    return ElementTree.fromstring(response.content).findtext("Content") or ""
