"""Plans of the search on PostgreSQL: made while the tables are empty, kept while they grow."""

import pytest

from app.db.database import Database
from app.desk.search import messages, moments, walking
from tests.dialogue.test_plans import plan

STATEMENTS = {
    "how far lists go": walking._ends(2),
    "what is in all": walking._in_all(3),
    "a single character": walking._WITHIN,
    "texts": messages._TEXTS,
    "hits": messages._ROWS,
    "newest": messages._NEWEST,
    "of one conversation": messages._OF_ONE,
    "times": moments._FROM,
}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_nothing_is_read_from_end_to_end(db: Database) -> None:
    for name, statement in STATEMENTS.items():
        found = await db.write(plan, statement)
        assert "Seq Scan" not in found, f"{name}: {found}"
        scans = [node for node in found.split("->") if "Index Scan" in node or "Index Only Scan" in node]
        assert scans, name
        assert all("Index Cond" in scan for scan in scans), f"{name}: {found}"
    lists = await db.write(plan, walking._in_all(3))
    assert "Join" not in lists, lists
    assert "Nested Loop" not in lists, lists
