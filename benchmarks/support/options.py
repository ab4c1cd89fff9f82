"""What the benchmarks that send mail are asked for, and what they need."""

from __future__ import annotations

import argparse

from support.sinks import missing

from digest.logs import configure_logs


def sending_options(description: str, messages: int) -> argparse.Namespace | None:
    """`rounds` (at least 1) and `messages`, by default so many; None, and why is said, without smtp-sink."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="runs of each measurement")
    parser.add_argument("--messages", type=int, default=messages, metavar="N", help="readers of each run")
    options = parser.parse_args()
    options.rounds = max(options.rounds, 1)
    configure_logs()
    if lacking := missing():
        print(f"Skipped: {lacking} is not here (Debian: apt-get install postfix; it need not run).\n")
        return None
    return options
