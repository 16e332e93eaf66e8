"""The played platform as a program of its own, without a database and without the service."""

import argparse
from collections.abc import Sequence
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from app.channels.wechat.account import Account, Mode
from app.simulator.wechat import control
from app.simulator.wechat.accounts import PlayedAccount
from app.simulator.wechat.platform import PlayedWeChat
from app.simulator.wechat.serving import Door


def application(played: PlayedWeChat, *, controlled: bool = False) -> Starlette:
    """``controlled``: with the door for another process (``control``)."""

    door = Route("/{path:path}", Door(lambda _: played), methods=["GET", "POST"])
    return Starlette(routes=[*(control.routes(played) if controlled else []), door])


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve one account until stopped. Viewers that nobody told of are taken for ones who have just written."""
    given = _read(arguments)
    account = Account(given.app_id, given.token, (), Mode.plain, app_secret=given.app_secret)
    played = PlayedWeChat()
    played.add(PlayedAccount(account, welcoming=True, automatic=bool(given.webhook), webhook=given.webhook))
    uvicorn.run(application(played, controlled=True), host="127.0.0.1", port=given.port, log_level="warning")


def _read(arguments: Sequence[str] | None) -> Any:
    parser = argparse.ArgumentParser(prog="python -m app.simulator.wechat.alone", description="WeChat's API, played.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--app-id", default="wxdemo0000000000")
    parser.add_argument("--app-secret", default="demosecret")
    parser.add_argument("--token", default="demotoken", help="signs the events that are pushed")
    parser.add_argument("--webhook", default="", help="where events are pushed to")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
