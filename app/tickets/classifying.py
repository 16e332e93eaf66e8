"""What a report is about, from the entry that it was matched to and its words. Pure.

An entry that speaks of one thing alone decides; then the words do, the first of the table that are there; then the
group of the entry.
"""

from typing import Final

from app.tickets.models import Dimension, TicketKind, TicketPriority

_ENTRIES: Final = {
    "playback.no_sound": Dimension.sound, "playback.av_sync": Dimension.sound, "content.audio_quality": Dimension.sound,
    "content.bgm": Dimension.sound, "playback.blurry": Dimension.picture, "playback.black_screen": Dimension.picture,
    "playback.uhd": Dimension.picture, "playback.subtitle_missing": Dimension.subtitles,
    "playback.subtitle_wrong": Dimension.subtitles, "content.goof": Dimension.script,
    "content.original": Dimension.script, "content.misleading_ad": Dimension.promotion,
    "content.behind": Dimension.promotion, "membership.ads": Dimension.promotion,
    "event.ticket_refund": Dimension.payment, "ticket.reply_slow": Dimension.service,
}  # fmt: skip
_WORDS: Final = (
    (Dimension.dubbing, ("配音", "口型", "国配", "译制")),
    (Dimension.subtitles, ("字幕", "错别字")),
    (Dimension.sound, ("没声音", "没有声音", "杂音", "爆音", "声音", "音量", "配乐", "听不清", "音画")),
    (Dimension.picture, ("画质", "画面", "花屏", "黑屏", "绿屏", "模糊", "清晰度", "色彩")),
    (Dimension.acting, ("演技", "演得", "表演", "台词功底", "面瘫")),
    (Dimension.script, ("剧情", "编剧", "穿帮", "逻辑", "情节", "烂尾")),
    (Dimension.payment, ("扣了", "扣款", "扣费", "退款", "退费", "退钱", "充值", "付款", "付了", "发票", "多扣")),
    (Dimension.service, ("客服", "态度", "没人回", "没人理", "挂我电话")),
    (Dimension.promotion, ("宣传", "广告", "预告", "海报")),
    (Dimension.schedule, ("停更", "不更", "没更", "更新", "延播", "少一集", "缺集", "撤档", "改期", "下架")),
    (Dimension.platform, ("卡顿", "卡住", "闪退", "打不开", "登录", "投屏", "缓存", "加载", "错误码", "播放失败")),
)  # fmt: skip
_GROUPS: Final = {
    "playback": Dimension.platform, "live": Dimension.platform, "account": Dimension.platform,
    "membership": Dimension.payment, "compensation": Dimension.payment, "schedule": Dimension.schedule,
    "event": Dimension.promotion, "community": Dimension.service, "ticket": Dimension.service,
}  # fmt: skip
_KINDS: Final = {
    "membership.refund": TicketKind.refund, "event.ticket_refund": TicketKind.refund,
    "content.suggest": TicketKind.suggestion, "ticket.complain": TicketKind.complaint,
    "account.privacy": TicketKind.data, "content.goof": TicketKind.fault, "content.audio_quality": TicketKind.fault,
    "schedule.missing_episode": TicketKind.fault, "playback.uhd": TicketKind.inquiry,
    "membership.not_arrived": TicketKind.fault, "account.stolen": TicketKind.fault,
}  # fmt: skip
_BROKEN: Final = ("playback", "live")
_KIND_WORDS: Final = {
    TicketKind.inquiry: "咨询", TicketKind.fault: "故障", TicketKind.suggestion: "建议", TicketKind.complaint: "投诉",
    TicketKind.refund: "退款 退费", TicketKind.data: "个人信息 隐私",
}  # fmt: skip
_DIMENSION_WORDS: Final = {
    Dimension.script: "剧本 剧情", Dimension.acting: "表演", Dimension.picture: "画面 画质", Dimension.sound: "声音",
    Dimension.subtitles: "字幕", Dimension.dubbing: "配音", Dimension.platform: "播放 平台 技术",
    Dimension.schedule: "排期 更新", Dimension.promotion: "宣传 活动", Dimension.service: "服务",
    Dimension.payment: "会员 付费 支付",
}  # fmt: skip
URGENT: Final = frozenset({"account.stolen", "community.impostor"})
"""Entries whose tickets go first, whoever opens them."""


def dimension_of(kind: str, category: str | None, text: str) -> Dimension | None:
    """None: it says nothing of any."""
    if category in _ENTRIES:
        return _ENTRIES[category]
    for dimension, words in _WORDS:
        if any(word in text for word in words):
            return dimension
    if kind == TicketKind.refund:
        return Dimension.payment
    return _GROUPS.get((category or "").partition(".")[0])


def kind_of(category: str | None) -> TicketKind:
    """What a ticket about an entry most often is."""
    if category in _KINDS:
        return _KINDS[category]
    return TicketKind.fault if (category or "").partition(".")[0] in _BROKEN else TicketKind.inquiry


def priority_of(kind: str, category: str | None) -> TicketPriority:
    """What it is worth without a person's judgement."""
    if kind == TicketKind.complaint or category in URGENT:
        return TicketPriority.high
    return TicketPriority.normal


def words_of(kind: str, dimension: str | None, subject: str) -> str:
    """What a ticket speaks of, as people write their skills: 退款, 字幕, 会员."""
    named = (_KIND_WORDS[TicketKind(kind)], _DIMENSION_WORDS[Dimension(dimension)] if dimension else "", subject)
    return " ".join(named)
