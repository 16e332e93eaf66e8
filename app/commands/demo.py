"""What demo mode starts with: simulated channels whose secrets everybody may know, as they are served nowhere else."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.conversations import accounts
from app.db.database import Database
from app.secrets import Keyring

NAME = "demo"
TOKEN = "demotoken"
_SECRETS = {"token": TOKEN, "app_secret": "demosecret"}
QQ_NAME, QQ_APP_ID = "demo-qq", "102000001"


class DemoChannel(NamedTuple):
    platform: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]


CHANNELS: Mapping[str, DemoChannel] = {
    NAME: DemoChannel(
        "wechat",
        {"app_id": "wxdemo0000000000", "mode": "plain", "customer_service": True, "menu_links": True},
        _SECRETS,
    ),
    "demo-safe": DemoChannel(
        "wechat",
        {"app_id": "wxdemosafe000000", "mode": "safe", "customer_service": True, "menu_links": True},
        {**_SECRETS, "aes_key": "ZGVtbyBrZXkgb2YgdGhlIHNpbXVsYXRvcjogMzIgQnk"},
    ),
    "demo-sub": DemoChannel(
        "wechat", {"app_id": "wxdemosub0000000", "mode": "plain", "customer_service": False}, _SECRETS
    ),
    QQ_NAME: DemoChannel(
        "qq", {"app_id": QQ_APP_ID, "proactive": True, "buttons": True}, {"app_secret": "demoBotSecret0001"}
    ),
}
"""By name: a service account, one in safe mode, one that may not send by itself, and a QQ bot."""


async def add_channels(db: Database, keyring: Keyring) -> None:
    await db.write(_add, keyring, now=datetime.now(UTC))


def _add(session: Session, keyring: Keyring, *, now: datetime) -> None:
    """Those that are missing or differ; a channel of the same name that somebody made for a real account stays."""
    known = {(channel.platform, channel.name): channel for channel in accounts.list_channels(session)}
    for name, (platform, settings, secret) in CHANNELS.items():
        channel = known.get((platform, name))
        if channel is not None and (not channel.simulated or channel.settings == settings):
            continue
        accounts.save(
            session, platform=platform, name=name, settings=settings, secrets=secret, keyring=keyring, now=now,
            simulated=True,
        )  # fmt: skip


def instructions(address: str) -> str:
    """How to send the first message, as lines for the terminal."""
    return (
        f"  demo       {address}/webhooks/wechat/{NAME} (token {TOKEN}, plain mode)\n"
        f"  demo-qq    {address}/webhooks/qq/{QQ_NAME} (app id {QQ_APP_ID}, pushed by the simulator)\n"
        "  try it     .venv/bin/python -m app say 会员怎么退款"
    )
