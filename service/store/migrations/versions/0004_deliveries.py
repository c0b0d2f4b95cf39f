"""Deliveries that wait, are tried again and are corrected."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COLUMNS = [
    sa.Column('number', sa.Integer(), server_default='1', nullable=False),
    sa.Column('asked_at', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('next_at', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('executor', sa.String(length=64), server_default='', nullable=False),
    sa.Column('patient', sa.Text(), server_default='', nullable=False),
    sa.Column('correction', sa.Text(), server_default='', nullable=False),
]


def upgrade() -> None:
    for column in COLUMNS:
        op.add_column('deliveries', column)
    op.create_index('ix_deliveries_due', 'deliveries', ['sink', 'state', 'next_at'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_deliveries_due', table_name='deliveries')
    for column in COLUMNS:
        op.drop_column('deliveries', column.name)
