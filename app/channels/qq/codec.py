"""Bodies of pushes into typed messages."""

import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final

from app.channels.base import Inbound, Undecodable
from app.channels.content import Content, File, Image, Overheard, Text, Unknown, Video, Voice
from app.channels.delivery import Media
from app.channels.qq import addresses
from app.channels.qq.addresses import Scene
from app.channels.qq.events import Read, read_event
from app.channels.qq.fields import Fields, Malformed, first_id, instant, nested, several, size, text, word
from app.channels.qq.fields import name as name_of
from app.channels.qq.fields import read as read_fields

DISPATCH, HEARTBEAT, HEARTBEAT_TAKEN, TAKEN, VALIDATION = 0, 1, 11, 12, 13
"""Values of ``op``."""
US: Final = "bot"
"""Stands where other platforms name the account that a push is for."""
MESSAGE, EVENT, HEARD, HASHED = "m:", "e:", "o:", "h:"
"""What a key begins with. The id of a message or event follows whole, for replies must name it."""
_LONGEST_ID = 290
_MENTION = re.compile(r"<@!?[^<>\s]{1,64}>|<qqbot-at-(?:user|everyone)\b[^<>]{0,128}>")
_TIMES: Final = ("timestamp", "audit_time", "create_time")


def decode(body: bytes) -> Inbound | Undecodable:
    """The message or event of an authentic body. Never raises."""
    try:
        return decode_fields(read_fields(body), body)
    except Malformed as malformed:
        return Undecodable(_body_key(body), malformed.reason, body)


def decode_fields(fields: Fields, body: bytes) -> Inbound | Undecodable:
    """The same where the body was read already."""
    try:
        return _read_push(fields, body)
    except Malformed as malformed:
        return Undecodable(_body_key(body), malformed.reason, body)


def interaction_of(body: bytes) -> str:
    """The id by which a tap is settled; Malformed without one."""
    return name_of(nested(read_fields(body), "d"), "id")


def operation(fields: Fields) -> int | None:
    op = fields.get("op")
    return op if isinstance(op, int) and not isinstance(op, bool) else None


def _read_push(fields: Fields, body: bytes) -> Inbound:
    if operation(fields) != DISPATCH:
        raise Malformed("bad_op")
    name = text(fields, "t")
    if not name:
        raise Malformed("missing_field:t")
    data = nested(fields, "d")
    reader = _MESSAGES.get(name)
    found = reader(data) if reader else read_event(name, data)
    address = addresses.read(found.sender)
    return Inbound(
        _key(fields, data, found.content, body) if reader else _named(EVENT, word(fields, "id"), body),
        found.sender, US, instant(data, *_TIMES), found.content, body,
        in_public=address is not None and address.scene in addresses.PUBLIC,
        awaits_call=found.awaits_call,
        attachments=found.attachments,
    )  # fmt: skip


# -------------------- keys


def _key(fields: Fields, data: Fields, content: Content, body: bytes) -> str:
    """By the message's own id: the same message comes by older and newer kinds of event, each with its own id.

    What was only overheard has keys of its own: another kind of event may still bring it as said to us.
    """
    own = word(data, "id")
    if own:
        return _named(HEARD if isinstance(content, Overheard) else MESSAGE, own, body)
    return _named(EVENT, word(fields, "id"), body)


def _named(prefix: str, found: str, body: bytes) -> str:
    """An id that no store can hold whole still tells repeats; nobody can reply to it."""
    if not found:
        return _body_key(body)
    return (
        f"{prefix}{found}" if len(found) <= _LONGEST_ID else f"{HASHED}{sha256((prefix + found).encode()).hexdigest()}"
    )


def _body_key(body: bytes) -> str:
    return f"x:{sha256(body).hexdigest()}"


# -------------------- who speaks, and whether to us


def _c2c(data: Fields) -> Read:
    author = nested(data, "author")
    sender = addresses.write(Scene.c2c, first_id((author, "user_openid"), (author, "id")))
    return _spoken(data, author, sender, text(data, "content"))


def _to_us(data: Fields) -> Read:
    author = nested(data, "author")
    return _spoken(data, author, _member(data, author), _without_mentions(data))


