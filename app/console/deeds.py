"""Entries of the record as sentences. What is not known here is told by its name, with all that was written down."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from app.agents.audit import Entry
from app.agents.links import Purpose
from app.agents.models import Language, Presence
from app.agents.rights import Role
from app.console import labels
from app.console.catalogue import marked, translate
from app.console.tickets.labels import DEEDS

GROUPS: Final[Mapping[str, str]] = {
    "signin.": marked("登录"), "people.": marked("人员"), "team.": marked("小组"), "password.": marked("密码"),
    "link.": marked("链接"), "totp.": marked("两步验证"), "presence.": marked("状态"),
    "conversations.": marked("会话"), "viewers.": marked("观众"), "outbox.": marked("待发"),
    "replies.": marked("快捷回复"), "tickets.": marked("工单"),
    "words.": marked("敏感词"), "calendars.": marked("工作日历"),
    "policies.": marked("时限"), "macros.": marked("工单宏"),
}  # fmt: skip
"""Beginnings of actions."""
SENTENCES: Final[Mapping[str, str]] = {
    "signin.in": marked("登录了"),
    "signin.out": marked("退出了登录"),
    "signin.failed": marked("登录失败：{login}"),
    "signin.locked": marked("多次登录失败，暂停登录 {seconds} 秒：{login}"),
    "signin.revoke": marked("退出了自己在 {count} 处的登录"),
    "signin.unlock": marked("解除了登录锁定：{login}"),
    "people.first": marked("创建了第一位管理员 {whom}"),
    "people.add": marked("添加了 {whom}（{login}），角色：{roles}"),
    "people.edit": marked("修改了 {whom} 的{fields}"),
    "people.roles": marked("修改了 {whom} 的角色：{before} → {after}"),
    "people.teams": marked("修改了 {whom} 的小组：{before} → {after}"),
    "people.deactivate": marked("停用了 {whom}"),
    "people.reactivate": marked("恢复了 {whom}"),
    "team.add": marked("添加了小组 {name}"),
    "team.edit": marked("修改了小组 {whom} 的{fields}"),
    "team.members": marked("修改了小组 {whom} 的组员：{before} → {after}"),
    "team.calendar": marked("修改了小组 {whom} 的工作日历：{before} → {after}"),
    "team.archive": marked("归档了小组 {whom}"),
    "team.restore": marked("恢复了小组 {whom}"),
    "password.set": marked("设置了 {whom} 的密码"),
    "password.change": marked("更换了自己的密码"),
    "link.make": marked("为 {whom} 生成了{purpose}链接"),
    "totp.on": marked("开启了两步验证"),
    "totp.off": marked("关闭了 {whom} 的两步验证"),
    "totp.codes": marked("重新生成了恢复码"),
    "totp.recovery": marked("用掉了 {whom} 的一个恢复码"),
    "presence.set": marked("把 {whom} 的状态改为{after}"),
    "conversations.take_from": marked("接手或改动了同事的会话 {id}"),
    "conversations.prioritise": marked("修改了会话 {id} 的优先级"),
    "outbox.redrive": marked("重新发送了 {count} 条没送达的消息"),
    "outbox.drop": marked("放弃了 {count} 条没送达的消息"),
    "outbox.arrived": marked("确认消息 {id} 已经送达"),
    "outbox.lost": marked("确认消息 {id} 没有送达"),
    "outbox.again": marked("把消息 {id} 又发了一次"),
    "outbox.reopen": marked("重新打开了渠道 {id} 停了的通道"),
    "replies.add": marked("添加了公用的快捷回复 /{shortcut}"),
    "replies.edit": marked("修改了公用的快捷回复 /{shortcut}"),
    "replies.delete": marked("删除了公用的快捷回复 /{shortcut}"),
    "replies.import": marked("导入了公用的快捷回复，新增 {count} 条"),
    "tickets.export": marked("导出了 {count} 个工单"),
    "tickets.many": marked("一次改动了 {count} 个工单：{what}"),
    "words.add": marked("添加了敏感词：{words}"),
    "words.edit": marked("修改了敏感词：{before} → {after}"),
    "words.delete": marked("删除了敏感词：{word}"),
    "calendars.add": marked("添加了工作日历 {name}：{hours}"),
    "calendars.edit": marked("修改了工作日历 {name} 的{fields}"),
    "calendars.delete": marked("删除了工作日历 {name}"),
    "calendars.import": marked("给工作日历 {name} 导入了 {years} 年：假日 {holidays} 天，调休上班 {workdays} 天"),
    "policies.add": marked("添加了时限 {name}"),
    "policies.edit": marked("修改了时限 {name} 的{fields}"),
    "policies.move": marked("调整了时限的顺序：{after}"),
    "policies.delete": marked("删除了时限 {name}"),
    "macros.add": marked("添加了工单宏 {name}"),
    "macros.edit": marked("修改了工单宏 {name} 的{fields}"),
    "macros.delete": marked("删除了工单宏 {name}"),
}
UNKNOWN: Final = marked("{action}：{subject} {id}")
FIELDS: Final[Mapping[str, str]] = {
    "name": marked("名字"), "skills": marked("技能"), "capacity": marked("同时接待"), "language": marked("界面语言"),
    "login": marked("登录名"), "roles": marked("角色"), "teams": marked("小组"), "before": marked("原来"),
    "after": marked("现在"), "purpose": marked("用途"), "count": marked("数量"), "seconds": marked("秒"),
    "former": marked("原来的客服"), "messages": marked("消息"), "shortcut": marked("快捷词"), "text": marked("内容"),
    "what": marked("做了什么"), "filters": marked("条件"), "word": marked("词"),
    "words": marked("词"), "blocks": marked("禁止发送"), "advice": marked("说明"),
    "hours": marked("工作时间"), "holidays": marked("假日"), "workdays": marked("调休上班"), "years": marked("年份"),
    "kind": marked("类型"), "priority": marked("优先级"), "source": marked("来源"),
    "first_response_m": marked("首次答复"), "next_response_m": marked("再次答复"), "resolution_m": marked("办结"),
    "warn_percent": marked("提前提醒"), "changes": marked("改动"), "reply": marked("答复"),
    "closes": marked("关闭工单"),
    "team_id": marked("小组"),
}  # fmt: skip
PURPOSES: Final[Mapping[str, str]] = {Purpose.invitation: marked("邀请"), Purpose.reset: marked("重设密码")}
COMMAND: Final = marked("服务器上的命令")
NOBODY: Final = marked("未登录的人")
_NOT_SIGNED_IN: Final = ("signin.", "password.", "totp.", "people.first")


@dataclass(frozen=True, slots=True)
class Names:
    """Of those whom entries are about, by id."""

    agents: Mapping[int, str]
    teams: Mapping[int, str]


def word_of(language: Language, value: object) -> str:
    """For what the code names in what was written down; anything else as it is."""
    for known in (labels.ROLES, labels.PRESENCES, PURPOSES, FIELDS):
        word = cast(Mapping[object, str], known).get(value)
        if word is not None:
            return translate(language, word)
    return str(value)


def who_of(language: Language, entry: Entry) -> str:
    if entry.agent is not None:
        return entry.agent
    return translate(language, NOBODY if entry.action.startswith(_NOT_SIGNED_IN) and entry.ip else COMMAND)


def sentence_of(language: Language, entry: Entry, names: Names) -> str:
    values = _Values(_values_of(language, entry, names))
    return translate(language, SENTENCES.get(entry.action, UNKNOWN)).format_map(values)


class _Values(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "–"


def _values_of(language: Language, entry: Entry, names: Names) -> dict[str, Any]:
    detail = entry.detail
    known = names.teams if entry.subject == "team" else names.agents
    values: dict[str, Any] = {
        **detail, "action": entry.action, "subject": entry.subject or "", "id": entry.subject_id or "",
        "whom": known.get(entry.subject_id or 0, entry.subject_id or "–"),
    }  # fmt: skip
    for name in ("before", "after", "roles", "words", "years"):
        if name in detail:
            values[name] = _told(language, entry.action, detail[name], names)
    if isinstance(detail.get("after"), dict):
        values["fields"] = _join(language, (translate(language, FIELDS.get(one, one)) for one in detail["after"]))
    if "what" in detail:
        values["what"] = translate(language, DEEDS.get(detail["what"], detail["what"]))
    if "purpose" in detail:
        values["purpose"] = translate(language, PURPOSES.get(detail["purpose"], detail["purpose"]))
    return values


def _told(language: Language, action: str, value: Any, names: Names) -> str:
    if not isinstance(value, list):
        return str(value)
    return _join(language, (_one(language, action, part, names) for part in value if part is not None)) or "–"


def _one(language: Language, action: str, part: Any, names: Names) -> str:
    if action in ("people.roles", "people.add") and part in list(Role):
        return translate(language, labels.ROLES[Role(part)])
    if action == "presence.set" and part in list(Presence):
        return translate(language, labels.PRESENCES[Presence(part)])
    if action == "people.teams":
        return names.teams.get(part, str(part))
    if action == "team.members":
        return names.agents.get(part, str(part))
    return str(part)


def _join(language: Language, parts: Iterable[str]) -> str:
    return ("、" if language is Language.zh else ", ").join(parts)
