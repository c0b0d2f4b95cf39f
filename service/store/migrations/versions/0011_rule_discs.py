"""Discs that rules have ordered."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rule_discs",
        sa.Column("rule", sa.String(length=32), nullable=False),
        sa.Column("study_uid", sa.String(length=64), nullable=False),
        sa.Column("last_instance", sa.Integer(), nullable=False),
        sa.Column("disc_id", sa.String(length=64), nullable=False),
        sa.Column("proof", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("rule", "study_uid", "last_instance"),
    )
