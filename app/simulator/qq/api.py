"""The played platform's API as an ASGI app, with every trouble that a platform can have."""

import json
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from app.channels.qq.addresses import Scene
from app.forms import read_at_most
from app.simulator.qq import taking
from app.simulator.qq.credentials import WORDS, Credentials
from app.simulator.qq.judging import MALFORMED
from app.simulator.qq.taking import Result, refused
from app.simulator.qq.world import Bot, Call, Json, World
from app.simulator.trouble import Kind, Trouble, answer_to, delay

Take = Callable[[Bot, Request, Json], Result]
PATHS = {
    Scene.c2c: "/v2/users/{target}",
    Scene.group: "/v2/groups/{target}",
    Scene.channel: "/channels/{target}",
    Scene.dm: "/dms/{target}",
}
NOT_ALLOWED = 40023002
UNKNOWN_CALLER, LONGEST = 64 * 1024, 30 * 1024 * 1024
"""Bytes of a body: of somebody without a token in force, of an upload."""
_STATUS = dict.fromkeys((*WORDS, NOT_ALLOWED), 401) | {40034100: 429, 1100100: 429, 22009: 429}


async def _nothing() -> None:
    return None


class PlayedQQ:
    """``app``: the API alone, to be served or mounted. What happens in it is read and changed in ``world``.

    ``refresh``: awaited before each call, where the bots are kept elsewhere. ``on_call``: told of each call when it is
    done.
    """

    def __init__(
        self,
        world: World | None = None,
        *,
        refresh: Callable[[], Awaitable[None]] = _nothing,
        on_call: Callable[[Call, Result], None] = lambda call, result: None,
    ) -> None:
        self.world = world or World()
        self._refresh, self._on_call = refresh, on_call
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
            await self._refresh()
            raw = await read_at_most(request, self._longest(request))
            if raw is None:
                return Response(status_code=413)
            asked = _object(raw)
            result, trouble = await self._meet(api, lambda: self._taken(request, asked, take))
            self._note(request, api, _key(request, asked), result, trouble, asked)
            return answer_to(trouble) or _answer(result, self.world.number())

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

    def _longest(self, request: Request) -> int:
        known = not isinstance(self.credentials.bot_of(request.headers.get("authorization")), int)
        return LONGEST if known else UNKNOWN_CALLER

    def _note(
        self, request: Request, api: str, key: str, result: Result, trouble: Trouble | None, asked: Json | None
    ) -> None:
        status: int | None = _status(result)
        if trouble is not None:
            status = trouble.code if trouble.kind in (Kind.status, Kind.status_taken) else None
        now, path = self.world.clock.now(), request.url.path.removeprefix(str(request.scope.get("root_path", "")))
        call = Call(
            now, api, key, result.accepted, status, result.code, _kept(asked), request.method, path, _told(result)
        )
        self.world.log.append(call)
        self._on_call(call, result)

    # -------------------- tokens

    async def _serve_token(self, request: Request) -> ASGIApp:
        await self._refresh()
        raw = await read_at_most(request, UNKNOWN_CALLER)
        if raw is None:
            return Response(status_code=413)
        asked = _object(raw)

        def give() -> Result:
            answer = self.credentials.give(asked, request.headers.get("content-type", ""))
            return Result(answer.get("code", 0), answer, accepted="access_token" in answer)

        result, trouble = await self._meet("token", give)
        hidden = {"appId": (asked or {}).get("appId")}
        kept = {name: value for name, value in result.body.items() if name != "access_token"}
        told = Result(result.code, kept, accepted=result.accepted)
        self._note(request, "token", str(hidden["appId"]), told, trouble, hidden)
        body = result.body or {"code": result.code, "message": "refused"}
        return answer_to(trouble) or JSONResponse(body)

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


def _answer(result: Result, number: int) -> Response:
    trace = f"trace-{number:06}"
    headers, status = {"X-Tps-trace-ID": trace}, _status(result)
    if status == 204:
        return Response(status_code=204, headers=headers)
    named = {"trace_id": trace} if result.code else {}
    return JSONResponse(_told(result) | named, status, headers)


def _told(result: Result) -> Json:
    if not result.code:
        return result.body
    words = WORDS.get(result.code, "refused")
    return {"message": words, "code": result.code, "err_code": result.code} | result.body


def _kept(asked: Json | None) -> Json:
    """Without the contents of a file."""
    file = (asked or {}).get("file_data")
    return (asked or {}) | ({"file_data": f"… {len(file)} …"} if isinstance(file, str) else {})


def _status(result: Result) -> int:
    return result.status if result.accepted else _STATUS.get(result.code, 400)


def _object(raw: bytes) -> Json | None:
    """The JSON object of a body; an empty one stands for none."""
    try:
        found = json.loads(raw) if raw else {}
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
