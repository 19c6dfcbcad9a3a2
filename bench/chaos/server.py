"""The server as a supervisor keeps it: whenever it ends it is started again at once, on the same port."""

from __future__ import annotations

import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.chaos.requests import Request, judge, post

COMMAND = (sys.executable, "-c", "from policy_qa.cli import main; main()")
_PAUSE_SECONDS = 0.02
_BEFORE_ANOTHER_START = 0.5
_BROKEN_WITHIN = 0.5
"""Seconds in which a user learns that the worker he had reached is gone."""


class NotRecoveredError(Exception):
    """The server does not answer right again; the scenario ends."""


@dataclass(slots=True)
class Life:
    """What a supervisor sees over one scenario."""

    again: list[float] = field(default_factory=list)
    """Seconds from each end of the server to the first right answer."""
    crashes: list[str] = field(default_factory=list)
    """Ends that nobody caused, each with its exit status."""
    not_recovered: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """Wrong answers the supervisor's own probes met."""


class Server:
    """`policy-qa serve` under a supervisor; use it in ``with``.

    ``prefix`` stands before the command, such as one that gives up a right. ``kill()`` ends the process
    and leaves the rest to the supervisor; ``hold()`` ends it and keeps it down until ``release()``.
    After ``patience`` seconds without a right answer it counts as not recovered.
    """

    def __init__(
        self,
        home: Path,
        environ: Mapping[str, str],
        log: Path,
        probe: Request | None = None,
        prefix: Sequence[str] = (),
        patience: float = 120.0,
        options: Sequence[str] = (),
    ) -> None:
        self.patience = patience
        self.port = free_port()
        self.life = Life()
        self._command = [*prefix, *COMMAND, "serve", "--port", str(self.port), *options]
        self._environ = {**environ, "POLICY_QA_HOME": str(home)}
        self._log = log
        self._probe = probe
        self._process: subprocess.Popen[bytes] | None = None
        self._meant = False
        self._down: list[tuple[float, float]] = []
        self._down_since = self._ended_at = time.monotonic()
        self._changed = threading.Condition()
        self._up = False
        self._held = False
        self._ended = False
        self._first = True
        self._thread = threading.Thread(target=self._supervise, daemon=True)

    def __enter__(self) -> Server:
        self._thread.start()
        try:
            self.wait_until_up()
        except NotRecoveredError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._ended = True
            self._end(signal.SIGTERM)
            self._changed.notify_all()
        self._thread.join()

    def kill(self) -> None:
        """End the process with SIGKILL, also while it starts; the supervisor starts it again at once."""
        with self._changed:
            self._end(signal.SIGKILL)

    def kill_worker(self, chance: random.Random) -> bool:
        """End one of its workers with SIGKILL; False where it has none now.

        The others go on: only what is under way at this moment may be lost.
        """
        with self._changed:
            workers = _children(self._process.pid) if self._process is not None else []
            if not workers:
                return False
            now = time.monotonic()
            self._down.append((now, now + _BROKEN_WITHIN))
            os.kill(chance.choice(workers), signal.SIGKILL)
            return True

    def hold(self) -> None:
        """End it with SIGKILL and keep it down."""
        with self._changed:
            self._held = True
            self._end(signal.SIGKILL)
            while self._process is not None:
                self._changed.wait()

    def release(self) -> None:
        """Let the supervisor start it, and wait until it answers; the seconds count from here."""
        with self._changed:
            self._held = False
            self._ended_at = time.monotonic()
            self._changed.notify_all()
        self.wait_until_up()

    def wait_until_up(self) -> None:
        """Wait for a right answer; NotRecoveredError, which is also kept, after ``patience`` seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._up, self.patience):
                why = f"no right answer in {self.patience:g} s: {self.last_words()}"
                self.life.not_recovered.append(why)
                raise NotRecoveredError(why)

    def was_down(self, begun: float, ended: float) -> bool:
        """Whether the server was down at a moment between two of ``time.monotonic()``."""
        with self._changed:
            now_down = not self._up and ended >= self._down_since
            return now_down or any(begun <= until and ended >= since for since, until in self._down)

    def last_words(self) -> str:
        """The last line of its log."""
        lines = (
            self._log.read_text(encoding="utf-8", errors="replace").splitlines() if self._log.exists() else []
        )
        return lines[-1][:300] if lines else "nothing in its log"

    def _end(self, number: signal.Signals) -> None:
        """The caller holds the lock."""
        if self._process is not None:
            self._meant = True
            self._mark_down()
            self._process.send_signal(number)

    def _mark_down(self) -> None:
        """Users feel it from the first end on; the seconds to serve again count from the last one."""
        self._ended_at = time.monotonic()
        if self._up:
            self._up = False
            self._down_since = self._ended_at

    # ── the supervisor's own thread ─────────────────────────────────────────────────────────────

    def _supervise(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ended or not self._held)
                if self._ended:
                    return
                process = self._process = self._start()
                self._meant = False
            self._answers(process)
            status = process.wait()
            with self._changed:
                self._process = None
                self._changed.notify_all()
                if self._meant:
                    continue
                self._mark_down()
                self.life.crashes.append(f"exit status {status}: {self.last_words()}")
            time.sleep(_BEFORE_ANOTHER_START)

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(self._command, stdout=log, stderr=log, env=self._environ)

    def _answers(self, process: subprocess.Popen[bytes]) -> None:
        """Ask until it answers right or ends."""
        while process.poll() is None:
            if self._right():
                with self._changed:
                    if self._process is process and not self._meant:
                        self._mark_up()
                return
            time.sleep(_PAUSE_SECONDS)

    def _right(self) -> bool:
        """One question to the process that starts; a wrong answer is kept."""
        if self._probe is None:
            return _listens(self.port, self.patience)
        try:
            status, answer = post(self.port, self._probe.path, self._probe.body, timeout=self.patience)
        except (OSError, http.client.HTTPException, ValueError):
            return False
        if status != 200:
            return False
        if judge(self._probe, answer) == "wrong":
            self.life.wrong.append(str(self._probe.body.get("question")))
            return False
        return True

    def _mark_up(self) -> None:
        now = time.monotonic()
        self._up = True
        self._down.append((self._down_since, now))
        if not self._first:
            self.life.again.append(now - self._ended_at)
        self._first = False
        self._changed.notify_all()


def _children(pid: int) -> list[int]:
    """The processes that a process has started and that still run; Linux keeps the account."""
    with suppress(OSError):
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        return [int(one) for one in listed]
    return []


def _listens(port: int, patience: float) -> bool:
    """Whether a request is answered at all, which a server does once it has loaded and warmed up."""
    try:
        return post(port, "/api/check", {"text": "好"}, timeout=patience)[0] == 200
    except (OSError, http.client.HTTPException, ValueError):
        return False


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def environment() -> dict[str, str]:
    """The environment of every process started here: this checkout, and none of the user's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("POLICY_QA_")}
    return {**kept, "PYTHONPATH": os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path)}
