"""How many connections at once: one more after each mail that goes well, half when the relay has too many."""

from __future__ import annotations

from dataclasses import dataclass

GROW_AFTER = 50  # accepted mails, once the relay has said that it was too much


@dataclass
class Width:
    """The number of connections that may be open; starts at one and never passes `most`."""

    most: int
    now: int = 1
    _needed: int = 1
    _accepted: int = 0

    def accepted(self) -> None:
        """A mail was taken."""
        self._accepted += 1
        if self._accepted >= self._needed and self.now < self.most:
            self.now, self._accepted = self.now + 1, 0

    def crowded(self) -> None:
        """The relay has turned a connection away while it had others of ours; from now on grow slowly.

        Google asks for one connection after another (bulk sender guidelines, on 4.7.28).
        """
        self.now, self._accepted, self._needed = max(1, self.now // 2), 0, GROW_AFTER
