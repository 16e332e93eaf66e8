"""The WeChat platform, played: its accounts, its time, what shall go wrong, and a log of every call."""

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from app.simulator.clock import Clock
from app.simulator.trouble import Trouble, Troubles
from app.simulator.wechat import pushing, tokens
from app.simulator.wechat.accounts import PlayedAccount
from app.simulator.wechat.apis.mass import pass_time
from app.simulator.wechat.calling import Call, Content, read_object
from app.simulator.wechat.codes import Refused, answer
from app.simulator.wechat.table import APIS, RID, STABLE_TOKEN, TOKEN

Json = dict[str, Any]
REQUEST_SHOWN = 20_000
"""Characters of a request that the log keeps."""


@dataclass(slots=True)
class Logged:
    """One call, as it came and as it ended."""

    number: int
    at: datetime
    api: str
    path: str
    app_id: str
    openid: str
    key: str
    """client_msg_id or clientmsgid, where the call has one."""
    request: str
    """The JSON body; empty for a file, and for a call that carries the secret."""
    rid: str
    code: int = 0
    """The errcode that was answered, or would have been."""
    answer: Json = field(default_factory=dict)
    """The answer's object, without a credential."""
    accepted: bool = False
    """The call took effect."""
    answered: bool = True
    """The caller got the platform's own answer."""

    def as_json(self) -> Json:
        return asdict(self) | {"at": self.at.isoformat()}


async def _nothing() -> None:
    return None


@dataclass(slots=True)
class PlayedWeChat:
    clock: Clock = field(default_factory=Clock)
    troubles: Troubles = field(default_factory=Troubles)
    accounts: dict[str, PlayedAccount] = field(default_factory=dict)
    """By app id."""
    log: deque[Logged] = field(default_factory=deque)
    refresh: Callable[[], Awaitable[None]] = _nothing
    """Awaited before each call: brings ``accounts`` up to date, where they are kept elsewhere."""
    on_call: Callable[[Logged], None] = lambda logged: None
    """Told of each call when it is done."""
    tasks: "set[asyncio.Task[Any]]" = field(default_factory=set)

    def add(self, account: PlayedAccount) -> PlayedAccount:
        self.accounts[account.app_id] = account
        return account

    def holder(self, token: str) -> PlayedAccount | None:
        """The account that a credential belongs to, in force or not."""
        return next((account for account in self.accounts.values() if account.credentials.knows(token)), None)

    def take(self, call: Call) -> tuple[Logged, Json | Content]:
        """Do what is asked, or refuse it."""
        logged = self._begin(call)
        try:
            found = self._run(call, logged)
        except Refused as refused:
            logged.code = refused.code
            found = answer(refused.code, logged.rid, call.caller, refused.message, **refused.more)
        else:
            logged.accepted = True
        return self._end(logged, found)

    def leave(self, call: Call, trouble: Trouble) -> tuple[Logged, Json | Content]:
        """Take nothing: what the platform says to it, if it says anything."""
        logged = self._begin(call)
        logged.code = trouble.code
        return self._end(logged, answer(trouble.code, logged.rid, call.caller))

    def expire_tokens(self) -> None:
        """As if two hours had passed for all credentials."""
        for account in self.accounts.values():
            account.credentials.expire(self.clock.now())

    def push_soon(self) -> None:
        """Push what waits for accounts that do so by themselves."""
        for account in self.accounts.values():
            if account.automatic and account.webhook and account.events:
                task = asyncio.create_task(pushing.push_due(account, self.clock))
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)

    async def close(self) -> None:
        tasks = list(self.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _run(self, call: Call, logged: Logged) -> Json | Content:
        if call.api in (STABLE_TOKEN, TOKEN):
            given = tokens.give(self.accounts, call)
            logged.answer = {"expires_in": given["expires_in"]}
            return given
        account = self.holder(call.token)
        if account is None:
            raise Refused(40001 if call.token else 41001)
        account.credentials.check(call.token, call.now)
        account.quotas.count(call.api, call.now)
        if call.api == RID:
            return answer(0, logged.rid, call.caller, **self._look_up(call))
        api = APIS[call.api]
        if call.method != api.method:
            raise Refused(43001 if api.method == "GET" else 43002)
        pass_time(account, call.now)
        found = api.run(account, call)
        if isinstance(found, Content) or api.bare:
            return found
        return answer(0, logged.rid, call.caller) | found

    def _look_up(self, call: Call) -> Json:
        rid = str(call.body().get("rid", ""))
        found = next((logged for logged in self.log if logged.rid == rid), None)
        if found is None:
            raise Refused(76001)
        return {
            "request": {
                "invoke_time": int(found.at.timestamp()),
                "cost_in_ms": 1,
                "request_url": found.path,
                "request_body": found.request,
                "response_body": str(found.answer),
                "client_ip": call.caller,
            }
        }

    def _begin(self, call: Call) -> Logged:
        secret = call.api in (STABLE_TOKEN, TOKEN)
        body = {} if secret else read_object(call.raw) or {}
        to, key = body.get("touser", call.query.get("openid", "")), body.get("client_msg_id") or body.get("clientmsgid")
        holder = self.holder(call.token)
        return Logged(
            number=self.log[-1].number + 1 if self.log else 1,
            at=call.now,
            api=call.api,
            path=call.path,
            app_id=holder.app_id if holder else "",
            openid=to if isinstance(to, str) else "",
            key=str(key or ""),
            request=call.raw.decode("utf-8", "replace")[:REQUEST_SHOWN] if body else "",
            rid=_rid(call.now),
        )

    def _end(self, logged: Logged, found: Json | Content) -> tuple[Logged, Json | Content]:
        if not logged.answer and isinstance(found, dict):
            logged.answer = found
        self.log.append(logged)
        return logged, found


def _rid(now: datetime) -> str:
    return f"{int(now.timestamp()):08x}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
