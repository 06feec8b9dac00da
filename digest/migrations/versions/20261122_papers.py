"""Keep how many papers a reader wants in a digest."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_papers"
down_revision = "20261122_language"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("subscriber", schema=None) as batch_op:
        batch_op.add_column(sa.Column("papers", sa.Integer(), nullable=False, server_default="10"))


def downgrade() -> None:
    # No batch: it would build the table anew, without what it cannot read (AUTOINCREMENT).
    op.drop_column("subscriber", "papers")
