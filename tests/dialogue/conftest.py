"""A channel, the shipped knowledge, and pushes as a platform would bring them."""

import itertools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from app.agents.calendars import ALWAYS
from app.channels.base import Inbound
from app.channels.content import Content, Text
from app.conversations import accounts, passive
from app.conversations.accounts import Account, Directory
from app.conversations.passive import Carried
from app.db.database import Database
from app.dialogue import batch
from app.dialogue.push import Answer, Push
from app.dialogue.reading import read_arrived
from app.dialogue.rules import Promises, Rules
from app.dialogue.understand import Brain, build_brain
from app.faq.facts import resolve_facts
from app.faq.loader import load
from app.matching.confidence import Weights
from app.matching.index import Index, normalised
from app.matching.store import open_base
from app.secrets import Keyring, load_keyring
from app.settings import ROOT, Settings

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
TOKEN = "testtoken"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def brain() -> Brain:
    knowledge = load(ROOT / "faq", ROOT / "intents", resolve_facts({}, demo=True))
    known = normalised(knowledge.phrasings(), knowledge.language)
    base = open_base(known, knowledge.language, Settings().cache)
    return build_brain(knowledge, Index(base, knowledge.language, Weights.load()))


@pytest.fixture
def rules(brain: Brain) -> Rules:
    return Rules(brain, ALWAYS, Promises(), silence=timedelta(hours=24), burst=20)


@pytest.fixture
def keyring(settings: Settings) -> Keyring:
    return load_keyring(settings)


@pytest.fixture
async def account(db: Database, keyring: Keyring) -> Account:
    await db.write(
        accounts.save, platform="wechat", name="test", settings={"app_id": "wx1", "mode": "plain"},
        secrets={"token": TOKEN}, keyring=keyring, now=NOW,
    )  # fmt: skip
    directory = Directory(db, keyring, simulated=False)
    await directory.refresh()
    found = await directory.find("wechat", "test")
    assert found is not None
    return found


class Talk:
    """Brings pushes to the batch under test and keeps the clock."""

    def __init__(self, db: Database, account: Account, rules: Rules, keyring: Keyring) -> None:
        self.db, self.account, self.rules, self.keyring = db, account, rules, keyring
        self.now = NOW

    def push(self, content: str | Content, sender: str = "viewer", *, key: str | None = None) -> Push:
        spoken = Text(content) if isinstance(content, str) else content
        name = key or f"m:{next(_numbers)}"
        message = Inbound(name, sender, "gh_test", self.now, spoken, b"<xml>stored</xml>")
        return read_arrived(self.account, message, self.keyring, self.rules.brain, self.now)

    def late(self, content: str, sender: str = "viewer", *, key: str | None = None) -> Push:
        """A push whose response can carry nothing any more."""
        return self.push(content, sender, key=key)._replace(answer_by=self.now)

    async def bring(self, pushes: Sequence[Push], handed_over: Sequence[Answer] = ()) -> list[Answer]:
        carried = [
            Carried(answer.message_id, answer.conversation_id, self.now)
            for answer in handed_over if answer.message_id and answer.conversation_id
        ]  # fmt: skip
        await self.db.write(passive.mark_sent, carried)
        return await self.db.write(batch.handle, pushes, self.rules, now=self.now)

    async def say(self, content: str | Content, sender: str = "viewer") -> Answer:
        """One push, answered and handed over."""
        answer = (await self.bring([self.push(content, sender)]))[0]
        if answer.message_id is not None:
            await self.bring([], [answer])
        self.now += timedelta(seconds=5)
        return answer


@pytest.fixture
def talk(db: Database, account: Account, rules: Rules, keyring: Keyring) -> Talk:
    return Talk(db, account, rules, keyring)


Count = Callable[[str], int]
