"""Bodies of pushes into typed messages, and texts into the bodies that answer a push."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from app.channels.base import Inbound, Refusal, Undecodable
from app.channels.content import Content, Image, Link, Location, NoticeReported, Text, Unknown, Video, Voice
from app.channels.wechat.events import read_event
from app.channels.wechat.fields import Fields, Malformed, degrees, is_json, optional, read, required, text, whole

MAX_PART = 64
"""Characters of the sender and of each part of a key, since they are database keys; a longer part is replaced by its
SHA-256. An openid has 28; a key has four such parts and a time at most, 272 characters."""


# ------------------------------------------------------------------------------------------------------------- decoding


def decode(body: bytes) -> Inbound | Undecodable:
    """The message or event of an authentic, decrypted body. Never raises."""
    try:
        return _read_push(body)
    except Malformed as malformed:
        return Undecodable(_body_key(body), malformed.reason, body)


def encrypted_part(body: bytes) -> str:
    """The ciphertext in an encrypted push; plain fields beside it (compatible mode) are ignored. Refusal without it."""
    try:
        return required(read(body), "Encrypt")
    except Malformed:
        raise Refusal("not_encrypted") from None


def _read_push(body: bytes) -> Inbound:
    fields = read(body)
    sender = bounded(required(fields, "FromUserName"))
    sent_at = _instant(fields)
    kind = required(fields, "MsgType").strip().lower()
    if kind == "event":
        event = required(fields, "Event").strip().lower()
        content = read_event(event, fields)
        key = _event_key(fields, sender, event, content)
    else:
        content = _read_message(kind, fields)
        key = _message_key(fields, body)
    return Inbound(key, sender, required(fields, "ToUserName"), sent_at, content, body)


def _message_key(fields: Fields, body: bytes) -> str:
    """A message without an id is told from others by its body, which a repeat brings again unchanged."""
    message_id = optional(fields, "MsgId")
    return f"m:{bounded(message_id)}" if message_id else _body_key(body)


def _event_key(fields: Fields, sender: str, event: str, content: Content) -> str:
    # The id of a sent notice is nested in a list; without it two notices of one second would look like one.
    message_id = content.message_id if isinstance(content, NoticeReported) else optional(fields, "MsgID") or ""
    parts = sender, text(fields, "CreateTime"), event, optional(fields, "EventKey") or "", message_id
    return "e:" + ":".join(map(bounded, parts))


def _body_key(body: bytes) -> str:
    return f"x:{sha256(body).hexdigest()}"


def bounded(part: str) -> str:
    return part if len(part) <= MAX_PART else sha256(part.encode()).hexdigest()


def _instant(fields: Fields) -> datetime:
    seconds = required(fields, "CreateTime")
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 10):
        raise Malformed("bad_field:CreateTime")
    return datetime.fromtimestamp(int(seconds), UTC)


# ------------------------------------------------------------------------------------------------- what a viewer sends


def _read_message(kind: str, fields: Fields) -> Content:
    reader = _READERS.get(kind)
    return reader(fields) if reader else Unknown(kind)


def _text(fields: Fields) -> Text:
    return Text(text(fields, "Content"), optional(fields, "bizmsgmenuid"))


def _image(fields: Fields) -> Image:
    return Image(url=optional(fields, "PicUrl") or "", media_id=required(fields, "MediaId"))


def _voice(fields: Fields) -> Voice:
    return Voice(
        media_id=required(fields, "MediaId"),
        format=optional(fields, "Format") or "",
        media_id_16k=optional(fields, "MediaId16K"),
        recognition=optional(fields, "Recognition"),
    )


def _video(fields: Fields) -> Video:
    return Video(media_id=required(fields, "MediaId"), thumb_media_id=optional(fields, "ThumbMediaId") or "")


def _short_video(fields: Fields) -> Video:
    return Video(
        media_id=required(fields, "MediaId"), thumb_media_id=optional(fields, "ThumbMediaId") or "", short=True
    )


def _location(fields: Fields) -> Location:
    return Location(
        latitude=degrees(fields, "Location_X", 90),
        longitude=degrees(fields, "Location_Y", 180),
        scale=whole(fields, "Scale"),
        label=optional(fields, "Label") or "",
    )


def _link(fields: Fields) -> Link:
    return Link(
        title=optional(fields, "Title") or "",
        description=optional(fields, "Description") or "",
        url=required(fields, "Url"),
    )


_READERS: Final[Mapping[str, Callable[[Fields], Content]]] = {
    "text": _text,
    "image": _image,
    "voice": _voice,
    "video": _video,
    "shortvideo": _short_video,
    "location": _location,
    "link": _link,
}


# ------------------------------------------------------------------------------------------------------------ answering

_TEXT_XML = (
    "<xml><ToUserName><![CDATA[{}]]></ToUserName><FromUserName><![CDATA[{}]]></FromUserName>"
    "<CreateTime>{}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{}]]></Content></xml>"
)
_ENVELOPE_XML = (
    "<xml><Encrypt><![CDATA[{}]]></Encrypt><MsgSignature><![CDATA[{}]]></MsgSignature>"
    "<TimeStamp>{}</TimeStamp><Nonce><![CDATA[{}]]></Nonce></xml>"
)


def text_reply(inbound: Inbound, content: str, seconds: int) -> bytes:
    """A passive text reply in the push's own format; ``content`` is carriable, ``seconds`` the Unix time."""
    if is_json(inbound.body):
        return _json(
            ToUserName=inbound.sender,
            FromUserName=inbound.recipient,
            CreateTime=seconds,
            MsgType="text",
            Content=content,
        )
    return _TEXT_XML.format(_cdata(inbound.sender), _cdata(inbound.recipient), seconds, _cdata(content)).encode()


def envelope(inbound: Inbound, encrypted: str, signature: str, seconds: int, nonce: str) -> bytes:
    """An encrypted reply as the platform wants it, in the push's own format."""
    if is_json(inbound.body):
        return _json(Encrypt=encrypted, MsgSignature=signature, TimeStamp=seconds, Nonce=nonce)
    return _ENVELOPE_XML.format(encrypted, signature, seconds, nonce).encode()


def _cdata(value: str) -> str:
    return value.replace("]]>", "]]]]><![CDATA[>")


def _json(**fields: str | int) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode()
