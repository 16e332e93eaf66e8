"""The credentials that the platform gave to one account."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.simulator.wechat.codes import Refused

LIVES = timedelta(seconds=7200)
RENEWED = timedelta(seconds=300)
"""Before its end another stable token is given, and both work; so long a classic one lives beside its successor."""
FORCED_A_DAY, FORCED_APART = 20, timedelta(seconds=30)
_KEPT = timedelta(days=1)
"""An expired token is told from an invented one for so long."""


@dataclass(slots=True)
class _Token:
    until: datetime
    classic: bool


@dataclass(slots=True)
class Credentials:
    lives: timedelta = LIVES
    overlap: timedelta = RENEWED
    _tokens: dict[str, _Token] = field(default_factory=dict, repr=False)
    _forced: list[datetime] = field(default_factory=list)

    def stable(self, now: datetime, *, force: bool = False) -> tuple[str, int]:
        """The same token until its last five minutes, or a new one for the old, by force."""
        if force:
            self._force(now)
        for value, token in self._tokens.items():
            if not token.classic and token.until - now > self.overlap:
                return value, int((token.until - now).total_seconds())
        return self._new(now, classic=False)

    def classic(self, now: datetime) -> tuple[str, int]:
        """Always a new one; the one before dies after the overlap."""
        for token in self._tokens.values():
            if token.classic:
                token.until = min(token.until, now + self.overlap)
        return self._new(now, classic=True)

    def check(self, value: str, now: datetime) -> None:
        """Refused unless the token is in force."""
        if not value:
            raise Refused(41001)
        if value not in self._tokens:
            raise Refused(40001)
        if self._tokens[value].until <= now:
            raise Refused(42001)

    def knows(self, value: str) -> bool:
        return value in self._tokens

    def expire(self, now: datetime) -> None:
        """As if two hours had passed."""
        for token in self._tokens.values():
            token.until = min(token.until, now)

    def revoke(self) -> None:
        """As if somebody else had asked for a new one."""
        self._tokens.clear()

    def _force(self, now: datetime) -> None:
        self._forced = [at for at in self._forced if now - at < timedelta(days=1)]
        if len(self._forced) >= FORCED_A_DAY:
            raise Refused(45009)
        if self._forced and now - self._forced[-1] < FORCED_APART:
            raise Refused(45011)
        self._forced.append(now)
        self._tokens = {value: token for value, token in self._tokens.items() if token.classic}

    def _new(self, now: datetime, *, classic: bool) -> tuple[str, int]:
        self._tokens = {value: token for value, token in self._tokens.items() if token.until > now - _KEPT}
        value = f"SIM_{secrets.token_urlsafe(48)}"
        self._tokens[value] = _Token(now + self.lives, classic)
        return value, int(self.lives.total_seconds())
