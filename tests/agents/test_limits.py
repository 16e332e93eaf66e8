"""How failed attempts to sign in add up, and how they are forgotten."""

from datetime import timedelta

from app.agents import audit, limits
from app.agents.limits import FREE_BY_ADDRESS, FREE_BY_LOGIN, LONGEST_WAIT, QUIET, Attempt, TooManyAttempts
from app.db.database import Database
from tests.factories.conversations import NOW

SECOND = timedelta(seconds=1)


async def fail(db: Database, login: str = "lin", ip: str = "192.0.2.7", after: timedelta = timedelta()) -> Attempt:
    attempt = await db.write(limits.admit, login, ip, now=NOW + after)
    await db.write(limits.note_failure, attempt, now=NOW + after)
    return attempt


async def waits(db: Database, login: str, ip: str, after: timedelta = timedelta()) -> int:
    """Seconds until the next attempt is let in; looking makes none."""
    try:
        attempt = await db.write(limits.admit, login, ip, now=NOW + after)
    except TooManyAttempts as refused:
        return refused.retry_after
    await db.write(limits.take_back, attempt)
    return 0


async def test_the_waits_of_a_login_double_and_end_at_a_quarter_of_an_hour(db: Database) -> None:
    after, seen = timedelta(), list[int]()
    for n in range(FREE_BY_LOGIN + 10):
        await fail(db, "lin", f"192.0.2.{n}", after)
        wait = await waits(db, "lin", "198.51.100.1", after)
        seen.append(wait)
        after += wait * SECOND
    assert seen == [0] * (FREE_BY_LOGIN - 1) + [5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900]
    locked = [e.detail["seconds"] for e in await db.read(audit.list_entries, by=None, action="signin.locked")]
    assert locked == seen[: FREE_BY_LOGIN - 2 : -1]


async def test_an_address_waits_after_thirty_failures_whatever_names_it_tries(db: Database) -> None:
    for n in range(FREE_BY_ADDRESS):
        assert await waits(db, "chen", "192.0.2.7") == 0
        await fail(db, f"name{n}")
    assert await waits(db, "chen", "192.0.2.7") == 5
    assert await waits(db, "chen", "192.0.2.8") == 0


async def test_who_waits_is_not_counted(db: Database) -> None:
    for _ in range(FREE_BY_LOGIN):
        await fail(db)
    for _ in range(20):
        assert await waits(db, "lin", "192.0.2.7", 2 * SECOND) == 3
    assert await waits(db, "lin", "192.0.2.7", 5 * SECOND) == 0


async def test_an_hour_of_quiet_forgets(db: Database) -> None:
    for _ in range(FREE_BY_LOGIN - 1):
        await fail(db)
    for _ in range(FREE_BY_LOGIN - 1):
        await fail(db, after=QUIET + SECOND)
    assert await waits(db, "lin", "192.0.2.7", QUIET + SECOND) == 0
    assert await db.write(limits.forget, now=NOW + 2 * QUIET) == 0
    assert await db.write(limits.forget, now=NOW + 2 * QUIET + 2 * SECOND) == 2


async def test_success_forgets_the_failures_of_the_login_and_not_of_the_address(db: Database) -> None:
    for n in range(FREE_BY_ADDRESS - 1):
        await fail(db, f"name{n}")
    for _ in range(2):
        attempt = await db.write(limits.admit, "lin", "192.0.2.7", now=NOW)
        await db.write(limits.note_success, attempt)
    await fail(db)
    assert await waits(db, "lin", "192.0.2.7") == 5
    assert await waits(db, "lin", "192.0.2.8") == 0


async def test_names_are_told_apart_as_accounts_are(db: Database) -> None:
    for login in ("lin", "LIN", " lin ", "Lin", "liN"):
        await fail(db, login)
    assert await waits(db, "lin", "192.0.2.8") == 5
    for _ in range(FREE_BY_LOGIN):
        await fail(db, "my secret password \0\ud800", "2001:db8::1")
    assert await waits(db, "my secret password \0\ud800", "192.0.2.8") == 5
    recorded = await db.read(audit.list_entries, by=None)
    assert {entry.detail["login"] for entry in recorded} == {"lin", None}


async def test_addresses_of_one_network_are_one(db: Database) -> None:
    for n in range(FREE_BY_ADDRESS):
        await fail(db, f"name{n}", f"2001:db8:0:1::{n:x}")
    assert await waits(db, "lin", "2001:db8:0:1:ffff::1") == 5
    assert await waits(db, "lin", "2001:db8:0:2::1") == 0
    for n in range(FREE_BY_ADDRESS):
        await fail(db, f"other{n}", "::ffff:192.0.2.9")
    assert await waits(db, "lin", "192.0.2.9") == 5


async def test_a_command_unlocks(db: Database) -> None:
    for _ in range(FREE_BY_LOGIN):
        await fail(db)
    assert await db.write(limits.unlock, "LIN", by=None, now=NOW)
    assert not await db.write(limits.unlock, "lin", by=None, now=NOW)
    assert await waits(db, "lin", "192.0.2.7") == 0


def test_a_wait_is_told_in_what_people_count_in() -> None:
    said = {seconds: str(TooManyAttempts(timedelta(seconds=seconds))) for seconds in (0.2, 45, 90, 91, 900)}
    assert [text.removeprefix("尝试次数过多，请等 ").removesuffix("后再试") for text in said.values()] == [
        "1 秒", "45 秒", "90 秒", "2 分钟", "15 分钟",
    ]  # fmt: skip
    assert TooManyAttempts(LONGEST_WAIT).retry_after == 900
