"""Which schema the database has, which one the code wants, and how the first becomes the second.

The service does not import Alembic (30 MB): the revision is read by one query, and migrations run in a short child
process only where something is to be done.
"""

import asyncio
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

from app.errors import ConfigurationError
from app.settings import ROOT, Settings, environment

_ERROR = re.compile(r"[\w.]+: ")
_VERSIONS = ROOT / "migrations" / "versions"


def revisions() -> list[str]:
    """The migrations in order: each file is named by its number, which is its revision (``0001_the_house.py``)."""
    return sorted(path.stem.split("_")[0] for path in _VERSIONS.glob("[0-9]*.py"))


def sqlite_path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///")).resolve()


def current_revision(url: str) -> str | None:
    """The database's revision, None where it is empty; ConfigurationError where it cannot be reached."""
    if url.startswith("sqlite"):
        return _sqlite_revision(sqlite_path(url))
    return _postgres_revision(url)


def bring_up_to_date(settings: Settings) -> bool:
    """Migrate where needed; True if something was done. Refuses a newer database, and with MIGRATE=never an older."""
    known, current = revisions(), current_revision(settings.database)
    if current == known[-1]:
        return False
    if current is not None and current not in known:
        raise ConfigurationError(
            f"The database has schema {current}, which this version of the code does not know: "
            "it was used by a newer version. Start that version, or restore a backup from before the update."
        )
    if settings.migrate == "never":
        raise ConfigurationError(
            f"The database has schema {current or 'none'}, the code needs {known[-1]}, and MIGRATE=never forbids to "
            "change it. Run a command once with MIGRATE=auto (for example: python -m app doctor)."
        )
    _upgrade(settings.database)
    return True


def _upgrade(url: str) -> None:
    """``alembic upgrade head`` in a child; ``migrations/env.py`` takes the lock, so that of two starts one migrates."""
    command = [sys.executable, "-m", "alembic", "upgrade", "head"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(DATABASE_URL=url), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ConfigurationError(f"The database could not be migrated: {_reason(done.stderr)}")


def _reason(traceback: str) -> str:
    """The line of a traceback that names the error; SQLAlchemy writes the statement and an address behind it."""
    return next((line for line in reversed(traceback.splitlines()) if _ERROR.match(line)), "no reason was given")


def _sqlite_revision(path: Path) -> str | None:
    try:
        if not path.exists():
            return None
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=30)
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        finally:
            connection.close()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be reached: {error.strerror}.") from None
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return None
        raise ConfigurationError(f"{path} cannot be opened: {error}.") from None
    except sqlite3.DatabaseError as error:
        raise ConfigurationError(f"{path} is not a SQLite database ({error}).") from None
    return str(row[0]) if row else None


def _postgres_revision(url: str) -> str | None:
    import asyncpg  # which SQLite does not need

    async def ask() -> str | None:
        connection = await asyncpg.connect(url, timeout=10)
        try:
            if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
                return None
            revision = await connection.fetchval("SELECT version_num FROM alembic_version")
            return str(revision) if revision else None
        finally:
            await connection.close()

    try:
        return asyncio.run(ask())
    except ValueError:
        raise ConfigurationError(
            "DATABASE_URL is no valid address. Special characters in the password are written as %40 for @, %2F for /, "
            "%3A for :, %23 for #."
        ) from None
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise ConfigurationError(
            f"PostgreSQL does not answer at DATABASE_URL ({type(error).__name__}: {error}). "
            "Check that the server runs, and the user, password and database name."
        ) from None
