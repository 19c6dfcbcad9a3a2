"""Several worker processes over one socket: started, watched, replaced when one dies, stopped together.

The processes are forked from one that has loaded no engine and runs no thread, so that each begins with the
listening socket, the settings and the key that signs sessions, and none of these ever stands in an argument
or a file. The parent answers no request and opens no index: it has nothing to lose.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import connection
from multiprocessing.context import ForkProcess

from policy_qa.errors import PolicyQaError

_FORK = multiprocessing.get_context("fork")
_TICK_SECONDS = 0.25
_STEADY_SECONDS = 10.0
"""A worker that accepted for so long died of something else than its start."""
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
_TRIES = 3
"""Starts of one worker that may fail before any worker ever accepted."""

Work = Callable[[int, Callable[[], None]], None]
"""Serves as worker 1, 2, …; calls its second argument once it accepts, returns when told to stop."""
Report = Callable[[dict[str, object]], None]
"""Gets what to log of a worker."""


def keep(
    size: int,
    work: Work,
    *,
    accepting: Callable[[], None],
    stopping: Callable[[], None],
    ended: Callable[[int], None],
    report: Report,
    grace: float,
) -> None:
    """Keep ``size`` workers at ``work`` until SIGINT or SIGTERM, which ends them gracefully.

    ``accepting`` is called when the first of them accepts, ``stopping`` before they are told to stop,
    ``ended`` with the number of each that has died. Who does not stop in ``grace`` seconds is killed.
    Raises PolicyQaError where none could ever start.
    """
    stop = False

    def ask_to_stop(*_: object) -> None:
        nonlocal stop
        stop = True

    held = {number: signal.signal(number, ask_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
    places = [_Place(number) for number in range(1, size + 1)]
    begun = False
    try:
        while not stop:
            for place in places:
                place.fill(work)
            connection.wait([one for place in places for one in place.signals], _TICK_SECONDS)
            for place in places:
                if place.heard():
                    report({"worker": place.number, "pid": place.pid, "state": "accepting"})
                    if not begun:
                        begun = True
                        accepting()
                if (code := place.died()) is None:
                    continue
                ended(place.number)
                if not begun and (place.refused or place.failures >= _TRIES):
                    raise PolicyQaError(place.refused or _NONE_STARTED)
                fate = {"worker": place.number, "state": "died", "exit": code, "again_in": place.pause}
                report({**fate, "why": place.refused} if place.refused else fate)
        stopping()
    finally:
        _dismiss(places, grace)
        for number, handler in held.items():
            signal.signal(number, handler)


_NONE_STARTED = "服务进程反复启动不起来，原因见上面的日志，请处理后再启动，或者先用 --workers 1 试一试。"


@dataclass(slots=True)
class _Place:
    """One of the crew's places: the process in it, and when the next one may follow."""

    number: int
    failures: int = 0
    pause: float = 0.0
    refused: str = ""
    _process: ForkProcess | None = None
    _told: connection.Connection | None = None
    _accepted_at: float | None = None
    _due: float = field(default=0.0)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def signals(self) -> list[connection.Connection | int]:
        """What becomes readable when there is something to look at."""
        told = [self._told] if self._told else []
        return [*told, self._process.sentinel] if self._process else []

    def fill(self, work: Work) -> None:
        """Start a process where there is none and its time has come."""
        if self._process or time.monotonic() < self._due:
            return
        self._told, telling = _FORK.Pipe(duplex=False)
        self._process = _FORK.Process(target=_serve, args=(work, self.number, telling))
        self._process.start()
        telling.close()
        self._accepted_at, self.refused = None, ""

    def heard(self) -> bool:
        """Whether the process said since last time that it accepts; what else it said is kept."""
        try:
            while self._told and self._told.poll():
                said = self._told.recv()
                if said is None:
                    self._accepted_at = time.monotonic()
                    return True
                self.refused = said
        except (EOFError, OSError):
            self._told = None
        return False

    def died(self) -> int | None:
        """The exit status of a process that has ended, its place then free; None while it runs."""
        if self._process is None or self._process.is_alive():
            return None
        self.heard()
        code = self._process.exitcode
        now = time.monotonic()
        if self._accepted_at is not None and now - self._accepted_at >= _STEADY_SECONDS:
            self.failures, self.pause = 0, 0.0
        else:
            self.failures += 1
            self.pause = min(max(_FIRST_PAUSE, 2 * self.pause), _LONGEST_PAUSE)
        self._due = now + self.pause
        self._process.close()
        self._process = None
        if self._told:
            self._told.close()
            self._told = None
        return code

    def tell_to_stop(self) -> None:
        if self._process:
            self._process.terminate()

    def join(self, until: float) -> None:
        """Wait for the process until then, and kill it if it is still there."""
        if self._process:
            self._process.join(max(0.0, until - time.monotonic()))
            if self._process.is_alive():
                self._process.kill()
                self._process.join()


def _dismiss(places: list[_Place], grace: float) -> None:
    for place in places:
        place.tell_to_stop()
    until = time.monotonic() + grace
    for place in places:
        place.join(until)


def _serve(work: Work, number: int, telling: connection.Connection) -> None:
    """What a worker process does; why it could not is told to the parent, in one sentence."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches the whole group: the parent decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        work(number, lambda: telling.send(None))
    except PolicyQaError as error:
        _tell(telling, str(error))
    except Exception as error:
        last = error.__traceback__
        while last and last.tb_next:
            last = last.tb_next
        where = f"{last.tb_frame.f_code.co_filename.rpartition('/')[2]}:{last.tb_lineno}" if last else ""
        _tell(telling, f"服务进程内部出错（{type(error).__name__}，{where}），请把这行日志交给维护者。")


def _tell(telling: connection.Connection, said: str) -> None:
    with suppress(OSError):
        telling.send(said)
    sys.exit(1)


def orphaned(parent: int) -> bool:
    """Whether the process that forked this one is gone: nobody would replace or stop it."""
    return os.getppid() != parent
