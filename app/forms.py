"""What pages send back: forms of bounded size with the right fields, from pages that the service itself showed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, TypeVar, get_origin
from urllib.parse import parse_qsl, urlsplit

from fastapi import Request
from pydantic import BaseModel, Field, ValidationError
from starlette.convertors import Convertor, register_url_convertor

from app.errors import AppError

LONGEST = 96 * 1024
"""Bytes of a form; Chinese takes nine for each character in one."""
MOST_FIELDS = 200
_BEYOND = 2**63
Id = Annotated[int, Field(ge=0, lt=_BEYOND)]
"""The number of a row, in an address or a field. No row has another, and a driver refuses what no column can hold."""
Seq = Annotated[int, Field(ge=0, lt=2**31)]
"""The number of a message within its conversation."""
Version = Annotated[int, Field(ge=0, lt=2**31)]
"""Which state of a thing a form knows."""
Form = TypeVar("Form", bound=BaseModel)
REASONS: Final[Mapping[str, str]] = {"missing": "没有填", "string_too_short": "是空的", "string_too_long": "太长了"}
OTHER_REASON = "填得不对"
WHOLE = "表单"
_DIGITS = 19
"""Of the largest number that a column holds."""
_MANY = (list, tuple, set, frozenset)


class _IdConvertor(Convertor[int]):
    """For paths, as ``{team_id:id}``: Starlette's own breaks at a number of thousands of digits."""

    regex = f"[0-9]{{1,{_DIGITS}}}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


register_url_convertor("id", _IdConvertor())


class CrossOrigin(AppError):
    status_code, message = 403, "这个操作只能从服务自己的页面发起"


class FormTooLarge(AppError):
    status_code, message = 413, "内容太长了，请分几次发"


@dataclass(frozen=True, slots=True)
class Problem:
    """A field that is not as it must be: its title as people see it, and what is wrong with it."""

    field: str
    title: str
    reason: str


class FormWrong(AppError):
    status_code, message = 422, "表单填得不对"

    def __init__(self, message: str | None = None, problems: Sequence[Problem] = ()) -> None:
        self.problems = tuple(problems)
        super().__init__(message or "；".join(f"{one.title}{one.reason}" for one in problems) or None)


def refuse_cross_origin(request: Request, hosts: Collection[str] = ()) -> None:
    """Refuse what another website makes a browser send. Programs without a browser name no origin and may act.

    ``hosts``: under which the service is reached as well, where a proxy in front of it changes the Host header.
    """
    if request.method in ("GET", "HEAD"):
        return
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    if origin is not None and urlsplit(origin).netloc not in {request.headers.get("host", ""), *hosts}:
        raise CrossOrigin
    if site not in (None, "same-origin"):
        raise CrossOrigin


async def read_at_most(request: Request, longest: int) -> bytes | None:
    """A request's body; None for one that is too long, whose rest is not read."""
    whole = bytearray()
    async for part in request.stream():
        whole += part
        if len(whole) > longest:
            return None
    return bytes(whole)


async def read_body(request: Request, longest: int = LONGEST) -> bytes:
    """The body, which may be asked for again: whoever guards a form has to look into it first."""
    kept: bytes | None = getattr(request.state, "body", None)
    if kept is None:
        kept = await read_at_most(request, longest)
        if kept is None:
            raise FormTooLarge
        request.state.body = kept
    return kept


async def read_fields(request: Request) -> list[tuple[str, str]]:
    """The fields of an URL-encoded form, in order; FormWrong for what is none."""
    try:
        text = (await read_body(request)).decode()
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise FormWrong from None


async def read_form(request: Request, form: type[Form]) -> Form:
    """The fields of an URL-encoded form, or FormWrong with a sentence for each field that is not as it must be."""
    fields = await read_fields(request)
    given: dict[str, object] = dict(fields)
    for name, field in form.model_fields.items():
        if get_origin(field.annotation) in _MANY:
            given[name] = [value for key, value in fields if key == name]
    try:
        return form.model_validate(given)
    except ValidationError as error:
        problems = [_problem(form, item["loc"], item["type"]) for item in error.errors()]
        raise FormWrong(problems=problems) from None


def find_id(text: str) -> int | None:
    """The number of a row, where it is a part of something else; None for what is none."""
    number = int(text) if text.isdecimal() and len(text) <= _DIGITS else _BEYOND
    return number if number < _BEYOND else None


def _problem(form: type[BaseModel], location: tuple[int | str, ...], kind: str) -> Problem:
    name = str(location[0]) if location else ""
    title = form.model_fields[name].title if name in form.model_fields else None
    return Problem(name, title or WHOLE, REASONS.get(kind, OTHER_REASON))
