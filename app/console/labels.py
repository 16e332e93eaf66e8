"""Words for what the code names."""

from collections.abc import Mapping
from typing import Final

from app.agents.models import Language, Presence
from app.agents.presence import Shown
from app.agents.rights import Role
from app.console.catalogue import marked

ROLES: Final[Mapping[Role, str]] = {
    Role.agent: marked("客服"),
    Role.supervisor: marked("主管"),
    Role.operator: marked("运营"),
    Role.quality: marked("质检"),
    Role.administrator: marked("管理员"),
}
DUTIES: Final[Mapping[Role, str]] = {
    Role.agent: marked("接待观众：接管、回复、转接会话，写备注；处理工单"),
    Role.supervisor: marked(
        "客服的全部工作，还可以看排队和报表、接手同事的会话、批量改工单、决定投诉、定时限、改同事的状态、处理没送达的消息"
    ),
    Role.operator: marked("维护公用的快捷回复、工单宏和敏感词，查看工单和报表"),
    Role.quality: marked("查看所有会话、工单、报表和审计记录，写备注，维护敏感词；不与观众说话"),
    Role.administrator: marked("管理人员、角色、小组和工作日历，查看报表和审计记录，处理没送达的消息；不与观众说话"),
}
PRESENCES: Final[Mapping[Presence, str]] = {
    Presence.online: marked("在线"),
    Presence.busy: marked("忙碌"),
    Presence.away: marked("离开"),
}
SHOWN: Final[Mapping[Shown, str]] = {
    Shown.online: marked("在线"),
    Shown.busy: marked("忙碌"),
    Shown.away: marked("离开"),
    Shown.offline: marked("不在线"),
}
AWAY_REASONS: Final = (marked("吃饭"), marked("休息"), marked("开会"), marked("培训"))
LANGUAGES: Final[Mapping[Language, str]] = {Language.zh: "中文", Language.en: "English"}
