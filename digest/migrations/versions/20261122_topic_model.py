"""Keep the models of topics that an installation has trained and adopted."""

import sqlalchemy as sa
from alembic import op

import digest.models

revision = "20261122_topic_model"
down_revision = "20261122_leaving"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "topic_model",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("trained_at", digest.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__topic_model")),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("topic_model")
