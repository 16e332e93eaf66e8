"""Scenes that play at a click. Data only: a new one is a new entry of ``SCENARIOS``."""

from dataclasses import dataclass

from app.simulator.faces import VIEWERS, Viewer
from app.simulator.phones import Network


@dataclass(frozen=True, slots=True)
class Picture:
    """A line of a scenario that is one of the pictures in ``faces.PICTURE_PROPS``."""

    name: str


@dataclass(frozen=True, slots=True)
class Beside:
    """Somebody else of the group says something, to the bot or to the others."""

    viewer: Viewer
    text: str
    to_bot: bool = False


@dataclass(frozen=True, slots=True)
class AgentTakes:
    """An agent takes the conversation over."""


@dataclass(frozen=True, slots=True)
class AgentSays:
    text: str


@dataclass(frozen=True, slots=True)
class TimePasses:
    hours: int


Line = str | Picture | Beside | AgentTakes | AgentSays | TimePasses
"""A text is said by the scenario's viewer, in a group to the bot."""


@dataclass(frozen=True, slots=True)
class Scenario:
    title: str
    watch: str
    """A sentence of what to look at."""
    viewer: Viewer
    lines: tuple[Line, ...]
    channel: str = "demo"
    network: Network = Network.normal
    """While the first line is sent; after that all is well."""


SCENARIOS = {
    "delayed": Scenario(
        "延播",
        "看“理解”：有把握就直接答；没把握，先反问，再按数字答。",
        VIEWERS[0],
        ("今晚的怎么还没更新", "那延播有补偿吗", "1", "谢谢"),
    ),
    "buffering": Scenario(
        "卡顿",
        "看“决定”：追问设备，给对应的步骤；还卡就转人工、开工单。",
        VIEWERS[3],
        (
            "看视频老是卡顿怎么办",
            "电视",
            "还是卡",
            "《长风渡》第 8 集，Wi-Fi 满格",
            Picture("buffering"),
            "处理得怎么样了",
        ),
    ),
    "complaint": Scenario(
        "投诉",
        "看手机：登记编号、负责人和答复日，截图当凭证。全程加密。",
        VIEWERS[2],
        ("扣了我两次钱，电话又打不通，太坑了", "投诉", Picture("receipt"), "具体哪天给我答复"),
        channel="demo-safe",
    ),
    "stolen": Scenario(
        "紧急",
        "看“决定”：先给自救的步骤，同时开加急工单，写明几点前联系。",
        VIEWERS[1],
        ("我的号被人登了，快帮我冻结", "密码改不了，手机号也被换了", "什么时候能给我处理结果"),
    ),
    "suggestion": Scenario(
        "建议",
        "看“决定”：一句话变成建议工单；同意了才通知，只通知一次。",
        VIEWERS[4],
        ("提建议", "片头能不能记住跳过，每一集都要点一遍", "好的", "工单进度"),
    ),
    "lost_answers": Scenario(
        "丢回答",
        "看“入库”：丢了两次回答，推了三次，库里一行，只答一次。",
        VIEWERS[1],
        ("会员怎么退款",),
        network=Network.lost_twice,
    ),
    "late": Scenario(
        "晚到",
        "服务来不及答，观众先看到故障提示；约 15 秒后回答自己补上。",
        VIEWERS[0],
        ("怎么取消自动续费",),
        network=Network.slow,
    ),
    "group": Scenario(
        "QQ 群里问",
        "点名机器人才有推送，回答大家都看见；问到自己的工单，请他私聊。",
        VIEWERS[0],
        (
            "会员怎么退款",
            Beside(VIEWERS[1], "我也想问这个，昨天刚续上"),
            Beside(VIEWERS[1], "看视频老是卡顿怎么办", to_bot=True),
            "工单进度",
        ),
        channel="demo-qq-group",
    ),
    "closed_window": Scenario(
        "窗口之后",
        "看“客服台”：窗口关了，回复等着；观众一说话，它带着日期先到。",
        VIEWERS[3],
        (
            "人工",
            AgentTakes(),
            TimePasses(49),
            AgentSays("让您久等了：补录的那期这周六 20:00 上线。"),
            TimePasses(24),
            "你们回我了吗",
        ),
    ),
}
