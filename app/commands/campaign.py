"""``campaign``: one message to everybody who can be reached by a channel; begun, watched, stopped."""

import argparse
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.channels import outbound
from app.commands.opened import with_database
from app.conversations import accounts, campaigns
from app.conversations.campaigns import Campaign, Figures
from app.db.database import Database
from app.errors import ConfigurationError
from app.settings import Settings


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    actions = verbs.add_parser("campaign", help="one message to everybody who can be reached").add_subparsers(
        required=True, metavar="ACTION"
    )
    beginning = actions.add_parser("begin", help="write down its recipients and send, at the channel's pace")
    beginning.add_argument("channel", metavar="CHANNEL")
    beginning.add_argument("name", help="for yourself: a second one of the same name is refused")
    beginning.add_argument("text", help="reaches those whose window is open")
    beginning.add_argument("--template", metavar="ID", help="a template notice for those whose window is closed")
    beginning.add_argument("--field", action="append", default=[], metavar="NAME=TEXT", help="of the template")
    beginning.add_argument("--url", default="", help="that the notice opens")
    beginning.set_defaults(run=begin)
    actions.add_parser("list", help="all of them, the newest first").set_defaults(run=list_them)
    for name, help_ in (("show", "how far it is"), ("stop", "queue nobody further"), ("resume", "go on")):
        action = actions.add_parser(name, help=help_)
        action.add_argument("number", type=int)
        action.set_defaults(run={"show": show, "stop": stop, "resume": resume}[name])


def begin(settings: Settings, options: argparse.Namespace) -> None:
    fallback = _fallback(options)

    async def start(db: Database) -> int:
        found = [channel for channel in await db.read(accounts.list_channels) if channel.name == options.channel]
        if len(found) != 1:
            raise ConfigurationError(f"There is no channel '{options.channel}'; see: python -m app channel list")
        if options.name in [campaign.name for campaign in await db.read(_all)]:
            raise ConfigurationError(f"There is a campaign '{options.name}' already; see: python -m app campaign list")
        text = outbound.Text(options.text)
        return await db.write(
            campaigns.begin, found[0].id, options.name, text, now=datetime.now(UTC), fallback=fallback
        )

    number = _do(settings, start)
    print(f"Campaign {number} begins within a moment. How far it is: python -m app campaign show {number}")


def _fallback(options: argparse.Namespace) -> outbound.Notice | None:
    fields = dict(field.partition("=")[::2] for field in options.field)
    if not options.template:
        if fields or options.url:
            raise ConfigurationError("--field and --url belong to a --template.")
        return None
    if not fields or not all(fields.values()):
        raise ConfigurationError("A template needs its fields: --field thing1=… --field time2=…")
    return outbound.Notice(options.template, fields, options.url)


def list_them(settings: Settings, options: argparse.Namespace) -> None:
    found: list[Campaign] = _do(settings, lambda db: db.read(_all))
    for campaign in found:
        print(f"{campaign.id:>5}  {campaign.state:<9}  {campaign.recipients:>9,} recipients  {campaign.name}")
    if not found:
        print("None.")


def show(settings: Settings, options: argparse.Namespace) -> None:
    async def look(db: Database) -> tuple[Campaign, Figures]:
        return await db.read(_find, options.number), await db.read(campaigns.figures, options.number)

    campaign, figures = _do(settings, look)
    print(f"{campaign.name}: {campaign.state}, {figures.recipients:,} recipients, {figures.waiting:,} not queued yet")
    for state, count in sorted(figures.messages.items()):
        print(f"{count:>9,} {state}")


def stop(settings: Settings, options: argparse.Namespace) -> None:
    async def halt(db: Database) -> None:
        await db.read(_find, options.number)
        await db.write(campaigns.stop, options.number)

    _do(settings, halt)
    print("Stopped: nobody further is queued; what is in the outbox already leaves.")


def resume(settings: Settings, options: argparse.Namespace) -> None:
    async def go_on(db: Database) -> None:
        await db.read(_find, options.number)
        await db.write(campaigns.resume, options.number, now=datetime.now(UTC))

    _do(settings, go_on)
    print("It goes on.")


def _all(session: Session) -> list[Campaign]:
    return list(session.scalars(select(Campaign).order_by(Campaign.id.desc())))


def _find(session: Session, number: int) -> Campaign:
    campaign = session.get(Campaign, number)
    if campaign is None:
        raise ConfigurationError(f"There is no campaign {number}.")
    return campaign


def _do(settings: Settings, work: Callable[[Database], Awaitable[Any]]) -> Any:
    return with_database(settings, lambda db, _: work(db))
