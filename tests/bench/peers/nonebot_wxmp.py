"""Peer: NoneBot with the community's adapter for WeChat official accounts, plain mode, passive reply.

The argument is the port.
"""

import sys

import nonebot  # type: ignore[import-not-found]  # installed in the peer's own environment
from nonebot.adapters import Event  # type: ignore[import-not-found]
from nonebot.adapters.wxmp import Adapter  # type: ignore[import-not-found]

from tests.bench.account import APP_ID, TOKEN
from tests.bench.peers.keywords import look_up

BOT = {"appid": APP_ID, "token": TOKEN, "secret": "unused", "type": "official", "approve": False}


def start(port: int) -> None:
    nonebot.init(driver="~fastapi+~httpx", host="127.0.0.1", port=port, log_level="WARNING", wxmp_bots=[BOT])
    nonebot.get_driver().register_adapter(Adapter)
    matcher = nonebot.on_message(priority=10, block=True)

    async def answer(event: Event) -> None:
        await matcher.finish(look_up(event.get_plaintext()))

    matcher.handle()(answer)
    nonebot.run(access_log=False)


if __name__ == "__main__":
    start(int(sys.argv[1]))
