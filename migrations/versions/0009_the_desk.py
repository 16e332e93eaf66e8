"""The desk: who has a conversation, what happened in it, drafts, marks, tags, quick replies, search, live events."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from app.db.base import Id, Json, UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ADDED: list[sa.Column[Any]] = [
    sa.Column("closed_by", Id, nullable=True),
    sa.Column("agent_id", Id, nullable=True),
    sa.Column("last_agent_id", Id, nullable=True),
    sa.Column("team_id", Id, nullable=True),
    sa.Column("skill", sa.String(32), nullable=True),
    sa.Column("priority", sa.SmallInteger(), server_default="0", nullable=False),
    sa.Column("vip", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    sa.Column("title", sa.String(64), nullable=True),
    sa.Column("waits_since", UtcDateTime(), nullable=True),
    sa.Column("snoozed_at", UtcDateTime(), nullable=True),
    sa.Column("snoozed_until", UtcDateTime(), nullable=True),
]
_REFERS = {"agent_id": "agents", "last_agent_id": "agents", "closed_by": "agents", "team_id": "teams"}
_QUEUED = sa.text("owner = 'queue'")
_TAKEN = sa.text("agent_id IS NOT NULL")
_MEANT = sa.text("team_id IS NOT NULL AND closed_at IS NULL")
_WAITS = sa.text("waits_since IS NOT NULL")
_RESOLVED = sa.text("closed_by IS NOT NULL")
_SNOOZED = sa.text("snoozed_until IS NOT NULL")
_BOT = sa.text("owner = 'bot' AND closed_at IS NULL")
_NAMED = sa.text("title IS NOT NULL")
_INDEXES = {
    "queue": (["priority", "vip", "queued_at", "id"], _QUEUED),
    "agent_id": (["agent_id", "closed_at"], _TAKEN),
    "team_id": (["team_id", "id"], _MEANT),
    "waits_since": (["waits_since", "id"], _WAITS),
    "resolved_at": (["closed_at", "id"], _RESOLVED),
    "snoozed_until": (["snoozed_until"], _SNOOZED),
    "bot": (["id"], _BOT),
    "title": (["title", "id"], _NAMED),
}
_VIEWERS: list[sa.Column[Any]] = [
    sa.Column("name", sa.String(64), nullable=True),
    sa.Column("remark", sa.String(500), nullable=True),
    sa.Column("vip", sa.Boolean(), server_default=sa.text("false"), nullable=False),
]


def upgrade() -> None:
    _add_columns()
    op.create_table(
        "live_events",
        sa.Column("id", Id, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("ids", Json, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_live_events"),
    )
    op.create_table(
        "search_grams",
        sa.Column("kind", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("gram", Id, autoincrement=False, nullable=False),
        sa.Column("subject_id", Id, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("kind", "gram", "subject_id", name="pk_search_grams"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "search_gaps",
        sa.Column("kind", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first", Id, autoincrement=False, nullable=False),
        sa.Column("last", Id, nullable=False),
        sa.Column("horizon", Id, nullable=False),
        sa.PrimaryKeyConstraint("kind", "first", name="pk_search_gaps"),
    )
    op.create_table(
        "sensitive_words",
        sa.Column("id", Id, nullable=False),
        sa.Column("word", sa.String(64), nullable=False),
        sa.Column("blocks", sa.Boolean(), nullable=False),
        sa.Column("advice", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sensitive_words"),
        sa.UniqueConstraint("word", name="uq_sensitive_words_word"),
    )
    op.create_table(
        "quick_replies",
        sa.Column("id", Id, nullable=False),
        sa.Column("agent_id", Id, nullable=True),
        sa.Column("team_id", Id, nullable=True),
        sa.Column("shortcut", sa.String(32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("files", Json, nullable=False),
        sa.Column("used", sa.Integer(), server_default="0", nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("agent_id IS NULL OR team_id IS NULL", name="ck_quick_replies_scope"),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_quick_replies_agent_id_agents"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_quick_replies_team_id_teams"),
        sa.PrimaryKeyConstraint("id", name="pk_quick_replies"),
        sa.UniqueConstraint("agent_id", "shortcut", name="uq_quick_replies_agent_id_shortcut"),
        sa.UniqueConstraint("team_id", "shortcut", name="uq_quick_replies_team_id_shortcut"),
    )
    op.create_index(
        "uq_quick_replies_all",
        "quick_replies",
        ["shortcut"],
        unique=True,
        sqlite_where=sa.text("agent_id IS NULL AND team_id IS NULL"),
        postgresql_where=sa.text("agent_id IS NULL AND team_id IS NULL"),
    )
    op.create_table(
        "saved_views",
        sa.Column("id", Id, nullable=False),
        sa.Column("agent_id", Id, nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("filters", Json, nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_saved_views_agent_id_agents"),
        sa.PrimaryKeyConstraint("id", name="pk_saved_views"),
        sa.UniqueConstraint("agent_id", "name", name="uq_saved_views_agent_id_name"),
    )
    op.create_table(
        "conversation_history",
        sa.Column("id", Id, nullable=False),
        sa.Column("conversation_id", Id, nullable=False),
        sa.Column("after_seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("agent_id", Id, nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("data", Json, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_conversation_history_agent_id_agents"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_conversation_history_conversation_id_conversations"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_conversation_history"),
    )
    op.create_index(
        "ix_conversation_history_conversation_id", "conversation_history", ["conversation_id", "after_seq", "id"]
    )
    op.create_index("ix_conversation_history_at", "conversation_history", ["at"])
    op.create_table(
        "conversation_tags",
        sa.Column("conversation_id", Id, autoincrement=False, nullable=False),
        sa.Column("tag", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_conversation_tags_conversation_id_conversations"
        ),
        sa.PrimaryKeyConstraint("conversation_id", "tag", name="pk_conversation_tags"),
    )
    op.create_index("ix_conversation_tags_tag_conversation_id", "conversation_tags", ["tag", "conversation_id"])
    op.create_table(
        "drafts",
        sa.Column("agent_id", Id, autoincrement=False, nullable=False),
        sa.Column("conversation_id", Id, autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("seen_seq", sa.Integer(), nullable=False),
        sa.Column("revision", Id, nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_drafts_agent_id_agents"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_drafts_conversation_id_conversations"
        ),
        sa.PrimaryKeyConstraint("agent_id", "conversation_id", name="pk_drafts"),
    )
    emptied = sa.text("text = ''")
    op.create_index("ix_drafts_emptied", "drafts", ["updated_at"], sqlite_where=emptied, postgresql_where=emptied)
    op.create_table(
        "sent_keys",
        sa.Column("agent_id", Id, autoincrement=False, nullable=False),
        sa.Column("conversation_id", Id, autoincrement=False, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("message_id", Id, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_sent_keys_agent_id_agents"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_sent_keys_conversation_id_conversations"
        ),
        sa.PrimaryKeyConstraint("agent_id", "conversation_id", "key", name="pk_sent_keys"),
    )
    op.create_index("ix_sent_keys_at", "sent_keys", ["at"])
    op.create_table(
        "read_marks",
        sa.Column("agent_id", Id, autoincrement=False, nullable=False),
        sa.Column("conversation_id", Id, autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_read_marks_agent_id_agents"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_read_marks_conversation_id_conversations"
        ),
        sa.PrimaryKeyConstraint("agent_id", "conversation_id", name="pk_read_marks"),
    )
    op.create_table(
        "viewings",
        sa.Column("conversation_id", Id, autoincrement=False, nullable=False),
        sa.Column("agent_id", Id, autoincrement=False, nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("wrote_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_viewings_agent_id_agents"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_viewings_conversation_id_conversations"
        ),
        sa.PrimaryKeyConstraint("conversation_id", "agent_id", name="pk_viewings"),
    )
    op.create_index("ix_viewings_agent_id", "viewings", ["agent_id"])
    op.create_table(
        "mentions",
        sa.Column("agent_id", Id, autoincrement=False, nullable=False),
        sa.Column("entry_id", Id, autoincrement=False, nullable=False),
        sa.Column("conversation_id", Id, nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_mentions_agent_id_agents"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_mentions_conversation_id_conversations"
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["conversation_history.id"], name="fk_mentions_entry_id_conversation_history"
        ),
        sa.PrimaryKeyConstraint("agent_id", "entry_id", name="pk_mentions"),
    )
    op.create_index("ix_mentions_conversation_id", "mentions", ["conversation_id", "agent_id", "entry_id"])
    _create_queue_tables()


def _create_queue_tables() -> None:
    op.create_table(
        "callbacks",
        sa.Column("conversation_id", Id, autoincrement=False, nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_callbacks_conversation_id_conversations"
        ),
        sa.PrimaryKeyConstraint("conversation_id", name="pk_callbacks"),
    )
    op.create_index("ix_callbacks_asked_at", "callbacks", ["asked_at"])
    op.create_table(
        "queue_outlook",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("there", sa.Integer(), nullable=True),
        sa.Column("free", sa.Integer(), nullable=False),
        sa.Column("pace_ms", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_queue_outlook"),
    )
    op.create_table(
        "queue_samples",
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("longest_wait_s", sa.Integer(), nullable=False),
        sa.Column("agents_there", sa.Integer(), nullable=False),
        sa.Column("arrivals", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("at", name="pk_queue_samples"),
    )


def _add_columns() -> None:
    op.drop_index("ix_conversations_queue", table_name="conversations")
    with op.batch_alter_table("conversations") as conversations:
        for column in _ADDED:
            conversations.add_column(column.copy())
        for name, table in _REFERS.items():
            conversations.create_foreign_key(op.f(f"fk_conversations_{name}_{table}"), table, [name], ["id"])
        conversations.create_check_constraint(op.f("ck_conversations_agent"), "agent_id IS NULL OR owner = 'agent'")
    for name, (columns, where) in _INDEXES.items():
        op.create_index(
            f"ix_conversations_{name}", "conversations", columns, sqlite_where=where, postgresql_where=where
        )
    for column in _VIEWERS:
        op.add_column("viewers", column.copy())


def downgrade() -> None:
    for column in _VIEWERS:
        op.drop_column("viewers", column.name)
    for name in _INDEXES:
        op.drop_index(f"ix_conversations_{name}", table_name="conversations")
    with op.batch_alter_table("conversations") as conversations:
        conversations.drop_constraint(op.f("ck_conversations_agent"), type_="check")
        for name, table in _REFERS.items():
            conversations.drop_constraint(op.f(f"fk_conversations_{name}_{table}"), type_="foreignkey")
        for column in _ADDED:
            conversations.drop_column(column.name)
    op.create_index("ix_conversations_queue", "conversations", ["queued_at"], sqlite_where=_QUEUED,
                    postgresql_where=_QUEUED)  # fmt: skip
    for name in ("queue_samples", "queue_outlook", "callbacks", "mentions"):
        op.drop_table(name)
    op.drop_table("viewings")
    op.drop_table("read_marks")
    op.drop_table("sent_keys")
    op.drop_table("drafts")
    op.drop_table("conversation_tags")
    op.drop_table("conversation_history")
    op.drop_table("saved_views")
    op.drop_table("quick_replies")
    op.drop_table("sensitive_words")
    op.drop_table("search_gaps")
    op.drop_table("search_grams")
    op.drop_table("live_events")
