"""Plans of the hot path on PostgreSQL: made while the tables are empty, kept while they grow."""

import re

import pytest
from sqlalchemy.orm import Session

from app.db.database import Database
from app.db.driver import Prepared
from app.dialogue import arrivals, circumstances, people, threads
from app.live import cursor

STATEMENTS: dict[str, Prepared | str] = {
    "receive": arrivals.RECEIVE,
    "meet": people.MEET,
    "open": threads.OPEN,
    "look": circumstances.LOOK,
    "live events": cursor.AFTER,
    "late live events": cursor.THESE,
}
COUNTED = "ix_conversations_queue"
"""This one is read from its beginning, up to a limit."""


def plan(session: Session, statement: Prepared | str) -> str:
    """The generic plan, as a connection keeps it from its sixth execution on."""
    wanted = statement if isinstance(statement, str) else statement.text(session)
    values = ", ".join(["NULL"] * max(int(number) for number in re.findall(r"\$(\d+)", wanted)))
    connection = session.connection()
    connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")
    connection.exec_driver_sql(f"PREPARE probe AS {wanted}")
    lines = [row[0] for row in connection.exec_driver_sql(f"EXPLAIN EXECUTE probe({values})")]
    connection.exec_driver_sql("DEALLOCATE probe")
    return "\n".join(lines)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("name", STATEMENTS)
async def test_nothing_is_read_from_end_to_end(db: Database, name: str) -> None:
    found = await db.write(plan, STATEMENTS[name])
    assert "Seq Scan" not in found, found
    scans = [node for node in found.split("->") if re.search(r"Index (Only )?Scan", node) and COUNTED not in node]
    assert scans
    assert all("Index Cond" in scan for scan in scans), found
