"""The agent's side of a phone, beside the console: who speaks, what is said, how it fares."""

import secrets
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

from app.agents.rights import Actor
from app.channels import outbound
from app.conversations import outgoing, routing
from app.conversations.accounts import Account, Directory
from app.conversations.models import Owner
from app.conversations.outgoing import Talk
from app.db.database import Database
from app.desk import replies
from app.errors import AppError
from app.simulator import person
from app.simulator.ageing import age_played, age_stored
from app.simulator.phones import Chat
from app.storage.storage import NotAccepted, Storage, TooLarge

LARGEST = 2 * 1024 * 1024
"""Bytes of a picture: what WeChat takes of most kinds, and more than a screenshot has."""
PICTURES = ("image/png", "image/jpeg")
PASSED = "过了 {hours} 小时"


class NobodyThere(AppError):
    status_code, message = 409, "这位观众还没有说过话，没有会话可以接入"


class Taken(AppError):
    status_code, message = 409, "会话已经由客服接着"


class NotTaken(AppError):
    status_code, message = 409, "请先接入会话，再以客服身份回复"


class PictureRefused(AppError):
    status_code, message = 422, "图片要是 2 MB 以内的 PNG 或 JPG"


class Desk:
    def __init__(self, db: Database, directory: Directory, storage: Storage) -> None:
        self._db, self._directory, self._storage = db, directory, storage

    async def look(self, chat: Chat) -> Talk | None:
        """The conversation behind a phone's chat; None where there is none so far."""
        account = await self.account(chat)
        if account is None:
            return None
        return await self._db.read(outgoing.find, account, chat.address, now=datetime.now(UTC))

    async def account(self, chat: Chat) -> Account | None:
        found = await self._directory.find(chat.face.platform, chat.face.channel)
        return found if found is not None and found.simulated else None

    async def take(self, chat: Chat) -> None:
        talk = await self._talk(chat)
        if talk.owner == Owner.agent and not talk.is_closed:
            raise Taken
        await self._db.write(routing.take_over, talk.conversation_id, by=await self._sit_down(), now=datetime.now(UTC))

    async def release(self, chat: Chat) -> None:
        talk = await self._talk(chat)
        await self._db.write(routing.release, talk.conversation_id, by=await self._sit_down(), now=datetime.now(UTC))

    async def reply(self, chat: Chat, message: outbound.Message) -> int:
        """Say something as the agent who has the conversation; the message's id. The phone shows all that was said."""
        talk = await self._talk(chat)
        if talk.owner != Owner.agent or talk.is_closed:
            raise NotTaken
        by, now = await self._sit_down(), datetime.now(UTC)
        return await self._db.write(
            replies.send, talk.conversation_id, by=by, message=message, seen_seq=0, even_if_stale=True,
            even_if_doubtful=True, key=secrets.token_hex(16), now=now,
        )  # fmt: skip

    async def pass_time(self, chats: Sequence[Chat], by: timedelta) -> None:
        """Let time pass for a chat, or for all chats of a group."""
        account = await self.account(chats[0])
        if account is not None:
            addresses = {chat.address for chat in chats}
            places = {account.platform.place(address) for address in addresses}
            await self._db.write(age_stored, account.channel_id, addresses | places, by)
        age_played(chats, by)

    async def keep(self, picture: bytes) -> outbound.Image:
        """A picture as a message, stored as any file is."""
        try:
            stored = await self._storage.put(_chunks(picture), limit=LARGEST, accepts=PICTURES)
        except (TooLarge, NotAccepted):
            raise PictureRefused from None
        return outbound.Image(stored.key)

    async def _sit_down(self) -> Actor:
        return await self._db.write(person.sit_down, now=datetime.now(UTC))

    async def _talk(self, chat: Chat) -> Talk:
        talk = await self.look(chat)
        if talk is None:
            raise NobodyThere
        return talk


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    yield content
