"""A viewer acts on a phone: what he sees at once, and the platform's push of it with all its attempts."""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

import httpx

from app.channels.wechat.limits import PUSH_CUT_SECONDS
from app.conversations.accounts import Account, Directory
from app.dialogue.endpoints import PREFIX
from app.errors import AppError
from app.simulator.carriers.carrier import Carrier, Kept, Letter, say
from app.simulator.carriers.qq import QQCarrier
from app.simulator.carriers.wechat import WeChatCarrier
from app.simulator.changes import Changes
from app.simulator.deeds import SPINS, Deed, Tap, title_of
from app.simulator.delivery import deliver, lose
from app.simulator.exchanges import Attempt, NoteExchange, PushExchange
from app.simulator.inner import Inner
from app.simulator.phones import Bubble, Chat, Network, Phone, QQChat, Side
from app.simulator.stage import Stage
from app.simulator.stalling import StallingIngest
from app.tls import trusted

log = logging.getLogger(__name__)
QUEUE = 5
"""Exchanges of one phone that wait for the one that goes on."""
FAST_SECONDS = 1.0
TYPING_AFTER = 0.3
"""Seconds: an answer that takes longer is seen to be waited for."""
SETTLED_AFTER = 0.6
"""Seconds after which the service has written that its answer left."""
RECALL_SECONDS = 120
CARRIERS: dict[str, Carrier] = {"wechat": WeChatCarrier(), "qq": QQCarrier()}


class Busy(AppError):
    status_code, message = 429, f"这部手机还在等前 {QUEUE} 条的回答，请稍等再发"


class TooLateToRecall(AppError):
    status_code, message = 409, "只能撤回自己 2 分钟以内发的消息"


@dataclass(frozen=True, slots=True)
class _Act:
    """What is pushed, when the viewer did it, and the bubble that shows it."""

    deed: Deed
    at: datetime
    bubble: Bubble | None


