"""Lists of tickets over HTTP: what they show, what they are narrowed by, and what leaves them."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.agents.models import AuditEntry
from app.agents.rights import Role
from app.console.tickets import changing as tickets_changing
from app.console.tickets import giving
from app.console.tickets.asking import asked
from app.desk import cursors, saved
from app.desk.tickets import many, runs
from app.desk.tickets.orders import Sort
from app.tickets.models import Ticket
from tests.console.conftest import HTMX, Console, Person
from tests.factories import ticketing

HOUR = timedelta(hours=1)
BEYOND = [*map(str, (2**15, 2**31, 2**62, 2**63, 2**70, -1)), "9" * 5000]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The rules are tried on both engines elsewhere."""
    return sqlite_url


@pytest.fixture
async def lin(console: Console) -> Person:
    return await console.person("lin", Role.agent, name="林小满")


@pytest.fixture
async def zhou(console: Console) -> Person:
    return await console.person("zhou", Role.supervisor, name="周正")


def links(page: str) -> list[int]:
    """The tickets of a list, in its order."""
    return [int(number) for number in re.findall(r'class="ticket-link" id="open-(\d+)"', page)]


async def test_the_list_begins_with_ones_own_and_tells_how_late_it_is(console: Console, lin: Person) -> None:
    now = datetime.now(UTC)
    late = await ticketing.ticket(
        console.db, number=1024, owner_id=lin.actor.id, next_due_at=now - 2 * HOUR - HOUR / 60, priority="urgent"
    )
    soon = await ticketing.ticket(console.db, owner_id=lin.actor.id, next_due_at=now + HOUR + HOUR / 60)
    other = await ticketing.ticket(console.db)
    own = (await lin.get("/tickets")).text
    assert links(own) == [late, soon]
    assert "逾期 2 小时" in own
    assert "还有 1 小时" in own
    assert 'href="#icon-rank-urgent"/></svg>紧急' in own
    assert links((await lin.get("/tickets?status=unclosed")).text) == [late, soon, other]
    assert links((await lin.get("/tickets?status=unclosed&q=T-1024", **HTMX)).text) == [late]
    assert links((await lin.get("/tickets?sort=newest&status=all")).text) == [other, soon, late]


async def test_an_empty_list_says_what_to_do(lin: Person) -> None:
    assert "您手上没有工单" in (await lin.get("/tickets")).text
    assert "没有逾期的工单" in (await lin.get("/tickets?overdue=yes")).text
    searched = (await lin.get("/tickets?owner=me&q=字幕")).text
    assert "没有这样的工单" in searched
    assert "在所有工单里找“字幕”" in searched


async def test_pages_follow_each_other_and_the_address_keeps_the_filters(console: Console, lin: Person) -> None:
    ids = [await ticketing.ticket(console.db, kind="refund") for _ in range(53)]
    await ticketing.ticket(console.db)
    first = (await lin.get("/tickets?kind=refund")).text
    (further,) = re.findall(r'href="(/tickets\?[^"]*after=[^"]*)"', first)
    second = (await lin.get(further.replace("&amp;", "&"))).text
    assert links(first) + links(second) == ids
    assert "回到开头" in second


async def test_what_means_nothing_is_as_if_it_were_not_there(console: Console, lin: Person) -> None:
    one = await ticketing.ticket(console.db)
    for query in (
        "status=x&kind=y&priority=9&owner=z&due=never&opened_from=2026-02-31&episode=x&sort=up",
        "opened_from=0001-01-01&opened_until=9999-12-31&closed_from=1066-10-14",
    ):
        assert links((await lin.get(f"/tickets?{query}")).text) == [one]
    for name in ("owner", "team", "episode", "parent"):
        for number in BEYOND:
            assert (await lin.get(f"/tickets/list?{name}={number}", **HTMX)).status_code == 200, (name, number)
    for sort in Sort:
        for key in (2**15, 2**53, 2**62 - 1, -(2**62) + 1):
            after = cursors.write([0, key, key])
            answer = await lin.get(f"/tickets/list?sort={sort}&after={after}", **HTMX)
            assert answer.status_code in (200, 422), (sort, key)


