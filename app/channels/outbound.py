"""What the service says to a viewer: the kinds of message, as neutral as the viewer sees them.

A platform that lacks a kind refuses it with ``DeliveryError(code="unsupported")`` before anything leaves. ``file`` is
the key of our own storage; the sender exchanges it for the platform's id before a message leaves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, NamedTuple


@dataclass(frozen=True, slots=True)
class Choice:
    """A line ``N. label`` of a text that can be tapped where the account allows it; the tap brings ``id`` back.

    The id names what is chosen, not the question: a tap that comes days later, or twice, still means the same.
    """

    id: str
    label: str


class Text(NamedTuple):
    """A NamedTuple, since one is made for each answer."""

    text: str
    choices: Sequence[Choice] = ()


@dataclass(frozen=True, slots=True)
class Image:
    kind: ClassVar[str] = "image"
    file: str


@dataclass(frozen=True, slots=True)
class Voice:
    kind: ClassVar[str] = "voice"
    file: str


@dataclass(frozen=True, slots=True)
class Video:
    kind: ClassVar[str] = "video"
    file: str
    title: str = ""
    description: str = ""
    thumb: str | None = None
    """A picture shown before it plays, where the platform wants one."""


@dataclass(frozen=True, slots=True)
class File:
    kind: ClassVar[str] = "file"
    file: str
    name: str


@dataclass(frozen=True, slots=True)
class Article:
    """A card with a title and a picture that opens an address (图文)."""

    kind: ClassVar[str] = "article"
    title: str
    description: str
    url: str
    picture_url: str = ""


@dataclass(frozen=True, slots=True)
class Menu:
    """A question with answers to tap (msgmenu, buttons)."""

    kind: ClassVar[str] = "menu"
    head: str
    choices: tuple[Choice, ...]
    tail: str = ""


@dataclass(frozen=True, slots=True)
class MiniProgram:
    kind: ClassVar[str] = "mini_program"
    title: str
    app_id: str
    path: str
    thumb: str
    """A file."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A message by a template that the platform approved; it needs no open window."""

    kind: ClassVar[str] = "notice"
    template_id: str
    values: Mapping[str, str]
    """Field of the template → text."""
    url: str = ""
    mini_program: tuple[str, str] | None = None
    """(app id, path)."""
    subscribed: bool = False
    """Sent by right of the viewer's subscription to this template (订阅通知), not as a template message."""


Message = Text | Image | Voice | Video | File | Article | Menu | MiniProgram | Notice
_KINDS: Mapping[str, type[Any]] = {
    kind.kind: kind for kind in (Image, Voice, Video, File, Article, Menu, MiniProgram, Notice)
}


def files_of(message: Message) -> tuple[str, ...]:
    """The files that a platform must have before the message can leave."""
    found = (getattr(message, "file", None), getattr(message, "thumb", None))
    return tuple(dict.fromkeys(file for file in found if file))


def kind_of(message: Message) -> str:
    return "text" if isinstance(message, Text) else message.kind


def written(message: Message) -> tuple[str, str, dict[str, Any] | None]:
    """As a message's row keeps it: (kind, text, data)."""
    if isinstance(message, Text):
        listed = [[choice.id, choice.label] for choice in message.choices]
        return "text", message.text, {"choices": listed} if listed else None
    return message.kind, _summary(message), {"content": asdict(message)}


def read(kind: str, text: str, data: Mapping[str, Any] | None) -> Message:
    """The inverse; ValueError, KeyError or TypeError for a row that this version cannot read."""
    given = data or {}
    if kind == "text":
        return Text(text, tuple(Choice(*listed) for listed in given.get("choices", ())))
    content = dict(given["content"])
    if kind == Menu.kind:
        content["choices"] = tuple(Choice(**choice) for choice in content["choices"])
    if content.get("mini_program") is not None:
        content["mini_program"] = tuple(content["mini_program"])
    made: Message = _KINDS[kind](**content)
    return made


def _summary(message: Message) -> str:
    """What stands for it where only text is shown, and what search finds."""
    match message:
        case Menu():
            lines = [message.head, *(f"{n}. {c.label}" for n, c in enumerate(message.choices, 1)), message.tail]
            return "\n".join(line for line in lines if line)
        case Article() | MiniProgram():
            return message.title
        case Video():
            return message.title
        case File():
            return message.name
        case Notice():
            return "\n".join(message.values.values())
    return ""
