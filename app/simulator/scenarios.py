"""Scenes that play at a click. Data only: a new one is a new entry of ``SCENARIOS``."""

from dataclasses import dataclass

from app.simulator.faces import VIEWERS, Viewer
from app.simulator.phones import Network


@dataclass(frozen=True, slots=True)
class Picture:
    """A line of a scenario that is one of the pictures in ``faces.PICTURE_PROPS``."""

    name: str


@dataclass(frozen=True, slots=True)
class Scenario:
    title: str
    watch: str
    """A sentence of what to look at."""
    viewer: Viewer
    lines: tuple[str | Picture, ...]
    channel: str = "demo"
    network: Network = Network.normal


SCENARIOS = {
    "delayed": Scenario(
        "延播",
        "第一句服务没有十足把握，先反问再回答；看“理解”一栏的候选和把握怎样变化。",
        VIEWERS[0],
        ("今晚的《长风渡》怎么还没更新", "1", "为什么延播了", "延播有补偿吗", "谢谢"),
    ),
    "buffering": Scenario(
        "卡顿",
        "图片只存不猜；“还是不行”让机器人转给人工，“决策”一栏写着工单号和接手前后。",
        VIEWERS[3],
        (
            "《长风渡》第8集一直卡",
            Picture("error-30012"),
            "错误码 30012",
            "还是不行",
            "我用的是电视，Wi-Fi 满格",
            "工单到哪一步了",
        ),
    ),
    "complaint": Scenario(
        "投诉",
        "投诉立刻登记成工单并排队，之后的话都补充进去；这条走安全模式，“请求”一栏可以看到密文和明文。",
        VIEWERS[2],
        ("你们客服态度太差了，我要投诉", "昨天打了三次电话都没人接", "前面还有几个人", "希望今天能给我答复"),
        channel="demo-safe",
    ),
    "lost_answers": Scenario(
        "丢回答",
        "前两次回答在路上丢了，微信把同一条推送三次；看“事件”一栏：只存了一行，只回答一次。",
        VIEWERS[1],
        ("会员怎么退款",),
        network=Network.lost_twice,
    ),
}
