"""A viewer acts on a phone: what he sees at once, and the platform's push of it with all its attempts."""

import asyncio
import itertools
import logging
import os
import secrets
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, Final

import httpx

from app.channels.base import SPOKEN, Content, Followed, Link, MenuUsed, Text, Unfollowed, Voice
from app.channels.wechat import crypto
from app.channels.wechat.codec import decode
from app.channels.wechat.limits import PUSH_ATTEMPTS, PUSH_CUT_SECONDS
from app.conversations.accounts import Account, Directory
from app.dialogue.endpoints import PREFIX
from app.errors import AppError
from app.simulator import pushes
from app.simulator.changes import Changes
from app.simulator.delivery import deliver, lose
from app.simulator.envelopes import seal
from app.simulator.faces import ITEMS
from app.simulator.inner import Inner
from app.simulator.phones import Attempt, Bubble, Chat, Fate, Network, NoteExchange, Phone, PushExchange, Side
from app.simulator.stalling import StallingIngest
from app.simulator.wechat.sealing import Seed
from app.tls import trusted

log = logging.getLogger(__name__)
PLATFORM: Final = "wechat"
QUEUE = 5
"""Exchanges of one phone that wait for the one that goes on."""
FAST_SECONDS = 1.0
TYPING_AFTER = 0.3
"""Seconds: an answer that takes longer is seen to be waited for."""
SETTLED_AFTER = 0.6
"""Seconds after which the service has written that its answer left."""
RECALL_SECONDS = 120
FAILURE = "该公众号提供的服务出现故障，请稍后再试"
"""The platform's own line."""
_numbers = itertools.count(int(datetime.now(UTC).timestamp() * 1000) << 10)


class Busy(AppError):
    status_code, message = 429, f"这部手机还在等前 {QUEUE} 条的回答，请稍等再发"


class NotFollowing(AppError):
    status_code, message = 409, "已经取消关注，不能发消息；请先重新关注"


class Following(AppError):
    status_code, message = 409, "已经关注了这个公众号"


class TooLateToRecall(AppError):
    status_code, message = 409, "只能撤回自己 2 分钟以内发的消息"


@dataclass(frozen=True, slots=True)
class _Act:
    """What is pushed, when the viewer did it, and the bubble that shows it."""

    content: Content
    at: datetime
    bubble: Bubble | None


