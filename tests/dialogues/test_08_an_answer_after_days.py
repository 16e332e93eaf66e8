"""Dialogue 8: an answer that comes days later, as far as it goes without the platform's windows."""

from datetime import UTC, datetime

import pytest

from app.tickets import service as tickets
from tests.dialogues.stage import Stage

PARTLY = {8: "S1 S2 S3"}
ANSWER = "补录的那期定在下周六 20:00 上线"


@pytest.fixture
def hours(closed_now: dict[str, str]) -> dict[str, str]:
    return closed_now


async def test_an_answer_is_kept_until_the_viewer_asks(stage: Stage) -> None:
    viewer = stage.viewer("小林")
    await viewer.says("你们说补录的那期什么时候上，我等着呢")

    promised = await viewer.says("转人工")
    ticket = await viewer.ticket()
    assert f"T-{ticket.number}" in promised
    assert "补录的那期" in ticket.subject
    assert ticket.due_at == stage.calendar.end_of_working_day(ticket.opened_at, 1)
    assert promised.names(ticket.due_at)

    said = len(await viewer.messages())
    written = datetime.now(UTC)
    await stage.staff(tickets.reply, ticket, ANSWER, at=written)
    assert len(await viewer.messages()) == said  # nothing is sent blindly
    assert (await viewer.ticket()).status == "in_progress"

    told = await viewer.says("处理得怎么样了")
    assert ANSWER in told
    assert told.names(written)
    assert told.entry is None
