"""Words for what is told of tickets, the same wherever they are named."""

from collections.abc import Mapping
from typing import Final

from app.console.catalogue import marked
from app.tickets.deadline_models import Metric
from app.tickets.models import Dimension, TicketKind, TicketPriority, TicketStatus

KINDS: Final[Mapping[str, str]] = {
    TicketKind.inquiry: marked("咨询"), TicketKind.fault: marked("故障"), TicketKind.suggestion: marked("建议"),
    TicketKind.complaint: marked("投诉"), TicketKind.refund: marked("退款"), TicketKind.data: marked("个人信息"),
}  # fmt: skip
STATUSES: Final[Mapping[str, str]] = {
    TicketStatus.open: marked("待处理"), TicketStatus.in_progress: marked("处理中"),
    TicketStatus.waiting: marked("等观众"), TicketStatus.closed: marked("已关闭"),
}  # fmt: skip
LOOKS: Final[Mapping[str, str]] = {TicketStatus.waiting: "waiting", TicketStatus.closed: "done"}
"""Classes of chips."""
PRIORITIES: Final[Mapping[str, str]] = {
    TicketPriority.urgent: marked("紧急"), TicketPriority.high: marked("高"), TicketPriority.normal: marked("普通"),
    TicketPriority.low: marked("低"),
}  # fmt: skip
DIMENSIONS: Final[Mapping[str, str]] = {
    Dimension.script: marked("剧本"), Dimension.acting: marked("表演"), Dimension.picture: marked("画面"),
    Dimension.sound: marked("声音"), Dimension.subtitles: marked("字幕"), Dimension.dubbing: marked("配音"),
    Dimension.platform: marked("播放平台"), Dimension.schedule: marked("更新排期"), Dimension.promotion: marked("宣传"),
    Dimension.service: marked("服务"), Dimension.payment: marked("付费"),
}  # fmt: skip
SOURCES: Final[Mapping[str, str]] = {
    "wechat": marked("微信"), "qq": "QQ", "phone": marked("电话"), "desk": marked("同事登记"),
}  # fmt: skip
METRICS: Final[Mapping[str, str]] = {
    Metric.first_response: marked("首次答复"), Metric.next_response: marked("再次答复"),
    Metric.resolution: marked("办结"), Metric.promise: marked("答应观众的时间"), "complaint": marked("投诉答复期限"),
}  # fmt: skip
"""What a clock measures; also what a complaint is reminded of."""
DEEDS: Final[Mapping[str, str]] = {
    "opened": marked("登记了工单"), "added": marked("补充"), "answered": marked("回答"),
    "raised": marked("改为加急"), "wants_notice": marked("希望有结果时通知一次"), "accepted": marked("接受处理结果"),
    "refused": marked("不接受处理结果"), "scored": marked("评分"), "confirmed": marked("确认已经解决"),
    "started": marked("开始处理"),
    "noted": marked("内部备注"), "replied": marked("答复观众"), "asked": marked("向观众核实"),
    "linked": marked("关联了会话"),
    "unlinked": marked("取消关联会话"), "filed": marked("添加了附件"), "decided": marked("作出书面决定"),
    "closed": marked("关闭了工单"), "reopened": marked("重新打开了工单"), "unmerged": marked("撤销了合并"),
    "changed": marked("修改了"), "warned": marked("时限快到了"), "breached": marked("时限过了"),
    "recounted": marked("重算了时限"),
}  # fmt: skip
"""What somebody did, by the kind of the line in the history."""
AUTHORS: Final[Mapping[str, str]] = {
    "viewer": marked("观众"), "bot": marked("机器人"), "clock": marked("系统"),
    "operator": marked("管理员"),
}  # fmt: skip
"""Of a line, where it is no person of ours."""
