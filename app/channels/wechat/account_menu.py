"""The account's own menu (自定义菜单) at the foot of the chat. Each function raises DeliveryError (see ``calls``).

Followers see a change within a day, or at once after following anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.channels.delivery import DeliveryError, Line, Outcome
from app.channels.exchange import bad_answer
from app.channels.wechat import calls

_NO_MENU = "46003"


@dataclass(frozen=True, slots=True)
class Button:
    """One that sends ``key`` as a push, opens ``url``, opens a mini-program, or holds others: exactly one of them.

    Three stand beside each other; one that holds others has up to five.
    """

    name: str
    """At most 16 bytes beside others, 60 within one."""
    key: str = ""
    url: str = ""
    mini_program: tuple[str, str] | None = None
    """(app id, path); ``url`` then is for old clients."""
    buttons: tuple["Button", ...] = ()


async def create_menu(line: Line, *, buttons: Sequence[Button]) -> None:
    """Replace the menu."""
    body = {"button": [_written(button) for button in buttons]}
    await calls.post(line, "/cgi-bin/menu/create", body, lost=Outcome.retry, needs=("errcode",))


async def get_menu(line: Line) -> tuple[Button, ...]:
    """What was made by this API; empty where there is none."""
    try:
        answer = await calls.get(line, "/cgi-bin/menu/get", needs=("menu",))
    except DeliveryError as error:
        if error.code == _NO_MENU:
            return ()
        raise
    try:
        return tuple(_read(item) for item in answer["menu"]["button"])
    except (KeyError, TypeError, AttributeError):
        raise bad_answer(Outcome.retry) from None


async def delete_menu(line: Line) -> None:
    await calls.get(line, "/cgi-bin/menu/delete", needs=("errcode",))


def _written(button: Button) -> dict[str, Any]:
    if button.buttons:
        return {"name": button.name, "sub_button": [_written(inner) for inner in button.buttons]}
    if button.mini_program:
        app_id, path = button.mini_program
        return {"type": "miniprogram", "name": button.name, "url": button.url, "appid": app_id, "pagepath": path}
    if button.url:
        return {"type": "view", "name": button.name, "url": button.url}
    return {"type": "click", "name": button.name, "key": button.key}


def _read(item: dict[str, Any]) -> Button:
    return Button(
        name=str(item["name"]),
        key=str(item.get("key", "")),
        url=str(item.get("url", "")),
        mini_program=(str(item["appid"]), str(item["pagepath"])) if "appid" in item else None,
        buttons=tuple(_read(inner) for inner in item.get("sub_button", ())),
    )
