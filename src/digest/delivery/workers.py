"""Who is sending: registration, heartbeat, and what happens to the claims of a worker that died."""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from digest.delivery.models import Attempt, Delivery, State, Worker
from digest.delivery.retrying import Policy, doubt

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def register(session: Session, now: datetime) -> int:
    """Enter this process as a worker; `now` is real time.

    Its number is a random one, since a database gives that of a forgotten worker to the next: one that was
    taken for dead and goes on would write in its successor's rows.
    """
    number = 1 + secrets.randbelow(2**31 - 1)
    worker = Worker(id=number, host=here(), pid=os.getpid(), started_at=now, seen_at=now)
    session.add(worker)
    session.flush()
    return worker.id


def beat(session: Session, worker_id: int, now: datetime) -> bool:
    """Say that the worker lives; False when others have given it up and taken its claims back."""
    result = session.execute(update(Worker).where(Worker.id == worker_id).values(seen_at=now))
    return _rows(result) == 1


def sign_off(session: Session, worker_id: int) -> None:
    """Give unused claims back and forget the worker.

    If the outcome of a delivery could not be recorded, the worker stays, as one long dead: whoever comes
    next takes that delivery back as in doubt.
    """
    ours = Delivery.worker_id == worker_id
    session.execute(update(Delivery).where(ours, Delivery.state != State.SENDING).values(worker_id=None))
    if session.execute(select(Delivery.mailing_id).where(ours).limit(1)).first():
        session.execute(update(Worker).where(Worker.id == worker_id).values(seen_at=LONG_AGO))
    else:
        session.execute(delete(Worker).where(Worker.id == worker_id))


def take_back(session: Session, real_now: datetime, now: datetime, lease: timedelta, policy: Policy) -> int:
    """Free what dead workers held; returns how many deliveries are in doubt because of it.

    A worker is dead when its heartbeat is older than the lease, or when it ran on this host and its
    process is gone. Its rows at `sending` become `unknown`, the others are simply free again.
    """
    doubtful = 0
    for worker in session.scalars(select(Worker).with_for_update(skip_locked=True)).all():
        if real_now - worker.seen_at > lease or _process_is_gone(worker):
            doubtful += _bury(session, worker, now, policy)
    return doubtful


def any_claims(session: Session) -> bool:
    """Whether any worker holds claims."""
    claimed = select(Delivery.mailing_id).where(Delivery.worker_id.is_not(None))
    return session.execute(claimed.limit(1)).first() is not None


def _bury(session: Session, worker: Worker, now: datetime, policy: Policy) -> int:
    in_doubt = select(Delivery).where(Delivery.worker_id == worker.id, Delivery.state == State.SENDING)
    # Locked, since it may be alive after all, and about to commit how it went.
    rows = session.scalars(in_doubt.with_for_update()).all()
    for row in rows:
        step = doubt(row.doubts, now, policy)
        row.state, row.due_at, row.changed_at = step.state, step.due_at, now
        row.doubts += 1
        row.detail = "the sender died while this was on its way; it may or may not have arrived"
        session.add(_attempt(row, now))
    session.flush()
    sign_off(session, worker.id)
    return len(rows)


def _attempt(row: Delivery, now: datetime) -> Attempt:
    return Attempt(
        mailing_id=row.mailing_id,
        subscriber_id=row.subscriber_id,
        number=row.tries,
        at=now,
        result=State.UNKNOWN.value,
        reply="the sender died",
    )


@cache
def here() -> str:
    """Where process numbers mean what they mean here: two containers or machines may share a name."""
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return " ".join(parts)


def _process_is_gone(worker: Worker) -> bool:
    if worker.host != here():
        return False
    try:
        os.kill(worker.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _is_zombie(worker.pid)


def _is_zombie(pid: int) -> bool:
    """Whether the process has ended and only its parent has not noticed yet (where /proc tells)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False


def _rows(result: object) -> int:
    return int(getattr(result, "rowcount", 0))
