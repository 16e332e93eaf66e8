"""What the platform reports besides messages: each event it documents, and what it becomes."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from app.channels.content import Content, Followed, NoticeReported, ProactiveChanged, Text, Unfollowed, Unknown
from app.channels.delivery import Media
from app.channels.qq import addresses, keyboards
from app.channels.qq.addresses import Scene
from app.channels.qq.fields import Fields, Malformed, first_id, name, nested, text, word

_TAPS: Final = ("11", "12")
"""Types of an interaction: a button, an entry of the menu. 13 is feedback, 14 clears the session."""


class Read(NamedTuple):
    """What a push says, and who says it."""

    content: Content
    sender: str
    attachments: tuple[Media, ...] = ()
    """Files beside the content."""
    awaits_call: bool = False


def read_event(event: str, data: Fields) -> Read:
    """What an event becomes by its name; Malformed where what it needs is missing or wrong."""
    reader = _READERS.get(event)
    return reader(data) if reader else Read(Unknown(f"event:{event}"), _whoever(data))


def _friend(content: Content, data: Fields) -> Read:
    return Read(content, addresses.write(Scene.c2c, first_id((data, "openid"), (data, "user_openid"))))


def _group(content: Content, data: Fields) -> Read:
    return Read(content, addresses.write(Scene.group, first_id((data, "group_openid"))))


def _befriended(data: Fields) -> Read:
    return _friend(Followed(scene=text(data, "scene_param") or None), data)


def _tapped(data: Fields) -> Read:
    """A tap speaks for the viewer: our own buttons carry the id and the words of what was chosen."""
    inner = nested(data, "data")
    resolved = nested(inner, "resolved")
    kind = word(data, "type") or word(inner, "type")
    chosen = text(resolved, "button_data") or text(resolved, "button_id")
    if kind not in _TAPS or not chosen:
        return Read(Unknown(f"interaction:{kind}"), _who_tapped(data, resolved), awaits_call=True)
    choice = keyboards.read_data(chosen)
    return Read(Text(choice.label, choice.id), _who_tapped(data, resolved), awaits_call=True)


def _who_tapped(data: Fields, resolved: Fields) -> str:
    if word(data, "user_openid"):
        return addresses.write(Scene.c2c, first_id((data, "user_openid")))
    if word(data, "group_openid"):
        return addresses.write(Scene.group, first_id((data, "group_openid")), first_id((data, "group_member_openid")))
    return addresses.write(Scene.channel, first_id((data, "channel_id")), first_id((resolved, "user_id")))


def _audited(status: str, data: Fields) -> Read:
    """The end of an audit, by the id that the answer to the sending named."""
    return Read(NoticeReported(message_id=name(data, "audit_id"), status=status), _whoever(data))


def _whoever(data: Fields) -> str:
    """Whom an event concerns, as far as it says so."""
    try:
        if word(data, "group_openid"):
            member = first_id((data, "member_openid")) if word(data, "member_openid") else ""
            return addresses.write(Scene.group, first_id((data, "group_openid")), member)
        for openid in ("user_openid", "openid"):
            if word(data, openid):
                return addresses.write(Scene.c2c, first_id((data, openid)))
        if word(data, "channel_id"):
            return addresses.write(Scene.channel, first_id((data, "channel_id")))
    except Malformed:
        pass
    return addresses.PLATFORM


_READERS: Final[Mapping[str, Callable[[Fields], Read]]] = {
    "FRIEND_ADD": _befriended,
    "FRIEND_DEL": lambda data: _friend(Unfollowed(), data),
    "C2C_MSG_RECEIVE": lambda data: _friend(ProactiveChanged(allowed=True), data),
    "C2C_MSG_REJECT": lambda data: _friend(ProactiveChanged(allowed=False), data),
    "GROUP_ADD_ROBOT": lambda data: _group(Followed(), data),
    "GROUP_DEL_ROBOT": lambda data: _group(Unfollowed(), data),
    "GROUP_MSG_RECEIVE": lambda data: _group(ProactiveChanged(allowed=True), data),
    "GROUP_MSG_REJECT": lambda data: _group(ProactiveChanged(allowed=False), data),
    "INTERACTION_CREATE": _tapped,
    "MESSAGE_AUDIT_PASS": lambda data: _audited("success", data),
    "MESSAGE_AUDIT_REJECT": lambda data: _audited("rejected", data),
}
