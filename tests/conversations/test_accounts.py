"""Channels: saved sealed, and seen by a running process as they change."""

import asyncio
import json
from typing import Any, cast

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.conversations import accounts
from app.conversations.accounts import Directory
from app.conversations.models import Channel
from app.db.database import Database
from app.errors import ConfigurationError
from app.secrets import Keyring, WrongKey
from tests.db.gates import Gate, until_blocked
from tests.factories import conversations as make
from tests.factories.conversations import KEYRING, NOW, SECRETS, WECHAT

OTHER = Keyring([b"o" * 32])


def save(session: Session, /, name: str = "main", **changes: Any) -> int:
    given: dict[str, Any] = {
        "platform": "wechat", "name": name, "settings": WECHAT, "secrets": SECRETS, "keyring": KEYRING, "now": NOW,
    }  # fmt: skip
    return accounts.save(session, **(given | changes))


def corrupt(session: Session, /, name: str, **values: Any) -> None:
    """Change a stored channel behind the service's back."""
    session.execute(update(Channel).where(Channel.name == name).values(**values))


@pytest.fixture
def look_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "_LOOK_AGAIN", 0)


# -------------------- saving


async def test_secrets_are_sealed(db: Database) -> None:
    await db.write(save)
    (channel,) = await db.read(accounts.list_channels)
    assert accounts.stored_secrets(channel, KEYRING) == SECRETS
    assert not any(secret.encode() in channel.secrets for secret in SECRETS.values())
    assert "token" not in json.dumps(channel.settings)
    with pytest.raises(WrongKey):
        accounts.stored_secrets(channel, OTHER)


async def test_a_channel_of_the_same_name_is_replaced(db: Database) -> None:
    first = await db.write(save)
    again = await db.write(save, settings=WECHAT | {"app_id": "wxother"}, secrets={"token": "another"}, simulated=True)
    (channel,) = await db.read(accounts.list_channels)
    assert first == again == channel.id
    assert (channel.settings["app_id"], channel.simulated) == ("wxother", True)
    assert accounts.stored_secrets(channel, KEYRING) == {"token": "another"}


async def test_channels_are_listed_by_name(db: Database) -> None:
    for name in ("b", "a"):
        await db.write(save, name)
    assert [channel.name for channel in await db.read(accounts.list_channels)] == ["a", "b"]


