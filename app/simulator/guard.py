"""Who may act on the simulator: the pages that it served itself, in forms of bounded size with the right fields."""

import ipaddress
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

from fastapi import Request
from pydantic import BaseModel, ValidationError

from app.errors import AppError
from app.simulator.trouble import read_at_most

LONGEST = 96 * 1024
"""Bytes of a form; Chinese takes nine for each character in one."""
Form = TypeVar("Form", bound=BaseModel)


class CrossOrigin(AppError):
    status_code, message = 403, "这个操作只能从模拟器自己的页面发起"


class FormTooLarge(AppError):
    status_code, message = 413, "内容太长了，请分几次发"


class FormWrong(AppError):
    status_code, message = 422, "表单填得不对"


def same_origin(request: Request) -> None:
    """Refuse what another website makes a browser send. Programs without a browser name no origin and may act.

    The page is served for this machine: while the service listens to it alone, a name that merely resolves to it
    (DNS rebinding) is another website.
    """
    host = request.headers.get("host", "")
    if request.app.state.simulator.is_local and not _is_loopback(host):
        raise CrossOrigin
    if request.method in ("GET", "HEAD"):
        return
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    if origin is not None and urlsplit(origin).netloc != host:
        raise CrossOrigin
    if site not in (None, "same-origin"):
        raise CrossOrigin


def _is_loopback(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


async def read_body(request: Request, longest: int = LONGEST) -> bytes:
    body = await read_at_most(request, longest)
    if body is None:
        raise FormTooLarge
    return body


async def read_form(request: Request, form: type[Form]) -> Form:
    """The fields of an URL-encoded form, or FormWrong with a sentence for each field that is not as it must be."""
    try:
        fields = dict(parse_qsl((await read_body(request)).decode(), keep_blank_values=True, max_num_fields=16))
        return form.model_validate(fields)
    except ValidationError as error:
        raise FormWrong("；".join(_sentence(form, item["loc"], item["type"]) for item in error.errors())) from None
    except ValueError:
        raise FormWrong from None


def _sentence(form: type[BaseModel], location: tuple[int | str, ...], kind: str) -> str:
    name = str(location[0]) if location else ""
    title = form.model_fields[name].title if name in form.model_fields else None
    reason = {"missing": "没有填", "string_too_short": "是空的", "string_too_long": "太长了"}.get(kind, "填得不对")
    return f"{title or name or '表单'}{reason}"
