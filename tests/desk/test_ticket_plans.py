"""How lists of tickets are read: along an index, on both engines, also while the tables are empty."""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from app.db.database import Database
from app.db.driver import Prepared
from app.desk.tickets import lists, notices, rare, walks
from app.desk.tickets.orders import SORTS
from tests.dialogue.test_plans import plan


def statements() -> Iterator[tuple[str, Prepared]]:
    for sort, stretches in SORTS.items():
        for place, stretch in enumerate(stretches):
            for is_deep in (False, True):
                inside = tuple(sorted(stretch.within))
                yield f"{sort} {place} {is_deep}", walks._next(sort, place, (), is_deep, ("kind",), walks.LOOKED)
                yield (
                    f"{sort} {place} {is_deep} within",
                    walks._next(sort, place, inside, is_deep, ("kind",), walks.NEAR),
                )
                yield f"{sort} {place} {is_deep} words", walks._texts(sort, place, (), is_deep, (), walks.READ)
                yield f"{sort} {place} {is_deep} end", walks._end(sort, place, (), is_deep)
                yield f"{sort} {place} {is_deep} among", walks._in_stretch(sort, place, (), is_deep, ())
            yield f"{sort} {place} looked up", walks._among(sort, ("unclosed",), place)
    for names, statement in rare._HOLDERS:
        yield " ".join(sorted(names)), statement
    yield "counts", lists._COUNTS
    yield "rows", lists._ROWS
    yield "notices", notices._COUNT


def outline(session: Session, statement: Prepared) -> str:
    text = statement.text(session)
    if session.get_bind().dialect.name == "postgresql":
        if "$1" in text:
            return plan(session, statement)
        return "\n".join(row[0] for row in session.connection().exec_driver_sql(f"EXPLAIN {text}"))
    # What is not named in a statement of parameters has no plan: each is nothing.
    rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", (None,) * text.count("?"))
    return "\n".join(row[3] for row in rows)


async def test_nothing_is_read_from_end_to_end(db: Database) -> None:
    for name, statement in statements():
        found = await db.write(outline, statement)
        assert "Seq Scan on tickets" not in found, f"{name}: {found}"
        assert not re.search(r"SCAN tickets(?! USING)", found), f"{name}: {found}"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # PostgreSQL sorts what it takes for little
async def test_stretches_are_walked_in_the_order_of_their_index(db: Database) -> None:
    """Without one, all that is open would be sorted for each page."""
    for sort, stretches in SORTS.items():
        for place in range(len(stretches)):
            found = await db.write(outline, walks._end(sort, place, (), False))
            assert "Sort" not in found, f"{sort} {place}: {found}"
            assert "TEMP B-TREE" not in found, f"{sort} {place}: {found}"
