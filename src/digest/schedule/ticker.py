"""Call the weekly run once a minute, from a memory store: any number of these make one edition."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from apscheduler.schedulers.background import BackgroundScheduler

from digest.app import weekly
from digest.app.delivering import RunReport
from digest.app.parts import App
from digest.app.progress import EachMinute
from digest.db.away import in_short, is_away
from digest.errors import DigestError
from digest.logs import get_logger

TICK_SECONDS = 60


def tick_until(app: App, stop: threading.Event, every: float = TICK_SECONDS) -> None:
    """Tick at once and then every `every` seconds until `stop` is set; a run in flight is finished first."""
    # misfire_grace_time=None and coalesce: a tick that comes late, comes; several late ones come as one.
    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.add_job(
        tick,
        "interval",
        args=[app, stop],
        seconds=every,
        next_run_time=datetime.now(UTC),
        max_instances=1,
        coalesce=True,
        misfire_grace_time=None,
    )
    scheduler.start()
    stop.wait()
    scheduler.shutdown(wait=True)


def tick(app: App, stop: threading.Event) -> None:
    """One run. What goes wrong is logged, and the next tick tries again."""
    logger = get_logger()
    try:
        report = weekly.run(app, stop, EachMinute())
    except DigestError as error:
        logger.warning("the run failed", action="run_failed", error=str(error))
    except Exception as error:
        if is_away(error):
            logger.warning("the run failed", action="run_failed", error=f"the database: {in_short(error)}")
        else:
            logger.exception("the run failed", action="run_failed")
    else:
        _tell(report)


def _tell(report: RunReport) -> None:
    """Log what a run did, if it did anything; that it was stopped is a warning, whatever went before."""
    done = {"edition": report.edition, "status": report.status, "sent": report.sent}
    if report.stopped:
        get_logger().warning("the run was stopped", action="run_stopped", reason=str(report.stopped), **done)
    elif report.sent:
        get_logger().info("sent what was due", action="run", **done)
