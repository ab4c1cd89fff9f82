"""Tells open pages that something changed, as server-sent events: one number, and they ask for the rest."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from digest.desk.workbench import Workbench

PAUSE_SECONDS: Final = 1
SILENCE: Final = 15  # pauses after which a comment shows that we are still there


@dataclass(frozen=True, slots=True)
class Events:
    """`/api/events`: the signature of what is shown, at once and whenever it changes, until `closing`."""

    bench: Workbench
    closing: threading.Event

    def routes(self) -> list[Route]:
        """The path answered here."""
        return [Route("/api/events", self.listen, methods=["GET"])]

    async def listen(self, _request: Request) -> Response:
        """A stream that ends when the page goes or the desk closes."""
        return StreamingResponse(self._stream(), media_type="text/event-stream")

    async def _stream(self) -> AsyncIterator[str]:
        told, silent = None, 0
        yield "retry: 1000\n\n"
        while not self.closing.is_set():
            signature = await run_in_threadpool(self.bench.signature)
            silent += 1
            if signature != told:
                told, silent = signature, 0
                yield f"event: changed\ndata: {signature}\n\n"
            elif silent >= SILENCE:
                silent = 0
                yield ": still here\n\n"
            await asyncio.sleep(PAUSE_SECONDS)
