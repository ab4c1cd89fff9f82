"""A database that is away or full: what that is, and what is said of it."""

from __future__ import annotations

from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

STANDBY: Final = "25006"  # PostgreSQL's read_only_sql_transaction: the new primary is not found yet


def is_away(error: BaseException) -> bool:
    """Whether the same may work later: no connection, a full disk, a database that others hold."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or (error.orig is not None and is_away(error.orig))
    if isinstance(error, PoolTimeout) or getattr(error, "sqlstate", None) == STANDBY:
        return True
    # PEP 249's names. SQLite's plain SQLITE_ERROR is a statement that it does not understand.
    names = {kind.__name__ for kind in type(error).__mro__}
    known = bool(names & {"OperationalError", "InterfaceError"})
    return known and getattr(error, "sqlite_errorname", "") != "SQLITE_ERROR"


def in_short(error: Exception) -> str:
    """The first line of what the database says, without the statement."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0]
