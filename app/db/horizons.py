"""Who may still commit. PostgreSQL gives ids out before the commit, so a smaller one can appear after a greater."""

from sqlalchemy.orm import Session

from app.db.driver import connection_of, fetch

_NEXT = "SELECT CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS TEXT) AS BIGINT)"
_OLDEST = "SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)"


def next_writer(session: Session) -> int | None:
    """All that began to write so far are below it. None on SQLite, where nobody writes beside the one who does."""
    connection = connection_of(session)
    if connection.dialect.name != "postgresql":
        return None
    return int(fetch(connection, _NEXT, ())[0][0])


def oldest_writer(session: Session) -> int | None:
    """All below it have ended, and a statement that follows sees what they wrote; None on SQLite."""
    connection = connection_of(session)
    if connection.dialect.name != "postgresql":
        return None
    return int(fetch(connection, _OLDEST, ())[0][0])
