"""When a relay is given up for what it does to mail, though it lets us in."""

from __future__ import annotations

from dataclasses import dataclass

from digest.delivery.replies import Meaning, Outcome, Stage

REFUSALS = 3  # of us, in a row; once may be one mail server's grudge
TROUBLES = 5  # lost connections and refused beginnings in a row, for each of our connections
DOUBTS = 2  # messages taken without an answer in a row, for each of our connections


@dataclass
class Trust:
    """Counts what goes wrong in a row on so many connections; `several`: there is another relay."""

    connections: int
    several: bool
    refusals: int = 0
    troubles: int = 0
    doubts: int = 0

    def after(self, stage: Stage, outcome: Outcome) -> str | None:
        """Count one more try, which came as far as `stage`; why to give the relay up, or None."""
        if outcome.meaning is Meaning.SENT:
            self.refusals = self.troubles = self.doubts = 0
        self.refusals = self.refusals + 1 if outcome.meaning is Meaning.US else 0
        self.doubts += outcome.meaning is Meaning.UNKNOWN
        self.troubles += outcome.meaning in (Meaning.CONNECTION, Meaning.UNKNOWN) or (
            outcome.meaning is Meaning.LATER and stage is Stage.MAIL
        )
        why = self._verdict(outcome)
        if why:
            self.refusals = self.troubles = self.doubts = 0
        return why

    def _verdict(self, outcome: Outcome) -> str | None:
        if self.refusals >= REFUSALS:
            return f"refuses us: {outcome.code or ''} {outcome.text}".strip()
        if self.doubts > DOUBTS * self.connections:
            return f"takes mail and does not answer: {outcome.text}"
        # Where there is no other, each reader waits on the ladder of retries instead.
        if self.several and self.troubles > TROUBLES * self.connections:
            return f"takes no mail: {outcome.code or ''} {outcome.text}"
        return None
