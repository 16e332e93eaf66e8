"""All pretend phones of this process: bounded, in memory, gone with it."""

import asyncio
import itertools
from collections.abc import Iterator

from app.errors import AppError, NotFound
from app.simulator.changes import ROSTER, Changes
from app.simulator.faces import HUES, VIEWERS, Viewer
from app.simulator.phones import Chat, Phone

PHONES = 8


class PhoneNotFound(NotFound):
    message = "这部手机已经收起来了，请刷新页面"


class TooManyPhones(AppError):
    status_code, message = 409, f"最多同时有 {PHONES} 部手机，请先收起一部"


class Stage:
    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._phones: dict[str, Phone] = {}
        self._numbers = itertools.count(1)
        self.add()

    def __iter__(self) -> Iterator[Phone]:
        return iter(list(self._phones.values()))

    @property
    def ids(self) -> list[str]:
        return list(self._phones)

    def get(self, phone_id: str) -> Phone:
        phone = self._phones.get(phone_id)
        if phone is None:
            raise PhoneNotFound
        return phone

    def add(self, viewer: Viewer | None = None, channel: str = "demo", scenario: str | None = None) -> Phone:
        if len(self._phones) >= PHONES:
            raise TooManyPhones
        phone = Phone(f"p{next(self._numbers)}", viewer or self._next_viewer(), channel, scenario=scenario)
        self._phones[phone.id] = phone
        self._changes.publish(ROSTER)
        return phone

    def remove(self, phone: Phone) -> None:
        halt(phone)
        self._phones.pop(phone.id, None)
        if not self._phones:
            self.add()
        self._changes.publish(ROSTER)

    def reset(self, phone: Phone) -> None:
        """Somebody new with the same name: another openid with every account, an empty screen, an empty wire."""
        halt(phone)
        phone.chats.clear()
        phone.scenario, phone.played = None, 0
        self._changes.publish(phone.id)

    def reset_all(self) -> None:
        for phone in self:
            halt(phone)
        self._phones.clear()
        self.add()
        self._changes.publish(ROSTER)

    def of_scenario(self, name: str) -> Phone | None:
        return next((phone for phone in self if phone.scenario == name), None)

    def chat_of(self, channel: str, openid: str) -> tuple[Phone, Chat] | None:
        for phone in self:
            chat = phone.chats.get(channel)
            if chat is not None and chat.openid == openid:
                return phone, chat
        return None

    def somebody(self, name: str) -> Viewer:
        return Viewer(name, name[0], len(self._phones) % HUES + 1)

    def _next_viewer(self) -> Viewer:
        taken = {phone.viewer.name for phone in self}
        return next((viewer for viewer in VIEWERS if viewer.name not in taken), VIEWERS[0])


def halt(phone: Phone) -> list[asyncio.Task[None]]:
    """End what goes on at a phone: its scenario, its exchanges. The tasks returned end in the loop's next turns."""
    tasks = [*phone.tasks, *([phone.play] if phone.play else [])]
    for task in tasks:
        task.cancel()
    phone.tasks.clear()
    phone.play, phone.typing = None, False
    return tasks
