"""Quiet hours, in Beijing's time."""

from datetime import UTC, datetime

import pytest

from app.conversations.accounts import Directory
from app.conversations.quiet import PATIENT, read_quiet_hours
from app.conversations.sending import Sender
from app.db.database import Database
from app.errors import ConfigurationError
from app.jobs.models import Priority
from tests.factories import conversations as make
from tests.factories.conversations import KEYRING, NOW, STORAGE
from tests.fakes.wechat import WeChatApi


def at(hour: int, minute: int = 0) -> datetime:
    """That time in Beijing, from Monday 8:00 on."""
    return datetime(2026, 11, 23, (hour - 8) % 24, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "quiet", "loud"),
    [
        ("22:00-8:00", [(22, 0), (23, 59), (0, 0), (7, 59)], [(8, 0), (12, 0), (21, 59)]),
        ("13:00-14:30", [(13, 0), (14, 29)], [(12, 59), (14, 30), (0, 0)]),
        ("00:00-06:00", [(0, 0), (5, 59)], [(6, 0), (23, 59)]),
        ("周一 22:00-8:00; 周日 0:00-24:00", [(22, 0), (7, 59)], [(8, 0), (21, 59)]),
    ],
)
def test_it_is_quiet_from_the_first_time_up_to_the_second(
    text: str, quiet: list[tuple[int, int]], loud: list[tuple[int, int]]
) -> None:
    hours = read_quiet_hours(text)
    assert hours is not None
    assert [hours.is_open(at(*when)) for when in quiet] == [True] * len(quiet)
    assert [hours.is_open(at(*when)) for when in loud] == [False] * len(loud)


@pytest.mark.parametrize("text", ["22-8", "25:00-8:00", "22:00", "22:00-8:60", "晚上"])
def test_anything_else_is_a_mistake_of_the_configuration(text: str) -> None:
    with pytest.raises(ConfigurationError, match="QUIET_HOURS"):
        read_quiet_hours(text)


def test_without_the_setting_it_is_never_quiet() -> None:
    assert read_quiet_hours(" ") is None


async def test_at_night_only_what_somebody_waits_for_leaves(db: Database, api: WeChatApi) -> None:
    channel = await make.channel(db)
    for priority in Priority:
        await make.queued(db, await make.conversation(db, channel, f"viewer-{priority}"), priority, priority=priority)
    night, now = read_quiet_hours("20:00-21:00"), NOW  # which is 20:00 in Beijing
    directory = Directory(db, KEYRING, simulated=False)
    sender = Sender(
        db, directory, KEYRING, STORAGE, base_urls={"wechat": api.url}, quiet=night, clock=lambda: now
    )  # fmt: skip
    while await sender.round():
        pass
    waited_for = set(Priority) - set(PATIENT)
    assert set(api.asked) == waited_for
    now = at(21)
    while await sender.round():
        pass
    await sender.close()
    assert sorted(api.asked[len(waited_for) :]) == sorted(PATIENT)
