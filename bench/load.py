"""Put the server under load on loopback with locust; print a table, write JSON.

    python bench/load.py [--users 30] [--seconds 60] [--out out/load.json]

Two phases against one `policy-qa serve` with the real embedding model, in a temporary home: users who think
for one to three seconds between requests, then the same users without a pause, which shows what gives first.
The questions are those of the two development splits, never the test split. Users and server share this
machine, so that the latencies hold what the users themselves cost; the server's own CPU time a request does
not. Nothing is asserted: the bar stands beside the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from locust import FastHttpUser, between, constant, task
from locust.env import Environment

from policy_qa.corpus import Corpus, load_corpus
from policy_qa.rules import FactRule
from policy_qa.settings import load_settings

SERVE = [sys.executable, "-c", "from policy_qa.cli import main; main()", "serve", "--port", "0"]
BAR_MS = 500
SPLITS = ("questions.dev.jsonl", "questions.hard.jsonl")


@dataclass(frozen=True, slots=True)
class Row:
    """What one kind of request met in one phase."""

    phase: str
    endpoint: str
    requests: int
    failures: int
    per_second: float
    p50_ms: float
    p95_ms: float
    slowest_ms: float


@dataclass(frozen=True, slots=True)
class Process:
    """The server process at one moment."""

    rss_mb: float
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Material:
    """What the users say and look for."""

    questions: tuple[str, ...]
    texts: tuple[str, ...]
    words: tuple[str, ...]
    labels: tuple[str, ...]
    policy: str
    facts: dict[str, FactRule]

    @classmethod
    def of(cls, corpus: Corpus, questions: Sequence[str]) -> Material:
        holding = corpus.holdings[0]
        quotes = [measure.quote for measure in holding.rules.measures]
        return cls(
            questions=tuple(dict.fromkeys(questions)),
            texts=tuple(text for text in dict.fromkeys([*quotes, *questions]) if re.search(r"\w", text)),
            words=tuple(name for m in holding.rules.measures for words in m.names for name in words),
            labels=tuple(clause.label for clause in holding.policy.clauses),
            policy=holding.policy.id,
            facts=holding.rules.facts,
        )

    def some_facts(self, chance: random.Random) -> dict[str, object]:
        """A random enterprise: each fact stated in one case of three."""
        values: dict[str, Any] = {
            "bool": lambda: chance.random() < 0.5,
            "yuan": lambda: str(chance.randrange(10_000, 30_000_000)),
            "integer": lambda: chance.randrange(20),
            "integers": lambda: [chance.randrange(5) for _ in range(chance.randrange(1, 6))],
        }
        return {name: values[rule.type]() for name, rule in self.facts.items() if chance.random() < 1 / 3}


def main() -> None:
    """Both phases, the table, the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--users", type=int, default=30)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--out", type=Path, default=Path("out/load.json"))
    arguments = parser.parse_args()
    settings = load_settings(os.environ)
    lines = [
        line for name in SPLITS for line in (settings.eval / name).read_text(encoding="utf-8").splitlines()
    ]
    material = Material.of(load_corpus(settings.corpus), [json.loads(line)["question"] for line in lines])
    print(f"{len(material.questions)} distinct questions, {len(material.texts)} texts to check", flush=True)
    rows: list[Row] = []
    seen: dict[str, Process] = {}
    with tempfile.TemporaryDirectory(prefix="policy-qa-load-") as home, _server(home) as address:
        seen["warm"] = _process(address)
        for phase, think in (("1–3 s think", between(1, 3)), ("no think", constant(0))):
            rows += _phase(phase, think, address, material, arguments.users, arguments.seconds)
            seen[phase] = _process(address)
    _print(rows, seen)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    content = {"rows": [asdict(row) for row in rows], "server": {k: asdict(v) for k, v in seen.items()}}
    arguments.out.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


