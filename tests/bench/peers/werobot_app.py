"""Peer: WeRoBot, a WSGI application. Stores nothing, notices no repeat. ``AES`` set: encrypted mode."""

import os
from typing import Any

from werobot import WeRoBot  # type: ignore[import-not-found]  # installed in the peer's own environment

from tests.bench.account import AES_KEY, APP_ID, TOKEN
from tests.bench.peers.keywords import look_up


def answer(message: Any) -> str:
    return look_up(message.content)


robot = WeRoBot(token=TOKEN)
robot.config["SESSION_STORAGE"] = False
if os.environ.get("AES"):
    robot.config.update(APP_ID=APP_ID, ENCODING_AES_KEY=AES_KEY)
robot.text(answer)
application = robot.wsgi
