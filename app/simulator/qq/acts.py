"""What people do on the played platform, as the pushes that it makes of that; each can then be replied to."""

import json
from dataclasses import dataclass, replace
from typing import Any

from app.channels.qq.addresses import Scene
from app.simulator.qq.world import Json, World


@dataclass(frozen=True, slots=True)
class Pushed:
    """``id``: of the whole push, the same for each attempt; ``reply``: what a reply names."""

    id: str
    reply: str
    body: bytes
    tap: str = ""
    """What is to be settled."""


class Acts:
    def __init__(self, world: World) -> None:
        self._world = world

    def says(self, scene: Scene, target: str, person: str, text: str, **more: Any) -> Pushed:
        """Somebody writes to the bot: alone with it, in a group or channel by naming it."""
        name = f"ROBOT1.0_in{self._world.number():04}"
        self._world.ledger.open(name, scene, target, self._world.clock.now())
        self._world.place(scene, target)
        data = {"id": name, "content": text, "timestamp": self._time(), **_where(scene, target, person), **more}
        return self._pushed(_KINDS[scene], data, name)

    def overheard(self, group: str, member: str, text: str, *, to_us: bool = False, **more: Any) -> Pushed:
        """Said in a group that lets the bot read everything: ``to_us``, or to nobody or somebody else."""
        name = f"ROBOT1.0_in{self._world.number():04}"
        self._world.ledger.open(name, Scene.group, group, self._world.clock.now())
        mentions = [{"scope": "single", "bot": True, "id": "BOT", "is_you": True}] if to_us else []
        data = {"id": name, "content": text, "timestamp": self._time(), "mentions": mentions, **more}
        return self._pushed("GROUP_MESSAGE_CREATE", data | _where(Scene.group, group, member), name)

    def befriends(self, user: str) -> Pushed:
        self._world.place(Scene.c2c, user).present = True
        return self._event("FRIEND_ADD", Scene.c2c, user, {"openid": user})

    def leaves(self, user: str) -> Pushed:
        self._world.place(Scene.c2c, user).present = False
        return self._event("FRIEND_DEL", Scene.c2c, user, {"openid": user}, answerable=False)

    def invites(self, group: str, member: str) -> Pushed:
        self._world.place(Scene.group, group).present = True
        return self._event("GROUP_ADD_ROBOT", Scene.group, group, {"group_openid": group, "op_member_openid": member})

    def expels(self, group: str, member: str) -> Pushed:
        self._world.place(Scene.group, group).present = False
        named = {"group_openid": group, "op_member_openid": member}
        return self._event("GROUP_DEL_ROBOT", Scene.group, group, named, answerable=False)

    def allows(self, scene: Scene, target: str, *, allowed: bool) -> Pushed:
        """A user, or a group's owner, switches messages that nobody asked for on or off."""
        self._world.place(scene, target).proactive = allowed
        kind = f"{'C2C' if scene is Scene.c2c else 'GROUP'}_MSG_{'RECEIVE' if allowed else 'REJECT'}"
        named = {"openid": target} if scene is Scene.c2c else {"group_openid": target, "op_member_openid": "owner"}
        return self._event(kind, scene, target, named, answerable=allowed)

    def taps(self, user: str, data: str, *, group: str = "") -> Pushed:
        """A button under a message, alone with the bot or in a group; ``taps`` of the world waits for its word."""
        tap = f"tap-{self._world.number():04}"
        self._world.taps[tap] = self._world.clock.now()
        resolved = {"button_id": "1", "button_data": data}
        where = {"chat_type": 2, "scene": "c2c", "user_openid": user}
        if group:
            where = {"chat_type": 1, "scene": "group", "group_openid": group, "group_member_openid": user}
        event = {"id": tap, "type": 11, **where, "data": {"type": 11, "resolved": resolved}, "version": 1}
        pushed = self._event("INTERACTION_CREATE", Scene.group if group else Scene.c2c, group or user, event)
        return replace(pushed, tap=tap)

    def _event(self, kind: str, scene: Scene, target: str, data: Json, *, answerable: bool = True) -> Pushed:
        pushed = self._pushed(kind, {"timestamp": int(self._world.clock.now().timestamp())} | data)
        if answerable:
            self._world.ledger.open(pushed.id, scene, target, self._world.clock.now(), is_event=True)
        return pushed

    def _pushed(self, kind: str, data: Json, reply: str = "") -> Pushed:
        number = self._world.number()
        name = f"{kind}:{number:08}"
        body = json.dumps({"id": name, "op": 0, "s": number, "t": kind, "d": data}, ensure_ascii=False)
        return Pushed(name, reply or name, body.encode())

    def _time(self) -> str:
        return self._world.clock.now().isoformat(timespec="seconds")


_KINDS = {
    Scene.c2c: "C2C_MESSAGE_CREATE",
    Scene.group: "GROUP_AT_MESSAGE_CREATE",
    Scene.channel: "AT_MESSAGE_CREATE",
    Scene.dm: "DIRECT_MESSAGE_CREATE",
}


def _where(scene: Scene, target: str, person: str) -> Json:
    """Who writes, and in which place."""
    match scene:
        case Scene.c2c:
            return {"author": {"id": person, "user_openid": target}}
        case Scene.group:
            return {"group_openid": target, "group_id": target, "author": {"id": person, "member_openid": person}}
        case Scene.channel:
            return {"channel_id": target, "guild_id": "9001", "author": {"id": person}}
        case Scene.dm:
            return {"guild_id": target, "channel_id": "7009", "author": {"id": person}}
