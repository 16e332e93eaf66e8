"""``doctor``: what is wrong with a configuration, and how to mend it, in plain sentences."""

import argparse
import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime

from app.agents.calendars import BEIJING
from app.commands import advisers
from app.commands.channel import problems_of
from app.commands.opened import with_database
from app.conversations import gates, undelivered
from app.conversations.quiet import read_quiet_hours
from app.dialogue.loading import load_calendar, load_facts, load_knowledge
from app.errors import ConfigurationError
from app.faq.files import FOLDERS
from app.secrets import load_keyring
from app.settings import Settings
from app.storage.engine import Missing, Unavailable
from app.storage.opening import open_storage
from app.storage.sealing import Damaged
from app.storage.storage import Storage


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verbs.add_parser("doctor", help="say what is wrong with the configuration").set_defaults(run=doctor)


def doctor(settings: Settings, options: argparse.Namespace) -> int:
    """Print each finding; 1 where something keeps the service from answering."""
    print(
        f"Mode {settings.mode}, database {_without_password(settings.database)}, data in {settings.data_dir}, "
        f"knowledge in {settings.knowledge_dir}."
    )
    print(advisers.describe(settings))
    broken = False
    for name, examine in _EXAMINATIONS:
        try:
            for advice in examine(settings):
                print(f"  advice  {name}: {advice}")
        except ConfigurationError as error:
            broken = True
            print(f"  WRONG   {name}: {error}")
        else:
            print(f"  ok      {name}")
    print("The service cannot run like this." if broken else "The service can run.")
    return int(broken)


def _data(settings: Settings) -> Iterator[str]:
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"DATA_DIR {settings.data_dir} cannot be made: {error.strerror}.") from None
    if not os.access(settings.data_dir, os.W_OK | os.X_OK):
        raise ConfigurationError(f"DATA_DIR {settings.data_dir} cannot be written by this user.")
    yield from ()


def _keys(settings: Settings) -> Iterator[str]:
    load_keyring(settings)
    if not settings.secret_keys and not settings.demo:
        yield (
            f"the keys are in {settings.data_dir / 'secret.key'}: back that file up, without it the stored credentials "
            "and messages cannot be opened; or set SECRET_KEYS."
        )


def _files(settings: Settings) -> Iterator[str]:
    storage = open_storage(settings, load_keyring(settings))
    try:
        asyncio.run(_try_out(storage))
    except (Unavailable, Damaged, Missing) as error:
        where = "DATA_DIR/files" if not settings.storage_url else f"STORAGE_URL {settings.storage_url}"
        raise ConfigurationError(f"Files of viewers cannot be kept in {where}: {error}.") from None
    yield from ()


async def _try_out(storage: Storage) -> None:
    """Put, read and delete a file that nobody else can have."""

    async def content() -> AsyncIterator[bytes]:
        yield os.urandom(32)

    stored = await storage.put(content(), limit=32)
    async with storage.open(stored.key) as opened:
        async for _ in opened.chunks:
            pass
    await storage.delete(stored.key)


def _database(settings: Settings) -> Iterator[str]:
    async def nothing(*_: object) -> None: ...

    with_database(settings, nothing)
    if settings.database.startswith("postgresql"):
        yield "run at least one 'worker' process beside 'serve': it sends what does not ride on a response."


def _channels(settings: Settings) -> Iterator[str]:
    problems = with_database(settings, problems_of)
    wrong = [f"{name}: {problem}" for name, problem in problems if problem]
    if wrong:
        raise ConfigurationError(" ".join(wrong))
    summary = with_database(settings, lambda db, _: db.read(undelivered.summary, datetime.now(UTC)))
    for channel, api, _, until, words in summary.closed:
        if until is None:
            what = "nothing leaves" if api == gates.WHOLE else f"nothing leaves by {api}"
            yield f"{channel}: {what} until somebody mends it and says 'outbox reopen {channel}': {words}"
    if summary.dead or summary.unknown:
        yield f"{summary.dead} messages were given up, of {summary.unknown} nobody knows: see 'outbox list'."
    if not problems:
        yield "there is no channel yet; add one with: python -m app channel add wechat|qq NAME --app-id … …"


def _knowledge(settings: Settings) -> Iterator[str]:
    facts, root = load_facts(settings), settings.knowledge_dir
    missing = " and ".join(f"{name}/" for name in FOLDERS if not (root / name).is_dir())
    if missing:
        raise ConfigurationError(f"KNOWLEDGE_DIR {root} holds no folder {missing}, or this user may not enter it.")
    knowledge = load_knowledge(root, facts)
    if knowledge.withheld:
        unset = sorted({fact for withheld in knowledge.withheld.values() for fact in withheld})
        names = ", ".join(f"FACTS__{fact.upper()}" for fact in unset)
        count = len(knowledge.withheld)
        yield f"{count} answers are withheld, a person is called instead, until these are set: {names}."
    if not settings.knowledge_every:
        yield "KNOWLEDGE_EVERY is 0: edits are taken up after a SIGHUP to 'serve' only."


def _hours(settings: Settings) -> Iterator[str]:
    calendar = load_calendar(settings)
    read_quiet_hours(settings.quiet_hours)
    if not settings.service_hours and not settings.demo:
        yield "SERVICE_HOURS is not set: viewers are told at any time that a person will take over."
    ends = max(calendar.holidays | calendar.workdays, default=None)
    if ends is not None and ends < datetime.now(BEIJING).date():
        yield f"the last day in HOLIDAYS and WORKDAYS is {ends}: add those of this year."


def _network(settings: Settings) -> Iterator[str]:
    if settings.demo and settings.host not in ("127.0.0.1", "localhost", "::1"):
        raise ConfigurationError(
            "MODE=demo serves channels with a public token: keep HOST=127.0.0.1, or leave demo mode."
        )
    if not settings.demo and settings.host == "127.0.0.1":
        yield "HOST is 127.0.0.1: a proxy on this machine must pass the platform's requests on (ports 80 or 443)."


_EXAMINATIONS: tuple[tuple[str, Callable[[Settings], Iterator[str]]], ...] = (
    ("data folder", _data),
    ("keys", _keys),
    ("files", _files),
    ("database", _database),
    ("channels", _channels),
    ("knowledge", _knowledge),
    ("service hours", _hours),
    ("network", _network),
    ("language model", advisers.language_model),
    ("embeddings", advisers.embeddings),
)


def _without_password(url: str) -> str:
    address, question, _ = url.partition("?")
    head, at, tail = address.rpartition("@")
    shown = f"{head.rpartition(':')[0]}:…@{tail}" if at and ":" in head.partition("://")[2] else address
    return f"{shown}?…" if question else shown
