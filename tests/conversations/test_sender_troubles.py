"""What goes wrong inside the sender itself, and must not spread."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from app.channels.delivery import DeliveryError, Outcome, Receipt
from app.conversations import claiming, credentials
from app.conversations.accounts import Directory
from app.conversations.claiming import Claimed
from app.conversations.sending import Sender
from app.conversations.settling import Ended
from app.conversations.windows import Raced
from app.db.database import Database
from tests.factories import conversations as make
from tests.factories import delivering as do
from tests.factories.conversations import KEYRING, NOW, STORAGE
from tests.fakes.wechat import WeChatApi

OVER = 0.0
"""By ``monotonic``: the lease is over, so that nothing is tried again."""


@pytest.fixture
async def directory(db: Database) -> Directory:
    return Directory(db, KEYRING, simulated=False)


@pytest.fixture
async def sender(db: Database, api: WeChatApi, directory: Directory) -> AsyncIterator[Sender]:
    sender = Sender(db, directory, KEYRING, STORAGE, base_urls={"wechat": api.url}, clock=lambda: NOW)
    yield sender
    await sender.close()


async def test_an_end_that_cannot_be_written_does_not_take_the_others_with_it(
    db: Database, sender: Sender, directory: Directory, caplog: pytest.LogCaptureFixture
) -> None:
    channel = await make.channel(db)
    for n in range(3):
        await make.queued(db, await make.conversation(db, channel, f"openid-{n}"))
    drafts = (await db.write(do.claim, *(await directory.all()).values(), worker=sender._worker)).drafts
    broken = replace(drafts[1], channel_id=999)  # its gate belongs to no channel
    sender._note(Ended(drafts[0], Receipt(), None, 0.5), OVER)
    sender._note(Ended(broken, None, DeliveryError("1", Outcome.operator), 0.5), OVER)
    sender._note(Ended(drafts[2], Receipt(), None, 0.5), OVER)
    await sender._drain()
    assert await db.read(make.states) == ["sent", "sending", "sent"]
    assert caplog.text.count("not settled") == 2  # with the others, and by itself


async def test_who_raced_for_a_place_looks_again_at_once(
    db: Database, api: WeChatApi, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make.queued(db, await make.conversation(db, await make.channel(db)))
    claim, lost = claiming.claim, [True]

    def race(session: Session, *given: object, **more: object) -> Claimed:
        if lost.pop() if lost else False:
            raise Raced
        return claim(session, *given, **more)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(claiming, "claim", race)
    assert await sender.round() == 1
    assert api.asked == []
    assert await sender.round() == 1
    assert api.asked == ["好的"]


async def test_a_credential_that_cannot_be_fetched_ahead_does_not_stop_the_others(
    db: Database, api: WeChatApi, directory: Directory, caplog: pytest.LogCaptureFixture
) -> None:
    near_end = NOW + timedelta(seconds=7100)
    for name in ("one", "two"):
        await db.write(store_token, await make.channel(db, name))
    sender = Sender(db, directory, KEYRING, STORAGE, base_urls={"wechat": api.url}, clock=lambda: near_end)
    api.token_answer = 40125
    await sender.refresh_tokens()
    await sender.close()
    assert len(api.token_requests) == 2
    assert caplog.text.count("token not refreshed ahead") == 2


def store_token(session: Session, channel_id: int) -> None:
    credentials.lease(session, channel_id, 0, worker="w", now=NOW, until=NOW + timedelta(seconds=20))
    sealed = KEYRING.seal(b"token-1", f"credentials:{channel_id}")
    credentials.store(session, channel_id, 0, sealed, worker="w", now=NOW, seconds=7200)
