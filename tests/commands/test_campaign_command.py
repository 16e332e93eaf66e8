"""``campaign``: begun, watched and stopped from the command line."""

from pathlib import Path

import pytest

from app.commands.opened import with_database
from app.conversations import campaigns
from app.db.database import Database
from app.settings import Settings
from tests.commands.conftest import Run
from tests.factories import conversations as make
from tests.factories.conversations import NOW

TEXT = "第8集推迟到周六 20:00"


@pytest.fixture(autouse=True)
def viewers(data_dir: Path) -> None:
    async def add(db: Database, _: object) -> None:
        channel = await make.channel(db)
        for number in range(3):
            await make.conversation(db, channel, f"openid-{number}")

    with_database(Settings(data_dir=data_dir), add)


def work(data_dir: Path) -> None:
    """What a running service does with it."""

    async def run(db: Database, _: object) -> None:
        while await db.write(campaigns.prepare, 1):
            pass
        while await db.write(campaigns.feed, 1, now=NOW):
            pass

    with_database(Settings(data_dir=data_dir), run)


def test_it_is_begun_once_and_watched(run: Run, data_dir: Path) -> None:
    assert "campaign show 1" in run("campaign", "begin", "main", "延播", TEXT).out
    twice = run("campaign", "begin", "main", "延播", TEXT)
    assert (twice.code, "a campaign '延播' already" in twice.err) == (1, True)
    work(data_dir)
    assert run("campaign", "show", "1").out.splitlines() == [
        "延播: done, 3 recipients, 0 not queued yet", "        3 queued",
    ]  # fmt: skip
    assert "延播" in run("campaign", "list").out


def test_it_is_stopped_and_resumed(run: Run, data_dir: Path) -> None:
    run("campaign", "begin", "main", "延播", TEXT)
    assert run("campaign", "stop", "1").out.startswith("Stopped")
    assert "preparing" in run("campaign", "list").out or "stopped" in run("campaign", "list").out
    assert run("campaign", "resume", "1").out == "It goes on.\n"
    work(data_dir)
    assert "3 recipients" in run("campaign", "show", "1").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("begin", "other", "名", TEXT), "no channel 'other'"),
        (("begin", "main", "名", TEXT, "--field", "a=b"), "belong to a --template"),
        (("begin", "main", "名", TEXT, "--template", "T1"), "needs its fields"),
        (("show", "9"), "There is no campaign 9."),
        (("stop", "9"), "There is no campaign 9."),
    ],
)
def test_what_is_wrong_is_said(run: Run, words: tuple[str, ...], said: str) -> None:
    refused = run("campaign", *words)
    assert (refused.code, said in refused.err) == (1, True)
