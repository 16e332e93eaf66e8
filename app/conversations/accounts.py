"""Channels: the accounts we have on platforms, their sealed credentials, and a running server's view of them."""

import asyncio
import json
import logging
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.channels.base import Platform
from app.channels.registry import PLATFORMS
from app.conversations import credentials, gates
from app.conversations.models import Channel
from app.db.database import Database
from app.db.sql import counter, reserve
from app.errors import ConfigurationError
from app.secrets import Keyring

log = logging.getLogger(__name__)
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
VERSION = "channels"
"""The counter that every change of a channel raises."""
_LOOK_AGAIN = 1.0
"""Seconds after which a running server looks whether the configuration changed."""


@dataclass(frozen=True, slots=True)
class Account:
    """A channel as a running process holds it: checked, opened, ready for use."""

    channel_id: int
    name: str
    simulated: bool
    platform: Platform
    credentials: Any
    """The platform's own account object."""


def save(
    session: Session,
    *,
    platform: str,
    name: str,
    settings: Mapping[str, Any],
    secrets: Mapping[str, str],
    keyring: Keyring,
    now: datetime,
    simulated: bool = False,
    keep: Collection[str] = (),
) -> int:
    """Add a channel or replace the one of that name; its credentials are checked first, then sealed.

    What was closed because of the former ones opens again. ``keep``: the settings that stay as they are where none are
    given, unless it is another account from now on.
    """
    if platform not in PLATFORMS:
        raise ConfigurationError(f"There is no platform '{platform}'; there is {', '.join(PLATFORMS)}.")
    if not _NAME.fullmatch(name):
        raise ConfigurationError(f"A channel's name is 1–32 of a-z, 0-9, - and _; '{name}' is not.")
    sealed = keyring.seal(json.dumps(dict(secrets)).encode(), _context(platform, name))
    reserve(session, VERSION)  # first: its lock makes changes of channels follow one another
    channel = session.scalar(select(Channel).where(Channel.platform == platform, Channel.name == name))
    given = _kept(channel, settings, keep) | dict(settings)
    PLATFORMS[platform].account(given, secrets)
    if channel is None:
        channel = Channel(platform=platform, name=name, created_at=now)
        session.add(channel)
    channel.settings, channel.secrets, channel.simulated, channel.updated_at = given, sealed, simulated, now
    session.flush()
    credentials.forget(session, channel.id)
    gates.reopen(session, channel.id, now=now)
    return channel.id


def _kept(channel: Channel | None, settings: Mapping[str, Any], keep: Collection[str]) -> dict[str, Any]:
    if channel is None or channel.settings.get("app_id") != settings.get("app_id"):
        return {}
    return {name: value for name, value in channel.settings.items() if name in keep}


def list_channels(session: Session) -> list[Channel]:
    return list(session.scalars(select(Channel).order_by(Channel.platform, Channel.name)))


def stored_secrets(channel: Channel, keyring: Keyring) -> dict[str, str]:
    opened = keyring.open(channel.secrets, _context(channel.platform, channel.name))
    return {str(key): str(value) for key, value in json.loads(opened).items()}


def open_account(channel: Channel, keyring: Keyring) -> Account:
    """ConfigurationError where the credentials cannot be opened or are not valid."""
    platform = PLATFORMS.get(channel.platform)
    if platform is None:
        raise ConfigurationError(f"This version of the code does not know the platform '{channel.platform}'.")
    own = platform.account(channel.settings, stored_secrets(channel, keyring))
    return Account(channel.id, channel.name, channel.simulated, platform, own)


def _context(platform: str, name: str) -> str:
    return f"channels:{platform}/{name}"


class Directory:
    """The accounts that webhooks are served for, re-read within a second of a change, without a restart."""

    def __init__(self, db: Database, keyring: Keyring, *, simulated: bool) -> None:
        """``simulated``: whether channels of the simulator are served (demo mode)."""
        self._db, self._keyring, self._simulated = db, keyring, simulated
        self._accounts: dict[tuple[str, str], Account] = {}
        self._by_id: dict[int, Account] = {}
        self._version: int | None = None
        self._forgotten = 0
        self._looked_at = float("-inf")
        self._first_look = asyncio.Lock()

    async def find(self, platform: str, name: str) -> Account | None:
        await self.refresh()
        return self._accounts.get((platform, name))

    async def by_id(self, channel_id: int) -> Account | None:
        await self.refresh()
        return self._by_id.get(channel_id)

    @property
    def version(self) -> int | None:
        """Of the accounts as last seen: what ``VERSION`` was then."""
        return self._version

    @property
    def known(self) -> Collection[int]:
        """Ids of the channels that are served, as last seen."""
        return self._by_id.keys()

    async def all(self) -> Mapping[int, Account]:
        """Those that are served, by channel id."""
        await self.refresh()
        return self._by_id

    async def newest(self) -> Mapping[int, Account]:
        """The same as of this moment: for calls that a channel's former credentials would spoil."""
        await self._look()
        return self._by_id

    def forget(self) -> None:
        """Look again at the next request, and let nobody be served by what is known meanwhile."""
        self._version = None
        self._forgotten += 1

    def _open(self, channel: Channel) -> Account | None:
        """One account that cannot be used must not take the others with it."""
        if channel.simulated and not self._simulated:
            return None
        try:
            return open_account(channel, self._keyring)
        except ConfigurationError as error:
            log.error("channel not served", extra={"channel": channel.name, "reason": str(error)})
            return None

    async def refresh(self) -> None:
        """Look for changes if it is time to. Everybody waits for the first look, nobody but the one for the others."""
        if self._version is None:
            async with self._first_look:
                if self._version is None:
                    await self._look()
        elif monotonic() - self._looked_at >= _LOOK_AGAIN:
            await self._look()

    async def _look(self) -> None:
        self._looked_at = monotonic()  # set first: a burst of requests looks once
        forgotten = self._forgotten
        version = await self._db.look(counter, VERSION)
        if version != self._version:
            channels = await self._db.read(list_channels)
            opened = [account for c in channels if (account := self._open(c))]
            self._accounts = {(account.platform.name, account.name): account for account in opened}
            self._by_id = {account.channel_id: account for account in opened}
            if forgotten == self._forgotten:  # else what was read may be older than what was to be seen
                self._version = version
