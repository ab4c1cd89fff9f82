"""Something done within a transaction that may be undone by itself."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session


def keep_or_undo(session: Session, act: Callable[[Session], bool]) -> None:
    """Do `act` behind a savepoint; what it wrote stays if it answers True, and is undone if False.

    The statements are the same either way, up to the last one: no clock tells which it was.
    """
    savepoint = session.begin_nested()
    keep = act(session)
    session.flush()
    if keep:
        savepoint.commit()
    else:
        savepoint.rollback()
