"""Every platform that the service speaks, by the name in its webhook's address. No discovery: a platform is a line."""

from collections.abc import Mapping
from typing import Final

from app.channels.base import Platform
from app.channels.qq.platform import QQ
from app.channels.wechat.platform import WeChat

PLATFORMS: Final[Mapping[str, Platform]] = {
    "wechat": WeChat(),
    "qq": QQ(),
}
