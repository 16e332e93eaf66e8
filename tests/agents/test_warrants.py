"""What an open stream was opened by: whether it still holds."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.agents import people, sessions
from app.agents.models import SignIn
from app.agents.rights import Actor, Role
from app.agents.sessions import IDLE, LONGEST, Warrant
from app.db.database import Database
from tests.factories.conversations import NOW
from tests.factories.counting import counting
from tests.factories.people import make_agent, signed_in

SECOND = timedelta(seconds=1)


async def warrant_of(db: Database, actor: Actor, *, verified: bool = True) -> Warrant:
    token = await signed_in(db, actor.id, verified=verified)
    signed = await db.read(sessions.find, token, now=NOW)
    assert signed is not None
    return Warrant(signed.sign_in_id, signed.actor.roles)


async def test_it_holds_while_he_is_signed_in_with_the_same_roles(db: Database) -> None:
    lin, chen = await make_agent(db, "lin", roles=[Role.agent, Role.quality]), await make_agent(db, "chen")
    warrants = {await warrant_of(db, lin), await warrant_of(db, lin), await warrant_of(db, chen)}
    assert await db.read(sessions.still_hold, warrants, now=NOW) == warrants
    assert await db.read(sessions.still_hold, warrants, now=NOW + IDLE - SECOND) == warrants
    assert await db.read(sessions.still_hold, [], now=NOW) == set()
    assert await db.read(counting(sessions.still_hold), warrants, now=NOW) == 1


async def deactivate(db: Database, actor: Actor, own: Warrant) -> None:
    await db.write(people.deactivate, actor.id, by=None, now=NOW)


async def change_roles(db: Database, actor: Actor, own: Warrant) -> None:
    await db.write(people.set_roles, actor.id, by=None, roles=[Role.quality], now=NOW)


async def revoke(db: Database, actor: Actor, own: Warrant) -> None:
    await db.write(sessions.revoke, own.sign_in_id, by=actor, now=NOW)


async def sign_out(db: Database, actor: Actor, own: Warrant) -> None:
    await db.write(sessions.end, own.sign_in_id, now=NOW)


async def give_password(db: Database, actor: Actor, own: Warrant) -> None:
    await db.write(people.give_password, actor.id, password_hash="$argon2id$", now=NOW)


async def expire(db: Database, actor: Actor, own: Warrant) -> None:
    row = update(SignIn).where(SignIn.id == own.sign_in_id).values(expires_at=NOW)
    await db.write(lambda session: session.execute(row) and None)


@pytest.mark.parametrize("end", [deactivate, change_roles, revoke, sign_out, give_password, expire])
async def test_it_ends_with_the_sign_in_or_the_roles(
    db: Database, end: Callable[[Database, Actor, Warrant], Awaitable[None]]
) -> None:
    lin, chen = await make_agent(db, "lin"), await make_agent(db, "chen")
    own, other = await warrant_of(db, lin), await warrant_of(db, chen)
    await end(db, lin, own)
    assert await db.read(sessions.still_hold, {own, other}, now=NOW) == {other}


async def test_it_ends_by_itself(db: Database) -> None:
    own = await warrant_of(db, await make_agent(db))
    for later in (IDLE, LONGEST):
        assert await db.read(sessions.still_hold, {own}, now=NOW + later) == set()


async def test_without_the_second_factor_there_is_none(db: Database) -> None:
    own = await warrant_of(db, await make_agent(db), verified=False)
    assert await db.read(sessions.still_hold, {own}, now=NOW) == set()
