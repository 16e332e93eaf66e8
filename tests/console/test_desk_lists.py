"""What the desk's list says where it is empty, and what a search shows in its place."""

import pytest

from app.agents.rights import Role
from tests.console.conftest import Console, Person
from tests.factories import conversations as make
from tests.factories.searching import open_ticket


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The rules are tried on both engines elsewhere."""
    return sqlite_url


@pytest.fixture
async def lin(console: Console) -> Person:
    return await console.person("lin", Role.agent, name="林小满")


async def test_an_empty_list_tells_why_it_is(lin: Person) -> None:
    everything = (await lin.get("/desk/list?view=all")).text
    narrowed = (await lin.get("/desk/list?view=all&tag=退款")).text
    assert ("还没有会话" in everything, "没有符合筛选条件的会话" in everything) == (True, False)
    assert ("还没有会话" in narrowed, "没有符合筛选条件的会话" in narrowed) == (False, True)


async def test_a_ticket_is_found_by_its_number_and_is_of_no_platform(console: Console, lin: Person) -> None:
    talk = await make.conversation(console.db, await make.channel(console.db), wrote_at=None)
    ticket_id, number = await console.db.write(open_ticket, talk, 1, "会员没有到账")
    found = (await lin.get(f"/desk/found?q=T-{number}")).text
    assert f'<span class="name">T-{number}</span>' in found
    assert "会员没有到账" in found
    assert f'href="/tickets/{ticket_id}"' in found
    assert 'class="badge"' not in found
