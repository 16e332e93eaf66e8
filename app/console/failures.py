"""What failures look like: a page within the frame for whoever opened one, a sentence in JSON for everything else."""

import logging
import secrets
from collections.abc import Mapping
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.agents.sessions import Signed
from app.console import catalogue
from app.console.catalogue import marked
from app.console.guard import SECOND, NotSignedIn, find_signed, way_back
from app.console.rendering import language_for, page
from app.errors import AppError, NotFound
from app.forms import FormWrong
from app.pages import HEADERS

log = logging.getLogger(__name__)
ADVICE: Final[Mapping[int, str]] = {
    401: marked("没有保存的内容不会丢：重新登录后回到原来的页面。"),
    403: marked("什么也没有改变。需要的话请联系管理员，或者回到上一页。"),
    410: marked("请找管理员重新发一个链接；已经设过密码的话，直接登录就行。"),
    404: marked("它可能已经被移走，也可能是地址不完整。请检查地址，或者从菜单重新进入。"),
    409: marked("什么也没有改变。请刷新页面，看看现在的样子。"),
    422: marked("什么也没有改变。请回到上一页检查。"),
    429: marked("请稍等再试。"),
    500: marked("消息的接收和回复不受影响。请再试一次；还是不行，就把编号告诉管理员。"),
    503: marked("消息的接收和回复不受影响。请过几秒再试。"),
}


class Broken(AppError):
    status_code, message = 500, "这个页面出了错，编号 {id}"


class NoSuchMethod(AppError):
    status_code, message = 405, "这个地址不能这样用"


def explain_failures(app: FastAPI) -> None:
    """Register how each kind of failure is shown."""
    app.add_exception_handler(AppError, explain)
    app.add_exception_handler(HTTPException, _explain_http)
    app.add_exception_handler(RequestValidationError, _explain_parameters)
    app.add_exception_handler(ClientDisconnect, _let_go)
    app.add_exception_handler(Exception, _explain_bug)


async def explain(request: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)
    if not wants_page(request):
        return await _told(request, error)
    if isinstance(error, NotSignedIn):
        return RedirectResponse(SECOND if error.path == SECOND else way_back(request), 303, dict(HEADERS))
    signed = await _find_signed(request)
    advice = ADVICE.get(error.status_code, ADVICE[422])
    said = catalogue.sentence_of(language_for(request, signed), error)
    return page(
        request, "failure.html", signed, error.status_code, said=said, advice=advice, status_code=error.status_code
    )


def wants_page(request: Request) -> bool:
    """Whether a browser opens an address; its scripts and other programs want something they can read."""
    asked = request.headers.get("accept", "")
    return "text/html" in asked and "hx-request" not in request.headers


async def _told(request: Request, error: AppError) -> Response:
    signed = await _find_signed(request) if "hx-request" in request.headers else None
    language = language_for(request, signed)
    body: dict[str, object] = {"error": catalogue.sentence_of(language, error)}
    if fields := catalogue.problems_of(language, error):
        body["fields"] = fields
    headers = {"x-refused": type(error).__name__}  # which failure it is, for scripts
    if isinstance(error, NotSignedIn) and "hx-request" in request.headers:
        headers["hx-redirect"] = error.path
    return JSONResponse(body, error.status_code, headers)


async def _find_signed(request: Request) -> Signed | None:
    """Whose frame the failure is shown in: nobody's where even that cannot be found out."""
    try:
        signed = await find_signed(request)
    except Exception:
        return None
    return signed if signed is not None and signed.verified else None


async def _explain_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    known: dict[int, AppError] = {404: NotFound(), 405: NoSuchMethod()}
    return await explain(request, known.get(error.status_code, AppError()))


async def _explain_parameters(request: Request, error: Exception) -> Response:
    """What cannot be the number of anything is not there; what asks for it wrongly is wrong."""
    assert isinstance(error, RequestValidationError)
    in_path = any(one["loc"][0] == "path" for one in error.errors())
    return await explain(request, NotFound() if in_path else FormWrong())


async def _let_go(request: Request, error: Exception) -> Response:
    """Who left amid his own request, before anything was done, and hears no answer: none of our failures."""
    return Response(status_code=400)


async def _explain_bug(request: Request, error: Exception) -> Response:
    """Logged with an id that the person can name; Starlette raises the error again after this answer."""
    broken = Broken(id=secrets.token_hex(4))
    log.error("a page broke", extra={"id": broken.values["id"], "path": request.url.path}, exc_info=error)
    return await explain(request, broken)
