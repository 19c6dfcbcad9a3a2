"""Break what can break while 20 users ask; count wrong answers, lost feedback and crashes.

    python -m bench.chaos [--short] [--only SCENARIO …] [--memory 100000] [--seed 1] [--out out/chaos.json]

Each scenario has a home of its own, a real `policy-qa serve` under a supervisor that starts it again at once,
and users who ask, check, look up what an enterprise gets, and give feedback. Every answer is held against
that of an undisturbed server; every acknowledged feedback must be in the store afterwards. What this machine
does not permit is skipped by name.

Full: 50 kills of each process, every file of the index in three places, 20,000 questions for the memory.
`--short`: five kills, a few files, 1,000 questions. `--memory` alone decides over how many questions memory
is watched (0: none); each thousand is printed, and what is known is written as it comes.

Exit status 1 where an answer was wrong, feedback was lost, a user met an error while the server was up, the
server did not recover, or memory was not flat. Seconds hold for the machine and its load, both in the JSON.
"""

from __future__ import annotations

import argparse
import datetime
import json
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from bench.ask import describe_machine
from bench.chaos import memory, places
from bench.chaos.faults import SCENARIOS, why_skipped
from bench.chaos.requests import Request, bodies, contradicts, facts, questions, referenced, with_words_only
from bench.chaos.server import Server, environment
from bench.chaos.stage import Outcome, Setting
from policy_qa.corpus import load_corpus
from policy_qa.settings import load_settings

_INSIDE = "--inside-own-mounts"
_WITHOUT_VECTORS = {"POLICY_QA_EMBEDDING": "/no/such/model"}
_HEADS = (
    "scenario", "times", "answers", "degraded but right", "wrong", "feedback kept", "lost", "refused",
    "errors", "crashes", "not recovered", "serve again p50 / max, s", "skipped why",
)  # fmt: skip


def main() -> None:
    """Run the scenarios, print the table, write the JSON and the picture of the memory."""
    arguments = _arguments(sys.argv[1:])
    if not arguments.inside_own_mounts:
        places.move_into_own_mounts(["-m", "bench.chaos", _INSIDE, *sys.argv[1:]])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers and homes end with it
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    machine = describe_machine()
    names = [name for name in SCENARIOS if name in (arguments.only or SCENARIOS)]
    outcomes: list[Outcome] = []
    content: dict[str, object] = {"date": arguments.date, "machine": machine, "seed": arguments.seed}
    with tempfile.TemporaryDirectory(prefix="policy-qa-chaos-") as folder:
        environ = environment()
        if names:
            setting = prepare(Path(folder), environ, arguments)
            content["by_words"] = differences(setting.requests)
            _say(_differences_said(setting.requests))
            for name in names:
                outcomes.append(_one(name, setting, may_mount=arguments.inside_own_mounts))
                _keep(arguments.out, content, outcomes)
        line: memory.Growth | None = None
        samples: list[memory.Sample] = []
        if arguments.memory and (not arguments.only or "memory" in arguments.only):
            home = {**environ, "POLICY_QA_HOME": str(Path(folder) / "memory")}
            kept = arguments.out.with_name(f"{arguments.out.stem}-memory.json")
            samples = memory.measure(home, arguments.memory, arguments.seed, _say, kept)
            line = memory.growth(samples)
            content["memory"] = {
                "growth": asdict(line) if line else None,
                "samples": [asdict(one) for one in samples],
            }
            picture = arguments.out.with_name(f"{arguments.out.stem}-memory.png")
            _say(memory.draw(samples, line, picture) or f"written: {picture}")
    _keep(arguments.out, content, outcomes)
    print(" · ".join(f"{key} {value}" for key, value in machine.items()), end="\n\n")
    print("\n".join(table(outcomes)))
    for one in outcomes:
        for note in one.notes:
            print(f"{one.scenario}: {note}")
    if samples:
        print(_memory_said(samples, line))
    print(f"\nwritten: {arguments.out}")
    if any(one.failed for one in outcomes) or (line is not None and not line.flat):
        sys.exit(1)


