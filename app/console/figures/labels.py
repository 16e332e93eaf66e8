"""Words of figures for what the code names."""

from collections.abc import Mapping
from typing import Final

from app.console.catalogue import marked
from app.tickets.models import DESK, PHONE, Dimension, Metric, TicketKind

KINDS: Final[Mapping[str, str]] = {
    TicketKind.inquiry: marked("咨询"), TicketKind.fault: marked("故障"), TicketKind.suggestion: marked("建议"),
    TicketKind.complaint: marked("投诉"), TicketKind.refund: marked("退款"), TicketKind.data: marked("个人信息"),
}  # fmt: skip
DIMENSIONS: Final[Mapping[str, str]] = {
    Dimension.script: marked("剧本"), Dimension.acting: marked("表演"), Dimension.picture: marked("画面"),
    Dimension.sound: marked("声音"), Dimension.subtitles: marked("字幕"), Dimension.dubbing: marked("配音"),
    Dimension.platform: marked("平台"), Dimension.schedule: marked("排播"), Dimension.promotion: marked("宣传"),
    Dimension.service: marked("服务"), Dimension.payment: marked("付费"),
}  # fmt: skip
SOURCES: Final[Mapping[str, str]] = {
    "wechat": marked("微信"), "qq": "QQ", PHONE: marked("电话"), DESK: marked("客服自建"),
}  # fmt: skip
METRICS: Final[Mapping[str, str]] = {
    Metric.first_response: marked("首次答复"), Metric.next_response: marked("再次答复"),
    Metric.resolution: marked("解决"), Metric.promise: marked("答应观众的时间"),
}  # fmt: skip