async def test_a_view_is_kept_with_its_filters_and_order_as_a_tab(console: Console, lin: Person) -> None:
    await lin.post("/tickets/saved", name="催的退款", query="status=all&kind=refund&tag=催&sort=newest")
    (view,) = await console.db.read(saved.list_own, by=lin.actor, page=saved.Page.tickets)
    assert view.filters == {"status": "all", "kind": "refund", "tag": "催", "sort": "newest"}
    page = (await lin.get("/tickets?status=all&kind=refund&tag=催&sort=newest")).text
    assert re.search(rf'id="saved-{view.id}" aria-current="page">催的退款<', page)
    assert "催的退款" not in (await lin.get("/desk")).text
    assert (await lin.post(f"/tickets/saved/{view.id}", name="退款")).status_code == 204
    assert 'value="退款"' in (await lin.get("/tickets/saved", **HTMX)).text
    await lin.post(f"/tickets/saved/{view.id}/delete")
    assert await console.db.read(saved.list_own, by=lin.actor, page=saved.Page.tickets) == []


async def test_the_board_moves_a_ticket_by_its_rule(console: Console, lin: Person) -> None:
    one = await ticketing.ticket(console.db, subject="没有声音")
    closed = await ticketing.ticket(console.db, closed_at=datetime.now(UTC))
    await ticketing.ticket(console.db, closed_at=datetime.now(UTC) - 9 * 24 * HOUR)
    board = (await lin.get("/tickets/board")).text
    assert links(board) == [one, closed]
    assert (await lin.post(f"/tickets/board/{one}", status="in_progress")).status_code == 204
    assert await console.db.read(lambda session: session.get_one(Ticket, one).status) == "in_progress"
    refused = await lin.post(f"/tickets/board/{one}", status="closed")
    assert (refused.status_code, refused.json()["error"]) == (422, "请在工单页面上写明内容再改成这个状态")
    assert (await lin.post(f"/tickets/board/{closed}", status="open")).status_code == 409


async def test_a_column_shows_its_first_cards_and_then_more(console: Console, lin: Person) -> None:
    ids = [await ticketing.ticket(console.db) for _ in range(33)]
    board = (await lin.get("/tickets/board")).text
    assert links(board) == ids[:30]
    (more,) = re.findall(r'hx-get="(/tickets/board\?[^"]*)" hx-target="#board" hx-swap="morph', board)
    longer = (await lin.get(more.replace("&amp;", "&"), **HTMX)).text
    assert links(longer) == ids
    (fresh,) = re.findall(r'data-fresh="(/tickets/board[^"]*)"', longer)
    assert links((await lin.get(fresh.replace("&amp;", "&"), **HTMX)).text) == ids
    for length in BEYOND:
        assert links((await lin.get(f"/tickets/board?open={length}", **HTMX)).text)[:30] == ids[:30]


async def test_a_table_is_streamed_and_written_down_with_its_rows(console: Console, zhou: Person, lin: Person) -> None:
    for _ in range(3):
        await ticketing.ticket(console.db, kind="refund")
    await ticketing.ticket(console.db)
    table = await zhou.get("/tickets/export?kind=refund")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert table.text.startswith("\ufeff编号,问题,类型")
    assert len(table.text.splitlines()) == 4
    assert "退款" in table.text

    given = select(AuditEntry.detail).where(AuditEntry.action == "tickets.export")
    (detail,) = await console.db.read(lambda session: session.scalars(given).all())
    assert detail == {"count": 3, "filters": {"status": "unclosed", "kind": "refund", "sort": "due"}}
    assert (await lin.get("/tickets/export")).status_code == 403


async def test_a_table_that_is_broken_off_is_written_down_as_far_as_it_was_given(
    console: Console, zhou: Person
) -> None:
    for _ in range(3):
        await ticketing.ticket(console.db)
    given = giving.table(console.db, zhou.actor, asked({}), datetime.now(UTC))
    assert (await anext(given)).startswith("\ufeff")
    assert "T-" in await anext(given)
    await given.aclose()
    entry = select(AuditEntry.detail).where(AuditEntry.action == "tickets.export")
    (detail,) = await console.db.read(lambda session: session.scalars(entry).all())
    assert detail["count"] == 3


async def test_paper_says_who_printed_it_when_and_what_it_holds(console: Console, lin: Person) -> None:
    await ticketing.ticket(console.db, kind="refund", number=1024)
    paper = (await lin.get("/tickets/print?status=all&kind=refund&owner=nobody")).text
    assert "T-1024" in paper
    assert "所有状态 · 退款 · 还没有人" in paper
    assert re.search(r"林小满 于 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d 从 观众服务台 打印", paper)


