"""the editors' desk: versions, chosen voices; readers may pause

Every new column has a server default or may be empty, so that rows of the release before need no filling.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from digest import db

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "edition_voices",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("tool_id", sa.Integer(), nullable=False),
        sa.Column("numbers", sa.JSON(), nullable=False, comment="1 is the tool's first quote"),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["editions.id"],
            name=op.f("fk_edition_voices_edition_id_editions"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tool_id"], ["tools.id"], name=op.f("fk_edition_voices_tool_id_tools")),
        sa.PrimaryKeyConstraint("edition_id", "tool_id", name=op.f("pk_edition_voices")),
    )
    op.create_index(op.f("ix_edition_voices_tool_id"), "edition_voices", ["tool_id"])
    for column in (
        sa.Column(
            "version",
            sa.Integer(),
            nullable=False,
            server_default="1",
            comment="grows whenever what is in it changes; 0 is no edition yet",
        ),
        sa.Column(
            "briefly",
            sa.Integer(),
            nullable=False,
            server_default="0",
            comment="how many comparisons its bytes tell in one line, for size",
        ),
    ):
        op.add_column("editions", column)
    op.add_column(
        "subscribers",
        sa.Column(
            "paused_until",
            db.UtcDateTime(timezone=True),
            nullable=True,
            comment="no edition before then, at their own wish",
        ),
    )


def downgrade() -> None:
    op.drop_column("subscribers", "paused_until")
    op.drop_column("editions", "briefly")
    op.drop_column("editions", "version")
    op.drop_table("edition_voices")
