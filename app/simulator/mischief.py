"""What a played platform can be told to do wrong at a chat's next call, and what it was told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.channels.qq import meanings as qq
from app.channels.wechat import meanings as wechat
from app.errors import NotFound
from app.simulator.phones import Chat
from app.simulator.trouble import Kind, Trouble, Troubles

SLOW = 3.0
"""Seconds before each answer."""
KINDS: Final = {
    "lost": "没收下就断线",
    "taken": "收下了才断线",
    "silent": "没收下，超时",
    "taken_silent": "收下了，超时",
}
"""By the names of ``trouble.Kind``; a time-out lasts until the service gives up, some eight seconds."""
CODES: Final[Mapping[str, Mapping[int, str]]] = {
    "wechat": {
        45015: "窗口已过", 45047: "条数用完", 45009: "今日额度用完", 45002: "太长", 48001: "没有权限",
        43004: "已取关", 40001: "凭据失效",
    },
    "qq": {
        40034005: "窗口已过", 40034128: "次数用完", 40034004: "内部出错", 40034100: "发得太快", 1100101: "敏感内容",
        40054002: "被禁言", 11298: "IP 不在名单", 304057: "没有按钮权限",
    },
}  # fmt: skip
"""The codes that can be had, in a few words."""


class NoSuchTrouble(NotFound):
    message = "平台不会出这样的错"


@dataclass(frozen=True, slots=True)
class Standing:
    """What a page shows of it."""

    planned: tuple[str, ...]
    slow: bool


def api_of(chat: Chat) -> str:
    """By which messages to this chat come."""
    if chat.face.platform == "wechat":
        return "custom/send"
    return "group" if chat.face.is_group else "c2c"


def plan(troubles: Troubles, chat: Chat, kind: str, code: int) -> None:
    """Let the next message to this chat meet that."""
    if kind == Kind.code and code in CODES[chat.face.platform]:
        troubles.plan(api_of(chat), Trouble(Kind.code, code))
    elif kind in KINDS:
        troubles.plan(api_of(chat), Trouble(Kind(kind)))
    else:
        raise NoSuchTrouble


def standing(troubles: Troubles, chat: Chat) -> Standing:
    planned = tuple(_said(trouble, chat.face.platform) for trouble in troubles.planned(api_of(chat)))
    return Standing(planned, troubles.latency > 0)


def _said(trouble: Trouble | None, platform: str) -> str:
    if trouble is None:
        return "正常"
    if trouble.kind is Kind.code:
        return f"{trouble.code} {meaning(trouble.code, platform)}"
    return KINDS.get(trouble.kind, str(trouble.kind))


def meaning(code: int, platform: str) -> str:
    return wechat.meaning(code) if platform == "wechat" else qq.meaning(code)
