"""How long tickets may take in demo mode, so that one sees clocks run."""

from datetime import UTC, datetime

from app.db.database import Database
from app.tickets import policies


async def add_policies(db: Database) -> None:
    await db.write(policies.seed_demo, datetime.now(UTC))
