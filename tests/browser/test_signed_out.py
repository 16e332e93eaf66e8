"""Whose sign-in is over meanwhile: every open page of his finds to where he can sign in again."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.agents import people
from app.agents.models import Agent, SignIn
from app.live import feed as feeds
from app.main import Application
from tests.browser.conftest import SignedIn
from tests.browser.desking import at_desk
from tests.browser.guard import Guard

PATIENCE = 30_000


@pytest.mark.parametrize("how", ["deactivated", "expired"])
async def test_all_his_pages_find_to_the_sign_in(
    service: Application, signed_in: SignedIn, guard: Guard, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    guard.expect("status of 401|Status Error Code 401|htmx:")
    monkeypatch.setattr(feeds, "BEAT", 0.5)
    profile = await signed_in("lin", locale="zh-CN")
    first, second = await profile.new_page(), await profile.new_page()
    await at_desk(first)
    await at_desk(second)
    await service.state.service.db.write(deactivate if how == "deactivated" else expire, "lin")
    for tab in (first, second):
        await expect(tab).to_have_url(re.compile(r"/signin(\?next=%2Fdesk)?$"), timeout=PATIENCE)
        await expect(tab.get_by_label("密码", exact=True)).to_be_visible()


def deactivate(session: Session, login: str) -> None:
    people.deactivate(session, _id(session, login), by=None, now=datetime.now(UTC))


def expire(session: Session, login: str) -> None:
    """Nothing is told of it."""
    over = datetime.now(UTC) - timedelta(days=1)
    session.execute(update(SignIn).where(SignIn.agent_id == _id(session, login)).values(expires_at=over))


def _id(session: Session, login: str) -> int:
    return session.scalars(select(Agent.id).where(Agent.login == login)).one()
