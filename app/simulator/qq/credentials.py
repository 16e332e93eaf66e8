"""Tokens of the played platform: the same one until its last minute, then a new one beside it."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.simulator.qq.world import Bot, Json, World

LIVES = timedelta(seconds=7200)
RENEWED = timedelta(seconds=60)
"""Before its end: from then on another is given, and both work."""
WORDS = {
    100002: "internal error",
    100007: "invalid appid",
    100016: "invalid appid or secret",
    11241: "missing authorization",
    11244: "token not exist or expire",
    11245: "unsupported token type",
}


@dataclass(frozen=True, slots=True)
class Token:
    app_id: str
    until: datetime


class Credentials:
    def __init__(self, world: World) -> None:
        self._world = world
        self._tokens: dict[str, Token] = {}

    def give(self, asked: Json | None, content_type: str) -> Json:
        """The answer of the token call, whose HTTP status is 200 always."""
        code = self._refusal(asked, content_type)
        if code or asked is None:
            return {"code": code, "message": WORDS[code]}
        value, token = self._current(asked["appId"])
        lives = int((token.until - self._world.clock.now()).total_seconds())
        return {"access_token": value, "expires_in": str(lives)}

    def revoke(self) -> None:
        """As if all tokens had reached their end."""
        self._tokens.clear()

    def bot_of(self, authorization: str | None) -> Bot | int:
        """Whose call it is, or the code of the refusal."""
        if not authorization:
            return 11241
        kind, _, value = authorization.partition(" ")
        if kind != "QQBot":
            return 11245
        token = self._tokens.get(value)
        if token is None or token.until <= self._world.clock.now():
            return 11244
        return self._world.bots[token.app_id]

    def _refusal(self, asked: Json | None, content_type: str) -> int:
        if content_type.partition(";")[0].strip() != "application/json" or asked is None:
            return 100007
        name, secret = asked.get("appId"), asked.get("clientSecret")
        if not isinstance(name, str) or not isinstance(secret, str):
            return 100002
        bot = self._world.bots.get(name)
        if bot is None or not secrets.compare_digest(bot.secret.encode(), secret.encode()):
            return 100016
        return 100007 if bot.banned else 0

    def _current(self, app_id: str) -> tuple[str, Token]:
        now = self._world.clock.now()
        for value, token in self._tokens.items():
            if token.app_id == app_id and token.until - now > RENEWED:
                return value, token
        value = f"tok_qq_{secrets.token_urlsafe(24)}"
        self._tokens[value] = Token(app_id, now + LIVES)
        return value, self._tokens[value]
