"""The real command, which kills itself: `python -m tests.journeys.dying 2 "UPDATE imports" subscribers …`.

It dies of SIGKILL before the second statement that begins so; COMMIT counts as a statement. A kill from
outside would come too late for a fast command.
"""

from __future__ import annotations

import os
import signal
import sys
from itertools import count
from typing import Any

from sqlalchemy import Engine, event

from digest.cli import main


def die_before(statement: str, number: int) -> None:
    """From now on, whatever connection it is."""
    numbers = count(1)

    def look(given: str) -> None:
        if given.startswith(statement) and next(numbers) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def executing(_connection: Any, _cursor: Any, given: str, *_: Any) -> None:
        look(given)

    event.listen(Engine, "before_cursor_execute", executing)
    event.listen(Engine, "commit", lambda _: look("COMMIT"))


if __name__ == "__main__":
    _, number, statement, *words = sys.argv
    sys.argv[1:] = words
    die_before(statement, int(number))
    main()
