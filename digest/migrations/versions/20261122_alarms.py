"""Note which alarms are open and told, who stopped the sending, and why it rests."""

import sqlalchemy as sa
from alembic import op

import digest.models

revision = "20261122_alarms"
down_revision = "20261122_events"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alarm",
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("raised_at", digest.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("cleared_at", digest.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("told_at", digest.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("mailed_at", digest.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("lease_until", digest.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk__alarm")),
    )
    op.add_column(
        "sending_budget",
        sa.Column(
            "stopped_by",
            sa.Enum(
                "operator",
                "sender",
                "brakes",
                name="stoppedby",
                native_enum=False,
                create_constraint=False,
                length=16,
            ),
            nullable=True,
        ),
    )
    op.add_column(
        "sending_budget",
        sa.Column("rests_until", digest.models.base.UtcDateTime(timezone=True), nullable=True),
    )
    op.add_column("sending_budget", sa.Column("rests_why", sa.Text(), nullable=True))


def downgrade() -> None:
    # No batch: it would build the table anew.
    op.drop_column("sending_budget", "rests_why")
    op.drop_column("sending_budget", "rests_until")
    op.drop_column("sending_budget", "stopped_by")
    op.drop_table("alarm")
