"""Find the pending mails whose day is over without reading all that wait."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_days_over"
down_revision = "20261124_restorations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pending = sa.text("state = 'pending'")
    op.create_index(
        "ix__delivery_day",
        "delivery",
        ["day_ends_at"],
        postgresql_where=pending,
        sqlite_where=pending,
    )


def downgrade() -> None:
    op.drop_index("ix__delivery_day", table_name="delivery")
