"""What we say as the bodies that the platform takes. Pure."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from app.channels import outbound
from app.channels.delivery import Delivery, DeliveryError, Outcome, ReplyTo, unsupported
from app.channels.outbound import Choice
from app.channels.qq import codec, links
from app.channels.qq.account import Account
from app.channels.qq.addresses import Scene
from app.channels.qq.keyboards import keyboard
from app.channels.text import carriable

Body = Mapping[str, Any]
TEXT, MARKDOWN, MEDIA = 0, 2, 7
FILES: Final = (Scene.c2c, Scene.group)
"""Scenes that take files."""
_MARKDOWN_SIGNS = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_#[]>~|"})


def body(account: Account, scene: Scene, delivery: Delivery, *, plain: bool = False) -> Body:
    """The body that sends a message; ``plain``: without buttons and without any address. DeliveryError for none."""
    return {**_content(account, scene, delivery, plain), **_reply(delivery.reply_to)}


def _content(account: Account, scene: Scene, delivery: Delivery, plain: bool) -> Body:
    domains = () if plain else account.link_domains
    tapped = account.buttons and not plain
    match delivery.message:
        case outbound.Text(text=text, choices=choices):
            return _said(account, scene, text, choices if tapped else (), domains)
        case outbound.Menu() as menu:
            board = menu.choices if tapped and keyboard(menu.choices) else ()
            return _said(account, scene, _asked(menu, listed=not board), board, domains)
        case outbound.Article(title=title, description=description, url=url):
            address = url if links.is_registered(url, domains) else ""
            return _said(account, scene, _lines(title, description, address), (), domains)
        case outbound.Video(file=file, title=title, description=description):
            return _shown(scene, delivery, file, links.linted(_lines(title, description), domains))
        case outbound.Image(file=file) | outbound.Voice(file=file) | outbound.File(file=file):
            return _shown(scene, delivery, file, "")
    raise unsupported(outbound.kind_of(delivery.message))


def _said(account: Account, scene: Scene, text: str, choices: Sequence[Choice], domains: Sequence[str]) -> Body:
    content = links.linted(carriable(text), domains)
    if not content.strip():
        raise DeliveryError("empty", Outcome.permanent, "nothing is left to say")
    board = keyboard(choices)
    if board and account.markdown:
        return {"msg_type": MARKDOWN, "markdown": {"content": content.translate(_MARKDOWN_SIGNS)}, "keyboard": board}
    written = content if scene in FILES else escape(content, quote=False)  # guilds read <…> and &…; as marks
    return {"msg_type": TEXT, "content": written} | ({"keyboard": board} if board else {})


def _asked(menu: outbound.Menu, *, listed: bool) -> str:
    numbered = [f"{number}. {choice.label}" for number, choice in enumerate(menu.choices, 1)] if listed else []
    return _lines(menu.head, *numbered, menu.tail)


def _lines(*lines: str) -> str:
    return "\n".join(line for line in lines if line)


def _shown(scene: Scene, delivery: Delivery, file: str, text: str) -> Body:
    if scene not in FILES:
        raise unsupported(f"{outbound.kind_of(delivery.message)} in a {scene}")
    known = delivery.media.get(file)
    if not known:
        raise DeliveryError("no_file", Outcome.media, "the file was not uploaded")
    shown = {"msg_type": MEDIA, "media": {"file_info": known}}
    return shown | ({"content": carriable(text)} if text else {})


def _reply(reply_to: ReplyTo | None) -> Body:
    """Ties a message to the viewer's; the number makes a repeat of it harmless."""
    if reply_to is None:
        return {}
    for prefix, name in ((codec.MESSAGE, "msg_id"), (codec.EVENT, "event_id")):
        if reply_to.key.startswith(prefix):
            return {name: reply_to.key[len(prefix) :], "msg_seq": reply_to.number}
    raise DeliveryError("bad_reply", Outcome.permanent, "what is replied to has no id of the platform")
