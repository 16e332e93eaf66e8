"""The played platform's API as an ASGI app, with every trouble that a platform can have."""

import json
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from app.channels.qq.addresses import Scene
from app.simulator.qq import taking
from app.simulator.qq.credentials import WORDS, Credentials
from app.simulator.qq.judging import MALFORMED
from app.simulator.qq.taking import Result, refused
from app.simulator.qq.world import Bot, Call, Json, World
from app.simulator.trouble import Broken, Kind, Trouble, delay

Take = Callable[[Bot, Request, Json], Result]
PATHS = {
    Scene.c2c: "/v2/users/{target}",
    Scene.group: "/v2/groups/{target}",
    Scene.channel: "/channels/{target}",
    Scene.dm: "/dms/{target}",
}
NOT_ALLOWED = 40023002
_STATUS = dict.fromkeys((*WORDS, NOT_ALLOWED), 401) | {40034100: 429, 1100100: 429, 22009: 429}


class PlayedQQ:
    """``app``: the API alone, to be served or mounted. What happens in it is read and changed in ``world``."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.credentials = Credentials(self.world)
        self.app: ASGIApp = Starlette(routes=self.routes())

    def routes(self) -> list[BaseRoute]:
        token = Route("/app/getAppAccessToken", self._token, methods=["POST"])
        tap = self._route("/interactions/{target}", "interactions", self._settle, "PUT")
        left = Route("/left/{name}", self._left, methods=["GET"])
        return [token, tap, left, *(route for scene in Scene for route in self._of_scene(scene))]

    def _of_scene(self, scene: Scene) -> list[BaseRoute]:
        place, path = self.world.place, PATHS[scene]

        def message(bot: Bot, request: Request, asked: Json) -> Result:
            return taking.message(self.world, bot, place(scene, request.path_params["target"]), asked)

        def upload(bot: Bot, request: Request, asked: Json) -> Result:
            return taking.upload(self.world, bot, place(scene, request.path_params["target"]), asked)

        def recall(bot: Bot, request: Request, asked: Json) -> Result:
            params = request.path_params
            return taking.recall(self.world, place(scene, params["target"]), params["message"])

        routes = [
            self._route(f"{path}/messages", scene, message, "POST"),
            self._route(f"{path}/messages/{{message}}", "recall", recall, "DELETE"),
        ]
        return [*routes, self._route(f"{path}/files", "files", upload, "POST")] if path.startswith("/v2") else routes

    async def _left(self, request: Request) -> Response:
        """A file that somebody sent: whoever has its address gets it, until it is gone."""
        kind, content = self.world.left.get(request.path_params["name"], ("", b""))
        return Response(content, 200 if kind else 404, media_type=kind or None)

    def _settle(self, bot: Bot, request: Request, asked: Json) -> Result:
        return taking.settle(self.world, request.path_params["target"], asked)

    # -------------------- one call

    def _route(self, path: str, api: str, take: Take, method: str) -> BaseRoute:
        async def serve(request: Request) -> ASGIApp:
            asked = await _object(request)
            result, trouble = await self._meet(api, lambda: self._taken(request, asked, take))
            self._note(api, _key(request, asked), result, trouble, asked)
            return _troubled(trouble) or _answer(result, self.world.number())

        return Route(path, _responding(serve), methods=[method])

    async def _meet(self, api: str, take: Callable[[], Result]) -> tuple[Result, Trouble | None]:
        """What becomes of a call, and the trouble that its answer meets."""
        trouble = self.world.troubles.meet(api)
        await delay(self.world.troubles)
        if trouble is None or trouble.kind.takes:
            return take(), trouble
        if trouble.kind is Kind.code:
            return refused(trouble.code), None
        return Result(accepted=False), trouble

    def _taken(self, request: Request, asked: Json | None, take: Take) -> Result:
        bot = self.credentials.bot_of(request.headers.get("authorization"))
        if isinstance(bot, int):
            return refused(bot)
        if bot.allowed and (request.client is None or request.client.host not in bot.allowed):
            return Result(NOT_ALLOWED, {"code": 11298}, accepted=False)
        return refused(MALFORMED) if asked is None else take(bot, request, asked)

    def _note(self, api: str, key: str, result: Result, trouble: Trouble | None, asked: Json | None) -> None:
        status: int | None = _status(result)
        if trouble is not None:
            status = trouble.code if trouble.kind in (Kind.status, Kind.status_taken) else None
        now = self.world.clock.now()
        self.world.log.append(Call(now, api, key, result.accepted, status, result.code, asked or {}))

    # -------------------- tokens

    async def _serve_token(self, request: Request) -> ASGIApp:
        asked = await _object(request)

        def give() -> Result:
            answer = self.credentials.give(asked, request.headers.get("content-type", ""))
            return Result(answer.get("code", 0), answer, accepted="access_token" in answer)

        result, trouble = await self._meet("token", give)
        hidden = {"appId": (asked or {}).get("appId")}
        self._note("token", str(hidden["appId"]), Result(result.code, accepted=result.accepted), trouble, hidden)
        body = result.body or {"code": result.code, "message": "refused"}
        return _troubled(trouble) or JSONResponse(body)

    async def _token(self, request: Request) -> Response:
        return await _responding(self._serve_token)(request)


def _responding(serve: Callable[[Request], Awaitable[ASGIApp]]) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint whose answer may be any ASGI app, such as one that breaks off."""

    async def endpoint(request: Request) -> Response:
        app: Response = await serve(request)  # type: ignore[assignment]  # a route calls it as an app, no more
        return app

    return endpoint


def _key(request: Request, asked: Json | None) -> str:
    """What a call is about: the message and number that it replies to, else the ids in its path."""
    key, number, _ = taking.reply_of(asked or {})
    return f"{key}#{number}" if key is not None else "/".join(map(str, request.path_params.values()))


def _troubled(trouble: Trouble | None) -> ASGIApp | None:
    if trouble is None:
        return None
    if trouble.kind in (Kind.status, Kind.status_taken):
        return Response("<html></html>", trouble.code, media_type="text/html")
    return Broken(silent=trouble.kind in (Kind.silent, Kind.taken_silent))


def _answer(result: Result, number: int) -> Response:
    trace = f"trace-{number:06}"
    headers, status = {"X-Tps-trace-ID": trace}, _status(result)
    if status == 204:
        return Response(status_code=204, headers=headers)
    envelope: Json = {}
    if result.code:
        envelope = {"message": WORDS.get(result.code, "refused"), "code": result.code, "err_code": result.code}
        envelope["trace_id"] = trace
    return JSONResponse(envelope | result.body, status, headers)


def _status(result: Result) -> int:
    return result.status if result.accepted else _STATUS.get(result.code, 400)


async def _object(request: Request) -> Json | None:
    """The JSON object of a body; an empty one stands for none."""
    raw = await request.body()
    try:
        found = json.loads(raw) if raw else {}
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
