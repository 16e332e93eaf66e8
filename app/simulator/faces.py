"""The cast and the props: who can be played, which accounts they write to, what they can send. Data only."""

from dataclasses import dataclass

from app.channels.content import Image, Link, Location, Video
from app.simulator.addresses import PICTURES
from app.simulator.groups import NAME as GROUP


@dataclass(frozen=True, slots=True)
class Viewer:
    name: str
    avatar: str
    """One or two characters that fill a round picture."""
    hue: int
    """1 to ``HUES``: a colour of the style sheet."""


HUES = 6
VIEWERS = (
    Viewer("小林", "林", 1),
    Viewer("阿May", "M", 2),
    Viewer("王阿姨", "王", 3),
    Viewer("大刘", "刘", 4),
    Viewer("追剧人老陈", "陈", 5),
    Viewer("Luna🌙", "🌙", 6),
)


@dataclass(frozen=True, slots=True)
class AccountFace:
    """A demo channel as viewers see it, in one of the places where they meet it."""

    key: str
    """What a phone calls it: a channel that is met in two places has two."""
    channel: str
    name: str
    label: str
    about: str
    platform: str = "wechat"
    original_id: str = ""
    """The account's own id on WeChat."""
    sends: bool = True
    """Whether the account may send by itself."""
    is_group: bool = False

    @property
    def app(self) -> str:
        """What the phone looks like: ``wechat``, ``qq`` or ``qq-group``."""
        return f"{self.platform}-group" if self.is_group else self.platform


BOT = "示例视频助手"
"""The QQ bot's name, by which it is named in a group."""
ACCOUNTS = {
    face.key: face
    for face in (
        AccountFace(
            "demo", "demo", "示例视频", "明文", "认证服务号，明文推送，可以主动发客服消息", original_id="gh_demo",
        ),
        AccountFace(
            "demo-safe", "demo-safe", "示例视频", "安全模式", "认证服务号，推送和回答都用 AES 加密",
            original_id="gh_demosafe",
        ),
        AccountFace(
            "demo-sub", "demo-sub", "示例视频剧透号", "订阅号",
            "未认证订阅号，没有客服消息接口：长回答的下文要观众回“继续”", original_id="gh_demosub", sends=False,
        ),
        AccountFace("demo-qq", "demo-qq", BOT, "QQ", "QQ 机器人的单聊：回答由机器人自己调用接口发出", platform="qq"),
        AccountFace(
            "demo-qq-group", "demo-qq", GROUP, "QQ 群",
            "群里点名机器人才会推送给它；几部手机在同一个群里", platform="qq", is_group=True,
        ),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MenuItem:
    """``key`` of a CLICK: the id of an entry, or any other word; ``url`` of a VIEW."""

    title: str
    key: str = ""
    url: str = ""


MENUS: tuple[tuple[str, tuple[MenuItem, ...]], ...] = (
    (
        "看剧帮助",
        (
            MenuItem("播放卡顿", key="playback.buffering"),
            MenuItem("没有字幕", key="playback.subtitle_missing"),
            MenuItem("更新时间", key="schedule.update_time"),
            MenuItem("今日片单", url="https://example.com/today"),
        ),
    ),
    (
        "会员服务",
        (
            MenuItem("会员退款", key="membership.refund"),
            MenuItem("取消自动续费", key="membership.cancel_renewal"),
            MenuItem("会员没到账", key="membership.not_arrived"),
        ),
    ),
    ("签到", (MenuItem("签到", key="daily_check_in"),)),
)
ITEMS = {item.key or item.url: item for _, items in MENUS for item in items}


@dataclass(frozen=True, slots=True)
class Prop:
    """Something ready to be sent, by the name that a form gives."""

    name: str
    title: str


PICTURE_PROPS = (
    Prop("error-30012", "播放失败 错误码 30012"),
    Prop("buffering", "一直转圈"),
    Prop("receipt", "扣款截图"),
)
AGENT_PICTURES = {"steps": "操作步骤：取消自动续费", "receipt": "扣款记录"}
"""What an agent can send without a file at hand, by name."""
PLACES = {
    "chaoyang": Location(39.9219, 116.4437, 16, "北京市朝阳区 示例影城"),
    "pudong": Location(31.2304, 121.5437, 16, "上海市浦东新区 滨江大道"),
}
LINKS = {
    "episode": Link("《长风渡》第 8 集", "这一集点开是黑屏，麻烦看看", "https://example.com/watch/changfengdu/8"),
    "offer": Link("年卡五折？", "群里看到的活动页，是真的吗", "https://example.net/year-card"),
}


def picture(name: str, address: str) -> Image:
    return Image(url=f"{address}{PICTURES}/{name}.svg", media_id=f"media-{name}")


def video(number: int) -> Video:
    return Video(media_id=f"media-video-{number}", thumb_media_id=f"media-thumb-{number}")


EXAMPLES = ("会员怎么退款", "看视频老是卡顿怎么办", "昨天的剧怎么还没更新", "我要投诉")
GROUP_EXAMPLES = ("会员怎么退款", "今晚的怎么还没更新", "工单进度")
"""What an empty phone suggests to tap; in the group, what is asked of the bot."""
EMOJI = tuple("😀😂🥲😭😡👍🙏❤🌹🎬🍿📺🤔😅😴🎉")
