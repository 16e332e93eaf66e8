"""When episodes come. Thursday, 26 November 2026, in Beijing."""

from datetime import datetime, timedelta

import pytest

from app.matching.moments import BEIJING
from app.matching.titles import ENDLESS, Day, Kind, Season, Show, Title

FRIDAY, SATURDAY = 4, 5
EIGHT = 20 * 60
NOW = datetime(2026, 11, 26, 20, 44, tzinfo=BEIJING)
WEEKLY = Season(
    episodes=10, starts=Day(weeks=-2), weekdays=(FRIDAY, SATURDAY), at=EIGHT, early=timedelta(days=1)
)  # fmt: skip


def at(day: int, hour: int = 20, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("now", "out", "members"),
    [
        (at(12), 0, 1),
        (at(13, 19, 59), 0, 2 - 1),
        (at(13, 20), 1, 2),
        (at(26), 4, 5),
        (at(28, 20), 6, 6),
    ],
)
def test_what_is_out_follows_from_the_schedule(now: datetime, out: int, members: int) -> None:
    season = Season(
        episodes=10, starts=Day(at(13).date()), weekdays=(FRIDAY, SATURDAY), at=EIGHT, early=timedelta(days=1)
    )  # fmt: skip
    assert (season.out_at(now), season.out_at(now, members=True)) == (out, members)


def test_the_next_ones_with_both_times() -> None:
    airing = WEEKLY.next_after(NOW)
    assert airing is not None
    assert (airing.first, airing.last, airing.at, airing.members_at) == (5, 5, at(27), at(26))


def test_several_at_a_time_and_fewer_at_the_end() -> None:
    season = Season(episodes=5, starts=Day(at(20).date()), weekdays=(FRIDAY,), at=EIGHT, each=2)
    first, last = season.airing(2, NOW), season.airing(5, NOW)
    assert first is not None
    assert last is not None
    assert (first.first, first.last, last.first, last.last) == (1, 2, 5, 5)
    assert last.at == season.last_at(NOW) == at(20) + timedelta(14)
    assert season.airing(6, NOW) is None


def test_a_season_that_comes_at_once() -> None:
    season = Season(episodes=8, starts=Day(days=1), at=EIGHT)
    assert (season.out_at(NOW), season.out_at(at(27))) == (0, 0), "it moves with the day"
    fixed = Season(episodes=8, starts=Day(at(27).date()), at=EIGHT)
    assert (fixed.out_at(NOW), fixed.out_at(at(27)), fixed.next_after(at(27))) == (0, 8, None)


def test_a_first_day_between_two_airing_days_waits_for_the_second() -> None:
    season = Season(starts=Day(at(21).date()), weekdays=(FRIDAY, SATURDAY), at=EIGHT)
    times = [season.airing(episode, NOW) for episode in (1, 2, 3)]
    assert [airing.at.day for airing in times if airing] == [21, 27, 28]


def test_what_is_stated_wins_over_the_schedule() -> None:
    assert Season(episodes=12, out=7).out_at(NOW) == 7
    assert Season(episodes=12).out_at(NOW) == 12
    assert Season(out=0).announced
    assert not Season(episodes=12).announced
    assert Season(episodes=12, out=7).next_after(NOW) is None


def test_a_show_without_an_end_goes_on() -> None:
    season = Season(starts=Day(weeks=-ENDLESS), weekdays=(FRIDAY,), at=EIGHT)
    assert season.out_at(NOW) == ENDLESS
    assert season.next_after(NOW) is None


def test_the_season_that_is_meant() -> None:
    old, running, coming = Season(1, 12), Season(2, 12, Day(weeks=-1), (FRIDAY,)), Season(3, out=0)
    title = Title("t", "某剧", Kind.series, seasons=(old, running, coming))
    assert title.season(None, NOW) is running
    assert title.season(1, NOW) is old
    assert title.season(4, NOW) is None
    assert title.after(running) is coming
    assert Title("t", "某剧", Kind.series, seasons=(coming,)).season(None, NOW) is coming


@pytest.mark.parametrize(
    ("now", "begins"),
    [(at(26), at(27, 23)), (at(27, 23), at(27, 23)), (at(28, 0, 59), at(27, 23)), (at(28, 1), at(28, 23))],
)
def test_a_weekly_broadcast_reaches_past_midnight(now: datetime, begins: datetime) -> None:
    show = Show(Day(at(1).date()), 23 * 60, (FRIDAY, SATURDAY), timedelta(hours=2))
    assert show.at_or_after(now) == begins


def test_a_single_broadcast_ends() -> None:
    show = Show(Day(at(26).date()), EIGHT, lasts=timedelta(hours=1))
    assert show.at_or_after(NOW) == at(26)
    assert show.at_or_after(at(26, 21)) is None
