"""Campaigns: who gets a message that goes to very many."""

import sqlalchemy as sa
from alembic import op

from app.db.base import Id, Json, UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_WAITING = sa.text("message_id IS NULL")


def upgrade() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", Id, nullable=False),
        sa.Column("channel_id", Id, nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("data", Json, nullable=True),
        sa.Column("state", sa.String(9), nullable=False),
        sa.Column("cursor", Id, nullable=False),
        sa.Column("up_to", Id, nullable=False),
        sa.Column("recipients", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("state IN ('preparing', 'running', 'stopped', 'done')", name="ck_campaigns_state"),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name="fk_campaigns_channel_id_channels"),
        sa.PrimaryKeyConstraint("id", name="pk_campaigns"),
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "recipients",
        sa.Column("campaign_id", Id, nullable=False),
        sa.Column("identity_id", Id, nullable=False, autoincrement=False),
        sa.Column("message_id", Id, nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name="fk_recipients_campaign_id_campaigns"),
        sa.PrimaryKeyConstraint("campaign_id", "identity_id", name="pk_recipients"),
    )
    op.create_index("ix_recipients_waiting", "recipients", ["campaign_id", "identity_id"], sqlite_where=_WAITING,
                    postgresql_where=_WAITING)  # fmt: skip


def downgrade() -> None:
    op.drop_table("recipients")
    op.drop_table("campaigns")
