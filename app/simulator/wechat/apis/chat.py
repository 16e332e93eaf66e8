"""Customer-service messages and the typing hint."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from app.channels.wechat.limits import PASSIVE_TEXT_BYTES
from app.simulator.wechat.accounts import PlayedAccount
from app.simulator.wechat.calling import Call, inner
from app.simulator.wechat.codes import Refused
from app.simulator.wechat.contacts import Arrival

Json = dict[str, Any]
TYPING_SHOWS, TYPING_AFTER = timedelta(seconds=15), timedelta(seconds=30)


def send(account: PlayedAccount, call: Call) -> Json:
    """Bring one message to a phone; only one that nothing speaks against counts."""
    account.may()
    body = call.body(literal=True)
    contact = account.contact(body.get("touser"), call.now)
    kind = str(body.get("msgtype", ""))
    if kind not in _CHECKS:
        raise Refused(40008)
    content = inner(body, kind)
    _CHECKS[kind](account, content, call)
    agent = _agent(account, body)
    if contact.blacklisted:
        raise Refused(43019)
    if not contact.following:
        raise Refused(43004)
    if contact.refuses:
        raise Refused(48002)
    code = contact.ledger.take(call.now)
    if code:
        raise Refused(code)
    contact.typing_until = None
    contact.phone.append(Arrival(call.now, call.api, kind, content, agent=agent))
    return {}


def type_(account: PlayedAccount, call: Call) -> Json:
    account.may()
    body = call.body()
    contact = account.contact(body.get("touser"), call.now)
    if body.get("command") not in ("Typing", "CancelTyping"):
        raise Refused(45072)
    if body["command"] == "CancelTyping":
        contact.typing_until = None
        return {}
    if contact.touched_at is None or call.now - contact.touched_at > TYPING_AFTER:
        raise Refused(45080)
    if contact.typing_until is not None and contact.typing_until > call.now:
        raise Refused(45081)
    contact.typing_until = call.now + TYPING_SHOWS
    return {}


def check_text(_account: PlayedAccount, content: Json, _call: Call) -> None:
    text = str(content.get("content", ""))
    if not text.strip():
        raise Refused(44004)
    if len(text.encode()) > PASSIVE_TEXT_BYTES:
        raise Refused(45002)


def _file(*kinds: str) -> Callable[[PlayedAccount, Json, Call], None]:
    def check(account: PlayedAccount, content: Json, call: Call) -> None:
        account.files.get(str(content.get("media_id", "")), call.now, *kinds)

    return check


def _video(account: PlayedAccount, content: Json, call: Call) -> None:
    account.files.get(str(content.get("media_id", "")), call.now, "video")
    if "thumb_media_id" in content:
        _thumb(account, content, call)


def _thumb(account: PlayedAccount, content: Json, call: Call) -> None:
    account.files.get(str(content.get("thumb_media_id", "")), call.now, "thumb", "image")


def _news(_account: PlayedAccount, content: Json, _call: Call) -> None:
    articles = content.get("articles")
    if not isinstance(articles, list) or not articles:
        raise Refused(44004)
    if len(articles) > 1:
        raise Refused(45008)


def _menu(_account: PlayedAccount, content: Json, _call: Call) -> None:
    items = content.get("list")
    whole = (
        isinstance(items, list)
        and items
        and all(isinstance(i, dict) and i.get("id") and i.get("content") for i in items)
    )
    if not whole:
        raise Refused(44004)


def _mini_program(account: PlayedAccount, content: Json, call: Call) -> None:
    if not content.get("appid"):
        raise Refused(45064)
    _thumb(account, content, call)


_CHECKS: Final[Mapping[str, Callable[[PlayedAccount, Json, Call], None]]] = {
    "text": check_text,
    "image": _file("image"),
    "voice": _file("voice"),
    "video": _video,
    "music": _thumb,
    "news": _news,
    "msgmenu": _menu,
    "miniprogrampage": _mini_program,
}


def _agent(account: PlayedAccount, body: Json) -> str:
    agent = str(inner(body, "customservice").get("kf_account", ""))
    if agent and account.agents is not None and agent not in account.agents:
        raise Refused(65401)
    return agent
