"""Who is meant, as one text: the scene, then the platform's ids, which are the bot's own for each of its users.

``c2c:USER`` · ``group:GROUP:MEMBER`` · ``group:GROUP`` · ``channel:CHANNEL:AUTHOR`` · ``dm:GUILD:AUTHOR``
"""

from enum import StrEnum
from typing import NamedTuple

PLATFORM = "platform"
"""The sender of what concerns nobody whom we could write to."""


class Scene(StrEnum):
    c2c = "c2c"
    group = "group"
    channel = "channel"
    dm = "dm"


PUBLIC = (Scene.group, Scene.channel)
"""Scenes in which others read along."""


class Address(NamedTuple):
    scene: Scene
    target: str
    """The id that a message is posted to."""
    person: str = ""


def write(scene: Scene, target: str, person: str = "") -> str:
    return ":".join(part for part in (scene, target, person) if part)


def read(address: str) -> Address | None:
    """None for what is no address of ours."""
    scene, _, rest = address.partition(":")
    target, _, person = rest.partition(":")
    if scene not in Scene.__members__ or not target:
        return None
    return Address(Scene(scene), target, person)


def place(address: str) -> str:
    """Where the message would be seen: the whole group or channel, else the person himself."""
    found = read(address)
    return write(found.scene, found.target) if found and found.scene in PUBLIC else address
