"""Events pushed back to the webhook: signed, sealed, repeated as the platform repeats them."""

import os
import secrets

import httpx

from app.channels.wechat import crypto
from app.channels.wechat.limits import PUSH_ATTEMPTS, PUSH_CUT_SECONDS
from app.simulator.clock import Clock
from app.simulator.wechat.accounts import PlayedAccount
from app.simulator.wechat.sealing import Seed, seal
from app.tls import trusted


async def push_due(account: PlayedAccount, clock: Clock) -> list[int | None]:
    """Push what waits, in order: the status of each one's last attempt, None where no answer came in time."""
    statuses: list[int | None] = []
    async with httpx.AsyncClient(verify=trusted(), timeout=PUSH_CUT_SECONDS) as http:
        while account.webhook and account.events:
            event = account.events.popleft()
            statuses.append(await _push(http, account, event.openid, event.body, clock))
    return statuses


async def _push(http: httpx.AsyncClient, account: PlayedAccount, openid: str, body: bytes, clock: Clock) -> int | None:
    status: int | None = None
    for _ in range(PUSH_ATTEMPTS):
        seed = Seed(int(clock.now().timestamp()), str(secrets.randbelow(10**10)), os.urandom(crypto.SALT_BYTES))
        signed = seal(account.pushed, openid, body, seed)
        headers = {"Content-Type": "text/xml; charset=utf-8"}
        try:
            answer = await http.post(account.webhook, params=dict(signed.query), content=signed.body, headers=headers)
        except httpx.HTTPError:
            continue
        status = answer.status_code
        if status == 200:
            break
    return status
