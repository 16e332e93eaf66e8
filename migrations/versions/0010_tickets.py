"""Tickets followed to their end: whose they are, their clocks, files, notices; calendars of teams; macros."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from app.db.base import Id, Json, UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_RANK = "CASE priority WHEN 'urgent' THEN 3 WHEN 'high' THEN 2 WHEN 'normal' THEN 1 ELSE 0 END"
_ADDED: list[sa.Column[Any]] = [
    sa.Column("source", sa.String(32), server_default="desk", nullable=False),
    sa.Column("opening_key", sa.String(80), nullable=True),
    sa.Column("contact", sa.String(64), nullable=True),
    sa.Column("dimension", sa.String(12), nullable=True),
    sa.Column("title", sa.String(64), nullable=True),
    sa.Column("season", sa.SmallInteger(), nullable=True),
    sa.Column("episode", sa.Integer(), nullable=True),
    sa.Column("timecode_s", sa.Integer(), nullable=True),
    sa.Column("owner_id", Id, nullable=True),
    sa.Column("team_id", Id, nullable=True),
    sa.Column("skill", sa.String(32), nullable=True),
    sa.Column("created_by", Id, nullable=True),
    sa.Column("parent_id", Id, nullable=True),
    sa.Column("merged_into_id", Id, nullable=True),
    sa.Column("next_due_at", UtcDateTime(), nullable=True),
    sa.Column("waiting_since", UtcDateTime(), nullable=True),
    sa.Column("waited_s", sa.Integer(), server_default="0", nullable=False),
    sa.Column("responded_at", UtcDateTime(), nullable=True),
    sa.Column("response_s", sa.Integer(), nullable=True),
    sa.Column("resolution_s", sa.Integer(), nullable=True),
    sa.Column("breaches", sa.SmallInteger(), server_default="0", nullable=False),
    sa.Column("reopened", sa.SmallInteger(), server_default="0", nullable=False),
    sa.Column("updated_at", UtcDateTime(), nullable=True),
]
_REFERS = {"owner_id": "agents", "created_by": "agents", "team_id": "teams", "parent_id": "tickets",
           "merged_into_id": "tickets"}  # fmt: skip
_CHECKS = {
    "status": "status IN ('open', 'in_progress', 'waiting', 'closed')",
    "priority": "priority IN ('low', 'normal', 'high', 'urgent')",
    "closed": "(status = 'closed') = (closed_at IS NOT NULL)",
    "parent": "parent_id IS NULL OR parent_id <> id",
}
_NARROWED = ["merged_into_id", "kind", "source", "team_id", "title"]
_OPEN = "status <> 'closed'"
_INDEXES: dict[str, tuple[list[str], str | None]] = {
    "opened_at": (
        ["opened_at", "id", *_NARROWED, "owner_id", "closed_at", "response_s", "reopened", "category", "dimension"],
        None,
    ),
    "updated_at": (["updated_at", "id"], None),
    "closed_at": (["closed_at", "id", *_NARROWED, "owner_id", "opened_at", "resolution_s"], "closed_at IS NOT NULL"),
    "next_due_at": (["next_due_at", "id"], _OPEN),
    "rank": (["rank", "id"], _OPEN),
    "owner_id": (
        ["owner_id", "closed_at", "id", *_NARROWED, "opened_at", "resolution_s", "breaches"],
        "owner_id IS NOT NULL",
    ),
    "unowned": (["rank", "opened_at"], f"owner_id IS NULL AND {_OPEN}"),
    "title": (["title", "id"], "title IS NOT NULL"),
    "parent_id": (["parent_id"], "parent_id IS NOT NULL"),
    "merged_into_id": (["merged_into_id"], "merged_into_id IS NOT NULL"),
    "team_id": (["team_id"], None),
}
_TABLES = (
    "business_calendars",
    "recounts",
    "sla_policies",
    "ticket_macros",
    "complaints",
    "ticket_clocks",
    "ticket_links",
    "ticket_satisfaction",
    "ticket_tags",
    "ticket_watchers",
    "ticket_files",
    "ticket_notices",
    "ticket_runs",
)
"""In the order in which they refer to each other."""


def upgrade() -> None:
    op.create_table(
        "business_calendars",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("hours", sa.String(500), nullable=False),
        sa.Column("holidays", sa.Text(), nullable=False),
        sa.Column("workdays", sa.Text(), nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("day_names", Json, server_default="{}", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_business_calendars"),
        sa.UniqueConstraint("name", name="uq_business_calendars_name"),
    )
    op.create_index(
        "uq_business_calendars_default",
        "business_calendars",
        ["is_default"],
        unique=True,
        sqlite_where=sa.text("is_default"),
        postgresql_where=sa.text("is_default"),
    )
    op.create_table(
        "recounts",
        sa.Column("id", Id, nullable=False),
        sa.Column("scope", sa.String(8), nullable=False),
        sa.Column("subject_id", Id, server_default="0", nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("hours", sa.Text(), nullable=True),
        sa.Column("holidays", sa.Text(), nullable=True),
        sa.Column("workdays", sa.Text(), nullable=True),
        sa.Column("since", UtcDateTime(), nullable=True),
        sa.Column("rank", sa.SmallInteger(), nullable=True),
        sa.Column("ticket_id", Id, nullable=True),
        sa.Column("seen", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("scope IN ('policies', 'calendar', 'team')", name="ck_recounts_scope"),
        sa.PrimaryKeyConstraint("id", name="pk_recounts"),
    )
    op.create_index(
        "uq_recounts_waiting",
        "recounts",
        ["scope", "subject_id"],
        unique=True,
        sqlite_where=sa.text("rank IS NULL"),
        postgresql_where=sa.text("rank IS NULL"),
    )
    op.create_table(
        "sla_policies",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=True),
        sa.Column("priority", sa.String(8), nullable=True),
        sa.Column("source", sa.String(32), nullable=True),
        sa.Column("first_response_m", sa.Integer(), nullable=True),
        sa.Column("next_response_m", sa.Integer(), nullable=True),
        sa.Column("resolution_m", sa.Integer(), nullable=True),
        sa.Column("warn_percent", sa.SmallInteger(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sla_policies"),
        sa.UniqueConstraint("name", name="uq_sla_policies_name"),
    )
    op.create_table(
        "ticket_macros",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("team_id", Id, nullable=True),
        sa.Column("changes", Json, nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("closes", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_ticket_macros_team_id_teams"),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_macros"),
        sa.UniqueConstraint("name", name="uq_ticket_macros_name"),
    )
    op.create_table(
        "complaints",
        sa.Column("ticket_id", Id, autoincrement=False, nullable=False),
        sa.Column("office", sa.String(64), nullable=False),
        sa.Column("deadline_at", UtcDateTime(), nullable=False),
        sa.Column("days", sa.SmallInteger(), nullable=True),
        sa.Column("remind_at", UtcDateTime(), nullable=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("remedies", sa.Text(), nullable=True),
        sa.Column("decided_by", Id, nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('examining', 'decided', 'pending', 'accepted', 'refused')", name="ck_complaints_state"
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["agents.id"], name="fk_complaints_decided_by_agents"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_complaints_ticket_id_tickets"),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_complaints"),
    )
    op.create_index(
        "ix_complaints_remind_at",
        "complaints",
        ["remind_at"],
        sqlite_where=sa.text("remind_at IS NOT NULL"),
        postgresql_where=sa.text("remind_at IS NOT NULL"),
    )
    op.create_table(
        "ticket_clocks",
        sa.Column("id", Id, nullable=False),
        sa.Column("ticket_id", Id, nullable=False),
        sa.Column("metric", sa.String(16), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("work_s", sa.Integer(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("left_s", sa.Integer(), nullable=True),
        sa.Column("resumed_at", UtcDateTime(), nullable=True),
        sa.Column("resumed_s", sa.Integer(), nullable=True),
        sa.Column("warn_at", UtcDateTime(), nullable=True),
        sa.Column("breached_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("due_at IS NULL OR left_s IS NULL", name="ck_ticket_clocks_paused"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_ticket_clocks_ticket_id_tickets"),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_clocks"),
    )
    op.create_index(
        "ix_ticket_clocks_ended_at",
        "ticket_clocks",
        ["metric", "ended_at", "breached_at", "ticket_id"],
        sqlite_where=sa.text("ended_at IS NOT NULL"),
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    )
    op.create_index(
        "ix_ticket_clocks_late",
        "ticket_clocks",
        ["metric", "breached_at", "ticket_id"],
        sqlite_where=sa.text("breached_at IS NOT NULL"),
        postgresql_where=sa.text("breached_at IS NOT NULL"),
    )
    op.create_index(
        "ix_ticket_clocks_due_at",
        "ticket_clocks",
        ["due_at", "id"],
        sqlite_where=sa.text("ended_at IS NULL AND breached_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL AND breached_at IS NULL"),
    )
    op.create_index("ix_ticket_clocks_ticket_id", "ticket_clocks", ["ticket_id", "id"])
    op.create_index(
        "ix_ticket_clocks_warn_at",
        "ticket_clocks",
        ["warn_at", "id"],
        sqlite_where=sa.text("warn_at IS NOT NULL"),
        postgresql_where=sa.text("warn_at IS NOT NULL"),
    )
    op.create_index(
        "uq_ticket_clocks_running",
        "ticket_clocks",
        ["ticket_id", "metric"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "ticket_links",
        sa.Column("ticket_id", Id, autoincrement=False, nullable=False),
        sa.Column("conversation_id", Id, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_ticket_links_conversation_id_conversations"
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_ticket_links_ticket_id_tickets"),
        sa.PrimaryKeyConstraint("ticket_id", "conversation_id", name="pk_ticket_links"),
    )
    op.create_index("ix_ticket_links_conversation_id", "ticket_links", ["conversation_id"])
    op.create_table(
        "ticket_satisfaction",
        sa.Column("ticket_id", Id, autoincrement=False, nullable=False),
        sa.Column("viewer_id", Id, nullable=False),
        sa.Column("ask_at", UtcDateTime(), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=True),
        sa.Column("score", sa.SmallInteger(), nullable=True),
        sa.Column("scored_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("later_score", sa.SmallInteger(), nullable=True),
        sa.Column("later_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("later_score BETWEEN 1 AND 5", name="ck_ticket_satisfaction_later_score"),
        sa.CheckConstraint("score BETWEEN 1 AND 5", name="ck_ticket_satisfaction_score"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_ticket_satisfaction_ticket_id_tickets"),
        sa.ForeignKeyConstraint(["viewer_id"], ["viewers.id"], name="fk_ticket_satisfaction_viewer_id_viewers"),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_ticket_satisfaction"),
    )
    op.create_index(
        "ix_ticket_satisfaction_ask_at",
        "ticket_satisfaction",
        ["ask_at"],
        sqlite_where=sa.text("ask_at IS NOT NULL"),
        postgresql_where=sa.text("ask_at IS NOT NULL"),
    )
    op.create_index("ix_ticket_satisfaction_viewer_id", "ticket_satisfaction", ["viewer_id", "asked_at"])
    op.create_table(
        "ticket_tags",
        sa.Column("ticket_id", Id, autoincrement=False, nullable=False),
        sa.Column("tag", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_ticket_tags_ticket_id_tickets"),
        sa.PrimaryKeyConstraint("ticket_id", "tag", name="pk_ticket_tags"),
    )
    op.create_index("ix_ticket_tags_tag_ticket_id", "ticket_tags", ["tag", "ticket_id"])
    op.create_table(
        "ticket_watchers",
        sa.Column("ticket_id", Id, autoincrement=False, nullable=False),
        sa.Column("agent_id", Id, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_ticket_watchers_agent_id_agents"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_ticket_watchers_ticket_id_tickets"),
        sa.PrimaryKeyConstraint("ticket_id", "agent_id", name="pk_ticket_watchers"),
    )
    op.create_index("ix_ticket_watchers_agent_id", "ticket_watchers", ["agent_id"])
    op.create_table(
        "ticket_files",
        sa.Column("id", Id, nullable=False),
        sa.Column("ticket_id", Id, nullable=False),
        sa.Column("event_id", Id, nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("size", Id, nullable=False),
        sa.Column("content_type", sa.String(64), nullable=False),
        sa.Column("is_evidence", sa.Boolean(), nullable=False),
        sa.Column("message_id", Id, nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["ticket_events.id"], name="fk_ticket_files_event_id_ticket_events"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_ticket_files_ticket_id_tickets"),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_files"),
    )
    op.create_index("ix_ticket_files_ticket_id", "ticket_files", ["ticket_id"])
    op.create_table(
        "ticket_notices",
        sa.Column("agent_id", Id, autoincrement=False, nullable=False),
        sa.Column("event_id", Id, autoincrement=False, nullable=False),
        sa.Column("ticket_id", Id, nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_ticket_notices_agent_id_agents"),
        sa.ForeignKeyConstraint(["event_id"], ["ticket_events.id"], name="fk_ticket_notices_event_id_ticket_events"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_ticket_notices_ticket_id_tickets"),
        sa.PrimaryKeyConstraint("agent_id", "event_id", name="pk_ticket_notices"),
    )
    op.create_index("ix_ticket_notices_ticket_id", "ticket_notices", ["ticket_id", "agent_id"])
    op.create_index(
        "ix_ticket_notices_unseen",
        "ticket_notices",
        ["agent_id", "event_id"],
        sqlite_where=sa.text("seen_at IS NULL"),
        postgresql_where=sa.text("seen_at IS NULL"),
    )
    op.create_table(
        "ticket_runs",
        sa.Column("id", Id, nullable=False),
        sa.Column("agent_id", Id, nullable=False),
        sa.Column("deed", Json, nullable=False),
        sa.Column("ids", Json, nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("why", Json, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("seen_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("state IN ('planned', 'running', 'stopped', 'done')", name="ck_ticket_runs_state"),
        sa.CheckConstraint("done <= total AND changed <= done", name="ck_ticket_runs_counts"),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_ticket_runs_agent_id_agents"),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_runs"),
    )
    op.create_index(
        "ix_ticket_runs_unseen",
        "ticket_runs",
        ["agent_id", "id"],
        sqlite_where=sa.text("seen_at IS NULL"),
        postgresql_where=sa.text("seen_at IS NULL"),
    )
    with op.batch_alter_table("saved_views") as views:
        views.add_column(sa.Column("page", sa.String(8), server_default="desk", nullable=False))
        views.drop_constraint(op.f("uq_saved_views_agent_id_name"), type_="unique")
        views.create_unique_constraint(op.f("uq_saved_views_agent_id_page_name"), ["agent_id", "page", "name"])
    with op.batch_alter_table("teams") as teams:
        teams.add_column(sa.Column("calendar_id", Id, nullable=True))
        teams.create_foreign_key(
            op.f("fk_teams_calendar_id_business_calendars"), "business_calendars", ["calendar_id"], ["id"]
        )
    op.add_column("ticket_events", sa.Column("message_id", Id, nullable=True))
    op.add_column("ticket_events", sa.Column("detail", Json, nullable=True))
    _widen_tickets()


def _widen_tickets() -> None:
    with op.batch_alter_table("tickets") as tickets:
        for column in _ADDED:
            tickets.add_column(column.copy())
        tickets.alter_column("viewer_id", existing_type=Id, nullable=True)
        tickets.alter_column("conversation_id", existing_type=Id, nullable=True)
    _fill()
    with op.batch_alter_table("tickets") as tickets:
        tickets.add_column(sa.Column("rank", sa.SmallInteger(), sa.Computed(_RANK, persisted=True), nullable=False))
        tickets.alter_column("updated_at", existing_type=UtcDateTime(), nullable=False)
        for name, table in _REFERS.items():
            tickets.create_foreign_key(op.f(f"fk_tickets_{name}_{table}"), table, [name], ["id"])
        for name, condition in _CHECKS.items():
            tickets.create_check_constraint(op.f(f"ck_tickets_{name}"), condition)
        tickets.create_unique_constraint(op.f("uq_tickets_opening_key"), ["opening_key"])
    for name, (columns, where) in _INDEXES.items():
        held = sa.text(where) if where else None
        op.create_index(f"ix_tickets_{name}", "tickets", columns, sqlite_where=held, postgresql_where=held)


def _fill() -> None:
    """Tickets that are there already: where they came from, when they changed last, and the promise that runs."""
    op.execute(
        "UPDATE tickets SET updated_at = coalesce("
        "(SELECT max(at) FROM ticket_events WHERE ticket_id = tickets.id), closed_at, opened_at), "
        "next_due_at = CASE WHEN closed_at IS NULL AND status <> 'waiting' THEN due_at END, "
        "waiting_since = CASE WHEN status = 'waiting' THEN opened_at END, "
        "source = coalesce((SELECT channels.platform FROM conversations JOIN channels "
        "ON channels.id = conversations.channel_id WHERE conversations.id = tickets.conversation_id), 'desk')"
    )
    op.execute(
        "INSERT INTO ticket_clocks (ticket_id, metric, started_at, due_at) "
        "SELECT id, 'promise', opened_at, due_at FROM tickets "
        "WHERE closed_at IS NULL AND status <> 'waiting' AND due_at IS NOT NULL"
    )
    op.execute(
        "INSERT INTO complaints (ticket_id, office, deadline_at, state) "
        "SELECT id, '', due_at, 'examining' FROM tickets "
        "WHERE kind = 'complaint' AND closed_at IS NULL AND due_at IS NOT NULL"
    )


def downgrade() -> None:
    for name in _INDEXES:
        op.drop_index(f"ix_tickets_{name}", table_name="tickets")
    for name in reversed(_TABLES[1:]):
        op.drop_table(name)
    # What has no viewer or no conversation cannot be told in the older schema.
    op.execute("DELETE FROM ticket_events WHERE ticket_id IN "
               "(SELECT id FROM tickets WHERE viewer_id IS NULL OR conversation_id IS NULL)")  # fmt: skip
    op.execute("UPDATE tickets SET parent_id = NULL, merged_into_id = NULL")
    op.execute("DELETE FROM tickets WHERE viewer_id IS NULL OR conversation_id IS NULL")
    with op.batch_alter_table("tickets") as tickets:
        tickets.drop_constraint(op.f("uq_tickets_opening_key"), type_="unique")
        for name in _CHECKS:
            tickets.drop_constraint(op.f(f"ck_tickets_{name}"), type_="check")
        for name, table in _REFERS.items():
            tickets.drop_constraint(op.f(f"fk_tickets_{name}_{table}"), type_="foreignkey")
        tickets.alter_column("conversation_id", existing_type=Id, nullable=False)
        tickets.alter_column("viewer_id", existing_type=Id, nullable=False)
        tickets.drop_column("rank")
        for column in reversed(_ADDED):
            tickets.drop_column(column.name)
    op.drop_column("ticket_events", "detail")
    op.drop_column("ticket_events", "message_id")
    with op.batch_alter_table("teams") as teams:
        teams.drop_constraint(op.f("fk_teams_calendar_id_business_calendars"), type_="foreignkey")
        teams.drop_column("calendar_id")
    op.execute("DELETE FROM saved_views WHERE page <> 'desk'")
    with op.batch_alter_table("saved_views") as views:
        views.drop_constraint(op.f("uq_saved_views_agent_id_page_name"), type_="unique")
        views.create_unique_constraint(op.f("uq_saved_views_agent_id_name"), ["agent_id", "name"])
        views.drop_column("page")
    op.drop_table(_TABLES[0])
