"""How a message stands, and why: the words that people read, whichever page shows them. Pure.

``say`` puts a word or a sentence into the reader's language; what is written down is Chinese.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

from app.agents.calendars import BEIJING
from app.channels.qq import meanings as qq
from app.channels.wechat import meanings as wechat

STATES: Final = {
    "received": "已收到", "queued": "排队中", "sending": "发送中", "sent": "已发送", "unknown": "不确定",
    "failed": "未送达", "delivered": "已送达", "read": "已读",
}  # fmt: skip
CHIPS: Final = {
    "queued": "waiting", "sending": "waiting", "sent": "done", "delivered": "done", "read": "done",
    "unknown": "failed", "failed": "failed",
}  # fmt: skip
"""Colours of the states, by the names of the style sheet."""
WAITS: Final = {
    "retry": "没有成功，稍后自动再试",
    "rate": "发得太快，稍后自动发",
    "quota": "额度用完",
    "window": "窗口已关闭，等观众再说话",
    "quiet": "安静时段，过后再发",
    "operator": "要有人先处理，再重新打开",
}
USED_UP = "这个窗口的条数用完，等观众再说话"
KINDS: Final = {
    "image": "[图片]", "voice": "[语音]", "video": "[视频]", "file": "[文件]", "article": "[图文]", "menu": "[选项]",
    "mini_program": "[小程序]", "notice": "[通知]",
}  # fmt: skip
APIS: Final = {
    "*": "全部接口", "custom/send": "客服消息", "c2c": "单聊", "c2c/active": "单聊主动消息", "group": "群聊",
    "group/active": "群里主动发言",
}  # fmt: skip
AUTHORS: Final = {"bot": "机器人", "system": "系统"}
WORDS: Final = {
    "no_answer": "平台没有答复",
    "not_connected": "连不上平台",
    "bad_answer": "平台的答复看不懂",
    "no_file": "平台没有这个文件",
    "too_large": "文件太大",
    "unsupported": "平台没有这种消息",
    "no_token": "取不到凭据",
    "bad_recipient": "地址不对",
    "empty": "没有可说的内容",
    "broken": "发送时程序出错",
    "too_late": "进程停顿太久",
}
"""Codes of our own."""
SENTENCES: Final = {
    "the viewer does not follow the account any more": "观众已经离开",
    "an agent has taken over: the bot keeps silent": "客服已经接入，机器人不再说话",
    "the viewer wants no pushes": "观众退订了推送",
    "no window to the viewer is open": "窗口已关闭",
    "its window closed before it could be sent again": "窗口在重发之前关闭了",
    "the sender was interrupted while sending": "发送中进程被中断",
    "no repeat of the platform's request fetched the answer": "随响应带出去的，平台没有再来取",
    "the message does not exist any more": "消息已经不在了",
    "the viewer was told by a notice that a message waits for him": "模板消息已经先发出",
}
NOT_TAKEN = "平台没有收（{code}）"
CODED = "{meaning}（{code}）"
AFTER = "，{time} 之后"
TOLD = "{reason}：{told}"
EMPTY = "[空]"
Say = Callable[[str], str]
_CODE = re.compile(r"(-?\d+|[a-z_]+|http_\d+) (\w+): ")


def why(error: str | None, platform: str, *, say: Say = str) -> str:
    """What went wrong, from the words that the row keeps; the code stays readable. Empty where nothing did."""
    if not error:
        return ""
    found = _CODE.match(error)
    if found is None:
        return say(SENTENCES[error]) if error in SENTENCES else error
    code = found[1]
    if code.lstrip("-").isdigit():
        return say(CODED).format(meaning=say(_meaning(int(code), platform)), code=code)
    return say(WORDS[code]) if code in WORDS else say(NOT_TAKEN).format(code=code)


def _meaning(code: int, platform: str) -> str:
    """Where nobody knows of which platform the code is: their numbers do not overlap."""
    if platform != "qq" and code in wechat.WORDS:
        return wechat.meaning(code)
    return qq.meaning(code) if platform != "wechat" else wechat.NOT_TAKEN


def text_of(kind: str, text: str, *, say: Say = str) -> str:
    """A message in a line."""
    words = " ".join(text.split())
    return " ".join(part for part in (say(KINDS[kind]) if kind in KINDS else "", words) if part) or say(EMPTY)


def author_of(author: str, name: str | None = None) -> str:
    return AUTHORS.get(author, f"客服 {name or author}")


def standing(
    state: str, waits: str | None, error: str | None, until: datetime | None, platform: str, *, used_up: bool = False,
    say: Say = str,
) -> str:  # fmt: skip
    """Why a message stands as it does, in a line; empty where its state says it all."""
    told = why(error, platform, say=say)
    if waits is None:
        return told if state in ("failed", "unknown", "queued") else ""
    reason = say(USED_UP if waits == "window" and used_up else WAITS.get(waits, waits))
    after = say(AFTER).format(time=clock(until)) if until is not None else ""
    return say(TOLD).format(reason=f"{reason}{after}", told=told) if told else f"{reason}{after}"


def clock(at: datetime) -> str:
    return f"{at.astimezone(BEIJING):%m-%d %H:%M:%S}"
