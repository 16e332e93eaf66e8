"""The page of figures: its panels, what they are narrowed to, and their tables."""

import csv
import html
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.agents.calendars import BEIJING
from app.agents.models import Language
from app.agents.rights import ALLOWED, Action, Role
from app.console.figures.pages import PARTS
from app.console.figures.telling import Teller
from tests.console.conftest import HTMX, Console, Person
from tests.factories import ticketing as make

DAY = timedelta(days=1)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What is counted is tested with the rules, on both engines."""
    return sqlite_url


@pytest.fixture
async def leader(console: Console) -> Person:
    return await console.person("zhou", Role.supervisor, name="周正")


@pytest.fixture
async def tickets(console: Console, leader: Person) -> None:
    now = datetime.now(UTC)
    for number in range(6):
        await make.ticket(
            console.db, now - (number + 1) * DAY, title="长风渡" if number % 2 else "=雾港来信", source="phone",
            owner_id=leader.actor.id, dimension="sound", category="playback.buffering",
            closed_at=now - timedelta(hours=1) if number < 2 else None, resolution_s=5_400 if number < 2 else None,
        )  # fmt: skip
    await make.ticket(console.db, now - 40 * DAY, title="很早以前", source="qq")


def charts(text: str) -> Iterator[Any]:
    yield from (json.loads(html.unescape(found)) for found in re.findall(r'data-chart="([^"]*)"', text))


async def panel(person: Person, name: str, query: str = "") -> str:
    answer = await person.get(f"/figures/panel/{name}?{query}", **HTMX)
    assert answer.status_code == 200, answer.text
    return answer.text


async def table(person: Person, name: str, query: str = "") -> list[list[str]]:
    answer = await person.get(f"/figures/table/{name}?{query}")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))


@pytest.mark.usefixtures("tickets")
async def test_the_page_fetches_each_panel_by_itself(leader: Person) -> None:
    page = (await leader.get("/figures?span=7&kind=fault&title=长风渡")).text
    for name in PARTS:
        assert f'hx-get="/figures/panel/{name}?span=7&amp;kind=fault&amp;title=' in page
        text = await panel(leader, name)
        assert "怎么算的" in text, name
        assert "aria-busy" not in text, name
    assert '<option value="长风渡">' in page
    assert "清除筛选" in page


@pytest.mark.usefixtures("tickets")
async def test_a_panel_tells_draws_and_lists_the_same(leader: Person) -> None:
    text = await panel(leader, "flow")
    assert "登记比关闭多 4 个，积压 5 个" in text
    (drawn,) = charts(text)
    opened, closed, backlog = (series["values"] for series in drawn["series"])
    assert (len(opened), sum(opened), sum(closed), backlog[-1]) == (30, 6, 2, 5)
    head, newest, *_ = await table(leader, "flow")
    assert head == ["日期", "登记", "关闭", "积压"]
    assert newest == [str(datetime.now(BEIJING).date()), str(opened[-1]), str(closed[-1]), "5"]
    assert "一半的工单在 1.5 小时内解决" in await panel(leader, "times")
    assert "1 个人关闭了 2 个，周正最多：2 个" in await panel(leader, "people")


@pytest.mark.usefixtures("tickets")
async def test_bars_lead_to_the_list_of_the_same_tickets(leader: Person) -> None:
    (drawn,) = charts(await panel(leader, "dimensions", "span=7&source=phone"))
    today = datetime.now(BEIJING).date()
    days = f"from={today - 6 * DAY}&until={today}"
    assert drawn["labels"] == ["声音"]
    assert drawn["links"] == [f"/tickets?status=all&{days}&source=phone&dimension=sound"]


@pytest.mark.usefixtures("tickets")
async def test_what_is_narrowed_counts_less(leader: Person) -> None:
    day = datetime.now(BEIJING).date() - 2 * DAY
    assert sum(int(row[1]) for row in (await table(leader, "titles"))[1:]) == 6
    assert [row[0] for row in (await table(leader, "titles", "title=长风渡"))[1:]] == ["长风渡"]
    assert [row[1] for row in (await table(leader, "channels", f"span=own&from={day}&until={day}"))[1:]] == ["1"]
    assert [row[0] for row in (await table(leader, "channels", "span=90&source=qq"))[1:]] == ["QQ"]
    assert "这里还没有数字" in await panel(leader, "titles", "title=没有这部剧")


@pytest.mark.usefixtures("tickets")
async def test_a_spreadsheet_computes_nothing_of_a_table(leader: Person) -> None:
    assert "'=雾港来信" in [row[0] for row in await table(leader, "titles")]


async def test_days_that_are_none_are_refused_with_a_sentence(leader: Person) -> None:
    for query, sentence in (
        ("from=2026-02-30", "日期不对"), ("from=2026-02-03&until=2026-02-01", "日期不对"),
        ("from=2024-01-01&until=2026-01-01", "一次最多看 366 天"), ("from=0001-01-01&until=0001-01-01", "日期不对"),
        ("until=9999-12-31&from=9999-12-31", "日期不对"),
    ):  # fmt: skip
        answer = await leader.get(f"/figures/panel/flow?span=own&{query}", **HTMX)
        assert answer.status_code == 422, query
        assert sentence in answer.json()["error"], query
    assert (await leader.get("/figures/panel/nothing", **HTMX)).status_code == 404
    assert (await leader.get("/figures?title=%00&source=%00")).status_code == 200


async def test_figures_are_for_those_who_may_see_them(console: Console) -> None:
    for role in Role:
        person = await console.person(role.value, role)
        may = role in ALLOWED[Action.see_figures]
        for path in ("/figures", "/figures/panel/flow", "/figures/table/flow"):
            assert (await person.get(path)).status_code == (200 if may else 403), (role, path)


def test_spans_are_compared_in_percent_or_in_times() -> None:
    tell = Teller(Language.zh, str)

    def told(now: float | None, before: float | None) -> list[str]:
        return tell.compared(30, [("登记", now, before)])

    assert told(112, 100) == ["登记比前 30 天多 12%"]
    assert told(50, 100) == ["登记比前 30 天少 50%"]
    assert told(100, 100) == ["登记和前 30 天差不多"]
    assert told(400, 100) == ["登记是前 30 天的 4.0 倍"]
    assert told(3, 0) == told(None, 3) == ["前 30 天没有可以比较的"]