@contextmanager
def _server(home: str) -> Iterator[str]:
    environ = {**os.environ, "POLICY_QA_HOME": home}
    with (Path(home) / "log").open("w") as log:
        process = subprocess.Popen(SERVE, stdout=subprocess.PIPE, stderr=log, text=True, env=environ)
        try:
            assert process.stdout is not None
            started = re.search(r"http://[0-9.:]+", process.stdout.readline())
            if started is None:
                sys.exit("the server did not start")
            yield started.group()
        finally:
            process.terminate()
            process.wait(timeout=30)


def _process(address: str) -> Process:
    with urllib.request.urlopen(f"{address}/metrics") as response:
        metrics = dict(
            line.rsplit(" ", 1) for line in response.read().decode().splitlines() if line[:1] != "#"
        )
    return Process(
        rss_mb=float(metrics["process_resident_memory_bytes"]) / 1e6,
        cpu_seconds=float(metrics["process_cpu_seconds_total"]),
    )


def _phase(phase: str, think: Any, address: str, material: Material, users: int, seconds: int) -> list[Row]:
    """One phase; counted from the moment all users are there."""
    environment = Environment(user_classes=[_user(material, think)], host=address)
    runner = environment.create_local_runner()
    runner.start(users, spawn_rate=users / 2)
    time.sleep(3)
    environment.stats.reset_all()
    time.sleep(seconds)
    entries = [*environment.stats.entries.values(), environment.stats.total]
    rows = [
        Row(
            phase,
            entry.name,
            entry.num_requests,
            entry.num_failures,
            round(entry.num_requests / seconds, 1),
            entry.get_response_time_percentile(0.5),
            entry.get_response_time_percentile(0.95),
            round(entry.max_response_time, 1),
        )
        for entry in entries
    ]
    for error in environment.stats.errors.values():
        print(f"{phase}: {error.occurrences} × {error.name}: {error.error}", flush=True)
    runner.quit()
    return rows


def _user(material: Material, think: Any) -> type[FastHttpUser]:
    chance = random.Random(20260131)

    class Visitor(FastHttpUser):
        """Somebody at one of the desks."""

        wait_time = think

        @task(5)
        def ask(self) -> None:
            self.client.post("/api/ask", json={"question": chance.choice(material.questions)}, name="ask")

        @task(2)
        def eligibility(self) -> None:
            facts = material.some_facts(chance)
            self.client.post("/api/eligibility", json={"facts": facts}, name="eligibility")

        @task(2)
        def check(self) -> None:
            self.client.post("/api/check", json={"text": chance.choice(material.texts)}, name="check")

        @task(1)
        def find(self) -> None:
            address = f"/api/policies/{material.policy}/clauses"
            self.client.get(address, params={"words": chance.choice(material.words)}, name="clauses")

        @task(1)
        def clause(self) -> None:
            label = chance.choice(material.labels)
            self.client.get(f"/api/policies/{material.policy}/clauses/{label}", name="clauses")

    return Visitor


def _print(rows: Sequence[Row], seen: dict[str, Process]) -> None:
    heads = ("phase", "endpoint", "requests", "failed", "a second", "p50 ms", "p95 ms", "slowest ms")
    print("| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|")
    for row in rows:
        missed = "" if row.p95_ms <= BAR_MS else f" (over {BAR_MS})"
        print(
            f"| {row.phase} | {row.endpoint} | {row.requests} | {row.failures} | {row.per_second} "
            f"| {row.p50_ms} | {row.p95_ms}{missed} | {row.slowest_ms} |"
        )
    total = {row.phase: row.requests for row in rows if row.endpoint == "Aggregated"}
    before = 0.0
    for name, process in seen.items():
        used = process.cpu_seconds - before
        each = f", {used / total[name] * 1000:.1f} ms CPU a request" if total.get(name) else ""
        print(f"server, {name}: {process.rss_mb:.0f} MB, {used:.0f} s CPU{each}")
        before = process.cpu_seconds


if __name__ == "__main__":
    main()
