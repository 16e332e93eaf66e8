"""What demo mode starts with: simulated channels whose secrets everybody may know, as they are served nowhere else."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.conversations import accounts
from app.db.database import Database
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
