"""Keep the figures of each day, which outlive deliveries and events."""

import sqlalchemy as sa
from alembic import op

import digest.models

revision = "20261124_daily_figures"
down_revision = "20261123_nothing_new"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "daily_figure",
        sa.Column(
            "what",
            sa.Enum(
                "readers",
                "followers",
                "digests",
                "others",
                "hours",
                "events",
                "more",
                "less",
                "place",
                name="counted",
                native_enum=False,
                create_constraint=False,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("of", sa.String(length=100), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", digest.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("what", "day", "of", name=op.f("pk__daily_figure")),
    )
    op.create_index("ix__rating_at", "rating", ["at"])


def downgrade() -> None:
    op.drop_index("ix__rating_at", "rating")
    op.drop_table("daily_figure")