class Acting:
    def __init__(
        self, changes: Changes, inner: Inner, directory: Directory, ingest: StallingIngest, address: str
    ) -> None:
        """``address``: where this machine reaches the service's own webhooks."""
        self._changes, self._inner, self._directory = changes, inner, directory
        self._ingest, self._address = ingest, address
        self._http = httpx.AsyncClient(
            verify=trusted(), timeout=PUSH_CUT_SECONDS, limits=httpx.Limits(max_connections=16)
        )

    async def close(self) -> None:
        await self._http.aclose()

    def act(self, phone: Phone, content: Content) -> None:
        """Do it: it shows at once, and is pushed as soon as the phone's earlier acts have ended."""
        chat, now = phone.chat, datetime.now(UTC)
        if len(phone.tasks) > QUEUE:
            raise Busy
        if isinstance(content, Followed) == chat.following:
            raise Following if chat.following else NotFollowing
        bubble = _show(phone, chat, content, now)
        _count(chat, content, now)
        self._spawn(phone, self._exchange(phone, chat, _Act(content, now, bubble)))
        self._changes.publish(phone.id)

    def recall(self, phone: Phone, number: int) -> None:
        """Take a message back on the phone; the platform tells official accounts nothing of it."""
        bubble, now = phone.chat.bubble(number), datetime.now(UTC)
        if bubble is None or not recallable(bubble, now):
            raise TooLateToRecall
        bubble.recalled = True
        told = (
            "微信不会把撤回告诉公众号：没有任何推送。原来那条消息早已推送，服务照常保存和回答。"
            if bubble.exchange is not None
            else "微信不会把撤回告诉公众号：没有任何推送。"
        )
        phone.chat.exchanges.append(NoteExchange(phone.next(), now, "撤回了一条消息", told))
        self._changes.publish(phone.id)

    def _spawn(self, phone: Phone, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        phone.tasks.add(task)
        task.add_done_callback(phone.tasks.discard)

    async def _exchange(self, phone: Phone, chat: Chat, act: _Act) -> None:
        async with phone.lock:
            typing = asyncio.get_running_loop().call_later(TYPING_AFTER, self._type, phone)
            try:
                await self._push(phone, chat, act)
            except Exception:
                log.exception("the simulator failed")
                _say(phone, chat, Side.system, "模拟器自己出了错，详情在服务的日志里")
            finally:
                typing.cancel()
                phone.typing = False
                self._changes.publish(phone.id)
        asyncio.get_running_loop().call_later(SETTLED_AFTER, self._changes.publish, phone.id)

    def _type(self, phone: Phone) -> None:
        phone.typing = True
        self._changes.publish(phone.id)

    async def _push(self, phone: Phone, chat: Chat, act: _Act) -> None:
        account = await self._directory.find(PLATFORM, chat.face.channel)
        if account is None or not account.simulated:
            reason = "没有在服务，请看服务的日志" if account is None else "是真实的公众号，模拟器不替它发推送"
            _say(phone, chat, Side.system, f"渠道 {chat.face.channel} {reason}")
            return
        exchange = _begin(phone, chat, act, account)
        self._inner.watch(exchange, lambda: self._changes.publish(phone.id))
        if exchange.stalled:
            self._ingest.hold(exchange.pushed)
        try:
            await self._attempts(phone, chat, exchange, account)
            exchange.ended = True
            _conclude(phone, chat, exchange)
            await self._decide_late(phone, exchange, account)
        finally:
            exchange.ended = True
            self._inner.forget(exchange)
            self._ingest.forget(exchange.pushed)

    async def _decide_late(self, phone: Phone, exchange: PushExchange, account: Account) -> None:
        """The phone has its failure line; the service goes on, and nobody overtakes what it still has to decide."""
        if exchange.stalled:
            phone.typing = False
            self._changes.publish(phone.id)
            exchange.late = await self._ingest.decide(exchange.pushed, account)

    async def _attempts(self, phone: Phone, chat: Chat, exchange: PushExchange, account: Account) -> None:
        url, body = self._address + exchange.path, exchange.body.encode()
        pause, losses = FAST_SECONDS if phone.fast else PUSH_CUT_SECONDS, phone.network.losses
        for number in range(1, PUSH_ATTEMPTS + 1):
            attempt = Attempt(number, seal(account, chat.openid, body, _seed()), perf_counter())
            exchange.attempts.append(attempt)
            self._changes.publish(phone.id)
            if number <= losses:
                await lose(attempt, url, patience=pause)
            else:
                patience = pause if exchange.stalled else PUSH_CUT_SECONDS
                await deliver(self._http, attempt, url, account, chat.openid, patience=patience)
            self._changes.publish(phone.id)
            if attempt.fate in (Fate.answered, Fate.unusable):
                return
            if number < PUSH_ATTEMPTS:
                await asyncio.sleep(max(0.0, pause - attempt.seconds))


def recallable(bubble: Bubble, now: datetime) -> bool:
    """Whether the phone still offers to take it back."""
    mine = bubble.side is Side.viewer and not bubble.recalled
    return mine and (now - bubble.at).total_seconds() < RECALL_SECONDS


def title_of(content: Content) -> str:
    """The act in words, for the line of its exchange."""
    match content:
        case Text(text=text, menu_id=None):
            return text
        case Text(text=text):
            return f"点选：{text}"
        case Voice(recognition=recognition):
            return f"[语音] {recognition or '没有识别文字'}"
        case Link(title=title):
            return f"[链接] {title}"
        case MenuUsed(key=key):
            return f"[菜单] {ITEMS[key].title if key in ITEMS else key}"
    return {
        "image": "[图片]", "video": "[视频]", "location": "[位置]", "followed": "关注了公众号",
        "unfollowed": "取消关注",
    }.get(content.kind, content.kind)  # fmt: skip


def _show(phone: Phone, chat: Chat, content: Content, now: datetime) -> Bubble | None:
    """What the phone shows of an act at once; a keyed menu entry shows nothing, as on the platform."""
    match content:
        case Followed():
            return _say(phone, chat, Side.system, f"你已关注“{chat.face.name}”")
        case Unfollowed():
            return _say(phone, chat, Side.system, "你取消了关注，收不到这个公众号的消息")
        case MenuUsed(action="view", key=address):
            return _say(phone, chat, Side.system, f"在微信里打开网页 {address}")
    if not isinstance(content, SPOKEN):
        return None
    bubble = Bubble(phone.next(), Side.viewer, now, content)
    chat.bubbles.append(bubble)
    return bubble


def _count(chat: Chat, content: Content, now: datetime) -> None:
    """What the act allows the account to send by itself."""
    match content:
        case Followed():
            chat.contact.note("followed", now)
        case Unfollowed():
            chat.contact.leave()
        case MenuUsed(action=action):
            if action == "click":
                chat.contact.note("menu", now)
        case _:
            chat.contact.note("message", now)


def _say(phone: Phone, chat: Chat, side: Side, text: str, exchange: int | None = None) -> Bubble:
    bubble = Bubble(phone.next(), side, datetime.now(UTC), text=text, exchange=exchange)
    chat.bubbles.append(bubble)
    return bubble


def _begin(phone: Phone, chat: Chat, act: _Act, account: Account) -> PushExchange:
    stamp = pushes.Stamp(chat.openid, chat.face.original_id, int(act.at.timestamp()), next(_numbers))
    body = pushes.write(act.content, stamp)
    exchange = PushExchange(
        phone.next(), act.at, title_of(act.content), f"{PREFIX}{PLATFORM}/{account.name}", body.decode(),
        account.channel_id, decode(body).key, stalled=phone.network is Network.slow,
    )  # fmt: skip
    chat.exchanges.append(exchange)
    if act.bubble is not None:
        act.bubble.exchange = exchange.number
    return exchange


def _conclude(phone: Phone, chat: Chat, exchange: PushExchange) -> None:
    reply = next((attempt.reply for attempt in exchange.attempts if attempt.reply), None)
    if reply is None:
        exchange.failed = True
        _say(phone, chat, Side.system, FAILURE, exchange.number)
    elif reply.text is not None and chat.following:
        _say(phone, chat, Side.account, reply.text, exchange.number)


def _seed() -> Seed:
    return Seed(int(datetime.now(UTC).timestamp()), str(secrets.randbelow(10**10)), os.urandom(crypto.SALT_BYTES))
