"""``replay``: take events up again that failed or could not be read."""

import argparse

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.channels.base import Inbound
from app.channels.registry import PLATFORMS
from app.commands.opened import with_database
from app.conversations.models import Channel, EventState, InboundEvent
from app.db.database import Database
from app.db.sql import is_any
from app.dialogue.reading import context
from app.secrets import Keyring
from app.settings import Settings

PAGE = 500


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    replaying = verbs.add_parser("replay", help="decide events again that failed or could not be read")
    replaying.add_argument("--dry-run", action="store_true", help="only count them")
    replaying.set_defaults(run=replay)


def replay(settings: Settings, options: argparse.Namespace) -> None:
    taken, left = with_database(settings, lambda db, keyring: _replay(db, keyring, dry=options.dry_run))
    done = "would be taken up" if options.dry_run else "are taken up by the running service within seconds"
    print(f"{taken} events {done}; {left} still cannot be read.")


async def _replay(db: Database, keyring: Keyring, *, dry: bool) -> tuple[int, int]:
    taken = left = after = 0
    while page := await db.read(_page, after):
        after = page[-1][0]
        readable = [event_id for event_id, platform, event in page if _readable(event, platform, keyring)]
        left += len(page) - len(readable)
        taken += len(readable)
        if not dry:
            await db.write(_store_again, readable)
    return taken, left


def _page(session: Session, after: int) -> list[tuple[int, str, InboundEvent]]:
    statement = (
        select(InboundEvent, Channel.platform)
        .join(Channel, Channel.id == InboundEvent.channel_id)
        .where(InboundEvent.state.in_((EventState.failed, EventState.undecodable)), InboundEvent.id > after)
        .order_by(InboundEvent.id)
        .limit(PAGE)
    )
    return [(event.id, platform, event) for event, platform in session.execute(statement)]


def _readable(event: InboundEvent, platform: str, keyring: Keyring) -> bool:
    if event.body is None:
        return False
    body = keyring.open(event.body, context(event.channel_id, event.dedupe_key))
    return isinstance(PLATFORMS[platform].restore(body), Inbound)


def _store_again(session: Session, event_ids: list[int]) -> None:
    again = update(InboundEvent).where(is_any(InboundEvent.id, event_ids))
    session.execute(again.values(state=EventState.stored, error=None))
