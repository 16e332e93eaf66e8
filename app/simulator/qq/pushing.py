"""The played platform's side of a webhook: it signs, pushes, and repeats what is not acknowledged."""

import json
from dataclasses import dataclass

import httpx

from app.channels.qq import crypto
from app.channels.qq.limits import PUSH_ATTEMPTS, PUSH_SECONDS
from app.simulator.clock import Clock
from app.simulator.qq.acts import Pushed
from app.simulator.qq.world import Bot, Json

_EVENT_TIME, _PLAIN_TOKEN = "1760000200", "plainTok000000000001"
_FORGED = '{"op":0,"t":"C2C_MESSAGE_CREATE","d":{}}'


@dataclass(frozen=True, slots=True)
class Heard:
    """What one attempt brought; ``status`` is None where no answer came in time."""

    status: int | None
    body: bytes = b""

    @property
    def acknowledged(self) -> bool:
        if self.status not in (200, 204):
            return False
        answer = _object(self.body)
        return not self.body or (answer.get("op") == 12 and answer.get("d") == 0)


@dataclass(frozen=True, slots=True)
class Pusher:
    """Pushes of one bot to one address."""

    bot: Bot
    url: str
    http: httpx.AsyncClient
    clock: Clock
    patience: float = PUSH_SECONDS
    """Seconds that an attempt waits for its answer."""

    async def push(self, pushed: Pushed, *, attempts: int = PUSH_ATTEMPTS) -> list[Heard]:
        """Until it is acknowledged: what each attempt heard, one after the other."""
        heard: list[Heard] = []
        while len(heard) < attempts and not (heard and heard[-1].acknowledged):
            heard.append(await self.attempt(pushed.body))
        return heard

    async def attempt(self, body: bytes, **headers: str) -> Heard:
        """Once, signed at this moment; ``headers`` take the place of the platform's own."""
        try:
            sent = self.http.post(self.url, content=body, headers=self._headers(body) | headers, timeout=self.patience)
            response = await sent
        except httpx.RequestError:
            return Heard(None)
        return Heard(response.status_code, response.content)

    async def check(self) -> bool:
        """The check of the address, as the console makes it: whether the answer bears our signature."""
        heard = await self.attempt(_validation(_EVENT_TIME, _PLAIN_TOKEN))
        answer = _object(heard.body)
        signature = crypto.sign(crypto.load_key(self.bot.secret), _EVENT_TIME, _PLAIN_TOKEN.encode())
        return heard.status == 200 and answer == {"plain_token": _PLAIN_TOKEN, "signature": signature}

    async def attack(self) -> Heard:
        """A check whose token is a push: who answers it signs that push for a stranger, and must refuse."""
        body, at = _validation(str(self._seconds()), _FORGED), str(self._seconds())
        return await self.attempt(body, **{"X-Signature-Timestamp": at, "X-Signature-Ed25519": "0" * 128})

    async def forge(self) -> Heard:
        """The same, well signed: as if the stranger had got hold of the platform."""
        return await self.attempt(_validation(str(self._seconds()), _FORGED))

    def _headers(self, body: bytes) -> dict[str, str]:
        at = str(self._seconds())
        return {
            "User-Agent": "QQBot-Callback",
            "Content-Type": "application/json",
            "X-Bot-Appid": self.bot.app_id,
            "X-Signature-Method": "Ed25519",
            "X-Signature-Timestamp": at,
            "X-Signature-Ed25519": crypto.sign(crypto.load_key(self.bot.secret), at, body),
        }

    def _seconds(self) -> int:
        return int(self.clock.now().timestamp())


def _validation(moment: str, token: str) -> bytes:
    return json.dumps({"op": 13, "d": {"plain_token": token, "event_ts": moment}}).encode()


def _object(raw: bytes) -> Json:
    try:
        found = json.loads(raw)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