def _in_group(data: Fields) -> Read:
    """Of everything that is said in a group, where its owner lets the bot read it. “Everybody” is not us."""
    author, content = nested(data, "author"), _without_mentions(data)
    for mention in several(data, "mentions"):
        if mention.get("is_you") is True and mention.get("scope") == "single" and mention.get("bot") is True:
            return _spoken(data, author, _member(data, author), content)
    return Read(Overheard(content), _member(data, author))


def _to_us_in_channel(data: Fields) -> Read:
    author = nested(data, "author")
    return _spoken(data, author, _author(data, author), _without_mentions(data))


def _in_channel(data: Fields) -> Read:
    """A guild's mentions do not say which bot is we: where a bot is mentioned we take it for us."""
    author, content = nested(data, "author"), _without_mentions(data)
    for mention in several(data, "mentions"):
        if mention.get("bot") is True and mention.get("is_you") is not False:
            return _spoken(data, author, _author(data, author), content)
    return Read(Overheard(content), _author(data, author))


def _direct(data: Fields) -> Read:
    author = nested(data, "author")
    sender = addresses.write(Scene.dm, first_id((data, "guild_id")), first_id((author, "id")))
    return _spoken(data, author, sender, _without_mentions(data))


def _member(data: Fields, author: Fields) -> str:
    group = first_id((data, "group_openid"), (data, "group_id"))
    return addresses.write(Scene.group, group, first_id((author, "member_openid"), (author, "id")))


def _author(data: Fields, author: Fields) -> str:
    return addresses.write(Scene.channel, first_id((data, "channel_id")), first_id((author, "id")))


def _without_mentions(data: Fields) -> str:
    return _MENTION.sub("", text(data, "content")).lstrip()


_MESSAGES: Final[Mapping[str, Callable[[Fields], Read]]] = {
    "C2C_MESSAGE_CREATE": _c2c,
    "GROUP_AT_MESSAGE_CREATE": _to_us,
    "GROUP_MESSAGE_CREATE": _in_group,
    "AT_MESSAGE_CREATE": _to_us_in_channel,
    "MESSAGE_CREATE": _in_channel,
    "DIRECT_MESSAGE_CREATE": _direct,
}


# -------------------- what is said


def _spoken(data: Fields, author: Fields, sender: str, content: str) -> Read:
    """Words go first, as they are what can be answered; the files then stand beside them."""
    if author.get("bot") is True:
        return Read(Unknown("bot message"), sender)
    files = several(data, "attachments")
    contents = [_file(file) for file in files]
    left = [media for file, found in zip(files, contents, strict=True) for media in _named_media(file, found)]
    if content.strip():
        return Read(Text(content), sender, tuple(left))
    if contents:
        return Read(contents[0], sender, tuple(left[len(media_of(contents[0])) :]))
    kind = word(data, "message_type") or "0"
    return Read(Text("") if kind == "0" else Unknown(f"message_type:{kind}"), sender)


def _file(file: Fields) -> Content:
    kind, name, url = text(file, "content_type").lower(), text(file, "filename"), _address(text(file, "url"))
    if kind.startswith("image"):
        return Image(url=url, media_id="")
    if kind.startswith(("voice", "audio")):
        wav = _address(text(file, "voice_wav_url"))
        heard = text(file, "asr_refer_text").strip()
        written = "wav" if wav else name.rpartition(".")[2].lower() if "." in name else ""
        return Voice(media_id="", format=written, recognition=heard or None, url=wav or url or None)
    if kind.startswith("video"):
        return Video(media_id="", thumb_media_id="", url=url or None)
    return File(name=name, url=url, size=size(file, "size"))


def media_of(content: Content) -> tuple[Media, ...]:
    """The file of a content by its address; none where the platform named none."""
    match content:
        case Image(url=str(url)) | Voice(url=str(url)) | Video(url=str(url)) if url:
            return (Media(content.kind, url),)
        case File(name=name, url=url) if url:
            return (Media("file", url, name),)
    return ()


def _named_media(file: Fields, content: Content) -> list[Media]:
    name, kind = text(file, "filename"), text(file, "content_type")
    return [media._replace(name=name, content_type=kind) for media in media_of(content)]


def _address(url: str) -> str:
    if not url or "://" in url:
        return url
    return f"https:{url}" if url.startswith("//") else f"https://{url}"
