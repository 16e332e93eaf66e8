"""Sign-ins: how long they last, what ends them, what the browser holds."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents import sessions
from app.agents.models import SignIn
from app.agents.sessions import Signed, SignInNotFound
from app.db.database import Database
from tests.factories.conversations import NOW
from tests.factories.people import make_agent, signed_in

SECOND = timedelta(seconds=1)


async def find(db: Database, token: str, after: timedelta) -> Signed | None:
    return await db.read(sessions.find, token, now=NOW + after)


async def test_it_ends_after_idleness_and_after_a_week_whatever_happens(db: Database) -> None:
    token = await signed_in(db, (await make_agent(db)).id)
    assert await find(db, token, sessions.IDLE - SECOND) is not None
    assert await find(db, token, sessions.IDLE) is None
    after = timedelta()
    while after < sessions.LONGEST:
        signed = await find(db, token, after)
        assert signed is not None
        await db.write(sessions.touch, signed.sign_in_id, now=NOW + after)
        after += sessions.IDLE - SECOND
    assert await find(db, token, sessions.LONGEST - SECOND) is not None
    assert await find(db, token, sessions.LONGEST) is None


async def test_it_is_touched_once_in_a_while(db: Database) -> None:
    lin = await make_agent(db)
    token = await signed_in(db, lin.id)
    own = sessions.TOUCHED_EVERY // SECOND
    for seconds, due in ((own - 1, False), (own, True), (own, False), (2 * own - 1, False), (2 * own, True)):
        signed = await find(db, token, seconds * SECOND)
        assert signed is not None
        assert signed.touch_due is due
        if due:
            await db.write(sessions.touch, signed.sign_in_id, now=NOW + seconds * SECOND, ip="192.0.2.8")
    [listed] = await db.read(sessions.list_sign_ins, lin.id, now=NOW)
    assert (listed.seen_at, listed.ip) == (NOW + 2 * own * SECOND, "192.0.2.8")


async def test_the_database_does_not_hold_the_token(db: Database) -> None:
    token = await signed_in(db, (await make_agent(db)).id)

    def stored(session: Session) -> bytes:
        return session.scalars(select(SignIn.token_hash)).one()

    assert token.encode() not in await db.read(stored)
    for wrong in ("", token[:-1], (await db.read(stored)).hex(), "\ud800"):
        assert await find(db, wrong, SECOND) is None


async def test_a_person_ends_his_own_sign_ins_only(db: Database) -> None:
    lin, chen = await make_agent(db, "lin"), await make_agent(db, "chen")
    here, there, other = [await signed_in(db, agent.id) for agent in (lin, lin, chen)]
    ids = {token: (await _signed(db, token)).sign_in_id for token in (here, there, other)}
    with pytest.raises(SignInNotFound):
        await db.write(sessions.revoke, ids[other], by=lin, now=NOW)
    await db.write(sessions.revoke, ids[there], by=lin, now=NOW)
    with pytest.raises(SignInNotFound):
        await db.write(sessions.revoke, ids[there], by=lin, now=NOW)
    more = [await signed_in(db, lin.id) for _ in range(2)]
    assert await db.write(sessions.revoke_others, by=lin, keep=ids[here], now=NOW) == 2
    assert [await find(db, token, SECOND) is not None for token in (here, there, other, *more)] == [
        True, False, True, False, False,
    ]  # fmt: skip
    assert [listed.id for listed in await db.read(sessions.list_sign_ins, lin.id, now=NOW)] == [ids[here]]


async def _signed(db: Database, token: str) -> Signed:
    signed = await find(db, token, timedelta())
    assert signed is not None
    return signed


async def test_what_is_long_over_is_forgotten(db: Database) -> None:
    lin = await make_agent(db)
    for days in range(3):
        await signed_in(db, lin.id, now=NOW + timedelta(days=days))
    end = NOW + sessions.LONGEST + timedelta(days=1, seconds=1)
    assert await db.write(sessions.forget, before=end, limit=1) == 1
    assert await db.write(sessions.forget, before=end) == 1
    assert await db.write(sessions.forget, before=end) == 0


def test_forms_belong_to_a_sign_in() -> None:
    assert sessions.csrf_fits("token", sessions.csrf("token"))
    assert sessions.csrf("token") not in ("token", sessions.csrf("tokem"))
    for wrong in ("", "token", sessions.csrf("tokem"), "文"):
        assert not sessions.csrf_fits("token", wrong)
