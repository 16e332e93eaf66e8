"""The door for another process: it reads what the played platform saw, and sets what shall go wrong. JSON both ways.

Only on the platform that stands alone: whoever reaches it may do everything.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from app.simulator.trouble import Kind, Trouble
from app.simulator.wechat import pushing
from app.simulator.wechat.accounts import PlayedAccount
from app.simulator.wechat.apis import mass
from app.simulator.wechat.platform import PlayedWeChat

Json = dict[str, Any]


def routes(played: PlayedWeChat) -> list[Route]:
    async def log(_: Request) -> JSONResponse:
        return JSONResponse([logged.as_json() for logged in played.log])

    async def phones(_: Request) -> JSONResponse:
        return JSONResponse({app_id: _phones(account) for app_id, account in played.accounts.items()})

    async def act(request: Request) -> JSONResponse:
        verb = request.path_params["verb"]
        _VERBS[verb](played, await request.json())
        return JSONResponse({})

    async def push(_: Request) -> JSONResponse:
        due = [await pushing.push_due(account, played.clock) for account in played.accounts.values()]
        return JSONResponse([status for statuses in due for status in statuses])

    return [
        Route("/control/log", log),
        Route("/control/phones", phones),
        Route("/control/push", push, methods=["POST"]),
        Route("/control/{verb}", act, methods=["POST"]),
    ]


def _phones(account: PlayedAccount) -> Mapping[str, list[Json]]:
    return {
        contact.openid: [{**a._asdict(), "at": a.at.isoformat(), "text": a.text} for a in contact.phone]
        for contact in account.contacts.values()
    }


def _troubles(played: PlayedWeChat, told: Json) -> None:
    """``latency``: seconds; ``clear``; ``plan``: API → troubles of its next calls, null for one that goes well;
    ``shares``: API → troubles with their ``share``. A trouble is ``{"kind", "code"}``."""
    troubles = played.troubles
    if told.get("clear"):
        troubles.clear()
    troubles.latency = float(told.get("latency", troubles.latency))
    for api, planned in told.get("plan", {}).items():
        troubles.plan(api, *(_trouble(one) if one else None for one in planned))
    for api, shares in told.get("shares", {}).items():
        troubles.shares[api] = {_trouble(one): float(one["share"]) for one in shares}


def _trouble(told: Json) -> Trouble:
    return Trouble(Kind(told["kind"]), int(told.get("code", 0)))


def _tokens(played: PlayedWeChat, told: Json) -> None:
    """``do``: ``expire`` or ``revoke``."""
    for account in played.accounts.values():
        if told["do"] == "revoke":
            account.credentials.revoke()
        else:
            account.credentials.expire(played.clock.now())


def _wrote(played: PlayedWeChat, told: Json) -> None:
    """``app_id``, ``openids``: viewers who wrote just now."""
    for openid in told["openids"]:
        played.accounts[told["app_id"]].wrote(openid, played.clock.now())


def _contact(played: PlayedWeChat, told: Json) -> None:
    """``app_id``, ``openid``, and what is set of ``following``, ``blacklisted``, ``refuses``, ``accepted``."""
    account = played.accounts[told["app_id"]]
    contact = account.contacts.get(told["openid"]) or account.add(told["openid"])
    contact.blacklisted, contact.refuses = told.get("blacklisted", False), told.get("refuses", False)
    contact.accepted.update(told.get("accepted", {}))
    if told.get("following") is False:
        contact.leave()


def _clock(played: PlayedWeChat, told: Json) -> None:
    """``advance``: seconds."""
    played.clock.advance(timedelta(seconds=float(told["advance"])))


def _finish(played: PlayedWeChat, told: Json) -> None:
    """``app_id``, ``job``, ``status``: a mass send ends."""
    account = played.accounts[told["app_id"]]
    mass.finish(account, account.jobs[int(told["job"])], played.clock.now(), told.get("status", "send success"))


_VERBS: Mapping[str, Callable[[PlayedWeChat, Json], None]] = {
    "troubles": _troubles, "tokens": _tokens, "wrote": _wrote, "contact": _contact, "clock": _clock, "finish": _finish,
}  # fmt: skip
