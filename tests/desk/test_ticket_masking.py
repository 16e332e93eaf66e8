"""Numbers in the history of a ticket, for whoever may not speak with viewers."""

import pytest

from app.agents.rights import Actor, Role
from app.db.database import Database
from app.desk.tickets import changing, closing, reading
from tests.factories import ticketing
from tests.factories.conversations import NOW
from tests.factories.people import make_agent


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("手机 13800006620 打不通", "手机 ****6620 打不通"),
        ("手机 138-0000-6620，备用 010 8888 6621", "手机 ****6620，备用 ****6621"),
        ("卡号 6222 0200 1234 5678 903", "卡号 ****8903"),
        ("身份证 11010119900101123X", "身份证 ****123X"),
        ("见 T-20688，2026-11-28 14:10 起，第 12 集 00:12:34", "见 T-20688，2026-11-28 14:10 起，第 12 集 00:12:34"),
    ],
)
async def test_telephones_and_cards_are_hidden_and_nothing_else(
    db: Database, lin: Actor, written: str, shown: str
) -> None:
    ticket = await ticketing.ticket(db)
    await db.write(closing.note, ticket, by=lin, text=written, now=NOW)
    reader = await make_agent(db, "su", roles=[Role.quality])
    for by, text in ((lin, written), (reader, shown)):
        (line,) = (await db.read(reading.read, ticket, by=by, account=None, now=NOW)).lines
        assert line.text == text


async def test_a_contact_that_was_changed_is_hidden_too(db: Database, lin: Actor) -> None:
    ticket = await ticketing.ticket(db, source="phone", contact="王女士 13800006620")
    await db.write(changing.change, ticket, by=lin, changes={"contact": "王女士 13900006621"}, now=NOW)
    reader = await make_agent(db, "ye", roles=[Role.operator])
    (line,) = (await db.read(reading.read, ticket, by=reader, account=None, now=NOW)).lines
    assert line.detail["contact"] == ["****6620", "****6621"]
