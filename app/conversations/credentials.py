"""The channels' access tokens in the database: one for all processes, fetched by one of them at a time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app.conversations.ledgers import Credential
from app.db.rows import Insert, table_of
from app.db.sql import changed

EARLY = timedelta(seconds=300)
"""Before its end, from which on the next one is fetched; until then both work."""
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_insert = Insert(table_of(Credential), ("channel_id", "version", "refresh_at", "expires_at"), or_ignore=True)


@dataclass(frozen=True, slots=True)
class Stored:
    version: int
    sealed: bytes
    refresh_at: datetime
    expires_at: datetime


def find(session: Session, channel_id: int) -> tuple[Stored | None, int]:
    """The newest token and its version, 0 before the first: seen at once, or another process replaces it in between."""
    row = session.get(Credential, channel_id, populate_existing=True)
    if row is None:
        return None, 0
    stored = None if row.token is None else Stored(row.version, row.token, row.refresh_at, row.expires_at)
    return stored, row.version


def lease(session: Session, channel_id: int, version: int, *, worker: str, now: datetime, until: datetime) -> bool:
    """Whether this process is to fetch the token that follows ``version`` (0: the first)."""
    _insert(session, [(channel_id, 0, _LONG_AGO, _LONG_AGO)])
    never = until + (until - now)  # no lease ends so late, unless the clock was set back since
    free = or_(Credential.leased_until.is_(None), Credential.leased_until < now, Credential.leased_until > never)
    own = (Credential.channel_id == channel_id, Credential.version == version, free)
    return changed(session.execute(update(Credential).where(*own).values(leased_by=worker, leased_until=until))) == 1


def store(
    session: Session, channel_id: int, version: int, sealed: bytes, *, worker: str, now: datetime, seconds: int
) -> bool:  # fmt: skip
    """Put the fetched token in force as the one that follows ``version``, unless another process was faster."""
    own = (Credential.channel_id == channel_id, Credential.version == version, Credential.leased_by == worker)
    life = timedelta(seconds=seconds)
    values = {
        "version": version + 1, "token": sealed, "refresh_at": now + max(life - EARLY, life / 2),
        "expires_at": now + life, "leased_by": None, "leased_until": None,
    }  # fmt: skip
    return changed(session.execute(update(Credential).where(*own).values(values))) == 1


def give_up(session: Session, channel_id: int, *, worker: str) -> None:
    own = (Credential.channel_id == channel_id, Credential.leased_by == worker)
    session.execute(update(Credential).where(*own).values(leased_by=None, leased_until=None))


def refuse(session: Session, channel_id: int, version: int) -> None:
    """The platform refused this token: it is over, unless somebody has replaced it already."""
    own = (Credential.channel_id == channel_id, Credential.version == version)
    session.execute(update(Credential).where(*own).values(refresh_at=_LONG_AGO, expires_at=_LONG_AGO))


def forget(session: Session, channel_id: int) -> None:
    """Other credentials were saved: what was fetched with the former ones is not theirs."""
    own = Credential.channel_id == channel_id
    values = {"version": Credential.version + 1, "token": None, "refresh_at": _LONG_AGO, "expires_at": _LONG_AGO}
    session.execute(update(Credential).where(own).values(values))


def channels_to_refresh(session: Session, now: datetime) -> list[int]:
    """Those whose token is near its end and was used: they are fetched ahead of the next call."""
    due = (Credential.token.is_not(None), Credential.refresh_at <= now, Credential.expires_at > now)
    return list(session.scalars(select(Credential.channel_id).where(*due)))