@pytest.mark.parametrize("name", ["", "Main", "主号", "a/b", "a b", "-a", "a" * 33, "a\n"])
async def test_a_name_must_fit_into_an_address(db: Database, name: str) -> None:
    with pytest.raises(ConfigurationError, match="A channel's name is 1–32"):
        await db.write(save, name)
    assert await db.read(accounts.list_channels) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"platform": "fax"}, "There is no platform 'fax'; there is wechat"),
        ({"secrets": {}}, "token"),
        ({"settings": {"mode": "plain"}}, "app id"),
        ({"settings": WECHAT | {"mode": "safe"}}, "AES key"),
    ],
)
async def test_what_could_not_be_used_is_not_saved(db: Database, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        await db.write(save, **changes)
    assert await db.read(accounts.list_channels) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_of_two_who_add_one_channel_the_second_replaces_it(db: Database, database_url: str) -> None:
    gate = Gate()

    def save_and_stop(session: Session) -> int:
        channel_id = save(session)
        gate.stop(session)
        return channel_id

    first = asyncio.ensure_future(db.write(save_and_stop))
    await gate.reached()
    second = asyncio.ensure_future(db.write(save, secrets={"token": "second"}))
    await until_blocked(database_url)
    gate.open()
    assert await first == await second
    (channel,) = await db.read(accounts.list_channels)
    assert accounts.stored_secrets(channel, KEYRING) == {"token": "second"}


# -------------------- a running process


async def test_an_account_is_found_by_name_and_by_id(db: Database) -> None:
    channel_id = await make.channel(db, "main")
    directory = Directory(db, KEYRING, simulated=False)
    account = await directory.find("wechat", "main")
    assert account is not None
    assert (account.channel_id, account.name, account.platform.name) == (channel_id, "main", "wechat")
    assert account.credentials.token == SECRETS["token"]
    assert await directory.by_id(channel_id) is account
    assert await directory.find("wechat", "other") is None
    assert await directory.find("qq", "main") is None
    assert await directory.by_id(channel_id + 1) is None


@pytest.mark.usefixtures("look_always")
async def test_a_change_beside_it_is_seen(db: Database) -> None:
    directory = Directory(db, KEYRING, simulated=False)
    assert await directory.find("wechat", "main") is None
    await db.write(save)
    before = await directory.find("wechat", "main")
    await db.write(save, secrets=SECRETS | {"token": "newtoken"})
    after = await directory.find("wechat", "main")
    assert before is not None
    assert after is not None
    assert (before.credentials.token, after.credentials.token) == (SECRETS["token"], "newtoken")


@pytest.mark.usefixtures("look_always")
async def test_what_did_not_change_is_not_opened_again(db: Database) -> None:
    await db.write(save)
    directory = Directory(db, KEYRING, simulated=False)
    assert await directory.find("wechat", "main") is await directory.find("wechat", "main")


async def test_between_two_looks_it_trusts_what_it_knows(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "_LOOK_AGAIN", 3600)
    directory = Directory(db, KEYRING, simulated=False)
    await directory.refresh()
    await db.write(save)
    assert await directory.find("wechat", "main") is None
    monkeypatch.setattr(accounts, "_LOOK_AGAIN", 0)
    assert await directory.find("wechat", "main") is not None


async def test_all_who_come_at_the_start_wait_for_the_first_look(db: Database) -> None:
    await db.write(save)
    directory = Directory(db, KEYRING, simulated=False)
    found = await asyncio.gather(*(directory.find("wechat", "main") for _ in range(5)))
    assert None not in found


async def test_a_simulated_channel_is_served_in_demo_mode_alone(db: Database) -> None:
    channel_id = await make.channel(db, "demo", simulated=True)
    await make.channel(db, "main")
    production, demo = Directory(db, KEYRING, simulated=False), Directory(db, KEYRING, simulated=True)
    assert await production.find("wechat", "demo") is None
    assert await production.by_id(channel_id) is None
    assert await production.find("wechat", "main") is not None
    assert await demo.find("wechat", "demo") is not None


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"settings": {"mode": "plain"}}, "app id"),
        ({"secrets": b"\x01nonsense"}, "not in SECRET_KEYS"),
        ({"secrets": OTHER.seal(b"{}", "channels:wechat/broken")}, "not in SECRET_KEYS"),
        ({"secrets": KEYRING.seal(b"{}", "channels:wechat/main")}, "changed or moved"),
        ({"platform": "telex"}, "does not know the platform 'telex'"),
    ],
)
async def test_a_broken_channel_does_not_hide_the_others(
    db: Database, caplog: pytest.LogCaptureFixture, broken: dict[str, Any], reason: str
) -> None:
    for name in ("broken", "main"):
        await db.write(save, name)
    await db.write(corrupt, "broken", **broken)
    directory = Directory(db, KEYRING, simulated=False)
    assert await directory.find("wechat", "main") is not None
    assert await directory.find("wechat", "broken") is None
    record = caplog.records[-1]
    assert (record.getMessage(), record.__dict__["channel"]) == ("channel not served", "broken")
    assert reason in record.__dict__["reason"]


async def test_opening_says_what_is_wrong(db: Database) -> None:
    await db.write(save)
    await db.write(corrupt, "main", platform="telex")
    channel = await db.read(lambda session: session.scalars(select(Channel)).one())
    with pytest.raises(ConfigurationError, match="telex"):
        accounts.open_account(channel, KEYRING)


class Held:
    """The same database, whose answers come when the test lets them."""

    def __init__(self, db: Database) -> None:
        self.look, self._read = db.look, db.read
        self.asked, self.go = asyncio.Event(), asyncio.Event()

    async def read(self, *given: Any) -> Any:
        found = await self._read(*given)
        self.asked.set()
        await self.go.wait()
        return found


async def test_what_is_forgotten_amid_a_look_is_looked_at_again(db: Database) -> None:
    await db.write(save, settings=WECHAT | {"app_id": "wx0000000000000001"})
    held = Held(db)
    directory = Directory(cast(Database, held), KEYRING, simulated=False)
    looking = asyncio.create_task(directory.find("wechat", "main"))
    await held.asked.wait()
    await db.write(save, settings=WECHAT | {"app_id": "wx0000000000000002"})
    directory.forget()
    held.go.set()
    await looking
    found = await directory.find("wechat", "main")
    assert found is not None
    assert found.credentials.app_id == "wx0000000000000002"