def _arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.chaos",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--short", action="store_true", help="five kills each, a handful of files")
    parser.add_argument("--only", nargs="+", choices=[*SCENARIOS, "memory"], metavar="SCENARIO")
    parser.add_argument("--memory", type=int, help="questions to watch the memory over; 0: none")
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument(
        "--patience", type=float, default=120, help="seconds a server may take until it answers right again"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--date", default=datetime.date.today().isoformat(), help="written into the JSON")
    parser.add_argument("--out", type=Path, default=Path("out/chaos.json"))
    parser.add_argument(_INSIDE, action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args(given)
    if arguments.memory is None:
        arguments.memory = 1000 if arguments.short else 20_000
    return arguments


def prepare(folder: Path, environ: Mapping[str, str], arguments: argparse.Namespace) -> Setting:
    """A home with a sound index, and the requests with their undisturbed answers."""
    short: bool = arguments.short
    chance = random.Random(arguments.seed)
    settings = load_settings(environ)
    asked = questions(settings.eval)
    sent = bodies(
        load_corpus(settings.corpus), chance.sample(asked, 60 if short else 240), settings.corpus, chance
    )
    home = folder / "pristine"
    patience: float = arguments.patience
    with Server(home, environ, folder / "reference.log", patience=patience) as server:
        requests = referenced(server.port, sent)
    without = {**environ, **_WITHOUT_VECTORS}
    with Server(folder / "none", without, folder / "words.log", patience=patience) as server:
        requests = with_words_only(server.port, requests)
    shutil.rmtree(home / "index" / "serving", ignore_errors=True)
    for file in home.glob("feedback.sqlite*"):
        file.unlink()
    return Setting(
        folder=folder,
        pristine=home,
        settings=settings,
        environ=environ,
        requests=requests,
        users=arguments.users,
        seed=arguments.seed,
        kills=5 if short else 50,
        rounds=2 if short else 8,
        flips=4 if short else None,
        spots=(0.5,) if short else (0.0, 0.5, 1.0),
        patience=patience,
    )


def differences(requests: Sequence[Request]) -> list[dict[str, object]]:
    """The requests that an undisturbed search by words only answers otherwise, and whether it contradicts."""
    return [
        {
            "request": one.body,
            "status": [one.reference.get("status"), one.by_words.get("status")],
            "contradicts": contradicts(one.by_words, one.reference),
        }
        for one in requests
        if facts(one.kind, one.by_words) != facts(one.kind, one.reference)
    ]


def _differences_said(requests: Sequence[Request]) -> str:
    found = differences(requests)
    wrong = sum(bool(one["contradicts"]) for one in found)
    return (
        f"{len(requests)} requests; by words only {len(found)} are answered otherwise, "
        f"{wrong} with a figure that contradicts the undisturbed answer"
    )


def _one(name: str, setting: Setting, *, may_mount: bool) -> Outcome:
    why = why_skipped(name, may_mount=may_mount)
    if why is not None:
        _say(f"{name}: skipped: {why}")
        return Outcome(name, skipped=why)
    begun = time.monotonic()
    outcome = SCENARIOS[name](setting)
    outcome.scenario = name
    _say(f"{name}: {'FAILED' if outcome.failed else 'ok'}, {time.monotonic() - begun:.0f} s")
    return outcome


def table(outcomes: Sequence[Outcome]) -> list[str]:
    """The outcomes as a Markdown table."""
    rows = [
        (
            one.scenario, one.times, one.answers, one.degraded, one.wrong, one.acknowledged, one.lost,
            one.refused, one.errors, one.crashes, one.not_recovered,
            f"{one.again_p50:.1f} / {one.again_max:.1f}" if one.again else "", one.skipped or "",
        )
        for one in outcomes
    ]  # fmt: skip
    lines = [_HEADS, ("---",) * len(_HEADS), *rows]
    return ["| " + " | ".join(map(str, line)) + " |" for line in lines]


def _memory_said(samples: Sequence[memory.Sample], line: memory.Growth | None) -> str:
    said = f"memory: {samples[-1].rss_mb:.0f} MB after {samples[-1].questions:,} questions"
    if line is None:
        return f"{said}; too few to say whether it grows"
    verdict = "flat" if line.flat else "NOT FLAT"
    return f"{said}; {line.slope_mb:+.3f} MB a thousand over the second half: {verdict}"


def _keep(out: Path, content: Mapping[str, object], outcomes: Sequence[Outcome]) -> None:
    """What is known so far: a run that is cut short leaves its finished scenarios."""
    rows = [{**asdict(one), "again_p50": one.again_p50, "again_max": one.again_max} for one in outcomes]
    out.write_text(
        json.dumps({**content, "scenarios": rows}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
