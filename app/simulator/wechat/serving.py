"""The played platform as HTTP: one door for all of its paths."""

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.forms import read_at_most
from app.simulator.trouble import Kind, answer_to, delay
from app.simulator.wechat.apis.media import PUBLIC
from app.simulator.wechat.calling import Call, Content
from app.simulator.wechat.codes import Refused
from app.simulator.wechat.paths import api_of
from app.simulator.wechat.platform import PlayedWeChat
from app.simulator.wechat.table import APIS, RID, STABLE_TOKEN, TOKEN

UNKNOWN_CALLER = 64 * 1024
LONGEST, LONGEST_FORM = 2 * 1024 * 1024, 12 * 1024 * 1024
"""Bytes of a body: of a list of 10,000 openids or a draft, of a file."""
_KNOWN = frozenset({*APIS, STABLE_TOKEN, TOKEN, RID})


class Door:
    """The ASGI application of a route that ends in ``{path:path}``: no framework could make some of the answers."""

    def __init__(self, played_of: Callable[[Request], PlayedWeChat]) -> None:
        self._played_of = played_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        answer = await respond(self._played_of(request), request, request.path_params["path"])
        await answer(scope, receive, send)


async def respond(played: PlayedWeChat, request: Request, path: str) -> ASGIApp:
    """``path``: the platform's own, without the place under which it is played. Always 200 for what it knows."""
    await played.refresh()
    if path == PUBLIC:
        return _file(played, request.query_params)
    api = api_of(path)
    if api not in _KNOWN:
        return Response(status_code=404)
    raw = await read_at_most(request, _longest(played, api, request.query_params))
    if raw is None:
        return Response(status_code=413)
    call = _call(played, request, path, api, raw)
    trouble = played.troubles.meet(api)
    taken = played.take(call) if trouble is None or trouble.kind.takes else played.leave(call, trouble)
    logged, found = taken
    logged.answered = trouble is None or trouble.kind is Kind.code
    played.on_call(logged)
    played.push_soon()
    await delay(played.troubles)
    return answer_to(trouble) or _rendered(found)


def _call(played: PlayedWeChat, request: Request, path: str, api: str, raw: bytes) -> Call:
    return Call(
        api=api,
        path=f"/{path}",
        method=request.method,
        query=request.query_params,
        raw=raw,
        content_type=request.headers.get("content-type", ""),
        caller=request.client.host if request.client else "",
        base_url=str(request.url.replace(query="")).removesuffix(f"/{path}"),
        now=played.clock.now(),
    )


def _longest(played: PlayedWeChat, api: str, query: Mapping[str, str]) -> int:
    if played.holder(query.get("access_token", "")) is None:
        return UNKNOWN_CALLER
    return LONGEST_FORM if api in APIS and APIS[api].form else LONGEST


def _rendered(found: dict[str, Any] | Content) -> Response:
    if isinstance(found, Content):
        named = {"Content-Disposition": f'attachment; filename="{found.name}"'}
        return Response(found.content, media_type=found.content_type, headers=named)
    return JSONResponse(found)


def _file(played: PlayedWeChat, query: Mapping[str, str]) -> Response:
    account = played.accounts.get(query.get("app", ""))
    try:
        if account is None:
            raise Refused(40013)
        file = account.files.get(query.get("id", ""), played.clock.now())
    except Refused:
        return Response(status_code=404)
    return Response(file.content, media_type=file.content_type)
