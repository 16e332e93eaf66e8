"""Who writes: the senders of a batch that we know, and a place for those that we do not."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import null, select
from sqlalchemy.orm import Session

from app.conversations.models import Conversation, InboundEvent, Owner
from app.db.driver import Prepared, connection_of, fetch
from app.db.rows import Columns, Insert, table_of
from app.db.sql import is_any
from app.dialogue import events
from app.viewers.models import Identity, Viewer

Sender = tuple[int, str]
"""(channel id, the viewer's id there): the unique key of an identity."""
Person = tuple[int, int]
"""(identity id, viewer id)."""


@dataclass(frozen=True, slots=True)
class Welcomed:
    """What was made for somebody who writes for the first time."""

    identity_id: int
    viewer_id: int
    conversation_id: int


_identity, _event = table_of(Identity).c, table_of(InboundEvent).c
MEET = Prepared(
    select(_identity.channel_id, _identity.external_id, _identity.id, _identity.viewer_id)
    .where(is_any(_identity.external_id, "senders"))
    .union_all(
        select(_event.channel_id, _event.sender, null(), null()).where(events.STORED, is_any(_event.sender, "senders"))
    )
)


@dataclass(frozen=True, slots=True)
class Met:
    """What is known of the senders of a batch."""

    people: dict[Sender, Person]
    """Those who wrote before."""
    in_backlog: Set[Sender]
    """Those who have an earlier event that is not decided yet."""


def meet(session: Session, senders: Set[Sender]) -> Met:
    """Look the senders up: one statement for both questions, as both ask for the same names."""
    rows = [row for row in MEET(session, senders=[name for _, name in senders]) if (row[0], row[1]) in senders]
    people = {(row[0], row[1]): (row[2], row[3]) for row in rows if row[2] is not None}
    return Met(people, {(row[0], row[1]) for row in rows if row[2] is None})


def welcome(session: Session, strangers: Set[Sender], now: datetime) -> dict[Sender, Welcomed]:
    """A viewer, an identity and an open conversation for each stranger; a launch brings them by the thousand.

    Whom another process met at the same moment is left out: by the time we know, its transaction has ended.
    """
    rows = [(*sender, now) for sender in sorted(strangers)]
    welcomed = _on_postgres if connection_of(session).dialect.name == "postgresql" else _on_sqlite
    return welcomed(session, rows)


GIVEN = Columns([_identity.channel_id, _identity.external_id, _identity.created_at])
WELCOME = """
numbered AS (SELECT nextval('viewers_id_seq') AS viewer_id, channel_id, external_id, at FROM strangers),
met AS (
    INSERT INTO identities (channel_id, external_id, viewer_id, created_at)
    SELECT channel_id, external_id, viewer_id, at FROM numbered ON CONFLICT DO NOTHING
    RETURNING id, channel_id, external_id, viewer_id, created_at
),
viewers_made AS (INSERT INTO viewers (id, created_at) SELECT viewer_id, created_at FROM met),
opened AS (
    INSERT INTO conversations
        (identity_id, channel_id, owner, last_seq, failures, opened_at, viewer_wrote_at, acknowledged)
    SELECT id, channel_id, 'bot', 0, 0, created_at, created_at, false FROM met
    RETURNING *
)
"""
"""Parts of a WITH for PostgreSQL: for each row of ``strangers`` (channel_id, external_id, at) who is still one,
``met`` is the identity and ``opened`` the conversation."""
_WELCOMED = f"""
WITH strangers (channel_id, external_id, at) AS ({GIVEN.unnest()}), {WELCOME}
SELECT met.channel_id, met.external_id, met.id, met.viewer_id, opened.id
FROM met JOIN opened ON opened.identity_id = met.id
"""


def _on_postgres(session: Session, rows: Sequence[tuple[int, str, datetime]]) -> dict[Sender, Welcomed]:
    made = fetch(connection_of(session), _WELCOMED, GIVEN.arrays(rows))
    return {(channel, external): Welcomed(*ids) for channel, external, *ids in made}


_insert_viewers = Insert(table_of(Viewer), ("created_at",), returning=("id",))
_insert_identities = Insert(
    table_of(Identity), ("channel_id", "external_id", "viewer_id", "created_at"), returning=("id",)
)
_insert_conversations = Insert(
    table_of(Conversation),
    ("identity_id", "channel_id", "owner", "last_seq", "failures", "opened_at", "viewer_wrote_at", "acknowledged"),
    returning=("id",),
)


def _on_sqlite(session: Session, rows: Sequence[tuple[int, str, datetime]]) -> dict[Sender, Welcomed]:
    """Nobody else writes meanwhile, and rows come back in the order given."""
    viewers = [row[0] for row in _insert_viewers(session, [(now,) for *_, now in rows])]
    identities = [
        row[0]
        for row in _insert_identities(
            session, [(channel, name, viewer, now) for (channel, name, now), viewer in zip(rows, viewers, strict=True)]
        )
    ]
    conversations = [
        row[0]
        for row in _insert_conversations(
            session,
            [
                (identity, channel, Owner.bot, 0, 0, now, now, False)
                for (channel, _, now), identity in zip(rows, identities, strict=True)
            ],
        )
    ]
    ids = zip(identities, viewers, conversations, strict=True)
    return {(row[0], row[1]): Welcomed(*made) for row, made in zip(rows, ids, strict=True)}
