"""Who confirmed a disc of several patients."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("discs", sa.Column("confirmed_by", sa.String(length=64), server_default="", nullable=False))
