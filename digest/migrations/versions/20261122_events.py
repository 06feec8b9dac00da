"""Note what the mail system tells of a mail, and how far its suppression list was read."""

import sqlalchemy as sa
from alembic import op

import digest.models

revision = "20261122_events"
down_revision = "20261121_interests"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "sent",
                "delivered",
                "bounced",
                "complained",
                "rejected",
                "rendering_failed",
                "delayed",
                "subscription",
                name="eventkind",
                native_enum=False,
                create_constraint=False,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column(
            "bounce",
            sa.Enum(
                "permanent",
                "transient",
                "undetermined",
                name="bounce",
                native_enum=False,
                create_constraint=False,
                length=16,
            ),
            nullable=True,
        ),
        sa.Column(
            "delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("address_hash", sa.String(length=64), nullable=True),
        sa.Column("at", digest.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("received_at", digest.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__event")),
        sa.UniqueConstraint("message_id", "kind", name=op.f("uq__event__message_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index("ix__event_address", ["address_hash", "at"], unique=False)
        batch_op.create_index("ix__event_received", ["kind", "received_at"], unique=False)

    op.create_table(
        "suppression_reading",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("began_at", digest.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("read_until", digest.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck__suppression_reading__single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__suppression_reading")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index("ix__delivery_sending_at", ["sending_at"], unique=False)
    op.add_column(
        "sending_budget",
        sa.Column("resumed_at", digest.models.base.UtcDateTime(timezone=True), nullable=True),
    )


def downgrade() -> None:
    # No batch: it would build the table anew.
    op.drop_column("sending_budget", "resumed_at")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index("ix__delivery_sending_at")
    op.drop_table("suppression_reading")
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index("ix__event_received")
        batch_op.drop_index("ix__event_address")
    op.drop_table("event")
