"""Every print has an identity from its order on, if only an unknown one."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

NOT_LOOKED_FOR = """INSERT INTO identities (print_id, state, patient_id, identity, verdict, changed_at)
 SELECT prints.id, 'unknown', '', '{}', '{"candidates": [], "disagree": []}', %d FROM prints
 WHERE NOT EXISTS (SELECT 1 FROM identities WHERE identities.print_id = prints.id)"""


def upgrade() -> None:
    op.execute(sa.text((NOT_LOOKED_FOR % (time.time_ns() // 1000)).replace(":", "\\:")))
