"""What a person does on a phone: what platforms push as a message or event, and a tap on a button."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from app.channels.content import Content, Link, MenuUsed, ProactiveChanged, Text, Voice
from app.simulator.faces import ITEMS


@dataclass(frozen=True, slots=True)
class Tap:
    """A button under a message of the account."""

    kind: ClassVar[str] = "tap"
    label: str
    data: str
    bubble: int
    place: int
    """Of the button, from 0."""


Deed = Content | Tap
SPINS = timedelta(seconds=5)
"""After that the app says that a button does not answer."""


def title_of(deed: Deed) -> str:
    """The act in words, for the line of its exchange."""
    match deed:
        case Text(text=text, menu_id=None):
            return text
        case Text(text=label) | Tap(label=label):
            return f"点选：{label}"
        case Voice(recognition=recognition):
            return f"[语音] {recognition or '没有识别文字'}"
        case Link(title=title):
            return f"[链接] {title}"
        case MenuUsed(key=key):
            return f"[菜单] {ITEMS[key].title if key in ITEMS else key}"
        case ProactiveChanged(allowed=allowed):
            return "打开主动消息" if allowed else "关掉主动消息"
    return _TITLES.get(deed.kind) or str(getattr(deed, "text", deed.kind))


_TITLES = {
    "image": "[图片]", "video": "[视频]", "location": "[位置]", "file": "[文件]", "followed": "关注了账号",
    "unfollowed": "取消关注",
}  # fmt: skip
