"""QQ: a push is acknowledged, and answered by a call of the service's own; what is not acknowledged comes again."""

import json
from datetime import UTC, datetime
from typing import ClassVar

from app.channels.content import SPOKEN, Followed, Overheard, ProactiveChanged, Text, Unfollowed
from app.channels.qq import crypto
from app.channels.qq.account import Account as QQAccount
from app.channels.qq.addresses import Scene
from app.channels.qq.codec import TAKEN, decode
from app.channels.qq.limits import PUSH_ATTEMPTS
from app.conversations.accounts import Account
from app.simulator.carriers.carrier import Kept, Letter, Unreachable, say
from app.simulator.deeds import Deed, Tap
from app.simulator.envelopes import NotSimulated
from app.simulator.exchanges import BadReply, Fate, PushExchange, Reply
from app.simulator.phones import Bubble, Chat, Phone, QQChat, Side
from app.simulator.props import attachment
from app.simulator.qq.acts import Acts, Pushed
from app.simulator.signed import Signed

NOT_TO_THE_BOT = "没有点名机器人：QQ 不推送这条消息，服务不知道有人说过。"
NOT_THERE = "机器人不在群里：QQ 什么也不推送。"


class NotAFriend(Unreachable):
    message = "已经删除好友，不能发消息；请先重新添加"


class AFriend(Unreachable):
    message = "已经是好友了"


class NotInTheGroup(Unreachable):
    message = "机器人不在这个群里；请先把它请回来"


class InTheGroup(Unreachable):
    message = "机器人已经在群里了"


class QQCarrier:
    name: ClassVar[str] = "qq"
    attempts: ClassVar[int] = PUSH_ATTEMPTS
    ends_with: ClassVar[frozenset[Fate]] = frozenset({Fate.answered})

    def check(self, chat: Chat, deed: Deed) -> None:
        is_group = chat.face.is_group
        match deed:
            case Followed() if chat.following:
                raise InTheGroup if is_group else AFriend
            case Unfollowed() | ProactiveChanged() if not chat.following:
                raise NotInTheGroup if is_group else NotAFriend
        if isinstance(deed, SPOKEN) and not chat.following and not is_group:
            raise NotAFriend

    def show(self, phone: Phone, chat: Chat, deed: Deed, now: datetime) -> Bubble | None:
        assert isinstance(chat, QQChat)
        place, is_group = chat.world.place(chat.scene, chat.target), chat.group is not None
        match deed:
            case Followed():
                place.present = True
                return say(
                    phone,
                    chat,
                    Side.system,
                    "群主把机器人请进了群" if is_group else f"你已添加“{chat.face.name}”为好友",
                )
            case Unfollowed():
                place.present = False
                return say(
                    phone, chat, Side.system, "群主把机器人移出了群" if is_group else "你删除了好友，收不到它的消息"
                )
            case ProactiveChanged(allowed=allowed):
                place.proactive = allowed
                who = "群主" if is_group else "你"
                return say(phone, chat, Side.system, f"{who}{'打开' if allowed else '关掉'}了机器人的主动消息")
            case Tap(bubble=number, place=button):
                if tapped := chat.bubble(number):
                    tapped.taps[button] = ""
                return None
        bubble = Bubble(chat.next(phone), Side.viewer, now, deed, author=chat.person, viewer=phone.viewer)
        chat.bubbles.append(bubble)
        return bubble

    def write(self, chat: Chat, deed: Deed, at: datetime) -> Letter | Kept:
        assert isinstance(chat, QQChat)
        if chat.group is not None and not chat.following and not isinstance(deed, Unfollowed):
            return Kept(NOT_THERE)
        if isinstance(deed, Overheard) and chat.group is not None and not chat.group.hears_all:
            return Kept(NOT_TO_THE_BOT)
        pushed = _pushed(Acts(chat.world), chat, deed)
        if isinstance(deed, Tap) and (tapped := chat.bubble(deed.bubble)):
            tapped.taps[deed.place] = pushed.tap
        return Letter(pushed.body, decode(pushed.body).key, pushed.reply, pushed.tap)

    def sign(self, account: Account, chat: Chat, body: bytes) -> Signed:
        if not account.simulated:
            raise NotSimulated(account.name)
        credentials, at = account.credentials, str(int(datetime.now(UTC).timestamp()))
        assert isinstance(credentials, QQAccount)
        headers = {
            "User-Agent": "QQBot-Callback",
            "Content-Type": "application/json",
            "X-Bot-Appid": credentials.app_id,
            "X-Signature-Method": "Ed25519",
            "X-Signature-Timestamp": at,
            "X-Signature-Ed25519": crypto.sign(credentials.signing_key, at, body),
        }
        return Signed({}, body, ("X-Signature-Timestamp", "请求正文"), "X-Signature-Ed25519", headers)

    def read(self, account: Account, chat: Chat, status: int, body: bytes) -> Reply | None:
        if status not in (200, 204):
            return None
        if body and not _is_taken(body):
            raise BadReply('没有确认：要回 {"op":12,"d":0}')
        return Reply(None, body.decode("utf-8", "replace"))

    def conclude(self, phone: Phone, chat: Chat, exchange: PushExchange) -> None:
        """The viewer sees nothing of it: an answer comes by a call, or never."""
        exchange.failed = not any(attempt.reply for attempt in exchange.attempts)


def _pushed(acts: Acts, chat: QQChat, deed: Deed) -> Pushed:
    scene, target, person = chat.scene, chat.target, chat.person
    is_group = scene is Scene.group
    match deed:
        case Followed():
            return acts.invites(target, person) if is_group else acts.befriends(target)
        case Unfollowed():
            return acts.expels(target, person) if is_group else acts.leaves(target)
        case ProactiveChanged(allowed=allowed):
            return acts.allows(scene, target, allowed=allowed)
        case Tap(data=data):
            return acts.taps(person, data, group=target if is_group else "")
        case Overheard(text=text):
            return acts.overheard(target, person, text)
        case Text(text=text) if is_group and chat.group is not None and chat.group.hears_all:
            return acts.overheard(target, person, f"<@!BOT> {text}", to_us=True)
        case Text(text=text):
            return acts.says(scene, target, person, f" {text}" if is_group else text)
    return acts.says(scene, target, person, " " if is_group else "", attachments=[attachment(deed, chat.world)])


def _is_taken(body: bytes) -> bool:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("op") == TAKEN and found.get("d") == 0
