"""Ticket numbers: of a sequence on PostgreSQL, where a counter makes those who open tickets wait for each other."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE ticket_numbers")
        op.execute("SELECT setval('ticket_numbers', value) FROM counters WHERE name = 'tickets'")
        op.execute("DELETE FROM counters WHERE name = 'tickets'")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("INSERT INTO counters (name, value) SELECT 'tickets', max(number) FROM tickets HAVING count(*) > 0")
        op.execute("DROP SEQUENCE ticket_numbers")
