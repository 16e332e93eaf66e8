"""What a batch begins with: its events stored, its senders known, their conversations locked.

On PostgreSQL that is one statement: four would be four round trips, and a batch makes few others. On SQLite a round
trip costs nothing, and there is no INSERT within a WITH.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from app.conversations.models import EventState
from app.db.arrays import array_literal, writer
from app.db.driver import connection_of, fetch
from app.db.rows import Row, table_of
from app.dialogue import events, people, threads
from app.dialogue.people import Met, Person, Sender
from app.dialogue.push import Key, Push
from app.dialogue.threads import Thread
from app.viewers.models import Identity


@dataclass(frozen=True, slots=True)
class Arrival:
    new: dict[Key, int]
    """Ids of the events that were not stored before."""
    met: Met
    locked: dict[Sender, Thread] | None
    """The open conversations of those met; None where they are still to be looked up."""


def receive(session: Session, pushes: Sequence[Push], *, guests: Set[Sender], now: datetime) -> Arrival:
    """Store what is new. ``guests``: the senders who are given a conversation if they write for the first time."""
    if connection_of(session).dialect.name == "postgresql":
        return _on_postgres(session, pushes, guests, now)
    met = people.meet(session, {push.who for push in pushes})
    return Arrival(events.store(session, pushes, EventState.handled), met, None)


_NOTHING = ", ".join(f"NULL::{column.type.compile(postgresql.dialect())}" for column in threads.STATE)  # type: ignore[no-untyped-call]


def _state(table: str) -> str:
    return ", ".join(f"{table}.{column.name}" for column in threads.STATE)


# The order is that of all processes: events, so that a repeat waits here for the first attempt and holds nothing that
# it wants; then conversations by id; then strangers. The counts make each part wait for the one before it.
# Except for the rows that it locks the statement sees what was there when it began. A conversation that another process
# opened while this one waited is missing therefore; ``threads.load`` looks again before it opens one.
_RECEIVE = """
WITH stored AS ({events}),
known AS (
    SELECT id, viewer_id, channel_id, external_id FROM identities
    WHERE external_id = ANY($8::TEXT::TEXT[]) AND channel_id = ANY($9::TEXT::BIGINT[])
),
locked AS (
    SELECT * FROM conversations
    WHERE closed_at IS NULL AND identity_id = ANY(ARRAY(SELECT id FROM known))
        AND (SELECT count(*) FROM stored) >= 0
    ORDER BY id FOR UPDATE
),
guests (channel_id, external_id, at) AS ({guests}),
strangers AS (
    SELECT * FROM guests WHERE (SELECT count(*) FROM locked) >= 0 AND NOT EXISTS (
        SELECT FROM known WHERE known.external_id = guests.external_id AND known.channel_id = guests.channel_id
    )
),
{welcome}
SELECT 'event', id, NULL::BIGINT, channel_id, dedupe_key, {nothing} FROM stored
UNION ALL
SELECT 'backlog', NULL, NULL, channel_id, sender, {nothing} FROM inbound_events
WHERE state = 'stored' AND sender = ANY($8::TEXT::TEXT[])
UNION ALL
SELECT 'person', known.id, known.viewer_id, known.channel_id, known.external_id, {locked}
FROM known LEFT JOIN locked ON locked.identity_id = known.id
UNION ALL
SELECT 'person', met.id, met.viewer_id, met.channel_id, met.external_id, {opened}
FROM met JOIN opened ON opened.identity_id = met.id
"""
_identity = table_of(Identity).c
_write_name, _write_channel = writer(_identity.external_id.type), writer(_identity.channel_id.type)
RECEIVE = _RECEIVE.format(
    events=events.INSERTION, guests=people.GIVEN.unnest(first=10), welcome=people.WELCOME,
    nothing=_NOTHING, locked=_state("locked"), opened=_state("opened"),
)  # fmt: skip
"""Parameters: the columns of the events, the senders' names and channels, the columns of the guests."""


def _on_postgres(session: Session, pushes: Sequence[Push], guests: Set[Sender], now: datetime) -> Arrival:
    senders = {push.who for push in pushes}
    values: Row = (
        *events.columns(pushes, EventState.handled),
        array_literal([name for _, name in senders], _write_name),
        array_literal(list({channel for channel, _ in senders}), _write_channel),
        *people.GIVEN.arrays([(*guest, now) for guest in sorted(guests)]),
    )
    new: dict[Key, int] = {}
    known: dict[Sender, Person] = {}
    in_backlog: set[Sender] = set()
    locked: dict[Sender, Thread] = {}
    for what, row_id, viewer_id, channel_id, name, *state in fetch(connection_of(session), RECEIVE, values):
        who = (channel_id, name)
        if what == "event":
            new[who] = row_id
        elif what == "backlog":
            in_backlog.add(who)
        else:
            known[who] = (row_id, viewer_id)
            if state[0] is not None:
                locked[who] = threads.thread(state, viewer_id)
    return Arrival(new, Met(known, in_backlog), locked)
