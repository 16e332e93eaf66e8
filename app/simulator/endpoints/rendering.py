"""The simulator's templates, and what each fragment shows."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app import pages
from app.desk import reasons
from app.simulator import faces, mischief, traffic, wire
from app.simulator.addresses import OUTBOX, PAGE
from app.simulator.deeds import title_of
from app.simulator.envelopes import pretty
from app.simulator.exchanges import CallExchange, Exchange, NoteExchange, PushExchange
from app.simulator.hosts.qq import left_words
from app.simulator.phones import Phone, QQChat
from app.simulator.richtext import parts
from app.simulator.scenarios import SCENARIOS
from app.simulator.screen import clock, exactly, rows
from app.simulator.simulator import Simulator
from app.simulator.stored import StoredEvent, find

FOLDER = Path(__file__).parent.parent
TEMPLATES = pages.environment(FOLDER)
TEMPLATES.globals |= {
    "PAGE": PAGE, "OUTBOX": OUTBOX, "faces": faces, "scenarios": SCENARIOS, "wire": wire, "traffic": traffic,
    "reasons": reasons, "mischief": mischief, "title_of": title_of, "parts": parts, "pretty": pretty,
    "exactly": exactly, "clock": clock,
}  # fmt: skip
TEMPLATES.tests |= {
    "push": lambda exchange: isinstance(exchange, PushExchange),
    "call": lambda exchange: isinstance(exchange, CallExchange),
    "note": lambda exchange: isinstance(exchange, NoteExchange),
}


def scenes_of(simulator: Simulator, chosen: str | None) -> dict[str, Any]:
    return {"players": {phone.scenario: phone for phone in simulator.stage if phone.scenario}, "chosen": chosen}


async def station_of(simulator: Simulator, phone: Phone, exchange: int | None) -> dict[str, Any]:
    shown = screen_of(simulator, phone) | await wire_of(simulator, phone, exchange)
    return shown | await desk_of(simulator, phone)


def screen_of(simulator: Simulator, phone: Phone) -> dict[str, Any]:
    now, world = datetime.now(UTC), simulator.qq.world
    members = len(simulator.stage.members()) + 1  # and the bot
    return {
        "phone": phone, "chat": phone.chat, "rows": rows(phone.chat, now, world), "now": now, "members": members,
    }  # fmt: skip


async def wire_of(simulator: Simulator, phone: Phone, pinned: int | None) -> dict[str, Any]:
    """The exchanges, newest first, of which one is open: the pinned one, else the newest."""
    chat = phone.chat
    exchanges: list[Exchange] = list(reversed(chat.exchanges))
    opened = chat.exchange(pinned) if pinned is not None else None
    shown = opened or _newest(exchanges, tells_calls=chat.face.platform == "wechat")
    event: StoredEvent | None = None
    if isinstance(shown, PushExchange):
        event = await simulator.db.read(find, shown.channel_id, shown.key)
    return {
        "phone": phone, "chat": chat, "exchanges": exchanges, "shown": shown, "pinned": opened, "event": event,
        "brain": simulator.brain, "now": datetime.now(UTC), "tongue": traffic.TONGUES[chat.face.platform],
        "left": _left(phone),
    }  # fmt: skip


def _newest(exchanges: Sequence[Exchange], *, tells_calls: bool) -> Exchange | None:
    """What is open by itself. Where each answer is a call, its push tells more, unless the call went wrong."""
    newest = next(iter(exchanges), None)
    if tells_calls or not isinstance(newest, CallExchange) or newest.errcode or newest.lost:
        return newest
    return next((exchange for exchange in exchanges if isinstance(exchange, PushExchange)), newest)


def _left(phone: Phone) -> str:
    """On QQ, what the newest message of the place still takes."""
    chat = phone.chat
    if not isinstance(chat, QQChat):
        return ""
    opened = chat.world.ledger.latest(chat.scene, chat.target)
    if opened is None:
        return "还没有可以回的消息"
    return f"最新一条还能回 {left_words(*opened.left(chat.world.clock.now()))}"


async def desk_of(simulator: Simulator, phone: Phone) -> dict[str, Any]:
    chat = phone.chat
    bots = simulator.qq.world.bots.values()
    return {
        "phone": phone, "chat": chat, "talk": await simulator.desk.look(chat),
        "trouble": mischief.standing(simulator.troubles_of(chat), chat), "buttons": all(bot.buttons for bot in bots),
        "now": datetime.now(UTC),
    }  # fmt: skip
