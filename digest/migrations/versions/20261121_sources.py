"""Know a paper by all its names, and each fact by its source."""

import hashlib
import re
import unicodedata

import sqlalchemy as sa
from alembic import op

import digest.models

revision = "20261121_sources"
down_revision = "20261121_search"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feed",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("hosts", sa.JSON(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("etag", sa.String(length=500), nullable=True),
        sa.Column("last_modified", sa.String(length=100), nullable=True),
        sa.Column("added_at", digest.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__feed")),
        sa.UniqueConstraint("name", name=op.f("uq__feed__name")),
        sa.UniqueConstraint("url", name=op.f("uq__feed__url")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "harvest",
        sa.Column("name", sa.String(length=1000), nullable=False),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("finished_at", digest.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk__harvest")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "turn",
        sa.Column("host", sa.String(length=100), nullable=False),
        sa.Column("free_at", digest.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk__turn")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "identifier",
        sa.Column("value", sa.String(length=300), nullable=False),
        sa.Column("paper_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"],
            ["paper.id"],
            name=op.f("fk__identifier__paper_id__paper"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("value", name=op.f("pk__identifier")),
    )
    with op.batch_alter_table("identifier", schema=None) as batch_op:
        batch_op.create_index("ix__identifier_paper", ["paper_id"], unique=False)

    op.create_table(
        "record",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("paper_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("gave", sa.JSON(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["paper.id"], name=op.f("fk__record__paper_id__paper"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__record")),
        sa.UniqueConstraint("paper_id", "source", name=op.f("uq__record__paper_id")),
    )
    with op.batch_alter_table("paper", schema=None) as batch_op:
        batch_op.add_column(sa.Column("doi", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("title_key", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("listed_on", sa.Date(), nullable=True))
        batch_op.create_index(batch_op.f("ix__paper_listed_on"), ["listed_on"], unique=False)
        batch_op.create_index(batch_op.f("ix__paper_title_key"), ["title_key"], unique=False)

    with op.batch_alter_table("sending_budget", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("refusals", sa.JSON(), nullable=False, server_default=sa.text("'[]'"))
        )
    _name_known_papers()
    with op.batch_alter_table("paper", schema=None) as batch_op:
        batch_op.alter_column("listed_on", nullable=False)
    # Their form has changed; the next fetch builds a new one.
    op.execute("DELETE FROM edition")


def title_key(title: str) -> str | None:
    """Return the key of *title* as `digest.fetch.identity` made it when this was written."""
    decomposed = unicodedata.normalize("NFKD", title.lower())
    folded = "".join(each for each in decomposed if not unicodedata.combining(each))
    words = re.findall(r"[^\W_]+[+#]*", folded)
    unspaced = not title.isascii() and len("".join(words)) >= 12  # noqa: PLR2004
    if len(words) < 4 and not unspaced:  # noqa: PLR2004
        return None
    return hashlib.sha256(" ".join(words).encode()).hexdigest()[:32]


def _name_known_papers() -> None:
    connection = op.get_bind()
    connection.execute(
        sa.text("INSERT INTO identifier (value, paper_id) SELECT external_id, id FROM paper")
    )
    connection.execute(
        sa.text(
            "UPDATE paper SET listed_on = coalesce((SELECT max(day) FROM sighting"
            " WHERE paper_id = paper.id), date(first_seen_at))"
        )
    )
    papers = connection.execute(sa.text("SELECT id, title FROM paper")).all()
    keys = [{"paper": paper.id, "key": title_key(paper.title)} for paper in papers]
    if keys:
        connection.execute(sa.text("UPDATE paper SET title_key = :key WHERE id = :paper"), keys)


def downgrade() -> None:
    with op.batch_alter_table("sending_budget", schema=None) as batch_op:
        batch_op.drop_column("refusals")
    with op.batch_alter_table("paper", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix__paper_listed_on"))
        batch_op.drop_column("listed_on")
        batch_op.drop_index(batch_op.f("ix__paper_title_key"))
        batch_op.drop_column("title_key")
        batch_op.drop_column("doi")

    op.drop_table("record")
    with op.batch_alter_table("identifier", schema=None) as batch_op:
        batch_op.drop_index("ix__identifier_paper")

    op.drop_table("identifier")
    op.drop_table("turn")
    op.drop_table("harvest")
    op.drop_table("feed")
