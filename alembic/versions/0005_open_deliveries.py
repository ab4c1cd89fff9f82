"""indexes that hold only deliveries which are still open

What is sent leaves them, so that claiming does not slow down as the ledger grows, and each mail touches fewer
pages.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

FREE = "due_at IS NOT NULL AND worker_id IS NULL"


def upgrade() -> None:
    op.add_column(
        "deliveries",
        sa.Column(
            "notice",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="to one person, and before all editions",
        ),
    )
    op.execute(
        "UPDATE deliveries SET notice = true "
        "WHERE mailing_id IN (SELECT id FROM mailings WHERE notice IS NOT NULL)"
    )
    # What is over used to keep the moment it was due at.
    op.execute("UPDATE deliveries SET due_at = NULL WHERE state IN ('sent', 'failed', 'dropped')")
    op.drop_index("ix_deliveries_open", "deliveries")
    op.drop_index("ix_deliveries_worker", "deliveries")
    _index("ix_deliveries_free", ["mailing_id", "due_at", "subscriber_id"], FREE)
    _index("ix_deliveries_free_notices", ["due_at"], f"notice AND {FREE}", f"notice = 1 AND {FREE}")
    _index("ix_deliveries_gone", ["subscriber_id"], "gone", "gone = 1")
    _index("ix_deliveries_claimed", ["worker_id"], "worker_id IS NOT NULL")


def downgrade() -> None:
    for name in ("claimed", "gone", "free_notices", "free"):
        op.drop_index(f"ix_deliveries_{name}", "deliveries")
    op.create_index("ix_deliveries_worker", "deliveries", ["worker_id"])
    op.create_index("ix_deliveries_open", "deliveries", ["mailing_id", "state", "due_at"])
    op.drop_column("deliveries", "notice")


def _index(name: str, columns: list[str], where: str, sqlite: str | None = None) -> None:
    """SQLite uses a partial index for a query that says the same in the same words."""
    op.create_index(
        name,
        "deliveries",
        columns,
        sqlite_where=sa.text(sqlite or where),
        postgresql_where=sa.text(where),
    )
