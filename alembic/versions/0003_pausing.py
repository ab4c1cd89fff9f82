"""editions may be paused while they are sent

Every new column may be empty, so that rows of the release before need no filling.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from digest import db

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column(
            "paused_at",
            db.UtcDateTime(timezone=True),
            nullable=True,
            comment="nothing of it is sent until somebody resumes it",
        ),
        sa.Column(
            "paused_because",
            sa.String(),
            nullable=True,
            comment="why, in a sentence for whoever resumes it",
        ),
        sa.Column(
            "counted_tries",
            sa.Integer(),
            nullable=True,
            comment="deliveries sent or failed when it was last resumed",
        ),
        sa.Column(
            "counted_failures",
            sa.Integer(),
            nullable=True,
            comment="how many of those had failed; neither counts against it again",
        ),
    ):
        op.add_column("editions", column)


def downgrade() -> None:
    for name in ("counted_failures", "counted_tries", "paused_because", "paused_at"):
        op.drop_column("editions", name)