class Acting:
    def __init__(
        self,
        stage: Stage,
        changes: Changes,
        inner: Inner,
        directory: Directory,
        ingest: StallingIngest,
        address: str,
    ) -> None:
        """``address``: where this machine reaches the service's own webhooks."""
        self._stage, self._changes, self._inner, self._directory = stage, changes, inner, directory
        self._ingest, self._address = ingest, address
        self._http = httpx.AsyncClient(
            verify=trusted(), timeout=PUSH_CUT_SECONDS, limits=httpx.Limits(max_connections=16)
        )

    async def close(self) -> None:
        await self._http.aclose()

    def act(self, phone: Phone, deed: Deed) -> None:
        """Do it: it shows at once, and is pushed as soon as the phone's earlier acts have ended."""
        chat, now = phone.chat, datetime.now(UTC)
        if len(phone.tasks) > QUEUE:
            raise Busy
        carrier = CARRIERS[chat.face.platform]
        carrier.check(chat, deed)
        bubble = carrier.show(phone, chat, deed, now)
        self._spawn(phone, self._exchange(phone, chat, _Act(deed, now, bubble)))
        self._publish(phone, chat)

    def recall(self, phone: Phone, number: int) -> None:
        """Take a message back on the phone; neither platform tells us anything of it."""
        chat, now = phone.chat, datetime.now(UTC)
        bubble = chat.bubble(number)
        if bubble is None or not recallable(bubble, chat, now):
            raise TooLateToRecall
        bubble.recalled = True
        told = "QQ 不会把撤回告诉机器人" if isinstance(chat, QQChat) else "微信不会把撤回告诉公众号"
        more = "原来那条消息早已推送，服务照常保存和回答。" if bubble.exchange is not None else ""
        chat.exchanges.append(NoteExchange(phone.next(), now, "撤回了一条消息", f"{told}：没有任何推送。{more}"))
        self._publish(phone, chat)

    def _publish(self, phone: Phone, chat: Chat) -> None:
        """To the phone; what shows in the group, to all that are in it."""
        self._changes.publish(*self._stage.phones_with(phone, chat))

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
                say(phone, chat, Side.system, "模拟器自己出了错，详情在服务的日志里")
            finally:
                typing.cancel()
                phone.typing = False
                self._publish(phone, chat)
        later = asyncio.get_running_loop().call_later
        later(SETTLED_AFTER, self._changes.publish, phone.id)
        if isinstance(act.deed, Tap):
            later(SPINS.total_seconds() + SETTLED_AFTER, self._publish, phone, chat)

    def _type(self, phone: Phone) -> None:
        phone.typing = True
        self._changes.publish(phone.id)

    async def _push(self, phone: Phone, chat: Chat, act: _Act) -> None:
        face, carrier = chat.face, CARRIERS[chat.face.platform]
        account = await self._directory.find(face.platform, face.channel)
        if account is None or not account.simulated:
            kind = "公众号" if face.platform == "wechat" else "机器人"
            reason = "没有在服务，请看服务的日志" if account is None else f"是真实的{kind}，模拟器不替它发推送"
            say(phone, chat, Side.system, f"渠道 {face.channel} {reason}")
            return
        letter = carrier.write(chat, act.deed, act.at)
        if isinstance(letter, Kept):
            chat.exchanges.append(NoteExchange(phone.next(), act.at, title_of(act.deed), letter.reason))
            return
        exchange = _begin(phone, chat, act, account, letter)
        self._inner.watch(exchange, lambda: self._changes.publish(phone.id))
        if exchange.stalled:
            self._ingest.hold(exchange.pushed)
        try:
            await self._attempts(phone, chat, exchange, account, carrier)
            exchange.ended = True
            carrier.conclude(phone, chat, exchange)
            await self._decide_late(phone, exchange, account)
        finally:
            exchange.ended = True
            self._inner.forget(exchange)
            self._ingest.forget(exchange.pushed)

    async def _decide_late(self, phone: Phone, exchange: PushExchange, account: Account) -> None:
        """The platform has given up; the service goes on, and nobody overtakes what it still has to decide."""
        if exchange.stalled:
            phone.typing = False
            self._changes.publish(phone.id)
            exchange.late = await self._ingest.decide(exchange.pushed, account)

    async def _attempts(
        self, phone: Phone, chat: Chat, exchange: PushExchange, account: Account, carrier: Carrier
    ) -> None:
        url, body = self._address + exchange.path, exchange.body.encode()
        pause, losses = FAST_SECONDS if phone.fast else PUSH_CUT_SECONDS, phone.network.losses(carrier.attempts)

        def read(status: int, answer: bytes) -> Any:
            return carrier.read(account, chat, status, answer)

        for number in range(1, carrier.attempts + 1):
            attempt = Attempt(number, carrier.sign(account, chat, body), perf_counter())
            exchange.attempts.append(attempt)
            self._changes.publish(phone.id)
            if number <= losses:
                await lose(attempt, url, patience=pause)
            else:
                patience = pause if exchange.stalled else PUSH_CUT_SECONDS
                await deliver(self._http, attempt, url, read, patience=patience)
            self._changes.publish(phone.id)
            if attempt.fate in carrier.ends_with:
                return
            if number < carrier.attempts:
                await asyncio.sleep(max(0.0, pause - attempt.seconds))


def recallable(bubble: Bubble, chat: Chat, now: datetime) -> bool:
    """Whether the phone still offers to take it back."""
    mine = bubble.side is Side.viewer and not bubble.recalled and bubble.author in ("", chat.openid)
    return mine and (now - bubble.at).total_seconds() < RECALL_SECONDS


def _begin(phone: Phone, chat: Chat, act: _Act, account: Account, letter: Letter) -> PushExchange:
    exchange = PushExchange(
        phone.next(), act.at, title_of(act.deed), f"{PREFIX}{chat.face.platform}/{account.name}",
        letter.body.decode(), account.channel_id, letter.key, stalled=phone.network is Network.slow,
        reply=letter.reply, tap=letter.tap,
    )  # fmt: skip
    chat.exchanges.append(exchange)
    if act.bubble is not None:
        act.bubble.exchange = exchange.number
    return exchange
