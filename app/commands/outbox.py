"""``outbox``: what has not left and why, and what people decide about it."""

import argparse
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from app.agents.calendars import BEIJING
from app.commands.channel import reopen_all
from app.commands.opened import with_database
from app.conversations import accounts, undelivered
from app.conversations.quiet import read_quiet_hours
from app.conversations.undelivered import Listed, Summary
from app.db.database import Database
from app.errors import ConfigurationError
from app.jobs import running
from app.jobs.models import Waits
from app.settings import Settings

_SHOWN = 40
"""Characters of a text in a list."""
_DECISIONS: dict[str, tuple[Callable[..., bool], str]] = {
    "sent": (undelivered.mark_arrived, "it arrived"),
    "lost": (undelivered.mark_lost, "it did not arrive, and shall not"),
    "again": (undelivered.send_again, "it is sent once more, and the viewer may see it twice"),
}


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    actions = verbs.add_parser("outbox", help="what has not left and why; decide about it").add_subparsers(
        required=True, metavar="ACTION"
    )
    actions.add_parser("show", help="how much waits, failed, is unknown; what is closed").set_defaults(run=show)
    listing = actions.add_parser("list", help="one by one")
    listing.add_argument("state", choices=("dead", "unknown", "waiting"))
    listing.add_argument("--after", type=int, default=0, metavar="MESSAGE", help="those behind this message")
    listing.set_defaults(run=list_them)
    retrying = actions.add_parser("retry", help="queue dead messages again")
    retrying.add_argument("messages", nargs="*", type=int, metavar="MESSAGE")
    retrying.add_argument("--all", action="store_true", help="and what else was given up")
    retrying.set_defaults(run=retry)
    dropping = actions.add_parser("drop", help="dead messages that shall not leave any more")
    dropping.add_argument("messages", nargs="+", type=int, metavar="MESSAGE")
    dropping.set_defaults(run=drop)
    deciding = actions.add_parser("decide", help="what became of an unknown message")
    deciding.add_argument("message", type=int, metavar="MESSAGE")
    deciding.add_argument("decision", choices=_DECISIONS, help="; ".join(f"{k}: {v[1]}" for k, v in _DECISIONS.items()))
    deciding.set_defaults(run=decide)
    opening = actions.add_parser("reopen", help="let a channel send again, after what closed it is mended")
    opening.add_argument("channel", metavar="CHANNEL")
    opening.set_defaults(run=reopen)


def show(settings: Settings, options: argparse.Namespace) -> int:
    """1 where a person must mend something first."""
    quiet = read_quiet_hours(settings.quiet_hours)
    found: Summary = _do(settings, lambda db: db.read(undelivered.summary, _now()))
    print(f"{found.queued} to be sent, {found.dead} dead (given up), {found.unknown} unknown (may have arrived)")
    for reason, count in found.waiting.items():
        print(f"{count} wait: {_REASONS[reason]}")
    if quiet is not None and quiet.is_open(_now()):
        print(f"It is quiet ({settings.quiet_hours}): notices and campaigns wait")
    for kind, count in found.dead_work.items():
        print(f"{count} given up, no message: {kind}")
    for channel, api, why, until, words in found.closed:
        what = channel if api == "*" else f"{channel} {api}"
        print(f"closed: {what}, {_REASONS[why]}{_until(until)}: {words}")
    needs_somebody = any(until is None for *_, until, _ in found.closed)
    if needs_somebody:
        print("Mend it, then: python -m app outbox reopen CHANNEL")
    return int(needs_somebody)


_REASONS = {
    "retry": "to be tried again after a failure",
    "rate": "the rate is used up",
    "quota": "the quota is used up",
    "window": "until the viewer writes again",
    "quiet": "quiet hours",
    "operator": "a person must mend something first",
}


def list_them(settings: Settings, options: argparse.Namespace) -> None:
    page: list[Listed] = _do(
        settings, lambda db: db.read(undelivered.list_undelivered, state=options.state, after=options.after)
    )
    for each in page:
        text = each.text.replace("\n", " ")
        short = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
        why = _why(each)
        print(f"{each.message_id:>8}  {each.channel}  conversation {each.conversation_id}  {short!r}  {why}")
    if len(page) == 50:
        print(f"More: python -m app outbox list {options.state} --after {page[-1].message_id}")
    if not page:
        print("None.")


def _why(listed: Listed) -> str:
    if listed.waits is None:
        return listed.error or ""
    mended_first = listed.waits == Waits.operator  # whatever its time says, it waits for that
    return _REASONS[listed.waits] + ("" if mended_first else _until(listed.until))


def retry(settings: Settings, options: argparse.Namespace) -> None:
    if bool(options.messages) == options.all:
        raise ConfigurationError("Name the messages, or --all.")
    chosen = None if options.all else options.messages

    async def pages(db: Database) -> tuple[int, int]:
        count = work = 0
        while done := await db.write(undelivered.redrive, by=None, now=_now(), message_ids=chosen):
            count += done
        for kind in (await db.read(undelivered.summary, _now())).dead_work if options.all else ():
            while done := await db.write(running.redrive, kind, now=_now()):
                work += done
        return count, work

    messages, others = _do(settings, pages)
    print(f"{messages} queued again, behind what waits in their conversations.")
    if others:
        print(f"{others} more that are no messages are begun again.")


def drop(settings: Settings, options: argparse.Namespace) -> None:
    count = _do(settings, lambda db: db.write(undelivered.drop, options.messages, by=None, now=_now()))
    print(f"{count} dropped; they stay failed.")


def decide(settings: Settings, options: argparse.Namespace) -> int:
    rule, meaning = _DECISIONS[options.decision]
    if _do(settings, lambda db: db.write(rule, options.message, by=None, now=_now())):
        print(f"Message {options.message}: {meaning}.")
        return 0
    print(f"Message {options.message} is not unknown (any more): nothing was changed.")
    return 1


def reopen(settings: Settings, options: argparse.Namespace) -> None:
    async def open_it(db: Database) -> int:
        if not any(channel.name == options.channel for channel in await db.read(accounts.list_channels)):
            raise ConfigurationError(f"There is no channel '{options.channel}'.")
        return await reopen_all(db, options.channel)

    print(f"{options.channel} may send again; {_do(settings, open_it)} messages that waited for it go now.")


def _do(settings: Settings, work: Callable[[Database], Awaitable[Any]]) -> Any:
    return with_database(settings, lambda db, _: work(db))


def _now() -> datetime:
    return datetime.now(UTC)


def _until(at: datetime | None) -> str:
    return "" if at is None else f", until {at.astimezone(BEIJING):%m-%d %H:%M}"
