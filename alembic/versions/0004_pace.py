"""the pace of sending, shared by all who send

A new table alone, so that rows of the release before need no filling.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from digest import db

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "paces",
        sa.Column("name", sa.String(), nullable=False, comment="all, or to and a destination"),
        sa.Column(
            "free_at",
            db.UtcDateTime(timezone=True),
            nullable=False,
            comment="the next mail goes no sooner",
        ),
        sa.Column(
            "day",
            sa.Date(),
            nullable=True,
            comment="the last day in UTC on which anything was sent",
        ),
        sa.Column("used", sa.Integer(), nullable=False, comment="mails on that day"),
        sa.Column(
            "days",
            sa.Integer(),
            nullable=False,
            comment="on how many days anything was sent, that one too",
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_paces")),
    )


def downgrade() -> None:
    op.drop_table("paces")
