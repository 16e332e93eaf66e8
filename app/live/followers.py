"""Who follows the live events, and what waits for each: the bytes of a message are made once and shared by all."""

import asyncio
import json
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from app.live.cursor import Event

MOST = 500
"""Things in one message, and waiting for one follower; whoever has missed more reads everything again."""


class Message(NamedTuple):
    size: int
    """Things that it names."""
    text: bytes
    """As server-sent events."""


PING = Message(1, b"event: ping\ndata: 0\n\n")
"""The first tells a page that more will come: one that then hears none for long takes its connection for dead."""
REFRESH = Message(MOST, b'data: {"kind":"refresh","id":null}\n\n')
"""Something may have been missed: read everything again."""


def message(events: Iterable[Event]) -> Message | None:
    """All of them as one, each thing once; None for none."""
    things = dict.fromkeys((kind, id_) for _, kind, ids in events for id_ in ids or (None,))
    if not things:
        return None
    if len(things) > MOST:
        return REFRESH
    named = [{"kind": kind, "id": id_} for kind, id_ in things]
    said = json.dumps(named if len(named) > 1 else named[0], separators=(",", ":"))
    return Message(len(things), b"data: %s\n\n" % said.encode())


class Visitor(NamedTuple):
    """Who asks to follow."""

    agent_id: int
    warrant: Hashable | None
    """By what he may; None: by nothing that could end."""


@dataclass(eq=False, slots=True)
class Follower:
    """One open connection. However slow it is, what waits for it is bounded."""

    agent_id: int
    warrant: Hashable | None = None
    _waiting: list[Message] = field(default_factory=list)
    _size: int = 0
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _ended: bool = False

    def put(self, message: Message) -> None:
        if self._size + message.size > MOST:
            self._waiting, self._size = [REFRESH], MOST  # takes in whatever comes until it is taken
        else:
            self._waiting.append(message)
            self._size += message.size
        self._woken.set()

    def end(self) -> None:
        self._ended = True
        self._woken.set()

    async def take(self) -> bytes | None:
        """What has come since the last time, as soon as there is something; None at the end."""
        await self._woken.wait()
        self._woken.clear()
        if self._ended:
            return None
        waiting, self._waiting, self._size = self._waiting, [], 0
        return waiting[0].text if len(waiting) == 1 else b"".join(each.text for each in waiting)
