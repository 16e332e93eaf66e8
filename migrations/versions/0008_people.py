"""People: accounts, roles, teams, sessions, and the record of what they changed."""

import sqlalchemy as sa
from alembic import op

from app.db.base import Id, Json, UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agents",
        sa.Column("id", Id, nullable=False),
        sa.Column("login", sa.String(64), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("totp_secret", sa.LargeBinary(), nullable=True),
        sa.Column("totp_since", UtcDateTime(), nullable=True),
        sa.Column("totp_step", Id, nullable=True),
        sa.Column("skills", Json, nullable=False),
        sa.Column("capacity", sa.SmallInteger(), nullable=False),
        sa.Column("presence", sa.String(6), nullable=False),
        sa.Column("away_reason", sa.String(32), nullable=True),
        sa.Column("presence_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=True),
        sa.Column("given_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("deactivated_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("language IN ('zh', 'en')", name="ck_agents_language"),
        sa.CheckConstraint("presence IN ('online', 'busy', 'away')", name="ck_agents_presence"),
        sa.CheckConstraint("capacity >= 0", name="ck_agents_capacity"),
        sa.PrimaryKeyConstraint("id", name="pk_agents"),
        sa.UniqueConstraint("login", name="uq_agents_login"),
    )
    op.create_table(
        "agent_roles",
        sa.Column("agent_id", Id, autoincrement=False, nullable=False),
        sa.Column("role", sa.String(13), nullable=False),
        sa.CheckConstraint(
            "role IN ('agent', 'supervisor', 'operator', 'quality', 'administrator')", name="ck_agent_roles_role"
        ),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_agent_roles_agent_id_agents"),
        sa.PrimaryKeyConstraint("agent_id", "role", name="pk_agent_roles"),
    )
    op.create_table(
        "teams",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("skills", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("archived_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_teams"),
        sa.UniqueConstraint("name", name="uq_teams_name"),
    )
    op.create_table(
        "team_members",
        sa.Column("team_id", Id, autoincrement=False, nullable=False),
        sa.Column("agent_id", Id, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_team_members_agent_id_agents"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_team_members_team_id_teams"),
        sa.PrimaryKeyConstraint("team_id", "agent_id", name="pk_team_members"),
    )
    op.create_index("ix_team_members_agent_id", "team_members", ["agent_id"])
    op.create_table(
        "sign_ins",
        sa.Column("id", Id, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("agent_id", Id, nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("ip", sa.String(45), nullable=False),
        sa.Column("browser", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_sign_ins_agent_id_agents"),
        sa.PrimaryKeyConstraint("id", name="pk_sign_ins"),
        sa.UniqueConstraint("token_hash", name="uq_sign_ins_token_hash"),
    )
    op.create_index("ix_sign_ins_agent_id", "sign_ins", ["agent_id"])
    op.create_index("ix_sign_ins_expires_at", "sign_ins", ["expires_at"])
    op.create_table(
        "one_time_links",
        sa.Column("id", Id, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.String(10), nullable=False),
        sa.Column("agent_id", Id, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("purpose IN ('setup', 'invitation', 'reset')", name="ck_one_time_links_purpose"),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_one_time_links_agent_id_agents"),
        sa.PrimaryKeyConstraint("id", name="pk_one_time_links"),
        sa.UniqueConstraint("token_hash", name="uq_one_time_links_token_hash"),
    )
    op.create_index("ix_one_time_links_agent_id", "one_time_links", ["agent_id"])
    op.create_table(
        "recovery_codes",
        sa.Column("id", Id, nullable=False),
        sa.Column("agent_id", Id, nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_recovery_codes_agent_id_agents"),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_codes"),
        sa.UniqueConstraint("agent_id", "code_hash", name="uq_recovery_codes_agent_id_code_hash"),
    )
    op.create_table(
        "sign_in_limits",
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("tried_at", UtcDateTime(), nullable=False),
        sa.Column("blocked_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_sign_in_limits"),
    )
    op.create_table(
        "audit_entries",
        sa.Column("id", Id, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("agent_id", Id, nullable=True),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(16), nullable=True),
        sa.Column("subject_id", Id, nullable=True),
        sa.Column("detail", Json, nullable=True),
        sa.Column("ip", sa.String(45), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_audit_entries_agent_id_agents"),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entries"),
    )
    op.create_index("ix_audit_entries_action_id", "audit_entries", ["action", "id"])
    op.create_index("ix_audit_entries_agent_id_id", "audit_entries", ["agent_id", "id"])
    op.create_index("ix_audit_entries_at", "audit_entries", ["at"])
    op.create_index("ix_audit_entries_subject_id", "audit_entries", ["subject", "subject_id", "id"])


def downgrade() -> None:
    op.drop_table("audit_entries")
    op.drop_table("sign_in_limits")
    op.drop_table("recovery_codes")
    op.drop_table("one_time_links")
    op.drop_table("sign_ins")
    op.drop_table("team_members")
    op.drop_table("teams")
    op.drop_table("agent_roles")
    op.drop_table("agents")
