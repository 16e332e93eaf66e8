"""Hand-overs without indexes: on PostgreSQL, marking an answer as sent writes to its page alone.

An UPDATE stays on its page only where no index depends on what it changes. The partial index on answers on their way
depended on the state; now the time window alone is indexed, which costs next to nothing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ON_ITS_WAY = sa.text("state = 'sending'")


def upgrade() -> None:
    op.drop_index("ix_messages_sending", table_name="messages", sqlite_where=_ON_ITS_WAY, postgresql_where=_ON_ITS_WAY)
    op.create_index(
        "ix_messages_sending_at",
        "messages",
        ["sending_at"],
        sqlite_where=_ON_ITS_WAY,
        postgresql_using="brin",
        postgresql_with={"autosummarize": True},
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE messages SET (fillfactor = 60)")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE messages RESET (fillfactor)")
    op.drop_index("ix_messages_sending_at", table_name="messages", sqlite_where=_ON_ITS_WAY)
    op.create_index(
        "ix_messages_sending", "messages", ["sending_at"], sqlite_where=_ON_ITS_WAY, postgresql_where=_ON_ITS_WAY
    )
