"""The jobs that a worker has claimed and nobody has begun; more are fetched before they run out."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections import deque
from collections.abc import Awaitable, Callable

from digest.delivery.claiming import Claimed, Job

LOOK_AGAIN = 1.0  # seconds at most, since somebody may ask for a notice meanwhile


class Supply:
    """Jobs in the order of their claim; those that must wait for their slot come as soon as they may go."""

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Claimed]],
        unless_ended: Callable[[Awaitable[object]], Awaitable[bool]],
        low: int,
    ) -> None:
        """`fetch` claims some; `low` is how few are left when it is called ahead of time.

        `unless_ended` waits for something and says whether it happened before the end of the shift.
        """
        self._fetch = fetch
        self._unless_ended = unless_ended
        self._low = low
        self._jobs: deque[Job] = deque()
        self._later: list[tuple[float, int, Job]] = []  # a heap, by when they may go
        self._number = 0  # keeps the order of the claim among those
        self._fetching: asyncio.Task[Claimed] | None = None

    @property
    def at_hand(self) -> int:
        """How many may go at once."""
        now = time.monotonic()
        while self._later and self._later[0][0] <= now:
            self._jobs.append(heapq.heappop(self._later)[2])
        return len(self._jobs)

    def take(self) -> Job:
        """One that may go; whoever takes nearly the last sends for more, so that nobody has to wait."""
        job = self._jobs.popleft()
        if len(self._jobs) == self._low and not self._later:
            self._start()
        return job

    def put_back(self, job: Job) -> None:
        """It was not begun, and goes first."""
        self._jobs.appendleft(job)

    def forget(self, mailing_id: int) -> None:
        """Those of one mailing are no longer ours."""
        self._jobs = deque(job for job in self._jobs if job.mailing_id != mailing_id)
        self._later = [one for one in self._later if one[2].mailing_id != mailing_id]
        heapq.heapify(self._later)

    async def wait(self) -> bool:
        """Wait until a job may go, as long as the pace demands it; False when there is none to wait for."""
        while not self.at_hand:
            seconds = self._later[0][0] - time.monotonic() if self._later else await self._more()
            if seconds is None or not await self._unless_ended(asyncio.sleep(max(0.0, seconds))):
                return self.at_hand > 0
        return True

    async def end(self) -> None:
        """Wait for a fetch that is under way."""
        if self._fetching:
            await asyncio.wait([self._fetching])

    async def _more(self) -> float | None:
        """Fetch some; returns after how many seconds to look again, None when nothing will come."""
        claimed = await self._start()
        if claimed.jobs or claimed.again:
            return 0.0
        return min(claimed.wait.total_seconds(), LOOK_AGAIN) if claimed.wait is not None else None

    def _start(self) -> asyncio.Task[Claimed]:
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetched())
            # Who fails beforehand is heard by whoever fetches next.
            self._fetching.add_done_callback(lambda task: task.cancelled() or task.exception())
        return self._fetching

    async def _fetched(self) -> Claimed:
        try:
            claimed = await self._fetch()
            for job in claimed.jobs:
                self._number += 1
                if job.ready_at:
                    heapq.heappush(self._later, (job.ready_at, self._number, job))
                else:
                    self._jobs.append(job)
            return claimed
        finally:
            self._fetching = None
