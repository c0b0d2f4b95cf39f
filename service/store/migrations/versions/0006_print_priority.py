"""What a print job says of itself (PS3.4 Table H.4-15)."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("prints", sa.Column("print_priority", sa.String(length=16), server_default="MED", nullable=False))
