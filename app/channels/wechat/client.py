"""Calls to WeChat's API. Who keeps the token, repeats a call or waits is the caller.

A call either succeeds or raises DeliveryError. Beside the platform's own, its codes are ``not_connected`` (nothing was
sent), ``no_answer`` (the connection broke or timed out later), ``http_<status>``, ``bad_answer`` (no JSON of the kind
that is documented) and ``bad_address``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from app.channels.delivery import DeliveryError, Outcome
from app.channels.text import carriable
from app.channels.wechat import outcomes

_HEADERS = {"Content-Type": "application/json; charset=utf-8"}
_NOT_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_BAD_ADDRESS = (httpx.InvalidURL, httpx.UnsupportedProtocol)


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and the seconds that it still lives: at most 7200, and few when it is near its end."""

    value: str = field(repr=False)
    expires_in: int


async def send_text(http: httpx.AsyncClient, *, base_url: str, access_token: str, openid: str, text: str) -> None:
    """Send a customer-service text, at most ``limits.SAFE_TEXT_BYTES``; counts against the viewer's allowance.

    The platform takes no idempotency key: an answer that got lost is ``unknown`` and so is its own "busy" (-1).
    """
    message = {"touser": openid, "msgtype": "text", "text": {"content": carriable(text)}}
    url = f"{base_url.rstrip('/')}/cgi-bin/message/custom/send"
    response = await _post(http, url, message, {"access_token": access_token}, lost=Outcome.unknown)
    answer = _answer(response, lost=Outcome.unknown)
    if answer.get("errcode") != 0:
        raise _refused(answer, outcomes.SEND, lost=Outcome.unknown)


async def fetch_stable_token(http: httpx.AsyncClient, *, base_url: str, app_id: str, secret: str) -> Token:
    """The account's current token. Calling it again returns the same one until its last five minutes.

    Quota: 10,000 a minute and 500,000 a day. Repeating it cannot harm, so whatever is uncertain is ``retry``.
    """
    request = {"grant_type": "client_credential", "appid": app_id, "secret": secret, "force_refresh": False}
    url = f"{base_url.rstrip('/')}/cgi-bin/stable_token"
    response = await _post(http, url, request, {}, lost=Outcome.retry)
    answer = _answer(response, lost=Outcome.retry)
    match answer:
        case {"access_token": str(value), "expires_in": int(seconds)} if value and seconds > 0:
            return Token(value, seconds)
    raise _refused(answer, outcomes.TOKEN, lost=Outcome.retry)


async def _post(
    http: httpx.AsyncClient, url: str, payload: Mapping[str, object], query: Mapping[str, str], *, lost: Outcome
) -> httpx.Response:
    # Escapes of JSON (\u4f60) are shown to the viewer as they are, or refused with 40033.
    content = json.dumps(payload, ensure_ascii=False).encode()
    try:
        return await http.post(url, params=query, content=content, headers=_HEADERS)
    except _BAD_ADDRESS as error:
        raise DeliveryError("bad_address", Outcome.operator, str(error)) from error
    except _NOT_CONNECTED as error:
        raise DeliveryError("not_connected", Outcome.retry, type(error).__name__) from error
    except httpx.RequestError as error:
        raise DeliveryError("no_answer", lost, type(error).__name__) from error


def _answer(response: httpx.Response, *, lost: Outcome) -> dict[str, Any]:
    """The JSON object of an answer. The platform itself answers 200 always: any other status is somebody between."""
    if response.status_code != 200:
        raise DeliveryError(f"http_{response.status_code}", _status_outcome(response.status_code, lost))
    try:
        answer = response.json()
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise _bad_answer(lost)
    return answer


def _status_outcome(status: int, lost: Outcome) -> Outcome:
    if status == 429:
        return Outcome.retry
    return Outcome.operator if 300 <= status < 500 else lost


def _refused(answer: Mapping[str, Any], table: Mapping[int, Outcome], *, lost: Outcome) -> DeliveryError:
    code = answer.get("errcode")
    if not isinstance(code, int) or code == 0:
        return _bad_answer(lost)
    return outcomes.refusal(table, code, str(answer.get("errmsg", "")))


def _bad_answer(lost: Outcome) -> DeliveryError:
    return DeliveryError("bad_answer", lost, "no answer of the documented form")
