"""Keep all kinds of interests, and what readers said of papers."""

import sqlalchemy as sa
from alembic import op

import digest.models

revision = "20261121_interests"
down_revision = "20261121_sources"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rating",
        sa.Column(
            "subscriber_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("paper_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("liked", sa.Boolean(), nullable=False),
        sa.Column("at", digest.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["paper.id"], name=op.f("fk__rating__paper_id__paper"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscriber.id"],
            name=op.f("fk__rating__subscriber_id__subscriber"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subscriber_id", "paper_id", name=op.f("pk__rating")),
    )
    with op.batch_alter_table("rating", schema=None) as batch_op:
        batch_op.create_index("ix__rating_paper", ["paper_id"], unique=False)

    with op.batch_alter_table("subscriber", schema=None) as batch_op:
        batch_op.add_column(sa.Column("about", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(
            sa.Column(
                "balance",
                sa.Enum(
                    "field",
                    "even",
                    "everybody",
                    name="balance",
                    native_enum=False,
                    create_constraint=False,
                    length=16,
                ),
                nullable=False,
                server_default="even",
            )
        )


def downgrade() -> None:
    # The version before reads no others.
    op.execute("DELETE FROM interest WHERE kind NOT IN ('topic', 'keyword', 'muted')")
    # No batch: it would build the table anew, without what it cannot read (AUTOINCREMENT).
    op.drop_column("subscriber", "balance")
    op.drop_column("subscriber", "about")

    with op.batch_alter_table("rating", schema=None) as batch_op:
        batch_op.drop_index("ix__rating_paper")

    op.drop_table("rating")
