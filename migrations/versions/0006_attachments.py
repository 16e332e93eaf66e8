"""Files that viewers' messages left with a platform."""

import sqlalchemy as sa
from alembic import op

from app.db.base import Id, UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", Id, nullable=False),
        sa.Column("message_id", Id, nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.String(5), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("storage_key", sa.String(67), nullable=True),
        sa.Column("content_type", sa.String(64), nullable=True),
        sa.Column("size", Id, nullable=True),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("error", sa.String(200), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("fetched_at", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('image', 'voice', 'video', 'file', 'thumb')", name="ck_attachments_kind"),
        sa.CheckConstraint(
            "state IN ('waiting', 'fetching', 'stored', 'expired', 'refused', 'failed')", name="ck_attachments_state"
        ),
        sa.CheckConstraint("(state = 'stored') = (storage_key IS NOT NULL)", name="ck_attachments_stored"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_attachments_message_id_messages"),
        sa.PrimaryKeyConstraint("id", name="pk_attachments"),
        sa.UniqueConstraint("message_id", "position", name="uq_attachments_message_id_position"),
    )


def downgrade() -> None:
    op.drop_table("attachments")
