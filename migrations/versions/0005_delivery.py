"""Delivery: why jobs wait, windows and quotas as ledgers, shared credentials, the platform's ids of what left."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from app.db.base import Id, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_READY = sa.text("ready_at IS NOT NULL")
_LEASED = sa.text("leased_until IS NOT NULL")
_DEAD = sa.text("state = 'dead'")
_WAITS = sa.text("waits IS NOT NULL")
_NAMED = sa.text("platform_id IS NOT NULL")
ADDED: dict[str, list[sa.Column[Any]]] = {
    "conversations": [sa.Column("heard_seq", sa.Integer(), server_default="0", nullable=False)],
    "identities": [sa.Column("proactive", sa.Boolean(), nullable=True)],
    "messages": [
        sa.Column("platform_id", sa.String(64), nullable=True),
        sa.Column("reply_to_id", Id, nullable=True),
        sa.Column("reply_number", sa.SmallInteger(), nullable=True),
    ],
    "jobs": [
        sa.Column("priority", sa.SmallInteger(), server_default="2", nullable=False),
        sa.Column("waits", sa.String(8), nullable=True),
        sa.Column("doubtful", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("keyed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    ],
}
CHECKS = {
    "state": "state IN ('queued', 'running', 'dead')",
    "waits": "waits IS NULL OR waits IN ('retry', 'rate', 'quota', 'window', 'quiet', 'operator')",
}


def upgrade() -> None:
    for table, columns in ADDED.items():
        for column in columns:
            op.add_column(table, column.copy())
    with op.batch_alter_table("jobs") as jobs:
        for name, condition in CHECKS.items():
            jobs.create_check_constraint(op.f(f"ck_jobs_{name}"), condition)
    op.create_index("ix_jobs_dead", "jobs", ["id"], sqlite_where=_DEAD, postgresql_where=_DEAD)
    op.create_index("ix_jobs_waits_id", "jobs", ["waits", "id"], sqlite_where=_WAITS, postgresql_where=_WAITS)
    op.drop_index("ix_lanes_ready", table_name="lanes")
    op.create_index("ix_lanes_ready", "lanes", ["topic", "channel_id", "priority", "ready_at"], sqlite_where=_READY,
                    postgresql_where=_READY)  # fmt: skip
    op.create_index("ix_lanes_leased_until", "lanes", ["leased_until"], sqlite_where=_LEASED, postgresql_where=_LEASED)
    op.create_index(
        "ix_messages_platform_id", "messages", ["platform_id"], sqlite_where=_NAMED, postgresql_where=_NAMED
    )
    op.create_index("ix_conversations_identity_id", "conversations", ["identity_id"])
    op.execute("UPDATE lanes SET ready_at = leased_until WHERE leased_until IS NOT NULL")
    op.execute(
        "UPDATE conversations SET heard_seq = coalesce((SELECT max(seq) FROM messages "
        "WHERE messages.conversation_id = conversations.id AND direction = 'in'), 0)"
    )
    if op.get_bind().dialect.name == "postgresql":
        for table in ("lanes", "jobs"):
            op.execute(f"ALTER TABLE {table} SET (fillfactor = 70)")
    _add_ledgers()


def _add_ledgers() -> None:
    op.create_table(
        "allowances",
        sa.Column("identity_id", Id, nullable=False),
        sa.Column("anchor_id", Id, nullable=False, autoincrement=False),
        sa.Column("used", sa.SmallInteger(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["identity_id"], ["identities.id"], name="fk_allowances_identity_id_identities"),
        sa.PrimaryKeyConstraint("identity_id", "anchor_id", name="pk_allowances"),
    )
    op.create_index("ix_allowances_used_at", "allowances", ["used_at"])
    op.create_table(
        "gates",
        sa.Column("channel_id", Id, nullable=False),
        sa.Column("api", sa.String(32), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("day_used", sa.Integer(), nullable=False),
        sa.Column("month_used", sa.Integer(), nullable=False),
        sa.Column("closed_until", UtcDateTime(), nullable=True),
        sa.Column("waits", sa.String(8), nullable=True),
        sa.Column("reason", sa.String(200), nullable=True),
        sa.CheckConstraint("waits IS NULL OR waits IN ('rate', 'quota', 'operator')", name="ck_gates_waits"),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name="fk_gates_channel_id_channels"),
        sa.PrimaryKeyConstraint("channel_id", "api", name="pk_gates"),
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "credentials",
        sa.Column("channel_id", Id, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=True),
        sa.Column("refresh_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("leased_by", sa.String(64), nullable=True),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name="fk_credentials_channel_id_channels"),
        sa.PrimaryKeyConstraint("channel_id", name="pk_credentials"),
    )
    op.create_table(
        "early_reports",
        sa.Column("channel_id", Id, nullable=False),
        sa.Column("platform_id", sa.String(64), nullable=False),
        sa.Column("delivered", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name="fk_early_reports_channel_id_channels"),
        sa.PrimaryKeyConstraint("channel_id", "platform_id", name="pk_early_reports"),
    )
    op.create_table(
        "uploaded_files",
        sa.Column("channel_id", Id, nullable=False),
        sa.Column("scope", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("file", sa.String(128), nullable=False),
        sa.Column("media_id", sa.String(2048), nullable=False),
        sa.Column("valid_until", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name="fk_uploaded_files_channel_id_channels"),
        sa.PrimaryKeyConstraint("channel_id", "scope", "kind", "file", name="pk_uploaded_files"),
    )


def downgrade() -> None:
    for table in ("uploaded_files", "early_reports", "credentials", "gates", "allowances"):
        op.drop_table(table)
    op.drop_index("ix_conversations_identity_id", table_name="conversations")
    op.drop_index("ix_messages_platform_id", table_name="messages")
    op.drop_index("ix_lanes_leased_until", table_name="lanes")
    op.drop_index("ix_lanes_ready", table_name="lanes")
    op.create_index("ix_lanes_ready", "lanes", ["priority", "ready_at"], sqlite_where=_READY, postgresql_where=_READY)
    op.drop_index("ix_jobs_waits_id", table_name="jobs")
    op.drop_index("ix_jobs_dead", table_name="jobs")
    with op.batch_alter_table("jobs") as jobs:
        for name in CHECKS:
            jobs.drop_constraint(op.f(f"ck_jobs_{name}"), type_="check")
    for table, columns in ADDED.items():
        for column in columns:
            op.drop_column(table, column.name)
