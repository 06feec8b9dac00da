"""Keep what a reader gets on a day without a new paper for them."""

import sqlalchemy as sa
from alembic import op

revision = "20261123_nothing_new"
down_revision = "20261122_papers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("subscriber", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "nothing_new",
                sa.Enum(
                    "skip",
                    "tell",
                    name="nothingnew",
                    native_enum=False,
                    create_constraint=False,
                    length=16,
                ),
                nullable=False,
                server_default="skip",
            )
        )


def downgrade() -> None:
    # No batch: it would build the table anew, without what it cannot read (AUTOINCREMENT).
    op.drop_column("subscriber", "nothing_new")
