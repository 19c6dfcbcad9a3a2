"""How much work is done at once, and how much may wait for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

from policy_qa.web.problems import Refusal

T = TypeVar("T")


class Workers:
    """Runs the engine in ``threads`` threads; beyond ``waiting`` queued requests the next one is refused.

    The engine is Python: more threads than cores make every answer slower and none sooner. A bounded queue
    keeps the time a caller waits, and the memory, bounded too.
    """

    def __init__(self, threads: int, waiting: int) -> None:
        self._limiter = anyio.CapacityLimiter(threads)
        self._room = threads + waiting
        self._taken = 0

    async def run(self, work: Callable[[], T]) -> T:
        """The result of ``work``; Refusal 503 where too many wait already."""
        if self._taken >= self._room:
            raise Refusal(503, "现在提问的人太多，排队已经满了，请过几秒钟再试。", retry_after=2)
        self._taken += 1
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._limiter)
        finally:
            self._taken -= 1
