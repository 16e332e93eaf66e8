"""Calls to QQ's API. Who keeps the token, repeats a call or waits is the caller.

A call either succeeds or raises DeliveryError. Beside the platform's own, its codes are ``not_connected`` (nothing was
sent), ``no_answer`` (the connection broke or timed out later), ``http_<status>``, ``bad_answer`` (nothing of the form
that is documented) and ``bad_address``.
"""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from app.channels.delivery import Line, Outcome, Receipt, Upload, Uploaded
from app.channels.exchange import answered, bad_answer
from app.channels.qq import outcomes

Json = Mapping[str, Any]
FILE_TYPES: Final = {"image": 1, "video": 2, "voice": 3, "file": 4}


async def fetch_token(line: Line, *, app_id: str, secret: str) -> tuple[str, int]:
    """The bot's current token and the seconds that it lives. Calling it again returns the same until its last minute.

    Errors come with HTTP 200. Repeating it cannot harm, so whatever is uncertain is ``retry``.
    """
    asked = {"appId": app_id, "clientSecret": secret}
    response = await _request(line._replace(token=""), "POST", "/app/getAppAccessToken", asked, lost=Outcome.retry)
    answer = _object(response)
    if code := outcomes.code_of(answer, outcomes.TOKEN):
        refused = outcomes.refusal(outcomes.TOKEN, code, response.status_code, _message(answer), _trace(response))
        raise refused
    if response.status_code != 200:
        raise outcomes.by_status(response.status_code, Outcome.retry, _trace(response))
    token, seconds = (answer or {}).get("access_token"), str((answer or {}).get("expires_in"))
    if not (isinstance(token, str) and token and seconds.isascii() and seconds.isdigit() and 0 < int(seconds) < 10**6):
        raise bad_answer(Outcome.retry)
    return token, int(seconds)


async def send_message(line: Line, path: str, message: Json) -> Receipt:
    """Deliver a message; one under audit counts as taken, and so does one that was taken before."""
    response = await _request(line, "POST", path, message, lost=Outcome.unknown)
    answer = _object(response)
    code = outcomes.code_of(answer)
    if code == outcomes.DUPLICATE:
        return Receipt(repeated=True)
    if code in outcomes.UNDER_AUDIT:
        return Receipt(_audit_id(answer))
    taken = _succeeded(response, answer, lost=Outcome.unknown)
    named = taken.get("id")
    return Receipt(str(named) if named else None)


async def upload(line: Line, path: str, file: Upload) -> Uploaded:
    """Bring a file to the platform; nothing is sent by that."""
    content = base64.b64encode(file.content).decode()
    asked = {"file_type": FILE_TYPES[file.kind], "file_data": content, "srv_send_msg": False}
    response = await _request(line, "POST", path, asked, lost=Outcome.retry)
    answer = _succeeded(response, _object(response), lost=Outcome.retry)
    named, lives = answer.get("file_info"), answer.get("ttl", 0)
    if not isinstance(named, str) or not named or not isinstance(lives, int):
        raise bad_answer(Outcome.retry)
    return Uploaded(named, datetime.now(UTC) + timedelta(seconds=lives) if lives > 0 else None)


async def settle(line: Line, interaction: str) -> None:
    """Tell the platform that a tap was taken, or its app keeps spinning. Telling it twice does no harm."""
    response = await _request(line, "PUT", f"/interactions/{interaction}", {"code": 0}, lost=Outcome.retry)
    _succeeded(response, _object(response), lost=Outcome.retry)


async def _request(line: Line, method: str, path: str, payload: Json, *, lost: Outcome) -> httpx.Response:
    headers = {"Content-Type": "application/json"}
    if line.token:
        headers["Authorization"] = f"QQBot {line.token}"
    content = json.dumps(payload, ensure_ascii=False).encode()
    request = line.http.request(method, line.base_url.rstrip("/") + path, content=content, headers=headers)
    return await answered(request, lost)


def _succeeded(response: httpx.Response, answer: Json | None, *, lost: Outcome) -> Json:
    """What a call that went well brings, which may be nothing; else the DeliveryError that it means."""
    status, trace = response.status_code, _trace(response)
    if code := outcomes.code_of(answer):
        raise outcomes.refusal(outcomes.SEND, code, status, _message(answer), trace)
    if status not in (200, 201, 202, 204):
        raise outcomes.by_status(status, lost, trace)
    if answer is None and status != 204:
        raise bad_answer(lost)
    return answer or {}


def _object(response: httpx.Response) -> Json | None:
    try:
        found = response.json()
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _audit_id(answer: Json | None) -> str | None:
    match answer:
        case {"data": {"message_audit": {"audit_id": str(audit)}}} if audit:
            return audit
    return None


def _message(answer: Json | None) -> str:
    return str((answer or {}).get("message", ""))


def _trace(response: httpx.Response) -> str:
    """From the header, else from the answer."""
    found = response.headers.get("x-tps-trace-id") or (_object(response) or {}).get("trace_id")
    return str(found or "")
