"""``user``: accounts from the command line, over the same rules as the pages."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.agents import audit, limits, links, passwords, people, teams
from app.agents.audit import Entry
from app.agents.links import Found
from app.commands.opened import with_database
from app.settings import Settings
from tests.commands.conftest import Run
from tests.factories.people import PASSWORD, get_agent


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    return Settings(data_dir=data_dir)


def link_of(printed: str) -> str:
    return next(line for line in printed.splitlines() if "/invitation/" in line).rpartition("/")[2]


def find(settings: Settings, token: str) -> Found | None:
    return with_database(settings, lambda db, _: db.read(links.find_link, token, now=datetime.now(UTC)))


def entries(settings: Settings) -> list[Entry]:
    return with_database(settings, lambda db, _: db.read(audit.list_entries, by=None))


def test_an_account_is_made_with_an_invitation(run: Run, settings: Settings) -> None:
    made = run("user", "add", "Lin", "--name", "林小满", "--role", "客服", "--role", "supervisor")
    assert made.out.startswith("lin is added.\nhttp://127.0.0.1:8000/invitation/")
    found = find(settings, link_of(made.out))
    assert found is not None
    assert (found.login, found.purpose) == ("lin", "invitation")
    assert run("user", "list").out == f"{'lin':<16} 林小满  agent, supervisor  invited\n"
    assert {entry.agent_id for entry in entries(settings)} == {None}


def test_an_account_is_made_with_a_password(run: Run, settings: Settings) -> None:
    add = ("user", "add", "lin", "--name", "林小满", "--role", "agent", "--password-stdin")
    weak = run(*add, stdin="1234567890\n")
    assert (weak.code, weak.err[:24]) == (1, "The password is too weak")
    assert run(*add, stdin=f"{PASSWORD}\n").out == "lin is added.\n"

    def hashed(session: Session) -> str | None:
        return get_agent(session, people.get_by_login(session, "lin", by=None).id).password_hash

    assert passwords.verify(with_database(settings, lambda db, _: db.read(hashed)), PASSWORD)


def test_teams_are_named(run: Run, settings: Settings) -> None:
    with_database(settings, lambda db, _: db.write(teams.add, by=None, name="会员服务", now=datetime.now(UTC)))
    add = ("user", "add", "lin", "--name", "林小满", "--role", "agent", "--team")
    assert run(*add, "别的").err == "There is no team '别的'.\n"
    assert run("user", "list").out.startswith("Nobody yet.")
    run(*add, "会员服务")
    assert "[会员服务]" in run("user", "list").out


def test_an_account_goes_through_its_life(run: Run, settings: Settings) -> None:
    run("user", "add", "chief", "--name", "主任", "--role", "管理员")
    run("user", "add", "lin", "--name", "林小满", "--role", "agent")
    assert run("user", "roles", "lin", "质检", "agent").out == "lin: agent, quality.\n"
    assert run("user", "deactivate", "lin").out == "lin is deactivated and signed out.\n"
    assert run("user", "list").out.splitlines()[1].endswith("deactivated")
    assert run("user", "reset", "lin").err == "That account is deactivated: activate it first.\n"
    run("user", "activate", "lin")
    assert find(settings, link_of(run("user", "reset", "LIN").out)) is not None
    assert run("user", "totp-off", "lin").out == "The second factor was off already.\n"
    for refused in (("deactivate", "chief"), ("roles", "chief", "agent")):
        ended = run("user", *refused)
        assert (ended.code, ended.err) == (1, "That is the last active administrator: make another one first.\n")


def test_a_locked_login_is_unlocked(run: Run, settings: Settings) -> None:
    def fail(session: Session) -> None:
        limits.admit(session, "lin", "192.0.2.7", now=datetime.now(UTC))

    with_database(settings, lambda db, _: db.write(fail))
    assert run("user", "unlock", "lin").out == "lin may try again.\n"
    assert run("user", "unlock", "lin").out == "No attempt of that login has failed of late.\n"


def test_what_cannot_be_is_said_in_english(run: Run) -> None:
    assert run("user", "reset", "nobody").err == "There is no account of that login.\n"
    assert run("user", "add", "林", "--name", "x", "--role", "agent").err.startswith("A login is 2–64 of")
    assert run("user", "add", "lin", "--name", "x", "--role", "chief").code == 2
