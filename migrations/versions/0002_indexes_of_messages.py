"""Indexes of messages: fewer and smaller ones, and on PostgreSQL none that a hand-over must write to.

There an UPDATE stays on its page only where no index depends on what it changes. The partial index on answers on their
way depended on the state; now the time alone is indexed, which costs next to nothing. Of the events that messages
belong to, only those are looked up that an answer belongs to.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SENDING = sa.text("state = 'sending'")
_SAID = sa.text("direction = 'out'")


def upgrade() -> None:
    op.drop_index("ix_messages_event_id", table_name="messages")
    op.create_index("ix_messages_event_id", "messages", ["event_id"], sqlite_where=_SAID, postgresql_where=_SAID)
    op.drop_index("ix_messages_sending", table_name="messages")
    op.create_index(
        "ix_messages_sending_at",
        "messages",
        ["sending_at"],
        sqlite_where=_SENDING,
        postgresql_using="brin",
        postgresql_with={"autosummarize": True},
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE messages SET (fillfactor = 60)")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE messages RESET (fillfactor)")
    op.drop_index("ix_messages_sending_at", table_name="messages")
    op.create_index("ix_messages_sending", "messages", ["sending_at"], sqlite_where=_SENDING, postgresql_where=_SENDING)
    op.drop_index("ix_messages_event_id", table_name="messages")
    op.create_index("ix_messages_event_id", "messages", ["event_id"])
