"""Keep consent, let readers move to another address, and note when they left."""

import sqlalchemy as sa
from alembic import op

import digest.models

revision = "20261122_leaving"
down_revision = "20261122_alarms"
branch_labels = None
depends_on = None

_STANDINGS = ("pending", "active", "paused", "unsubscribed", "bounced", "complained")


def upgrade() -> None:
    _consent()
    _address_change()
    op.create_table(
        "mailbox_reading",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("validity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck__mailbox_reading__single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__mailbox_reading")),
    )
    op.create_table(
        "key_check",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck__key_check__single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__key_check")),
    )
    op.add_column("delivery", sa.Column("address_hash", sa.String(length=64), nullable=True))
    op.add_column(
        "subscriber",
        sa.Column("left_at", digest.models.base.UtcDateTime(timezone=True), nullable=True),
    )
    op.add_column(
        "subscriber",
        sa.Column(
            "left_as",
            sa.Enum(
                *_STANDINGS,
                name="standing",
                native_enum=False,
                create_constraint=False,
                length=16,
            ),
            nullable=True,
        ),
    )


def _consent() -> None:
    op.create_table(
        "consent",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "subscriber_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("at", digest.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column(
            "what",
            sa.Enum(
                "form",
                "undo",
                "operator",
                "change",
                name="consentkind",
                native_enum=False,
                create_constraint=False,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("text_version", sa.String(length=32), nullable=False),
        sa.Column("ip_hash", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscriber.id"],
            name=op.f("fk__consent__subscriber_id__subscriber"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__consent")),
    )
    op.create_index("ix__consent_subscriber", "consent", ["subscriber_id"], unique=False)


def _address_change() -> None:
    op.create_table(
        "address_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "subscriber_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("former_email", sa.String(length=254), nullable=True),
        sa.Column("former_hash", sa.String(length=64), nullable=True),
        sa.Column("asked_at", digest.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_at", digest.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("closed_at", digest.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscriber.id"],
            name=op.f("fk__address_change__subscriber_id__subscriber"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__address_change")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix__address_change_subscriber", "address_change", ["subscriber_id"], unique=False
    )
    op.create_index(
        "ix__address_change_address", "address_change", ["address_hash", "asked_at"], unique=False
    )


def downgrade() -> None:
    # The version before has nobody who could write a mail of these kinds.
    op.execute("DELETE FROM delivery WHERE kind IN ('change', 'notice')")
    # No batch: it would build the table anew.
    op.drop_column("subscriber", "left_as")
    op.drop_column("subscriber", "left_at")
    op.drop_column("delivery", "address_hash")
    for table in ("key_check", "mailbox_reading", "address_change", "consent"):
        op.drop_table(table)