async def test_a_change_to_many_is_told_in_numbers_and_goes_on_until_all_are_done(
    console: Console, zhou: Person, lin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [await ticketing.ticket(console.db, kind="refund") for _ in range(52)]
    closed = await ticketing.ticket(console.db, kind="refund", closed_at=datetime.now(UTC))
    await ticketing.ticket(console.db)
    given = {"what": "give", "owner": lin.actor.id}
    told = (await zhou.post("/tickets/many/preview", query="status=all&kind=refund", **given)).text
    assert "将把 52 个工单交给林小满。" in told
    assert "其中 1 个已关闭，不会改动" in told
    (run,) = re.findall(r'name="run" value="([0-9]+)"', told)
    monkeypatch.setattr(tickets_changing, "LOOKS", 0)
    begun = await zhou.post("/tickets/many", run=run)
    assert f'id="run-{run}"' in begun.text
    assert "bulk-done" in begun.headers["hx-trigger"]
    assert f'id="own-run-{run}"' in (await zhou.get("/tickets?status=all")).text  # also when the dialog is gone
    while await console.db.write(runs.step, int(run), 0, [*ids, closed], now=datetime.now(UTC)):
        pass
    number = await console.db.read(lambda session: session.get_one(Ticket, closed).number)
    listed = (await zhou.get("/tickets/many/runs")).text
    assert "改动了 52 个工单。" in listed
    assert "看没有改的 1 个" in listed
    for path in (f"/tickets/many/runs/{run}", f"/tickets/many/runs/{run}/dialog"):
        told = (await zhou.get(path)).text
        assert "改动了 52 个工单。" in told
        assert "1 个没有改动：这个工单已经关闭" in told
        assert f'<a href="/tickets/{closed}">T-{number}</a>' in told
    await zhou.post(f"/tickets/many/runs/{run}/seen")
    assert "改动了" not in (await zhou.get("/tickets/many/runs")).text
    assert (await zhou.get(f"/tickets/many/runs/{run}/dialog")).status_code == 200


async def test_a_change_to_many_that_another_planned_is_nobody_elses(console: Console, zhou: Person) -> None:
    one = await ticketing.ticket(console.db)
    other = await console.person("qian", Role.supervisor)
    told = (await other.post("/tickets/many/preview", what="start", ids=one)).text
    (run,) = re.findall(r'name="run" value="([0-9]+)"', told)
    assert (await other.get(f"/tickets/many/runs/{run}")).status_code == 404  # not begun
    for number in (run, "999"):
        for path, form in (("", {"run": number}), (f"/runs/{number}/stop", {})):
            assert (await zhou.post(f"/tickets/many{path}", **form)).status_code == 404, path
        assert (await zhou.get(f"/tickets/many/runs/{number}/dialog")).status_code == 404


async def test_only_leaders_change_many(console: Console, lin: Person) -> None:
    one = await ticketing.ticket(console.db)
    for path in ("/ask", "/preview", "", "/runs/1/stop"):
        answer = await lin.post(f"/tickets/many{path}", what="start", ids=one, run="1")
        assert answer.status_code == 403, path
    assert "data-bulk" not in (await lin.get("/tickets?status=all")).text


async def test_nonsense_in_the_form_of_many_breaks_nothing(console: Console, zhou: Person) -> None:
    for ids in ("", "x", ",,", "-1", "9" * 30):
        answer = await zhou.post("/tickets/many/preview", what="start", ids=ids)
        assert (answer.status_code, answer.json()["error"]) == (422, many.NothingChosen.message), ids


async def test_the_day_and_the_rail_tell_what_is_new_until_it_is_seen(console: Console, lin: Person) -> None:
    one = await ticketing.ticket(console.db, owner_id=lin.actor.id, number=1024)
    for _ in range(2):
        await console.db.write(ticketing.told, one, lin.actor.id)
    day = (await lin.get("/tickets/today")).text
    assert len(re.findall(r'id="told-\d+"', day)) == 2
    assert '<b class="count" title="2 条新消息">2</b>' in (await lin.get("/tickets/badge", **HTMX)).text
    (until,) = re.findall(r'hx-vals=\'\{"until": (\d+)\}', day)
    assert (await lin.post("/tickets/notices/seen", until=until)).status_code == 204
    assert 'class="count"' not in (await lin.get("/tickets/badge", **HTMX)).text
