"""What every scenario stands on: a home of its own, the supervised server, the users, and what is counted."""

from __future__ import annotations

import random
import re
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.chaos.crowd import Crowd, Tally, lost
from bench.chaos.requests import Json, Request
from bench.chaos.server import COMMAND, Life, NotRecoveredError, Server
from policy_qa.settings import Settings

_SENTENCE = re.compile(r"[^\n。]*[一-鿿][^\n。]*。\n")
_SWEPT = {"ask": 8, "eligibility": 1, "check": 1}


@dataclass(frozen=True, slots=True)
class Setting:
    """The same for all scenarios. ``pristine`` is a home with a sound index, which each scenario copies."""

    folder: Path
    pristine: Path
    settings: Settings
    environ: Mapping[str, str]
    requests: Sequence[Request]
    users: int
    seed: int
    kills: int
    rounds: int
    flips: int | None
    """How many files are damaged, None for all."""
    spots: tuple[float, ...]
    """Where in a file a byte is flipped, from 0 to 1."""
    patience: float
    """Seconds until a server that does not answer right counts as not recovered."""

    @property
    def sweep(self) -> list[Request]:
        """A few requests of each kind, asked after each single fault."""
        return [
            request
            for kind, count in _SWEPT.items()
            for request in [one for one in self.requests if one.kind == kind][:count]
        ]

    def home(self, name: str) -> Path:
        """A copy of the pristine home."""
        return Path(shutil.copytree(self.pristine, self.folder / name))


@dataclass(slots=True)
class Outcome:
    """What one scenario came to; ``zeros`` must all be zero."""

    scenario: str
    times: int = 0
    """How often the fault was made."""
    answers: int = 0
    """Answers judged; ``degraded`` ones are right but found by words only."""
    degraded: int = 0
    wrong: int = 0
    acknowledged: int = 0
    lost: int = 0
    """Of the acknowledged feedback."""
    refused: int = 0
    """Feedback refused in a sentence, which is right only where the home cannot be written."""
    down: int = 0
    """Requests that met a server that had been killed."""
    errors: int = 0
    """Requests that failed while the server was up; commands that failed without a sentence; feedback refused
    though the home could be written."""
    crashes: int = 0
    """Ends of the server that nobody caused."""
    not_recovered: int = 0
    again: list[float] = field(default_factory=list)
    """Seconds from each end of the server to the first right answer."""
    skipped: str | None = None
    notes: list[str] = field(default_factory=list)
    wrong_answers: list[Json] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether one of the zeros is not zero."""
        return any((self.wrong, self.lost, self.errors, self.not_recovered))

    @property
    def again_p50(self) -> float | None:
        return statistics.median(self.again) if self.again else None

    @property
    def again_max(self) -> float | None:
        return max(self.again, default=None)

    def fail(self, note: str) -> None:
        """Count an error that no user met."""
        self.errors += 1
        self.notes.append(note)

    def collect(self, life: Life, tally: Tally, *, may_refuse: bool) -> None:
        """Take over what the supervisor and the users met."""
        counted = tally.counted
        self.answers += counted["right"] + counted["degraded"] + counted["wrong"]
        self.degraded += counted["degraded"]
        self.wrong += counted["wrong"] + len(life.wrong)
        self.wrong_answers += tally.wrong
        self.acknowledged += len(tally.acknowledged)
        self.refused += counted["refused"]
        self.down += counted["down"]
        self.errors += counted["error"] + (0 if may_refuse else counted["refused"])
        self.crashes += len(life.crashes)
        self.not_recovered += len(life.not_recovered)
        self.again += life.again
        self.notes += [*life.crashes, *life.not_recovered, *tally.errors[:20], *life.wrong[:20]]


@dataclass(frozen=True, slots=True)
class Stage:
    """One running scenario."""

    setting: Setting
    home: Path
    server: Server
    crowd: Crowd
    outcome: Outcome
    chance: random.Random
    prefix: Sequence[str]

    def pause(self, shortest: float, longest: float) -> None:
        """Let the users ask for a while."""
        time.sleep(self.chance.uniform(shortest, longest))

    def sweep(self) -> None:
        """Ask a few of everything now."""
        self.crowd.sweep(self.setting.sweep)

    def restart(self) -> None:
        """Kill the server and wait until it answers right."""
        self.server.kill()
        self.server.wait_until_up()

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A command line over this home."""
        return subprocess.Popen(
            [*self.prefix, *COMMAND, *arguments],
            env={**self.setting.environ, "POLICY_QA_HOME": str(self.home)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def run(self, *arguments: str, may_fail: bool = False) -> None:
        """A command line to its end: it does its work, or says why not where it ``may_fail``."""
        process = self.start(*arguments)
        _, said = process.communicate()
        self.ended(arguments[0], process.returncode, said, may_fail=may_fail)

    def ended(self, command: str, status: int, said: str, *, may_fail: bool = False) -> None:
        """Count a command that failed where it may not, or without one sentence."""
        if status != 0 and not (may_fail and status == 1 and _SENTENCE.fullmatch(said)):
            self.outcome.fail(f"policy-qa {command}: exit status {status}: {said[-300:]}")

    def feedback_again(self) -> None:
        """Feedback must be acknowledged again, without a restart."""
        patience = self.setting.patience
        if not self.crowd.acknowledges(patience):
            self.outcome.fail(f"no feedback acknowledged within {patience:g} s after the fault")


@contextmanager
def staged(
    outcome: Outcome,
    setting: Setting,
    home: Path,
    *,
    prefix: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
    options: Sequence[str] = (),
    may_refuse: bool = False,
) -> Iterator[Stage]:
    """A server over ``home`` with its users, whose ``outcome`` is afterwards what they met and lost."""
    log = setting.folder / f"{home.name}.log"
    surroundings = {**setting.environ, **(environ or {})}
    server = Server(home, surroundings, log, setting.requests[0], prefix, setting.patience, options)
    crowd = Crowd(server, setting.requests, setting.users, setting.seed)
    chance = random.Random(f"{setting.seed} {outcome.scenario}")
    try:
        with server, crowd:
            yield Stage(setting, home, server, crowd, outcome, chance, prefix)
    except NotRecoveredError:
        pass  # the supervisor has kept it
    finally:
        outcome.collect(server.life, crowd.tally, may_refuse=may_refuse)
        missing = lost(crowd.tally.acknowledged, home)
        outcome.lost += len(missing)
        outcome.notes += [f"lost: {one}" for one in missing[:20]]
