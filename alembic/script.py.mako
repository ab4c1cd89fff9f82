"""${message}

Old and new code run side by side during an upgrade: add first, fill, and remove only in a later release.
A new NOT NULL column needs a server default; an index on a big PostgreSQL table wants CONCURRENTLY.
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op
from digest import db
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
