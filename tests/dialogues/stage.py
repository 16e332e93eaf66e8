"""The stage of a dialogue: the real service, viewers who write to it as on WeChat, and what it said and stored."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import httpx
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents.calendars import BEIJING, Calendar
from app.conversations import accounts
from app.conversations.accounts import Account
from app.conversations.models import Conversation, Message
from app.db.database import Database
from app.dialogue.loading import load_calendar
from app.secrets import load_keyring
from app.settings import Settings
from app.tickets import finding
from app.tickets.models import Ticket, TicketEvent
from app.viewers.models import Consent, Identity
from tests.dialogues import past
from tests.factories import webhook

CHANNEL = "stage"
CHANNEL_SETTINGS = {"customer_service": False}
"""What did not ride on a response stays queued, and nothing is sent to the platform."""
_DAY = timedelta(days=1)
_OPTION = re.compile(r"^(\d)\. (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the service made of one push."""

    text: str
    """What the response carried; empty: nothing."""
    said: Sequence[Message]
    """The service's messages of this turn as they are stored, also those that did not ride."""
    conversation: Conversation
    """As the turn left it."""

    def __contains__(self, words: str) -> bool:
        return words in self.text

    @property
    def silent(self) -> bool:
        return not self.text and not self.said

    @property
    def owner(self) -> str:
        return self.conversation.owner

    @property
    def failures(self) -> int:
        return self.conversation.failures

    @property
    def entry(self) -> str | None:
        """The entry that answered; None: this is no answer of the FAQ."""
        return next((m.data["entry"] for m in self.said if m.data and "entry" in m.data), None)

    @property
    def options(self) -> list[str]:
        """The numbered lines that one can choose from."""
        return [label for _, label in _OPTION.findall(self.text)]

    def asks(self, most: int) -> bool:
        """Whether it asks one question with two to ``most`` choices, and waits for the answer."""
        awaited = (self.conversation.awaiting or "").partition("\n")[0]
        return awaited in ("choice", "topic") and 2 <= len(self.options) <= most

    def names(self, moment: datetime) -> bool:
        """Whether it says the day and the hour of ``moment``, in Beijing time."""
        local, said_on = moment.astimezone(BEIJING), self.said[0].created_at.astimezone(BEIJING).date()
        days = {said_on - _DAY: "昨天", said_on: "今天", said_on + _DAY: "明天"}
        day = days.get(local.date(), f"{local.month}月{local.day}日")
        return re.search(rf"{day}(（周.）)?\s?{local.hour}:{local.minute:02d}", self.text) is not None


class Viewer:
    """Somebody with an account of his own on the channel."""

    def __init__(self, stage: "Stage", name: str) -> None:
        self._stage, self.openid = stage, f"o{name}"

    async def says(self, text: str) -> Reply:
        return await self._push(webhook.text(text, sender=self.openid))

    async def speaks(self, heard: str) -> Reply:
        """A recording; ``heard``: what the platform recognised in it."""
        return await self._push(webhook.voice(heard, "VOICE1", sender=self.openid))

    async def sends_picture(self, url: str = "https://pictures.example/1.jpg") -> Reply:
        return await self._push(webhook.picture(url, "PICTURE1", sender=self.openid))

    async def is_taken_by_agent(self) -> Reply:
        """An agent takes the conversation in the platform's own console."""
        return await self._push(webhook.agent_session("create", sender=self.openid))

    async def is_left_by_agent(self) -> Reply:
        return await self._push(webhook.agent_session("close", sender=self.openid))

    async def _push(self, body: bytes) -> Reply:
        before = await self._stage.db.read(_last_message, self.openid)
        answered = await self._stage.deliver(body)
        return await self._stage.db.read(_read_reply, self.openid, before, answered)

    async def tickets(self) -> list[Ticket]:
        """Newest first."""
        own = select(Ticket).join(Identity, Identity.viewer_id == Ticket.viewer_id).order_by(Ticket.id.desc())
        return await self._stage.db.read(lambda s: list(s.scalars(own.where(Identity.external_id == self.openid))))

    async def ticket(self) -> Ticket:
        """The only one."""
        (only,) = await self.tickets()
        return only

    async def messages(self) -> list[Message]:
        return await self._stage.db.read(_messages, self.openid, 0)

    async def consents(self) -> list[tuple[str, bool]]:
        """What was agreed to and taken back, in the order of time."""
        own = select(Consent).join(Identity).where(Identity.external_id == self.openid).order_by(Consent.id)
        return [(c.topic, c.granted) for c in await self._stage.db.read(lambda s: list(s.scalars(own)))]

    async def identity(self) -> Identity:
        return await self._stage.db.read(_identity, self.openid)

    async def had_ticket(self, number: int, subject: str, *, opened: datetime, kind: str = "inquiry") -> Ticket:
        """A ticket of an earlier conversation, promised in three days. The viewer must have written before."""
        due = self._stage.calendar.end_of_working_day(datetime.now(UTC), 3)
        return await self._stage.db.write(past.ticket, self.openid, number, subject, kind=kind, opened=opened, due=due)


class Stage:
    def __init__(self, http: httpx.AsyncClient, db: Database, settings: Settings) -> None:
        self._http, self.db, self.settings = http, db, settings

    @property
    def calendar(self) -> Calendar:
        return load_calendar(self.settings)

    def viewer(self, name: str) -> Viewer:
        return Viewer(self, name)

    async def deliver(self, body: bytes) -> str:
        response = await self._http.post(f"/webhooks/wechat/{CHANNEL}", params=webhook.signed(), content=body)
        assert response.status_code == 200, response.text
        return "" if response.text == "success" else webhook.text_of(response)

    async def account(self) -> Account:
        """The channel, as one that may speak by itself; here nothing is sent."""
        (channel,) = await self.db.read(accounts.list_channels)
        found = accounts.open_account(channel, load_keyring(self.settings))
        return replace(found, credentials=replace(found.credentials, customer_service=True))

    async def staff(self, action: Callable[..., None], ticket: Ticket, *text: str, at: datetime | None = None) -> None:
        """Somebody works on a ticket: ``ticketing.start``, ``ask``, ``reply``, ``close``."""
        await self.db.write(action, ticket.number, *text, by="staff", now=at or datetime.now(UTC))

    async def history(self, ticket: Ticket) -> list[TicketEvent]:
        return await self.db.read(finding.history, ticket)

    async def transcript(self, ticket: Ticket) -> list[Message]:
        return await self.db.read(finding.transcript, ticket)


def _read_reply(session: Session, openid: str, before: int, answered: str) -> Reply:
    said = [message for message in _messages(session, openid, before) if message.direction == "out"]
    newest = select(Conversation).join(Identity).where(Identity.external_id == openid).order_by(Conversation.id.desc())
    conversation = session.scalars(newest.where(Conversation.closed_at.is_(None))).one()
    return Reply(answered, said, conversation)


def _messages(session: Session, openid: str, after: int) -> list[Message]:
    own = select(Message).join(Conversation).join(Identity).where(Identity.external_id == openid, Message.id > after)
    return list(session.scalars(own.order_by(Message.id)))


def _last_message(session: Session, openid: str) -> int:
    return max((message.id for message in _messages(session, openid, 0)), default=0)


def _identity(session: Session, openid: str) -> Identity:
    return session.scalars(select(Identity).where(Identity.external_id == openid)).one()
