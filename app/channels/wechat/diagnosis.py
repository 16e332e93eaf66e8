"""What the platform tells about our use of it: quotas, failed requests, its addresses. Each raises DeliveryError."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from app.channels.delivery import Line, Outcome
from app.channels.exchange import bad_answer
from app.channels.wechat import calls


class Quota(NamedTuple):
    """Calls of one API on this day of Beijing."""

    daily_limit: int
    used: int
    remaining: int


@dataclass(frozen=True, slots=True)
class FailedRequest:
    """What the platform kept of a request, for seven days; bodies can hold what a viewer was told."""

    invoked_at: datetime
    milliseconds: int
    url: str
    request: str
    response: str
    client_ip: str


async def clear_quota(line: Line, *, app_id: str) -> None:
    """Set all of the day's counts to zero: ten times a month, so a lost answer is ``unknown``."""
    await calls.post(line, "/cgi-bin/clear_quota", {"appid": app_id}, lost=Outcome.unknown, needs=("errcode",))


async def get_quota(line: Line, *, path: str) -> Quota:
    """``path`` as in ``/cgi-bin/message/custom/send``."""
    body = {"cgi_path": path}
    answer = await calls.post(line, "/cgi-bin/openapi/quota/get", body, lost=Outcome.retry, needs=("quota",))
    match answer["quota"]:
        case {"daily_limit": int(limit), "used": int(used), "remain": int(remaining)}:
            return Quota(limit, used, remaining)
    raise bad_answer(Outcome.retry)


async def get_failed_request(line: Line, *, rid: str) -> FailedRequest:
    """By the ``rid`` in the message of a failure; it names the cause better than the code."""
    answer = await calls.post(line, "/cgi-bin/openapi/rid/get", {"rid": rid}, lost=Outcome.retry, needs=("request",))
    match answer["request"]:
        case {"invoke_time": int(invoked), "cost_in_ms": int(cost)} as found:
            return FailedRequest(
                datetime.fromtimestamp(invoked, UTC),
                cost,
                _without_query(str(found.get("request_url", ""))),
                str(found.get("request_body", "")),
                str(found.get("response_body", "")),
                str(found.get("client_ip", "")),
            )
    raise bad_answer(Outcome.retry)


async def list_api_addresses(line: Line) -> tuple[str, ...]:
    """Addresses and networks of the platform's API, for a firewall's way out."""
    return _addresses(await calls.get(line, "/cgi-bin/get_api_domain_ip", needs=("ip_list",)))


async def list_push_addresses(line: Line) -> tuple[str, ...]:
    """Addresses and networks that pushes come from, for a firewall's way in."""
    return _addresses(await calls.get(line, "/cgi-bin/getcallbackip", needs=("ip_list",)))


def _addresses(answer: dict[str, Any]) -> tuple[str, ...]:
    if not isinstance(answer["ip_list"], list):
        raise bad_answer(Outcome.retry)
    return tuple(map(str, answer["ip_list"]))


def _without_query(url: str) -> str:
    return url.partition("?")[0]  # it holds the credential of that time
