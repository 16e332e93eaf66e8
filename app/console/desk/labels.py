"""Words of the desk for what the code names, and its shortcuts."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from app.agents.presence import Shown
from app.console.catalogue import marked
from app.desk.lists import View


class Named(NamedTuple):
    name: str
    letter: str
    """On the badge of an avatar."""


PLATFORMS: Final[Mapping[str, Named]] = {"wechat": Named(marked("微信"), "微"), "qq": Named("QQ", "Q")}
PRIORITIES: Final[Mapping[int, str]] = {0: marked("普通"), 1: marked("高"), 2: marked("紧急")}
TABS: Final = ((View.mine, marked("我的"), "1"), (View.queue, marked("排队"), "2"), (View.waiting, marked("待回"), "3"))
OTHERS: Final[Mapping[View, str]] = {
    View.team: marked("团队"), View.snoozed: marked("稍后"), View.mentions: marked("提到我"),
    View.resolved: marked("已解决"), View.bot: marked("机器人"), View.all: marked("全部"),
}  # fmt: skip
EMPTY: Final[Mapping[View, tuple[str, str]]] = {
    View.mine: (
        marked("您手上没有会话"),
        marked("有人分给您、转给您，或者您自己接管的会话会在这里。去“排队”看看有没有人在等。"),
    ),
    View.queue: (marked("没有人在排队"), marked("要找人工的观众会按先后排在这里，等得最久的在最上面。")),
    View.waiting: (marked("没有人在等回复"), marked("观众说了话、还没有人回的会话会在这里。")),
    View.team: (marked("团队里没有会话"), marked("转给您所在团队的会话会在这里。")),
    View.snoozed: (marked("没有稍后处理的会话"), marked("设为稍后的会话在这里等着，到时间或者观众说话就回到“我的”。")),
    View.mentions: (marked("没有人提到您"), marked("同事在内部备注里用 @ 提到您，会话就会出现在这里。")),
    View.resolved: (marked("还没有解决的会话"), marked("解决了的会话会在这里，最近的在最上面。")),
    View.bot: (marked("机器人手上没有会话"), marked("观众一说话，机器人先接待；您可以在这里旁听。")),
    View.all: (marked("还没有会话"), marked("观众从公众号或者 QQ 说话以后，会话就会出现在这里；解决了的也留在这里。")),
}  # fmt: skip
NARROWED: Final = (marked("没有符合筛选条件的会话"), marked("换一个条件，或者清除筛选。"))
"""Of a list that is narrowed, whichever it is."""
WEEKDAYS: Final = (
    marked("周一"), marked("周二"), marked("周三"), marked("周四"), marked("周五"), marked("周六"), marked("周日"),
)  # fmt: skip
SHOWN: Final[Mapping[Shown, str]] = {
    Shown.online: marked("在线"), Shown.busy: marked("忙碌"), Shown.away: marked("离开"),
    Shown.offline: marked("不在线"),
}  # fmt: skip
SHORTCUTS: Final[Sequence[tuple[str, Sequence[tuple[str, str]]]]] = (
    (marked("会话列表"), (
        ("J K", marked("下一个、上一个")), ("Enter", marked("打开选中的会话")),
        ("Alt+↓ Alt+↑", marked("写着字时也能打开下一个、上一个")), ("1 2 3", marked("我的、排队、待回")),
        ("/", marked("搜索")),
    )),
    (marked("会话"), (
        ("T", marked("接管")), ("E", marked("解决")), ("X", marked("转接")), ("S", marked("稍后处理")),
        ("B", marked("交回机器人")), ("I", marked("打开、收起观众资料")),
    )),
    (marked("写"), (
        ("R", marked("回复观众")), ("N", marked("写内部备注")), ("Ctrl+Enter", marked("发送")),
        ("Esc", marked("离开输入框，草稿会留着")),
    )),
    (marked("其他"), (("?", marked("打开这张表")),)),
)  # fmt: skip
EMOJI: Final = tuple("😊🙂😄😉😍🤝👍👌🙏💪🎉❤️🌹☕🎬📺🍿⏰📌✅❗❓😅😂🤔😢😭😡👏👀".replace("️", ""))
