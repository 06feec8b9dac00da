"""Keep in which language a reader is written to."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_language"
down_revision = "20261122_topic_model"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("subscriber", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("language", sa.String(length=16), nullable=False, server_default="en")
        )


def downgrade() -> None:
    # No batch: it would build the table anew, without what it cannot read (AUTOINCREMENT).
    op.drop_column("subscriber", "language")
