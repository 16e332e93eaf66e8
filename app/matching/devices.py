"""Which kind of device a text speaks of. The steps differ by it, the question does not: the words stay in the text."""

import re
from enum import StrEnum


class Device(StrEnum):
    android = "android"
    ios = "ios"
    tv = "tv"
    computer = "computer"


_WORDS = {
    Device.tv: r"电视|電視|机顶盒|機上盒|盒子|投影|大屏|智慧屏",
    Device.ios: r"苹果|蘋果|iphone|ipad|(?<![a-z])ios(?![a-z])",
    Device.android: r"安卓|android|鸿蒙|鴻蒙|华为|華為|荣耀|小米|红米|(?<![a-z])(?:oppo|vivo)(?![a-z])|三星",
    Device.computer: r"电脑|電腦|网页|網頁|浏览器|瀏覽器|笔记本|筆電|客户端"
    r"|(?<![a-z])(?:windows|macbook|mac|pc)(?![a-z])",
}
"""In the order of precedence: 小米电视 is a television, and 用苹果手机投到电视 is about the television."""
_FIRST = "".join(sorted({word[0] for words in _WORDS.values() for word in re.findall(r"(?:^|[|(:)])(\w+)", words)}))
"""What a word begins with: a look at one character passes over most places of a text."""
_PATTERN = re.compile(
    f"(?=[{_FIRST}])(?:{'|'.join(f'(?P<{device}>{words})' for device, words in _WORDS.items())})", re.IGNORECASE
)


def device_in(text: str) -> Device | None:
    """The device that is named; of several the first of ``_WORDS``."""
    named = {found.lastgroup for found in _PATTERN.finditer(text)}
    return next((device for device in _WORDS if device in named), None)
