"""Messages as the bodies that WeChat's calls take. Pure."""

from collections.abc import Mapping
from typing import Any

from app.channels import outbound
from app.channels.delivery import Delivery, DeliveryError, Outcome, unsupported
from app.channels.text import carriable
from app.channels.wechat.menus import linked

Json = dict[str, Any]


def customer_service(delivery: Delivery, *, menu_links: bool) -> Json:
    """Of ``custom/send``; ``menu_links``: whether the choices of a text are links."""
    kind, content = content_of(delivery.message, delivery.media, menu_links=menu_links)
    body: Json = {"touser": delivery.recipient, "msgtype": kind, kind: content}
    if delivery.agent:
        body["customservice"] = {"kf_account": delivery.agent}
    return body


def content_of(message: outbound.Message, media: Mapping[str, str], *, menu_links: bool) -> tuple[str, Json]:
    """The platform's name of the kind, and the object that stands under it."""
    match message:
        case outbound.Text():
            return "text", {"content": text_of(message, menu_links=menu_links)}
        case outbound.Image(file=file) | outbound.Voice(file=file):
            return message.kind, {"media_id": _id(media, file)}
        case outbound.Video():
            return "video", _video(message, media)
        case outbound.Article():
            return "news", {"articles": [_article(message)]}  # more than one is refused since 2018 (45008)
        case outbound.Menu():
            return "msgmenu", _menu(message)
        case outbound.MiniProgram():
            return "miniprogrampage", _mini_program(message, media)
    raise unsupported(outbound.kind_of(message))


def text_of(message: outbound.Text, *, menu_links: bool) -> str:
    return carriable(linked(message.text, message.choices) if menu_links else message.text)


def template_notice(delivery: Delivery, notice: outbound.Notice) -> Json:
    """Of ``template/send``; the key is recognised for ten minutes."""
    where = {"url": notice.url} if notice.url else {}
    return _notice(delivery, notice) | where | {"client_msg_id": delivery.key}


def subscribed_notice(delivery: Delivery, notice: outbound.Notice) -> Json:
    """Of ``subscribe/bizsend``."""
    return _notice(delivery, notice) | ({"page": notice.url} if notice.url else {})


def _notice(delivery: Delivery, notice: outbound.Notice) -> Json:
    values = {name: {"value": carriable(value)} for name, value in notice.values.items()}
    body: Json = {"touser": delivery.recipient, "template_id": notice.template_id, "data": values}
    if notice.mini_program:
        app_id, path = notice.mini_program
        body["miniprogram"] = {"appid": app_id, "pagepath": path}
    return body


def _video(message: outbound.Video, media: Mapping[str, str]) -> Json:
    video = {
        "media_id": _id(media, message.file),
        "title": carriable(message.title),
        "description": carriable(message.description),
    }
    return video | ({"thumb_media_id": _id(media, message.thumb)} if message.thumb else {})


def _article(message: outbound.Article) -> Json:
    return {
        "title": carriable(message.title),
        "description": carriable(message.description),
        "url": message.url,
        "picurl": message.picture_url,
    }


def _menu(message: outbound.Menu) -> Json:
    return {
        "head_content": carriable(message.head),
        "list": [{"id": choice.id, "content": carriable(choice.label)} for choice in message.choices],
        "tail_content": carriable(message.tail),
    }


def _mini_program(message: outbound.MiniProgram, media: Mapping[str, str]) -> Json:
    return {
        "title": carriable(message.title),
        "appid": message.app_id,
        "pagepath": message.path,
        "thumb_media_id": _id(media, message.thumb),
    }


def _id(media: Mapping[str, str], file: str) -> str:
    if file not in media:
        raise DeliveryError("no_media_id", Outcome.media, f"the platform has not been given {file}")
    return media[file]
