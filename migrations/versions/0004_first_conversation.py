"""The whole first conversation: longer memory, tickets with category and promise, consents, recalled messages."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from app.db.base import Id, Json, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ADDED: dict[str, list[sa.Column[Any]]] = {
    "conversations": [
        sa.Column("awaiting", sa.Text(), nullable=True),
        sa.Column("repeats", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("heard", sa.Text(), nullable=True),
    ],
    "messages": [sa.Column("recalled_at", UtcDateTime(), nullable=True)],
    "tickets": [
        sa.Column("event_id", Id, nullable=True),
        sa.Column("category", sa.String(64), nullable=True),
        sa.Column("asked", sa.Text(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
    ],
    "ticket_events": [sa.Column("seq", sa.Integer(), nullable=True)],
}


def upgrade() -> None:
    op.drop_column("conversations", "awaiting")  # what was waited for half an hour is forgotten
    for table, columns in ADDED.items():
        for column in columns:
            op.add_column(table, column.copy())
    op.create_index("uq_tickets_event_id", "tickets", ["event_id"], unique=True)
    op.create_table(
        "consents",
        sa.Column("id", Id, nullable=False),
        sa.Column("identity_id", Id, nullable=False),
        sa.Column("topic", sa.String(64), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["identity_id"], ["identities.id"], name="fk_consents_identity_id_identities"),
        sa.PrimaryKeyConstraint("id", name="pk_consents"),
    )
    op.create_index("ix_consents_identity_id", "consents", ["identity_id"])


def downgrade() -> None:
    op.drop_table("consents")
    op.drop_index("uq_tickets_event_id", table_name="tickets")
    for table, columns in ADDED.items():
        for column in columns:
            op.drop_column(table, column.name)
    op.add_column("conversations", sa.Column("awaiting", Json, nullable=True))
