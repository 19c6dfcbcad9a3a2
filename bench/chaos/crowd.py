"""The users: each asks, checks and gives feedback by turns; all they meet is counted."""

from __future__ import annotations

import http.client
import itertools
import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from bench.chaos.requests import Json, Request, judge, post
from bench.chaos.server import Server

_FEEDBACK_SHARE = 0.2
_THINK_SECONDS = (0.5, 1.5)
_AFTER_A_REFUSED_CONNECTION = 0.3


@dataclass(slots=True)
class Tally:
    """What the users of one scenario met; threads add to it under ``lock``."""

    counted: Counter[str] = field(default_factory=Counter)
    """By outcome: right, degraded, wrong, error, down (the server had been killed), refused (feedback); and
    exact: answers, judged like all, that say that Chroma was away and vectors were compared one by one."""
    wrong: list[Json] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    """What users met while the server was up: statuses that are none of success, broken connections."""
    acknowledged: dict[int, str] = field(default_factory=dict)
    """The reason given with each feedback that was acknowledged, by the number it was given."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def meet(self, request: Request, answer: Json) -> None:
        """Judge and count one answer."""
        verdict = judge(request, answer)
        with self.lock:
            self.counted[verdict] += 1
            self.counted["exact"] += any("Chroma" in notice for notice in answer.get("notices", ()))
            if verdict == "wrong":
                self.wrong.append({"request": request.body, "answer": answer, "reference": request.reference})


class Crowd:
    """``users`` threads against one server; use it in ``with``. What they met is in ``tally``."""

    def __init__(self, server: Server, requests: Sequence[Request], users: int, seed: int) -> None:
        self.tally = Tally()
        self._server = server
        self._requests = requests
        self._numbers = itertools.count()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._visit, args=(random.Random(seed * 1000 + user),), daemon=True)
            for user in range(users)
        ]

    def __enter__(self) -> Crowd:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Every user gets the answer he waits for, unless the scenario has failed."""
        self._stop.set()
        for thread in self._threads if kind is None else ():
            thread.join()

    def sweep(self, requests: Sequence[Request]) -> None:
        """Send these now, one after the other, as one more user."""
        for request in requests:
            self._send(request)

    def acknowledges(self, patience: float) -> bool:
        """Whether feedback is acknowledged, tried for ``patience`` seconds."""
        until = time.monotonic() + patience
        while time.monotonic() < until:
            before = len(self.tally.acknowledged)
            self._give_feedback()
            if len(self.tally.acknowledged) > before:
                return True
            time.sleep(0.2)
        return False

    def _visit(self, chance: random.Random) -> None:
        while not self._stop.wait(chance.uniform(*_THINK_SECONDS)):
            if chance.random() < _FEEDBACK_SHARE:
                self._give_feedback()
            else:
                self._send(chance.choice(self._requests))

    def _send(self, request: Request) -> None:
        answer = self._met(request.path, request.body, 200)
        if answer is not None:
            self.tally.meet(request, answer)

    def _give_feedback(self) -> None:
        reason = f"chaos {next(self._numbers)}"
        body: Json = {"answer_id": "0123456789abcdef", "useful": False, "reason": reason}
        received = self._met("/api/feedback", body, 201)
        if received is not None:
            with self.tally.lock:
                self.tally.acknowledged[received["id"]] = reason

    def _met(self, path: str, body: Json, expected: int) -> Json | None:
        """The object of a success; None after counting anything else."""
        begun = time.monotonic()
        try:
            status, answer = post(self._server.port, path, body, timeout=self._server.patience)
            if status == expected:
                return answer
            said = f"{path}: {status} {answer.get('detail')}"
            outcome = "refused" if path == "/api/feedback" and status == 503 else "error"
        except (OSError, http.client.HTTPException, ValueError) as error:
            said = f"{path}: {type(error).__name__}: {error}"
            outcome = "error"
        if outcome == "error" and self._server.was_down(begun, time.monotonic()):
            outcome = "down"
            time.sleep(_AFTER_A_REFUSED_CONNECTION)
        with self.tally.lock:
            self.tally.counted[outcome] += 1
            if outcome == "error":
                self.tally.errors.append(said)
        return None


def lost(acknowledged: dict[int, str], home: Path) -> list[str]:
    """The acknowledged feedback that is not in the store of ``home``, and any damage to the store itself."""
    with closing(sqlite3.connect(home / "feedback.sqlite")) as connection:
        [(sound,)] = connection.execute("PRAGMA integrity_check")
        kept = dict(connection.execute("SELECT id, reason FROM feedback"))
    missing = [reason for number, reason in acknowledged.items() if kept.get(number) != reason]
    return missing + ([] if sound == "ok" else [f"integrity_check: {sound}"])
