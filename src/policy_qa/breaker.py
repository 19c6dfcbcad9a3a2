"""A circuit breaker: what fails again and again is left alone for a while, then tried once."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Breaker:
    """Opens after ``limit`` failures in a row; after ``rest`` seconds one attempt decides whether it closes.

    ``clock`` gives seconds that never run backwards. Threads may share it.
    """

    def __init__(self, limit: int, rest: float, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._rest = rest
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._next_attempt = 0.0

    def admits(self) -> bool:
        """Whether an attempt may be made now; who is admitted reports with succeeded() or failed()."""
        with self._lock:
            if self._failures < self._limit:
                return True
            now = self._clock()
            if now < self._next_attempt:
                return False
            self._next_attempt = now + self._rest  # one attempt; the others go on waiting
            return True

    def succeeded(self) -> None:
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        with self._lock:
            self._failures += 1
            self._next_attempt = self._clock() + self._rest
