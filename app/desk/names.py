"""How a viewer is called on the desk: as agents named him, else by where he writes from and the end of his address."""

from app.channels.registry import PLATFORMS

_KINDS = {"wechat": "微信观众", "qq": "QQ 观众"}
_GROUPS = {"qq": "QQ 群"}
COMMAND = "operator"
"""Author of what was written by a command on the server, which is nobody's account."""
_END = 4
"""Characters of an address that people can keep apart, and that nobody can write to."""


def display(name: str | None, platform: str, external_id: str) -> str:
    if name:
        return name
    end = f"·{external_id[-_END:]}"
    if is_group(platform, external_id):
        place = PLATFORMS[platform].place(external_id)
        return f"{_GROUPS.get(platform, '群')} ·{place[-_END:]} 成员 {end}"
    return f"{_KINDS.get(platform, '观众')} {end}"


def is_group(platform: str, external_id: str) -> bool:
    """Whether others read along."""
    known = PLATFORMS.get(platform)
    return known is not None and known.place(external_id) != external_id


def side_of(direction: str, author: str) -> str:
    """``viewer``, ``bot``, ``system`` or ``agent``."""
    if direction == "in":
        return "viewer"
    return author if author in ("bot", "system") else "agent"
