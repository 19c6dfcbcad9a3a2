"""Whether memory stays flat over many questions: one assistant, two threads, no question twice the same."""

from __future__ import annotations

import datetime
import functools
import json
import os
import random
import re
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.chaos.requests import questions
from policy_qa.assistant import open_assistant
from policy_qa.embedding import load_embedder
from policy_qa.settings import load_settings

EACH = 1000
_THREADS = 2
FLAT = 0.02
"""Of the memory at half time: what the second half may add, by its regression line, and still be flat."""
_DAY = datetime.date(2026, 1, 31)


@dataclass(frozen=True, slots=True)
class Sample:
    """The process after so many questions."""

    questions: int
    rss_mb: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Growth:
    """The regression line through the second half of the samples."""

    slope_mb: float
    """A thousand questions."""
    added_mb: float
    """Over the second half."""
    rss_mb: float
    """At half time."""

    @property
    def flat(self) -> bool:
        return self.added_mb <= FLAT * self.rss_mb


def growth(samples: Sequence[Sample]) -> Growth | None:
    """The line through the second half; None with fewer than four samples in it."""
    half = samples[len(samples) // 2 :]
    if len(half) < 4:
        return None
    counts = [one.questions / 1000 for one in half]
    slope, intercept = statistics.linear_regression(counts, [one.rss_mb for one in half])
    return Growth(
        round(slope, 4), round(slope * (counts[-1] - counts[0]), 2), round(intercept + slope * counts[0], 1)
    )


def mutated(question: str, chance: random.Random) -> str:
    """The question with other figures of the same length, so that no cache knows it."""
    return re.sub(r"[1-9]\d*", lambda found: _figure(len(found.group()), chance), question)


def _figure(length: int, chance: random.Random) -> str:
    return str(chance.randrange(10 ** (length - 1), 10**length))


def stream(asked: Sequence[str], chance: random.Random) -> Iterator[str]:
    """The questions in ever new orders with ever new figures."""
    while True:
        yield from (mutated(question, chance) for question in chance.sample(asked, len(asked)))


def measure(
    environ: Mapping[str, str], count: int, seed: int, say: Callable[[str], None], keep: Path
) -> list[Sample]:
    """The memory of this process after each EACH of ``count`` questions; ``keep`` holds them so far."""
    settings = load_settings(environ)
    assistant = open_assistant(settings, functools.partial(load_embedder, through="engine"))
    source = stream(questions(settings.eval), random.Random(seed))
    samples: list[Sample] = []
    begun = time.monotonic()

    def ask(question: str) -> None:
        assistant.ask(question, {}, _DAY)

    with ThreadPoolExecutor(_THREADS) as threads:
        for done in range(0, count, EACH):
            batch = [next(source) for _ in range(min(EACH, count - done))]
            for _ in threads.map(ask, batch):
                pass
            sample = Sample(done + len(batch), _resident_mb(), round(time.monotonic() - begun, 1))
            samples.append(sample)
            keep.write_text(json.dumps([asdict(one) for one in samples]) + "\n", encoding="utf-8")
            say(f"memory: {sample.questions} questions, {sample.rss_mb:.1f} MB, {sample.seconds:.0f} s")
    return samples


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 2)


def draw(samples: Sequence[Sample], line: Growth | None, out: Path) -> str | None:
    """The curve as a picture; why there is none where matplotlib is missing."""
    try:
        from matplotlib.figure import Figure  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return "no picture: matplotlib is not installed"
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot([one.questions for one in samples], [one.rss_mb for one in samples], label="resident memory")
    if line is not None:
        half = samples[len(samples) // 2 :]
        ends = [half[0].questions, half[-1].questions]
        axes.plot(
            ends, [line.rss_mb, line.rss_mb + line.added_mb], "--", label=f"{line.slope_mb:+.3f} MB / 1,000"
        )
    top = 1.25 * max(one.rss_mb for one in samples)
    axes.set(xlabel="questions", ylabel="MB", ylim=(0, top), title="Memory over questions")
    axes.legend()
    figure.savefig(out, dpi=120)
    return None
