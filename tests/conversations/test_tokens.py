"""Access tokens: fetched once for all processes, ahead of their end, replaced once when refused."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.channels.delivery import DeliveryError, Line, Outcome
from app.conversations import credentials
from app.conversations.accounts import Account
from app.conversations.tokens import AHEAD_EVERY, LEASE, Addresses, Token, Tokens
from app.db.database import Database
from app.secrets import Keyring
from tests.factories import delivering as do
from tests.factories.clock import Clock
from tests.factories.conversations import KEYRING, NOW
from tests.factories.delivering import HOUR, MINUTE, SECOND
from tests.factories.stand_ins import Unkeyed

PATIENCE = 10
LIFE = 7200


class Issuer(Unkeyed):
    """Gives out numbered tokens, or the next of the failures it was told; a hold keeps its answers back."""

    def __init__(self) -> None:
        self.asked, self.failures = 0, deque[Exception]()
        self.hold = asyncio.Event()
        self.hold.set()
        self._waiting = asyncio.Event()

    async def fetch_token(self, line: Line, account: Any) -> tuple[str, int]:
        self.asked += 1
        mine = self.asked
        self._waiting.set()
        await self.hold.wait()
        if self.failures:
            raise self.failures.popleft()
        return f"token-{mine}", LIFE

    def keep_back(self) -> None:
        """Each answer from now on, until ``hold`` is set."""
        self.hold.clear()
        self._waiting.clear()

    async def reached(self) -> None:
        """Somebody asked since then."""
        await asyncio.wait_for(self._waiting.wait(), PATIENCE)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
async def account(db: Database, issuer: Issuer) -> Account:
    return replace(await db.write(do.account), platform=issuer)


@pytest.fixture
async def processes(db: Database, clock: Clock) -> AsyncIterator[list[Tokens]]:
    """Two that serve the same channel."""
    async with httpx.AsyncClient() as http:
        made = [Tokens(db, KEYRING, http, Addresses({"unkeyed": "http://unused"}, {}), clock) for _ in range(2)]
        yield made
        for each in made:
            await each.close()


def refused(code: str = "wrong_secret") -> DeliveryError:
    return DeliveryError(code, Outcome.operator)


async def settled(tokens: Tokens) -> None:
    """What is fetched beside the use of a token has ended."""
    while tokens._looking:
        await asyncio.gather(*tokens._looking.values(), return_exceptions=True)


async def test_of_many_in_two_processes_one_fetches(issuer: Issuer, account: Account, processes: list[Tokens]) -> None:
    issuer.keep_back()
    asking = [asyncio.ensure_future(each.current(account)) for each in processes for _ in range(10)]
    await issuer.reached()
    issuer.hold.set()
    assert await asyncio.gather(*asking) == [Token("token-1", 1)] * 20
    assert issuer.asked == 1


async def test_a_process_that_starts_later_takes_the_stored_token(
    db: Database, issuer: Issuer, account: Account, processes: list[Tokens]
) -> None:
    await processes[0].current(account)
    assert await processes[1].current(account) == Token("token-1", 1)
    stored, _ = await db.read(credentials.find, account.channel_id)
    assert stored is not None
    assert b"token-1" not in stored.sealed
    assert issuer.asked == 1


async def test_a_refused_token_is_replaced_once_for_all(
    issuer: Issuer, account: Account, processes: list[Tokens]
) -> None:
    """Each of six calls in two processes was refused with the same token."""
    old = [await each.current(account) for each in processes]

    async def call_again(each: Tokens, token: Token) -> Token:
        await each.replace(account, token)
        return await each.current(account)

    calls = [call_again(each, token) for each, token in zip(processes, old, strict=True) for _ in range(3)]
    assert await asyncio.gather(*calls) == [Token("token-2", 2)] * 6
    assert issuer.asked == 2


async def test_who_was_refused_with_an_older_token_takes_the_newer(
    issuer: Issuer, account: Account, processes: list[Tokens]
) -> None:
    old = [await each.current(account) for each in processes]
    await processes[0].replace(account, old[0])
    new = await processes[0].current(account)
    await processes[1].replace(account, old[1])
    assert await processes[1].current(account) == new
    assert await processes[0].current(account) == new
    assert issuer.asked == 2


async def test_a_fetcher_that_dies_is_replaced_when_its_lease_ends(
    db: Database, clock: Clock, issuer: Issuer, account: Account, processes: list[Tokens]
) -> None:
    """Killed, it neither stores a token nor gives its lease up."""
    assert await db.write(credentials.lease, account.channel_id, 0, worker="dead", now=NOW, until=NOW + LEASE)
    asking = asyncio.ensure_future(processes[0].current(account))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(asking), 0.2)
    assert issuer.asked == 0
    clock.now += LEASE + SECOND
    assert await asyncio.wait_for(asking, PATIENCE) == Token("token-1", 1)
    assert not await db.write(
        credentials.store, account.channel_id, 0, b"late", worker="dead", now=clock.now, seconds=LIFE
    )


async def test_a_fetcher_that_is_ended_gives_its_lease_up(
    issuer: Issuer, account: Account, processes: list[Tokens]
) -> None:
    issuer.keep_back()
    asking = asyncio.ensure_future(processes[0].current(account))
    await issuer.reached()
    await processes[0].close()
    with pytest.raises(asyncio.CancelledError):
        await asking
    issuer.hold.set()
    assert await asyncio.wait_for(processes[1].current(account), PATIENCE) == Token("token-2", 1)


async def test_one_who_waits_no_longer_does_not_stop_the_others(
    issuer: Issuer, account: Account, processes: list[Tokens]
) -> None:
    issuer.keep_back()
    asking = [asyncio.ensure_future(processes[0].current(account)) for _ in range(2)]
    await issuer.reached()
    asking[0].cancel()
    issuer.hold.set()
    assert await asking[1] == Token("token-1", 1)
    assert issuer.asked == 1


async def test_the_next_is_fetched_ahead_while_the_old_one_serves(
    clock: Clock, issuer: Issuer, account: Account, processes: list[Tokens]
) -> None:
    await processes[0].current(account)
    clock.now += timedelta(seconds=LIFE) - credentials.EARLY
    issuer.keep_back()
    assert await processes[0].current(account) == Token("token-1", 1)
    await issuer.reached()
    assert await processes[0].current(account) == Token("token-1", 1)
    assert await asyncio.wait_for(processes[1].current(account), PATIENCE) == Token("token-1", 1)
    issuer.hold.set()
    await settled(processes[0])
    assert [await each.current(account) for each in processes] == [Token("token-2", 2), Token("token-1", 1)]
    await settled(processes[1])
    assert await processes[1].current(account) == Token("token-2", 2)
    assert issuer.asked == 2


async def test_a_failure_ahead_disturbs_nobody_and_is_not_repeated_with_each_call(
    clock: Clock, issuer: Issuer, account: Account, processes: list[Tokens], caplog: pytest.LogCaptureFixture
) -> None:
    tokens = processes[0]
    await tokens.current(account)
    clock.now += timedelta(seconds=LIFE) - MINUTE
    issuer.failures.append(refused())
    for _ in range(5):
        assert await tokens.current(account) == Token("token-1", 1)
        await settled(tokens)
    assert issuer.asked == 2
    assert "token not refreshed ahead" in caplog.text
    clock.now += AHEAD_EVERY
    await tokens.current(account)
    await settled(tokens)
    assert (await tokens.current(account)).version == 2


async def test_a_failure_is_told_to_all_who_wait_and_nobody_asks_again(
    issuer: Issuer, account: Account, processes: list[Tokens]
) -> None:
    issuer.failures.extend([refused()] * 3)
    issuer.keep_back()
    asking = [asyncio.ensure_future(processes[0].current(account)) for _ in range(10)]
    await issuer.reached()
    issuer.hold.set()
    outcomes = await asyncio.gather(*asking, return_exceptions=True)
    assert [str(outcome) for outcome in outcomes] == [str(refused())] * 10
    assert issuer.asked == 1
    with pytest.raises(DeliveryError):
        await processes[1].current(account)
    assert issuer.asked == 2


async def test_after_its_end_a_token_serves_nobody(
    clock: Clock, issuer: Issuer, account: Account, processes: list[Tokens]
) -> None:
    await processes[0].current(account)
    clock.now += timedelta(seconds=LIFE)
    assert await processes[0].current(account) == Token("token-2", 2)
    assert await processes[1].current(account) == Token("token-2", 2)


async def test_other_credentials_make_the_token_of_the_former_worthless(
    db: Database, issuer: Issuer, account: Account, processes: list[Tokens]
) -> None:
    await processes[0].current(account)
    await db.write(credentials.forget, account.channel_id)
    assert await processes[1].current(account) == Token("token-2", 3)


async def test_a_token_that_does_not_open_any_more_is_replaced(
    db: Database, account: Account, processes: list[Tokens], clock: Clock
) -> None:
    """It was sealed with a key that is gone."""
    await processes[0].current(account)
    async with httpx.AsyncClient() as http:
        other = Tokens(db, Keyring([b"x" * 32]), http, Addresses({"unkeyed": "http://unused"}, {}), clock)
        assert await other.current(account) == Token("token-2", 2)


async def test_a_short_lived_token_is_used_for_half_its_life(db: Database, account: Account) -> None:
    """It is the rest of one that another process of the platform gave out before."""
    await db.write(credentials.lease, account.channel_id, 0, worker="w1", now=NOW, until=NOW + LEASE)
    await db.write(credentials.store, account.channel_id, 0, b"sealed", worker="w1", now=NOW, seconds=60)
    stored, version = await db.read(credentials.find, account.channel_id)
    assert stored is not None
    assert (stored.refresh_at, stored.expires_at, version) == (NOW + 30 * SECOND, NOW + MINUTE, 1)


async def test_only_used_tokens_near_their_end_are_fetched_ahead(db: Database, account: Account) -> None:
    await db.write(credentials.lease, account.channel_id, 0, worker="w1", now=NOW, until=NOW + LEASE)
    assert await db.read(credentials.channels_to_refresh, NOW) == []
    await db.write(credentials.store, account.channel_id, 0, b"sealed", worker="w1", now=NOW, seconds=LIFE)
    found = [await db.read(credentials.channels_to_refresh, NOW + age) for age in (HOUR, 2 * HOUR - MINUTE, 2 * HOUR)]
    assert found == [[], [account.channel_id], []]


async def test_a_channel_that_was_saved_anew_is_not_served_with_the_former_token(
    db: Database, issuer: Issuer, account: Account, processes: list[Tokens]
) -> None:
    """Another app id, perhaps: what was fetched for the former one is not its own."""
    tokens, _ = processes
    assert (await tokens.current(account)).value == "token-1"
    await db.write(credentials.forget, account.channel_id)
    assert (await tokens.current(account)).value == "token-1"  # nothing told this process yet
    assert (await tokens.current(replace(account))).value == "token-2"
    assert issuer.asked == 2


async def test_who_was_slow_to_ask_does_not_take_the_lease_of_another(db: Database, account: Account) -> None:
    """His time is a little older than the lease that was given meanwhile; that is no sign of a clock set back."""
    asked = {"channel_id": account.channel_id, "version": 0}
    assert await db.write(credentials.lease, **asked, worker="quick", now=NOW, until=NOW + LEASE)
    before = NOW - SECOND
    assert not await db.write(credentials.lease, **asked, worker="slow", now=before, until=before + LEASE)
    set_back = NOW - HOUR
    assert await db.write(credentials.lease, **asked, worker="later", now=set_back, until=set_back + LEASE)
