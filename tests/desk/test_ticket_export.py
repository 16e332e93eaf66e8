"""Tickets as a table: every one, once, with nothing in it that a spreadsheet computes."""

import csv
import io

from app.agents.rights import Actor, Role
from app.db.database import Database
from app.desk.tickets import exporting
from app.desk.tickets.filters import Filters, Status
from tests.factories import conversations as make
from tests.factories import ticketing
from tests.factories.conversations import NOW
from tests.factories.people import make_agent


async def rows(db: Database, by: Actor, limit: int = 500) -> list[dict[str, str]]:
    text, after = exporting.write_head(), None
    while True:
        lines, _, after = await db.read(
            exporting.write_page, Filters(Status.all), by=by, after=after, limit=limit,
            words={"status": {"open": "待处理"}}, now=NOW,
        )  # fmt: skip
        text += lines
        if after is None:
            break
    assert text.startswith("\ufeff编号,")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


async def test_all_are_in_it_once_page_by_page(db: Database, zhou: Actor) -> None:
    for number in range(7):
        await ticketing.ticket(db, number=number + 1)
    found = await rows(db, zhou, limit=3)
    assert [row["编号"] for row in found] == [f"T-{number}" for number in range(1, 8)]
    assert found[0]["状态"] == "待处理"
    assert found[0]["登记时间"] == "2026-11-23 20:00:00"


async def test_no_cell_is_a_formula(db: Database, zhou: Actor) -> None:
    for number, subject in enumerate(("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "正常, 带“引号”\n换行"), 1):
        await ticketing.ticket(db, number=number, subject=subject, contact="=HYPERLINK(1)")
    found = await rows(db, zhou)
    assert [row["问题"][:1] for row in found] == ["'"] * 5 + ["正"]
    assert {row["联系方式"] for row in found} == {"'=HYPERLINK(1)"}


async def test_who_does_not_speak_with_viewers_is_not_told_how_they_are_reached(db: Database, zhou: Actor) -> None:
    talk = await make.conversation(db, await make.channel(db), "oAbCdEf-xYz9")
    await ticketing.ticket(db, contact="13800001234", conversation_id=talk)
    quality = await make_agent(db, "su", roles=[Role.quality])
    for by, contact in ((zhou, "13800001234"), (quality, "****")):
        (row,) = await rows(db, by)
        assert (row["联系方式"], row["观众"]) == (contact, "微信观众 ·xYz9")
