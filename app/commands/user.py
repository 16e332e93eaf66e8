"""``user``: the accounts of the people who work here, over the same rules as the pages."""

import argparse
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy.orm import Session

from app.agents import limits, links, passwords, people, teams, totp
from app.agents.links import PersonInactive, Purpose
from app.agents.naming import LoginInvalid, NameInvalid
from app.agents.passwords import PasswordTooWeak
from app.agents.people import LastAdministrator, LoginTaken, Person, PersonNotFound
from app.agents.rights import Role
from app.commands.opened import with_database
from app.db.database import Database
from app.desk import leaving
from app.errors import AppError, ConfigurationError
from app.settings import Settings

T = TypeVar("T")
_CHINESE = {
    "客服": Role.agent, "主管": Role.supervisor, "运营": Role.operator, "质检": Role.quality,
    "管理员": Role.administrator,
}  # fmt: skip
_SENTENCES: dict[type[AppError], str] = {
    PersonNotFound: "There is no account of that login.",
    LoginTaken: "There is an account of that login already.",
    LoginInvalid: "A login is 2–64 of a-z, 0-9, '.', '_', '-' and '@'.",
    NameInvalid: "A name is 1–64 characters that can be seen.",
    LastAdministrator: "That is the last active administrator: make another one first.",
    PasswordTooWeak: "The password is too weak: 10–256 characters, not a common one, not the login, name or product.",
    PersonInactive: "That account is deactivated: activate it first.",
}


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    actions = verbs.add_parser("user", help="the accounts of people").add_subparsers(required=True, metavar="ACTION")
    adding = _action(actions, "add", add, "add one; prints a link by which he chooses a password")
    adding.add_argument("--name", required=True, help="as colleagues see it")
    roles = f"{', '.join(Role)}, or {'、'.join(_CHINESE)}"
    adding.add_argument("--role", required=True, action="append", type=_role, metavar="ROLE", help=roles)
    adding.add_argument("--team", default=[], action="append", metavar="TEAM", help="by its name")
    adding.add_argument("--password-stdin", action="store_true", help="take the password from standard input instead")
    actions.add_parser("list", help="list them").set_defaults(run=show)
    _action(actions, "reset", reset, "print a link by which he chooses another password")
    _action(actions, "deactivate", deactivate, "sign him out everywhere, and let him in no more")
    _action(actions, "activate", activate, "let him in again")
    giving = _action(actions, "roles", give_roles, "give him these roles instead of those that he has")
    giving.add_argument("roles", nargs="+", type=_role, metavar="ROLE", help=roles)
    _action(actions, "unlock", unlock, "forget his failed attempts to sign in")
    _action(actions, "totp-off", totp_off, "turn his second factor off: he has lost his phone")


def _action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, run: Callable[..., int | None], help: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=help)
    parser.add_argument("login", metavar="LOGIN")
    parser.set_defaults(run=run)
    return parser


def _role(text: str) -> Role:
    try:
        return _CHINESE.get(text) or Role(text.lower())
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no role") from None


def add(settings: Settings, options: argparse.Namespace) -> None:
    hashed = _hash(options) if options.password_stdin else None
    token = _write(settings, lambda session: _add(session, options, hashed))
    print(f"{options.login.strip().lower()} is added.")
    if token is not None:
        _print_link(settings, Purpose.invitation, token)


def _hash(options: argparse.Namespace) -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    with _explained():
        passwords.check_strength(password, options.login, options.name)
    return passwords.hash_password(password)


def _add(session: Session, options: argparse.Namespace, hashed: str | None) -> str | None:
    """The token of the invitation, where no password was given."""
    found = [teams.find_by_name(session, name) or _no_team(name) for name in options.team]
    agent_id = people.add(
        session, by=None, login=options.login, name=options.name, roles=options.role, teams=found, now=_now()
    )
    if hashed is None:
        return links.make(session, Purpose.invitation, agent_id, by=None, now=_now())
    people.give_password(session, agent_id, password_hash=hashed, now=_now())
    return None


def show(settings: Settings, options: argparse.Namespace) -> None:
    found: list[Person] = with_database(settings, lambda db, _: db.read(_everybody))
    for person in found:
        roles, in_teams = ", ".join(sorted(person.roles)), ", ".join(name for _, name in person.teams)
        print(f"{person.login:<16} {person.name}  {roles}{f'  [{in_teams}]' if in_teams else ''}{_state(person)}")
    if not found:
        print("Nobody yet. Add somebody: python -m app user add LOGIN --name NAME --role administrator")


def _everybody(session: Session) -> list[Person]:
    pages = (people.list_people(session, by=None, inactive=left, limit=100_000) for left in (False, True))
    return [person for page in pages for person in page]


def _state(person: Person) -> str:
    if not person.is_active:
        return "  deactivated"
    return ("  invited" if person.is_invited else "") + ("  second factor" if person.has_totp else "")


def reset(settings: Settings, options: argparse.Namespace) -> None:
    purpose, token = _write(
        settings, lambda session: links.make_password_link(session, _id(session, options), by=None, now=_now())
    )
    _print_link(settings, purpose, token)


def deactivate(settings: Settings, options: argparse.Namespace) -> None:
    _write(settings, lambda session: leaving.leave(session, _id(session, options), by=None, now=_now()))
    print(f"{options.login} is deactivated and signed out.")


def activate(settings: Settings, options: argparse.Namespace) -> None:
    _write(settings, lambda session: people.reactivate(session, _id(session, options), by=None, now=_now()))
    print(f"{options.login} is active.")


def give_roles(settings: Settings, options: argparse.Namespace) -> None:
    _write(
        settings,
        lambda session: leaving.set_roles(session, _id(session, options), by=None, roles=options.roles, now=_now()),
    )
    print(f"{options.login}: {', '.join(sorted(options.roles))}.")


def unlock(settings: Settings, options: argparse.Namespace) -> None:
    was = _write(settings, lambda session: limits.unlock(session, options.login, by=None, now=_now()))
    print(f"{options.login} may try again." if was else "No attempt of that login has failed of late.")


def totp_off(settings: Settings, options: argparse.Namespace) -> None:
    was = _write(settings, lambda session: totp.turn_off(session, _id(session, options), by=None, now=_now()))
    print("The second factor is off; he is signed out everywhere." if was else "The second factor was off already.")


def _id(session: Session, options: argparse.Namespace) -> int:
    return people.get_by_login(session, options.login, by=None).id


def _no_team(name: str) -> int:
    raise ConfigurationError(f"There is no team '{name}'.")


def _write(settings: Settings, rule: Callable[[Session], T]) -> T:
    def run(db: Database, _: object) -> Awaitable[T]:
        return db.write(rule)

    with _explained():
        return with_database(settings, run)


@contextmanager
def _explained() -> Iterator[None]:
    """A refusal in the language of commands."""
    try:
        yield
    except AppError as error:
        raise ConfigurationError(_SENTENCES.get(type(error), str(error))) from None


def _print_link(settings: Settings, purpose: Purpose, token: str) -> None:
    valid = {Purpose.invitation: "7 days", Purpose.reset: "1 hour"}[purpose]
    print(f"{settings.console_address}/invitation/{token}")
    print(f"Good once, within {valid}, to choose a password. Give it to nobody else.")


def _now() -> datetime:
    return datetime.now(UTC)
