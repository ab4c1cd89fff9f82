"""The ground under every stage: one engine, one base, migrations."""

from digest.db.base import Base, Id, UtcDateTime, word_enum
from digest.db.engine import Database

__all__ = ["Base", "Database", "Id", "UtcDateTime", "word_enum"]
