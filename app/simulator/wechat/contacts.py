"""A viewer as one account knows him: what he allows it to send, and what stands on his phone."""

import html
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from app.simulator.wechat.ledger import Ledger

Json = dict[str, Any]
SHOWN = 100_000
"""Arrivals that a phone keeps."""


class Arrival(NamedTuple):
    """Something that the viewer sees, with the time at which the platform took it."""

    at: datetime
    via: str
    """The API by which it came."""
    kind: str
    """The platform's name of the kind; ``template`` and ``subscribe`` for notices."""
    content: Json
    """The object that stood under the kind; the values of a notice by their fields."""
    key: str = ""
    agent: str = ""

    @property
    def text(self) -> str:
        """As the phone shows it, with its links."""
        return shown(self.kind, self.content)


@dataclass(slots=True)
class Contact:
    openid: str
    following: bool = True
    blacklisted: bool = False
    """By the account."""
    refuses: bool = False
    """He switched messages of the account off."""
    blocks_notices: bool = False
    union_id: str = ""
    remark: str = ""
    followed_at: datetime | None = None
    scene: str = "ADD_SCENE_SEARCH"
    ledger: Ledger = field(default_factory=Ledger)
    touched_at: datetime | None = None
    """What he did last with the account."""
    typing_until: datetime | None = None
    accepted: Counter[str] = field(default_factory=Counter)
    """Notices that he subscribed to, by template: one acceptance, one notice."""
    tags: set[int] = field(default_factory=set)
    mass_received: Counter[str] = field(default_factory=Counter)
    """By month of Beijing."""
    phone: deque[Arrival] = field(default_factory=lambda: deque(maxlen=SHOWN))

    def note(self, trigger: str, now: datetime) -> None:
        """What he did: ``message``, ``menu``, ``followed``, ``scanned``."""
        if trigger == "followed":
            self.following, self.followed_at = True, now
        self.touched_at = now
        self.ledger.note(trigger, now)

    def leave(self) -> None:
        self.following = False
        self.ledger.close()

    @property
    def texts(self) -> list[str]:
        return [arrival.text for arrival in self.phone]


def shown(kind: str, content: Json) -> str:
    match kind:
        case "text":
            return str(content.get("content", ""))
        case "news":
            return "\n".join(_article(article) for article in content.get("articles", ()))
        case "msgmenu":
            items = (_item(item) for item in content.get("list", ()))
            lines = (content.get("head_content", ""), *items, content.get("tail_content", ""))
            return "\n".join(line for line in lines if line)
        case "template" | "subscribe":
            return "\n".join(f"{name}：{value}" for name, value in content.items())
        case "miniprogrampage":
            return f"[小程序] {content.get('title', '')}"
    names = {
        "image": "图片",
        "images": "图片",
        "voice": "语音",
        "video": "视频",
        "mpvideo": "视频",
        "music": "音乐",
        "mpnews": "图文",
    }
    title = str(content.get("title", ""))
    return f"[{names.get(kind, kind)}]{' ' if title else ''}{title}"


def _article(article: Json) -> str:
    title, about = html.escape(str(article.get("title", "")), quote=False), str(article.get("description", ""))
    link = f'<a href="{html.escape(str(article.get("url", "")))}">{title}</a>'
    return f"{link}\n{about}" if about else link


def _item(item: Json) -> str:
    label = str(item.get("content", ""))
    address = f"weixin://bizmsgmenu?msgmenucontent={quote(label)}&msgmenuid={quote(str(item.get('id', '')))}"
    return f'<a href="{address}">{html.escape(label, quote=False)}</a>'
