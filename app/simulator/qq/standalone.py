"""The played platform as a process of its own: ``uvicorn --factory app.simulator.qq.standalone:create``.

``GET /control`` tells what happened, ``POST /control`` changes what will. For this machine alone: it knows no login.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from app.channels.qq.addresses import Scene
from app.simulator.qq.acts import Acts, Pushed
from app.simulator.qq.api import PlayedQQ
from app.simulator.qq.world import Bot, Json
from app.simulator.trouble import Kind, Trouble


def create(played: PlayedQQ | None = None) -> Starlette:
    qq = played or PlayedQQ()
    control = Control(qq)
    routes = [
        Route("/control", control.tell, methods=["GET"]),
        Route("/control", control.change, methods=["POST"]),
        *qq.routes(),
    ]
    return Starlette(routes=routes)


class Control:
    def __init__(self, qq: PlayedQQ) -> None:
        self._qq, self._acts = qq, Acts(qq.world)

    async def tell(self, request: Request) -> JSONResponse:
        """``log``: each call in order; ``phones``: by ``scene:id`` what is seen there; ``settled``: taps by id."""
        world = self._qq.world
        phones = {
            f"{place.scene}:{place.id}": [
                {"id": s.id, "at": s.at.isoformat(), "text": s.text, "replies_to": s.replies_to, "recalled": s.recalled}
                for s in place.seen
            ]
            for place in world.places.values()
        }
        log = [asdict(call) | {"at": call.at.isoformat()} for call in world.log]
        settled = {tap: {"code": s.code, "after": s.after.total_seconds()} for tap, s in world.settled.items()}
        return JSONResponse({"log": log, "phones": phones, "settled": settled})

    async def change(self, request: Request) -> JSONResponse:
        """Any of ``bot`` (its fields), ``place`` ({scene, id, …switches}), ``latency``, ``plan`` ({api: [[kind, code],
        null, …]}), ``shares`` ({api: [[kind, code, share], …]}), ``clear``, ``revoke``, ``advance`` (seconds), ``says``
        ({scene, target, person, text}), whose answer is the push."""
        asked = await request.json()
        world = self._qq.world
        if "bot" in asked:
            world.add(_bot(asked["bot"]))
        if "place" in asked:
            self._switch(dict(asked["place"]))
        if asked.get("clear"):
            world.troubles.clear()
        if asked.get("revoke"):
            self._qq.credentials.revoke()
        world.clock.advance(timedelta(seconds=float(asked.get("advance", 0))))
        world.troubles.latency = float(asked.get("latency", world.troubles.latency))
        self._trouble(asked)
        return JSONResponse(self._said(asked["says"]) if "says" in asked else {})

    def _switch(self, given: Json) -> None:
        place = self._qq.world.place(Scene(given.pop("scene")), given.pop("id"))
        for name in ("present", "proactive", "muted"):
            setattr(place, name, bool(given.get(name, getattr(place, name))))

    def _trouble(self, asked: Mapping[str, Any]) -> None:
        troubles = self._qq.world.troubles
        for api, planned in asked.get("plan", {}).items():
            troubles.plan(api, *(Trouble(Kind(item[0]), *item[1:]) if item else None for item in planned))
        for api, shares in asked.get("shares", {}).items():
            troubles.shares[api] = {Trouble(Kind(kind), code): share for kind, code, share in shares}

    def _said(self, asked: Mapping[str, str]) -> Json:
        pushed: Pushed = self._acts.says(Scene(asked["scene"]), asked["target"], asked["person"], asked["text"])
        return {"id": pushed.id, "reply": pushed.reply, "body": pushed.body.decode()}


def _bot(given: Mapping[str, Any]) -> Bot:
    lists = {"allowed": frozenset(given.get("allowed", ())), "domains": tuple(given.get("domains", ()))}
    return Bot(**(dict(given) | lists))
