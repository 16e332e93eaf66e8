"""``channel add | list | check``."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from app.commands.forms import FORMS
from app.commands.opened import with_database
from app.conversations import accounts, undelivered
from app.conversations.models import Channel
from app.db.database import Database
from app.errors import ConfigurationError
from app.secrets import Keyring
from app.settings import Settings, channel_secrets


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser("channel", help="the accounts on platforms")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    adding = actions.add_parser(
        "add",
        help="add an account, or replace the one of that name",
        description="Secrets may be given as options, as environment variables (TOKEN, AES_KEY, PREVIOUS_AES_KEY, "
        'APP_SECRET), or with --secrets-stdin as a JSON object {"token": "…", "aes_key": "…"} on standard input.',
    )
    platforms = adding.add_subparsers(required=True, metavar="PLATFORM", dest="platform")
    for name, form in FORMS.items():
        form.add_to(platforms.add_parser(name, help=form.help)).set_defaults(run=add)
    actions.add_parser("list", help="list the accounts").set_defaults(run=show)
    actions.add_parser("check", help="try whether each account can be used").set_defaults(run=check)


def add(settings: Settings, options: argparse.Namespace) -> None:
    form = FORMS[options.platform]
    given, secrets = form.settings(options), _secrets(options, form.secrets)

    async def save(db: Database, keyring: Keyring) -> None:
        await db.write(
            accounts.save, platform=options.platform, name=options.name, settings=given, secrets=secrets,
            keyring=keyring, now=datetime.now(UTC), keep=form.keep,
        )  # fmt: skip
        await reopen_all(db, options.name)

    with_database(settings, save)
    address = f"http://{settings.host}:{settings.port}/webhooks/{options.platform}/{options.name}"
    print(f"Saved. The platform's server address (URL) is /webhooks/{options.platform}/{options.name}, here {address}")


async def reopen_all(db: Database, name: str) -> int:
    """Let a channel of that name send again, and what waited for it; returns how much that is."""
    count = 0
    for channel in [c for c in await db.read(accounts.list_channels) if c.name == name]:
        done = undelivered.PAGE
        while done == undelivered.PAGE:
            done = await db.write(undelivered.reopen, channel.id, by=None, now=datetime.now(UTC))
            count += done
    return count


def show(settings: Settings, options: argparse.Namespace) -> None:
    channels = with_database(settings, _list)
    for channel in channels:
        mode = f"  {channel.settings['mode']}" if "mode" in channel.settings else ""
        kind = " (simulated)" if channel.simulated else ""
        print(f"{channel.platform}/{channel.name}  {channel.settings.get('app_id')}{mode}{kind}")
    if not channels:
        print("No channel yet. Add one: python -m app channel add wechat|qq NAME --app-id … …")


def check(settings: Settings, options: argparse.Namespace) -> int:
    """Whether each account opens with the keys at hand and is valid; 1 where one is not."""
    problems = with_database(settings, lambda db, keyring: problems_of(db, keyring))
    for name, problem in problems:
        print(f"{name}: {problem or 'ok'}")
    return 1 if any(problem for _, problem in problems) else 0


async def problems_of(db: Database, keyring: Keyring) -> list[tuple[str, str]]:
    """(channel, what is wrong with it or an empty text)."""
    return [(f"{c.platform}/{c.name}", _problem(c, keyring)) for c in await db.read(accounts.list_channels)]


def _problem(channel: Channel, keyring: Keyring) -> str:
    try:
        accounts.open_account(channel, keyring)
    except ConfigurationError as error:
        return str(error)
    return ""


async def _list(db: Database, keyring: Keyring) -> list[Channel]:
    return await db.read(accounts.list_channels)


def _secrets(options: argparse.Namespace, names: Sequence[str]) -> dict[str, str]:
    read: Mapping[str, Any] = _from_stdin() if options.secrets_stdin else {}
    around = channel_secrets()
    found = {name: getattr(options, name) or read.get(name) or around.get(name) for name in names}
    return {name: str(value) for name, value in found.items() if value}


def _from_stdin() -> Mapping[str, Any]:
    try:
        read = json.load(sys.stdin)
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise ConfigurationError('Standard input must be a JSON object such as {"token": "…", "aes_key": "…"}.')
    return read
