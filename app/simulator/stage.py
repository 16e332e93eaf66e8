"""All pretend phones of this process: bounded, in memory, gone with it."""

import asyncio
import itertools
import secrets
from collections import deque
from collections.abc import Iterator

from app.channels.qq.addresses import Scene
from app.errors import AppError, NotFound
from app.simulator.changes import ROSTER, Changes
from app.simulator.faces import HUES, VIEWERS, AccountFace, Viewer
from app.simulator.groups import new_group
from app.simulator.phones import BUBBLES, Chat, Phone, QQChat, WeChatChat
from app.simulator.qq.world import World
from app.simulator.wechat.contacts import Contact

PHONES = 12
_OPENID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class PhoneNotFound(NotFound):
    message = "这部手机已经收起来了，请刷新页面"


class TooManyPhones(AppError):
    status_code, message = 409, f"最多同时有 {PHONES} 部手机，请先收起一部"


class Stage:
    def __init__(self, changes: Changes, world: World) -> None:
        """``world``: the played QQ, whose users and group the phones are."""
        self._changes, self._world = changes, world
        self._phones: dict[str, Phone] = {}
        self._numbers = itertools.count(1)
        self.group = new_group()
        self._open_group()
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
        phone = Phone(f"p{next(self._numbers)}", viewer or self._next_viewer(), channel, self._open_chat)
        phone.scenario = scenario
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
        self.group = new_group()
        self._open_group()
        self.add()
        self._changes.publish(ROSTER)

    def of_scenario(self, name: str) -> Phone | None:
        return next((phone for phone in self if phone.scenario == name), None)

    def members(self) -> list[tuple[Phone, QQChat]]:
        """The phones that are in the group."""
        chats = ((phone, chat) for phone in self for chat in phone.chats.values())
        return [(phone, chat) for phone, chat in chats if isinstance(chat, QQChat) and chat.group is self.group]

    def phones_with(self, phone: Phone, chat: Chat) -> list[str]:
        """Ids of the phones on which a chat's bubbles show."""
        return [other.id for other, _ in self.members()] if chat.face.is_group else [phone.id]

    def chats_with(self, chat: Chat) -> list[Chat]:
        """All chats of its place, itself first."""
        return [chat, *(other for _, other in self.members() if chat.face.is_group and other is not chat)]

    def phone_of(self, viewer: Viewer, channel: str) -> Phone:
        """The phone on which somebody is in that place already, or a new one."""
        here = (phone for phone in self if phone.viewer == viewer and phone.channel == channel)
        return next(here, None) or self.add(viewer, channel)

    def somebody(self, name: str) -> Viewer:
        return Viewer(name, name[0], len(self._phones) % HUES + 1)

    def _open_chat(self, face: AccountFace) -> Chat:
        if face.platform == "wechat":
            openid = "o" + "".join(secrets.choice(_OPENID_LETTERS) for _ in range(27))
            return WeChatChat(face, Contact(openid, phone=deque(maxlen=BUBBLES)))
        person = secrets.token_hex(16).upper()
        return QQChat(face, person, self._world, self.group if face.is_group else None)

    def _open_group(self) -> None:
        """As groups are at first: the bot is in it, and its owner has not allowed it to speak first."""
        self._world.place(Scene.group, self.group.openid).proactive = False

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
