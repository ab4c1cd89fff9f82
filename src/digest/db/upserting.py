"""INSERT with ON CONFLICT, which both engines have and each calls its own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from digest.db.base import Base


def inserting(session: Session, model: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT into the model's table, in the words of the session's database."""
    return inserting_in(dialect_of(session), model)


def dialect_of(session: Session) -> str:
    """The name of the session's database, by which statements that are made once can be kept."""
    return session.get_bind().dialect.name


def inserting_in(dialect: str, model: type[Base] | Table) -> sqlite.Insert | postgresql.Insert:
    """The same by the name of a database."""
    insert: Any = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement: sqlite.Insert | postgresql.Insert = insert(model)
    return statement
