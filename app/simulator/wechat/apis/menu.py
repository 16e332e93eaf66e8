"""The account's own menu."""

from collections.abc import Sequence
from typing import Any

from app.simulator.wechat.accounts import PlayedAccount
from app.simulator.wechat.calling import Call
from app.simulator.wechat.codes import Refused

Json = dict[str, Any]
_MAIN, _INNER = (3, 16), (5, 60)
"""Buttons beside each other, and the bytes of a name."""
_TYPES = {
    "click": "key", "view": "url", "scancode_push": "key", "scancode_waitmsg": "key", "pic_sysphoto": "key",
    "pic_photo_or_album": "key", "pic_weixin": "key", "location_select": "key", "miniprogram": "appid",
}  # fmt: skip
"""What each needs."""


def create(account: PlayedAccount, call: Call) -> Json:
    buttons = call.body(literal=True).get("button")
    _check(buttons, _MAIN)
    account.menu = buttons
    return {}


def get(account: PlayedAccount, _call: Call) -> Json:
    if account.menu is None:
        raise Refused(46003)
    return {"menu": {"button": account.menu}}


def delete(account: PlayedAccount, _call: Call) -> Json:
    account.menu = None
    return {}


def _check(buttons: object, limit: tuple[int, int]) -> None:
    most, longest = limit
    if not isinstance(buttons, Sequence) or not 1 <= len(buttons) <= most:
        raise Refused(40016)
    for button in buttons:
        name = str(button.get("name", "")) if isinstance(button, dict) else ""
        if not name or len(name.encode()) > longest:
            raise Refused(40018)
        if limit is _MAIN and "sub_button" in button:
            _check(button["sub_button"], _INNER)
        elif not button.get(_TYPES.get(str(button.get("type")), "")):
            raise Refused(40017)
