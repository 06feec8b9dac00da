"""Keep how often a reader replaced the address of their private feed."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_private_feed"
down_revision = "20261124_consent_source"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "subscriber",
        sa.Column("feeds_replaced", sa.Integer(), nullable=False, server_default="0"),
    )


def downgrade() -> None:
    op.drop_column("subscriber", "feeds_replaced")
