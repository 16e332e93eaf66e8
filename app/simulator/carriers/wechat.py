"""WeChat: the answer rides on the response to the push; three attempts, then the platform's own failure line."""

import itertools
import os
import secrets
from datetime import UTC, datetime
from typing import ClassVar

from app.channels.content import SPOKEN, Followed, MenuUsed, Unfollowed
from app.channels.wechat import crypto
from app.channels.wechat.codec import decode
from app.channels.wechat.limits import PUSH_ATTEMPTS
from app.conversations.accounts import Account
from app.simulator import pushes
from app.simulator.carriers.carrier import Letter, Unreachable, say
from app.simulator.deeds import Deed, Tap
from app.simulator.envelopes import open_reply, seal
from app.simulator.exchanges import Fate, PushExchange, Reply
from app.simulator.phones import Bubble, Chat, Phone, Side, WeChatChat
from app.simulator.signed import Signed
from app.simulator.wechat.sealing import Seed

FAILURE = "该公众号提供的服务出现故障，请稍后再试"
"""The platform's own line."""
_numbers = itertools.count(int(datetime.now(UTC).timestamp() * 1000) << 10)


class NotFollowing(Unreachable):
    message = "已经取消关注，不能发消息；请先重新关注"


class Following(Unreachable):
    message = "已经关注了这个公众号"


class WeChatCarrier:
    name: ClassVar[str] = "wechat"
    attempts: ClassVar[int] = PUSH_ATTEMPTS
    ends_with: ClassVar[frozenset[Fate]] = frozenset({Fate.answered, Fate.unusable})

    def check(self, chat: Chat, deed: Deed) -> None:
        if isinstance(deed, Followed) == chat.following:
            raise Following if chat.following else NotFollowing

    def show(self, phone: Phone, chat: Chat, deed: Deed, now: datetime) -> Bubble | None:
        assert isinstance(chat, WeChatChat)
        _count(chat, deed, now)
        return _show(phone, chat, deed, now)

    def write(self, chat: Chat, deed: Deed, at: datetime) -> Letter:
        assert not isinstance(deed, Tap)  # its menus are links and entries
        stamp = pushes.Stamp(chat.openid, chat.face.original_id, int(at.timestamp()), next(_numbers))
        body = pushes.write(deed, stamp)
        return Letter(body, decode(body).key)

    def sign(self, account: Account, chat: Chat, body: bytes) -> Signed:
        seed = Seed(int(datetime.now(UTC).timestamp()), str(secrets.randbelow(10**10)), os.urandom(crypto.SALT_BYTES))
        return seal(account, chat.openid, body, seed)

    def read(self, account: Account, chat: Chat, status: int, body: bytes) -> Reply | None:
        return open_reply(account, chat.openid, body) if status == 200 else None

    def conclude(self, phone: Phone, chat: Chat, exchange: PushExchange) -> None:
        reply = next((attempt.reply for attempt in exchange.attempts if attempt.reply), None)
        if reply is None:
            exchange.failed = True
            say(phone, chat, Side.system, FAILURE, exchange.number)
        elif reply.text is not None and chat.following:
            say(phone, chat, Side.account, reply.text, exchange.number)


def _show(phone: Phone, chat: Chat, deed: Deed, now: datetime) -> Bubble | None:
    """A keyed menu entry shows nothing, as on the platform."""
    match deed:
        case Followed():
            return say(phone, chat, Side.system, f"你已关注“{chat.face.name}”")
        case Unfollowed():
            return say(phone, chat, Side.system, "你取消了关注，收不到这个公众号的消息")
        case MenuUsed(action="view", key=address):
            return say(phone, chat, Side.system, f"在微信里打开网页 {address}")
    if not isinstance(deed, SPOKEN):
        return None
    bubble = Bubble(phone.next(), Side.viewer, now, deed)
    chat.bubbles.append(bubble)
    return bubble


def _count(chat: WeChatChat, deed: Deed, now: datetime) -> None:
    """What the act allows the account to send by itself."""
    match deed:
        case Followed():
            chat.contact.note("followed", now)
        case Unfollowed():
            chat.contact.leave()
        case MenuUsed(action=action):
            if action == "click":
                chat.contact.note("menu", now)
        case _:
            chat.contact.note("message", now)
