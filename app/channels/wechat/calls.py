"""One call to WeChat's API: the credential in the query, JSON both ways, and every failure a DeliveryError.

Beside the platform's own, codes of failures are ``not_connected`` (nothing was sent), ``no_answer`` (the connection
broke or timed out later), ``http_<status>``, ``bad_answer`` (nothing of the kind that is documented) and
``bad_address``. ``lost`` is what it means when nobody knows whether the call was taken: ``retry`` where a repeat
cannot harm, else ``unknown``; the platform's own "busy" (-1) counts alike.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx

from app.channels.delivery import DeliveryError, Line, Outcome
from app.channels.exchange import answered, bad_answer
from app.channels.wechat import outcomes

Json = dict[str, Any]
Query = Mapping[str, str]

_HEADERS = {"Content-Type": "application/json; charset=utf-8"}


class Form(NamedTuple):
    """A file in a multipart form; ``fields`` stand beside it. The platform looks at the ending of ``name``."""

    name: str
    content_type: str
    content: bytes
    fields: Mapping[str, str]


async def post(
    line: Line,
    path: str,
    payload: Mapping[str, object],
    *,
    lost: Outcome,
    needs: tuple[str, ...] = (),
    codes: Mapping[int, Outcome] = outcomes.SEND,
    passes: frozenset[int] = frozenset(),
) -> Json:
    """The answer's object: without an error, or with one of ``passes``; it has all fields of ``needs``."""
    # Escapes of JSON (\u4f60) are shown to the viewer as they are, or refused with 40033.
    content = json.dumps(payload, ensure_ascii=False).encode()
    request = line.http.post(_url(line, path), params=_query(line, {}), content=content, headers=_HEADERS)
    return _checked(line, await _answered(request, lost), _Wanted(lost, needs, codes, passes))


async def get(line: Line, path: str, query: Query | None = None, *, needs: tuple[str, ...] = ()) -> Json:
    """Look something up, which may be repeated."""
    request = line.http.get(_url(line, path), params=_query(line, query or {}))
    wanted = _Wanted(Outcome.retry, needs, outcomes.SEND, frozenset())
    return _checked(line, await _answered(request, Outcome.retry), wanted)


async def post_form(line: Line, path: str, query: Query, form: Form, *, needs: tuple[str, ...] = ()) -> Json:
    """Bring a file; a repeat costs only quota."""
    files = {"media": (form.name, form.content, form.content_type)}
    request = line.http.post(_url(line, path), params=_query(line, query), files=files, data=dict(form.fields))
    wanted = _Wanted(Outcome.retry, needs, outcomes.SEND, frozenset())
    return _checked(line, await _answered(request, Outcome.retry), wanted)


@asynccontextmanager
async def stream(line: Line, path: str, query: Query) -> AsyncIterator[httpx.Response]:
    """The answer to a GET with its body unread."""
    async with _open(line, line.http.build_request("GET", _url(line, path), params=_query(line, query))) as response:
        yield response


async def chunks(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    try:
        async for chunk in response.aiter_bytes():
            yield chunk
    except httpx.RequestError as error:
        raise DeliveryError("no_answer", Outcome.retry, type(error).__name__) from None


def read_object(line: Line, raw: bytes, *, needs: tuple[str, ...] = ()) -> Json:
    """The answer's object of a look-up whose body was streamed."""
    return _checked(line, _object(raw, Outcome.retry), _Wanted(Outcome.retry, needs, outcomes.SEND, frozenset()))


# -------------------- one exchange


@asynccontextmanager
async def _open(line: Line, request: httpx.Request) -> AsyncIterator[httpx.Response]:
    # Only the sending is translated: what the reader's own work raises is not the platform's.
    response = await answered(line.http.send(request, stream=True), Outcome.retry)
    try:
        _refuse_status(response, Outcome.retry)
        yield response
    finally:
        await response.aclose()


async def _answered(request: Awaitable[httpx.Response], lost: Outcome) -> Json:
    response = await answered(request, lost)
    _refuse_status(response, lost)
    return _object(response.content, lost)


def _refuse_status(response: httpx.Response, lost: Outcome) -> None:
    """The platform itself answers 200 always: any other status is somebody between."""
    if response.status_code != 200:
        raise DeliveryError(f"http_{response.status_code}", _status_outcome(response.status_code, lost))


def _status_outcome(status: int, lost: Outcome) -> Outcome:
    if status == 429:
        return Outcome.retry
    return Outcome.operator if 300 <= status < 500 else lost


def _object(raw: bytes, lost: Outcome) -> Json:
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise bad_answer(lost)
    return answer


class _Wanted(NamedTuple):
    lost: Outcome
    needs: tuple[str, ...]
    codes: Mapping[int, Outcome]
    passes: frozenset[int]


def _checked(line: Line, answer: Json, wanted: _Wanted) -> Json:
    code = answer.get("errcode", 0)
    if not isinstance(code, int):
        raise bad_answer(wanted.lost)
    if code and code not in wanted.passes:
        message = str(answer.get("errmsg", ""))
        if line.token:
            message = message.replace(line.token, "…")
        raise outcomes.refusal(wanted.codes, code, message, lost=wanted.lost)
    if any(name not in answer for name in wanted.needs):
        raise bad_answer(wanted.lost)
    return answer


def _url(line: Line, path: str) -> str:
    return f"{line.base_url.rstrip('/')}{path}"


def _query(line: Line, query: Query) -> dict[str, str]:
    return {"access_token": line.token, **query} if line.token else dict(query)
