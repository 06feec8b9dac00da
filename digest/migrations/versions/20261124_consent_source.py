"""Keep where readers consented who did so elsewhere, as the operator says."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_consent_source"
down_revision = "20261124_daily_figures"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("consent", sa.Column("source", sa.String(length=200), nullable=True))


def downgrade() -> None:
    op.drop_column("consent", "source")
