"""What demo mode starts with: one simulated channel whose token everybody may know, as it is served nowhere else."""

import hashlib
import secrets
import time
from datetime import UTC, datetime
from xml.etree import ElementTree

import httpx
from sqlalchemy.orm import Session

from app.conversations import accounts
from app.db.database import Database
from app.errors import ConfigurationError
from app.secrets import Keyring

NAME = "demo"
SETTINGS = {"app_id": "wxdemo0000000000", "mode": "plain", "customer_service": False}
SECRETS = {"token": "demotoken"}


async def add_channel(db: Database, keyring: Keyring) -> None:
    await db.write(_add, keyring, now=datetime.now(UTC))


def _add(session: Session, keyring: Keyring, *, now: datetime) -> None:
    if any(channel.name == NAME and channel.platform == "wechat" for channel in accounts.list_channels(session)):
        return
    accounts.save(
        session, platform="wechat", name=NAME, settings=SETTINGS, secrets=SECRETS, keyring=keyring, now=now,
        simulated=True,
    )  # fmt: skip


def instructions(address: str) -> str:
    """How to send the first message, as lines for the terminal."""
    return (
        f"  demo       {address}/webhooks/wechat/{NAME} (token {SECRETS['token']}, plain mode)\n"
        "  try it     .venv/bin/python -m app say 会员怎么退款"
    )


def say(address: str, text: str, viewer: str) -> str:
    """Write to the demo channel of the service at ``address`` and return what it answers."""
    now, nonce = str(int(time.time())), secrets.token_hex(4)
    signed = "".join(sorted((SECRETS["token"], now, nonce)))
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
