"""Who works in demo mode. Everybody may know their password: production closes these accounts."""

from typing import NamedTuple

from app.agents.rights import Role

PASSWORD = "demo-desk"
TEAMS = {"会员服务": ("会员", "退款"), "播放与内容": ("播放", "内容")}


class DemoPerson(NamedTuple):
    name: str
    role: Role
    team: str | None = None


PEOPLE = {
    "lin": DemoPerson("林小满", Role.agent, "会员服务"),
    "chen": DemoPerson("陈一诺", Role.agent, "播放与内容"),
    "zhou": DemoPerson("周正", Role.supervisor),
    "ye": DemoPerson("叶知秋", Role.operator),
    "su": DemoPerson("苏问", Role.quality),
    "admin": DemoPerson("管理员", Role.administrator),
}
"""By login."""
