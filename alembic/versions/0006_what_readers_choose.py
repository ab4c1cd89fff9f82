"""what readers choose: language, text only, another address; allowances, wordings and imports

Every new column may be empty or has a default, so that rows of the release before need no filling.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from digest import db

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


# Where an address can stand besides a subscriber's own; each has an index of the few that are filled.
ADDRESSES = (("subscribers", "next_email"), ("mailings", "email"))


def upgrade() -> None:
    for table, column in _columns():
        op.add_column(table, column)
    op.create_table(
        "wordings",
        sa.Column("hash", sa.String(), nullable=False, comment="SHA-256 in hexadecimal"),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("first_used_at", db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_wordings")),
    )
    op.create_table(
        "allowances",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("since", db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_allowances")),
    )
    op.create_index(op.f("ix_allowances_since"), "allowances", ["since"])
    _imports()
    for table, column in ADDRESSES:
        there = sa.text(f"{column} IS NOT NULL")
        op.create_index(f"ix_{table}_{column}", table, [column], sqlite_where=there, postgresql_where=there)
    kept = sa.text("client IS NOT NULL")
    op.create_index("ix_consents_client", "consents", ["at"], sqlite_where=kept, postgresql_where=kept)


def _columns() -> list[tuple[str, sa.Column[object]]]:
    return [
        (
            "subscribers",
            sa.Column(
                "language",
                sa.String(),
                nullable=True,
                comment="of pages and notices: as chosen, or of the page they subscribed on",
            ),
        ),
        (
            "subscribers",
            sa.Column(
                "text_only",
                sa.Boolean(),
                server_default=sa.false(),
                nullable=False,
                comment="mail without its HTML part",
            ),
        ),
        (
            "subscribers",
            sa.Column(
                "next_email",
                sa.String(),
                nullable=True,
                comment="asked to be changed to, and not confirmed yet",
            ),
        ),
        (
            "subscribers",
            sa.Column(
                "changes",
                sa.Integer(),
                server_default="0",
                nullable=False,
                comment="how often they asked so; older links for that are void",
            ),
        ),
        (
            "consents",
            sa.Column(
                "client",
                sa.String(),
                nullable=True,
                comment="keyed hash of the network address it came from; emptied after a while",
            ),
        ),
        (
            "consents",
            sa.Column(
                "note",
                sa.String(),
                nullable=True,
                comment="what the person said about it, or until when",
            ),
        ),
        (
            "mailings",
            sa.Column(
                "email",
                sa.String(),
                nullable=True,
                comment="where a notice goes, if not to its reader's address",
            ),
        ),
    ]


def _imports() -> None:
    moments = [
        sa.Column(name, db.UtcDateTime(timezone=True), nullable=name == "finished_at")
        for name in ("started_at", "changed_at", "finished_at")
    ]
    told = {
        "added": None,
        "asked": "of those added, who must confirm",
        "repeated": "added by an earlier row of the same file",
        "known": None,
        "suppressed": None,
        "rejected": None,
    }
    counts = [
        sa.Column(name, sa.Integer(), nullable=False, comment=comment) for name, comment in told.items()
    ]
    op.create_table(
        "imports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False, comment="of the file and of how it is read"),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False, comment="bytes of the file that are done"),
        sa.Column("line", sa.Integer(), nullable=False, comment="lines that are done"),
        *counts,
        *moments,
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_imports_fingerprint")),
    )


def downgrade() -> None:
    op.drop_index("ix_consents_client", "consents")
    for table, column in ADDRESSES:
        op.drop_index(f"ix_{table}_{column}", table)
    for name in ("imports", "allowances", "wordings"):
        op.drop_table(name)
    for table, column in reversed(_columns()):
        op.drop_column(table, column.name)
