"""Who may still commit. PostgreSQL gives ids out before the commit, so a smaller one can appear after a greater."""

from sqlalchemy import text
from sqlalchemy.orm import Session

_NEXT = text("SELECT CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS TEXT) AS BIGINT)")
_OLDEST = text("SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)")


def next_writer(session: Session) -> int | None:
    """All that began to write so far are below it. None on SQLite, where nobody writes beside the one who does."""
    if session.get_bind().dialect.name != "postgresql":
        return None
    return session.scalar(_NEXT)


def oldest_writer(session: Session) -> int | None:
    """All below it have ended, and a statement that follows sees what they wrote; None on SQLite."""
    if session.get_bind().dialect.name != "postgresql":
        return None
    return session.scalar(_OLDEST)
