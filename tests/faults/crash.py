"""The long crash runs: `make crash`, or `python -m tests.faults.crash --help`.

Exits with 1 when a promise is broken, and says which.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.crash_findings import COLUMNS, Plan, broken
from tests.faults.crashing import crash_runs
from tests.support.postgres import PostgresMissing, postgres_server

DATABASES = ("sqlite", "postgresql")


def main() -> int:
    """Run every combination, print a line for each as it ends, and give the exit code."""
    asked = _options()
    print(f"{asked.readers} readers, seed {asked.seed}")
    print("  ".join(("database  ", *COLUMNS, "seconds")))
    good = True
    for database in asked.database:
        for workers in asked.workers:
            good &= _try(database, Plan(asked.kills, asked.readers, workers, asked.seed))
    return 0 if good else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make crash", description="Kill senders, and count who got what.")
    parser.add_argument("--kills", type=int, default=100, help="SIGKILLs for each combination (100)")
    parser.add_argument("--readers", type=int, default=2000, help="readers of the edition (2000)")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 3], help="senders at once (1 3)")
    parser.add_argument("--database", nargs="+", choices=DATABASES, default=DATABASES, help="(both)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of all chances (random)")
    return parser.parse_args()


def _try(database: str, plan: Plan) -> bool:
    """One combination; what broke goes to standard error."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, _url(database, Path(folder)) as url:
        found = crash_runs(Path(folder), url, plan)
    figures = (*found.row(), round(time.monotonic() - began))
    widths = [len(name) for name in (*COLUMNS, "seconds")]
    cells = [f"{value:>{width}}" for value, width in zip(figures, widths, strict=True)]
    print("  ".join((f"{database:<10}", *cells)), flush=True)
    for sentence in (flaws := broken(found)):
        print(f"broken: {sentence}", file=sys.stderr)
    return not flaws


@contextmanager
def _url(database: str, folder: Path) -> Iterator[str]:
    """An empty database; raises SystemExit where there is no PostgreSQL."""
    if database == "sqlite":
        yield f"sqlite:///{folder / 'digest.db'}"
        return
    try:
        with postgres_server() as server, server.database() as url:
            yield url
    except PostgresMissing as absent:
        raise SystemExit(str(absent)) from absent


if __name__ == "__main__":
    sys.exit(main())
