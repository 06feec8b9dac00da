"""Keep when the database was restored from a backup, and what is offered to whom since."""

import sqlalchemy as sa
from alembic import op

import digest.models

revision = "20261124_restorations"
down_revision = "20261124_private_feed"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = digest.models.base.UtcDateTime(timezone=True)
    op.create_table(
        "restoration",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("restored_at", moment, nullable=False),
        sa.Column("readers_to", sa.BigInteger(), nullable=False),
        sa.Column("ready_at", moment, nullable=True),
        sa.Column("resumed_at", moment, nullable=True),
        sa.Column("awaited", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__restoration")),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("restoration")
