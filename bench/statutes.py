"""Retrieval among 58,749 statute articles for 308 lay questions; print the tables, write JSON and a picture.

    python -m bench.statutes [--half tune|report|both] [--vectors out/statutes] [--lexical-only]
                             [--write-centre FILE.npy] [--out out/statutes.json] [--date YYYY-MM-DD]

Articles and questions stand in ../shared/data beside the checkout; without them it is skipped, saying so.
What can be tuned was tuned on one half of the questions, which a fixed hash of their text picks; each step is
given with what it adds there. The other half is what is reported. R@k is the share of a question's right
articles among the first k, averaged over the questions; MRR@10 and nDCG@10 are as usual. The searches are the
product's own: postings, the bundled embedding, fusion.fused. The search by meaning is exact here.

Full run: the vectors of all articles are computed once by the product's embedder, a block at a time so that
a stop loses little, and kept in --vectors (most of an hour on two cores), then two minutes of processor
time. Short run, one minute of it: --lexical-only.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import lzma
import math
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.ask import describe_machine
from policy_qa.domain import Embedder
from policy_qa.embedding import DEFAULT, load_embedder
from policy_qa.fusion import DEPTH, MEANING, fused
from policy_qa.postings import LivePostings, Postings, Query, Weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
FIGURES = ("R@1", "R@5", "R@10", "R@100", "MRR@10", "nDCG@10")
RANKED = 100
BLOCK = 1024
RRF, RRF_DEPTH = 60, 40
"""Rank fusion as the product had it before."""
DRAWS = 2000

Scores = Mapping[int, float]
"""Row of the article → score."""
Ranking = list[int]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the rows of the articles that answer it, and its half."""

    text: str
    gold: frozenset[int]
    half: str


@dataclass(frozen=True, slots=True)
class Row:
    """One way to search, on one half of the questions; shares, not percentages."""

    half: str
    way: str
    figures: dict[str, float]


@dataclass(frozen=True, slots=True)
class Gain:
    """How far the product stands above something else, question by question."""

    half: str
    over: str
    figure: str
    mean: float
    low: float
    high: float
    """The middle 95 % of the means of 2,000 resamples of the questions."""


# ── the data ────────────────────────────────────────────────────────────────────────────────────


def load(data: Path) -> tuple[list[str], list[Asked]]:
    """The articles, name and text, in the order of the file, and the questions."""
    with lzma.open(data / "statutes.jsonl.xz", "rt", encoding="utf-8") as file:
        articles = [json.loads(line) for line in file]
    rows = {article["id"]: row for row, article in enumerate(articles)}
    lines = (data / "statute-queries-dev.jsonl").read_text(encoding="utf-8").splitlines()
    read = [json.loads(line) for line in lines]
    questions = [Asked(one["q"], frozenset(rows[id_] for id_ in one["gold"]), half(one["q"])) for one in read]
    return [f"{article['name']}。{article['content']}" for article in articles], questions


def half(question: str) -> str:
    """``tune`` or ``report``, by the last bit of the question's SHA-256."""
    return "report" if hashlib.sha256(question.encode()).digest()[-1] % 2 else "tune"


# ── the figures ─────────────────────────────────────────────────────────────────────────────────


def figures_of(ranking: Sequence[int], gold: Set[int]) -> dict[str, float]:
    """The figures of one question; ``gold`` is not empty."""
    hits = [row in gold for row in ranking]
    first = next((1 / rank for rank, hit in enumerate(hits[:10], 1) if hit), 0.0)
    gain = sum(hit / math.log2(rank + 1) for rank, hit in enumerate(hits[:10], 1))
    best = sum(1 / math.log2(rank + 1) for rank in range(1, min(len(gold), 10) + 1))
    recall = {f"R@{k}": sum(hits[:k]) / len(gold) for k in (1, 5, 10, 100)}
    return {**recall, "MRR@10": first, "nDCG@10": gain / best}


def mean_of(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The figures averaged over questions."""
    return {name: round(statistics.fmean(row[name] for row in rows), 4) for name in FIGURES}


def resampled(differences: Sequence[float], draws: int = DRAWS) -> tuple[float, float]:
    """The 2.5th and 97.5th percentile of the mean of ``differences``, resampled; the same at each run."""
    values = np.asarray(differences)
    drawn = np.random.default_rng(0).integers(0, len(values), size=(draws, len(values)))
    low, high = np.percentile(values[drawn].mean(axis=1), (2.5, 97.5))
    return round(float(low), 4), round(float(high), 4)


# ── the searches ────────────────────────────────────────────────────────────────────────────────


def plain_bm25(articles: Sequence[str], questions: Sequence[str]) -> list[Ranking]:
    """What most would begin with: BM25 over jieba's words of two characters and more, bm25s' defaults."""
    import bm25s
    import jieba

    def cut(text: str) -> list[str]:
        return [word for word in jieba.cut(text) if len(word) > 1]

    vocabulary: dict[str, int] = {}
    numbers = [
        [vocabulary.setdefault(word, len(vocabulary)) for word in cut(article)] for article in articles
    ]
    index = bm25s.BM25()
    index.index((numbers, vocabulary), show_progress=False)
    rankings = []
    for question in questions:
        known = [word for word in dict.fromkeys(cut(question)) if word in vocabulary]
        scores = index.get_scores(known) if known else np.zeros(len(articles), dtype=np.float32)
        rankings.append(np.argsort(-scores, kind="stable")[:RANKED].tolist())
    return rankings


def by_words(postings: LivePostings, questions: Sequence[str], weights: Weights) -> list[Scores]:
    """All scores of the product's search by words, best first, each token of a question counted once."""
    found: list[Scores] = []
    for question in questions:
        query = Query.of(question)
        once = Query(dict.fromkeys(query.words, 1.0), dict.fromkeys(query.pairs, 1.0))
        found.append({one.row: one.score for one in postings.best(once, len(postings), weights)})
    return found


def vectors_of(articles: Sequence[str], embedder: Embedder, folder: Path) -> Matrix:
    """The unit vectors of ``articles``, from ``folder`` where they are, else computed block by block."""
    folder.mkdir(parents=True, exist_ok=True)
    made_by = folder / "made-by.txt"
    if made_by.exists() and made_by.read_text(encoding="utf-8").strip() != embedder.name:
        sys.exit(f"{folder} holds vectors of another model: delete it, or give another --vectors")
    made_by.write_text(embedder.name + "\n", encoding="utf-8")
    blocks = []
    for number, start in enumerate(range(0, len(articles), BLOCK)):
        path = folder / f"{number:04d}.npy"
        if not path.exists():
            block = np.asarray(embedder.embed_passages(articles[start : start + BLOCK]), dtype=np.float32)
            beside = path.with_suffix(".part.npy")
            np.save(beside, block)
            beside.replace(path)
            print(f"embedded {start + len(block)} of {len(articles)}", file=sys.stderr)
        blocks.append(np.load(path))
    return unit(np.concatenate(blocks))


def unit(vectors: Matrix) -> Matrix:
    """The rows, each one long."""
    long: Matrix = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return long


def best(scores: Matrix, k: int) -> list[int]:
    """The ``k`` rows with the highest scores, best first, equal ones in the order of the file."""
    found: list[int] = np.argsort(-scores, kind="stable")[:k].tolist()
    return found


def first(scores: Scores, k: int) -> Scores:
    """The first ``k`` of scores that are in order."""
    return dict(list(scores.items())[:k])


def by_rank(words: Scores, meaning: Scores) -> Ranking:
    """Rank fusion of two orders, best first."""
    fused_ranks: dict[int, float] = {}
    for scores in (words, meaning):
        for rank, row in enumerate(scores, start=1):
            fused_ranks[row] = fused_ranks.get(row, 0.0) + 1 / (RRF + rank)
    return sorted(fused_ranks, key=lambda row: (-fused_ranks[row], row))


# ── the ways, from the plainest to the recipe ────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Found:
    """What the searches say of one question."""

    words: Scores
    """All, best first."""
    plain: Matrix
    """The cosine of each article."""
    centred: Matrix
    """The same with the mean of all vectors as origin."""

    def score_fusion(self, cosines: Matrix, share: float = MEANING) -> Ranking:
        return list(fused(first(self.words, DEPTH), _scores(cosines, DEPTH), share))

    def with_every_score(self) -> Ranking:
        """As the recipe, but what one search proposes is scored by the other too."""
        candidates = [*first(self.words, DEPTH), *best(self.centred, DEPTH)]
        words = {row: self.words.get(row, 0.0) for row in candidates}
        return list(fused(words, {row: float(self.centred[row]) for row in candidates}))


def _scores(cosines: Matrix, k: int) -> Scores:
    return {row: float(cosines[row]) for row in best(cosines, k)}


Way = Callable[[Found], Ranking]
WORDS, BY_MEANING, RANKS = "words and pairs", "meaning, cosine", f"rank fusion of {RRF_DEPTH} each"
PRODUCT = f"+ {MEANING:g} for meaning: the product"
RECIPE = "+ the mean vector as origin: the recipe, not taken"
WAYS: dict[str, Way] = {
    WORDS: lambda found: list(found.words),
    BY_MEANING: lambda found: best(found.plain, RANKED),
    "meaning, the mean vector as origin": lambda found: best(found.centred, RANKED),
    RANKS: lambda found: by_rank(first(found.words, RRF_DEPTH), _scores(found.plain, RRF_DEPTH)),
    f"score fusion of {DEPTH} each, half and half": lambda found: found.score_fusion(found.plain, 0.5),
    PRODUCT: lambda found: found.score_fusion(found.plain),
    RECIPE: lambda found: found.score_fusion(found.centred),
    "… and both scores of every candidate": Found.with_every_score,
}
REPORTED = (WORDS, BY_MEANING, RANKS, RECIPE, PRODUCT)


def main() -> None:
    """Search, print the tables, write the JSON and the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--half", choices=("tune", "report", "both"), default="both")
    parser.add_argument("--vectors", type=Path, default=Path("out/statutes"))
    parser.add_argument("--lexical-only", action="store_true", help="no vectors: a minute")
    parser.add_argument("--write-centre", type=Path, help="keep the mean vector of all articles, .npy")
    parser.add_argument("--out", type=Path, default=Path("out/statutes.json"))
    parser.add_argument("--date", default=datetime.date.today().isoformat())
    arguments = parser.parse_args()
    if not (DATA / "statutes.jsonl.xz").is_file():
        sys.exit("skipped: no ../shared/data/statutes.jsonl.xz beside the checkout")
    machine = describe_machine()
    articles, everything = load(DATA)
    halves = ("tune", "report") if arguments.half == "both" else (arguments.half,)
    asked = [one for one in everything if one.half in halves]
    texts = [one.text for one in asked]
    rankings = {"plain jieba BM25": plain_bm25(articles, texts)}
    postings = LivePostings([Postings.in_memory(articles)])
    words = by_words(postings, texts, Weights())
    for name, weights in {"words alone": Weights(pairs=0), "pairs alone": Weights(words=0)}.items():
        rankings[name] = [list(scores) for scores in by_words(postings, texts, weights)]
    milliseconds = None
    if arguments.lexical_only:
        rankings[WORDS] = [list(scores) for scores in words]
    else:
        embedder = load_embedder(DEFAULT, "engine")
        vectors = vectors_of(articles, embedder, arguments.vectors)
        embedded = unit(np.array([embedder.embed_query(text) for text in texts], dtype=np.float32))
        centre = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
        if arguments.write_centre:
            np.save(arguments.write_centre, centre)
        moved, moved_questions = unit(vectors - centre), unit(embedded - centre)
        for name in WAYS:
            rankings[name] = []
        taken = []
        for position, scores in enumerate(words):
            found = Found(scores, vectors @ embedded[position], moved @ moved_questions[position])
            for name, way in WAYS.items():
                rankings[name].append(way(found)[:RANKED])
            words_found, meaning_found = first(scores, DEPTH), _scores(found.centred, DEPTH)
            start = time.perf_counter()
            fused(words_found, meaning_found)
            taken.append((time.perf_counter() - start) * 1000)
        milliseconds = round(statistics.median(taken), 2)
    scored = {
        name: [figures_of(ranking, one.gold) for ranking, one in zip(ranked, asked, strict=True)]
        for name, ranked in rankings.items()
    }
    rows, gains = summed_up(scored, asked, halves)
    print(" · ".join(f"{key} {value}" for key, value in machine.items()), end="\n\n")
    for line in tables(rows, gains, asked):
        print(line)
    if milliseconds is not None:
        print(f"\nfusing alone: {milliseconds} ms a question, median")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "date": arguments.date,
        "machine": machine,
        "fusing_ms": milliseconds,
        "rows": [asdict(row) for row in rows],
        "gains": [asdict(gain) for gain in gains],
    }
    arguments.out.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"\nwritten: {arguments.out}")
    draw(rows, halves[-1], arguments.out.with_suffix(".png"))


def summed_up(
    scored: Mapping[str, Sequence[Mapping[str, float]]], asked: Sequence[Asked], halves: Iterable[str]
) -> tuple[list[Row], list[Gain]]:
    """The figures of each way on each half, and the product's gains; on ``report`` no step in between."""
    rows, gains = [], []
    for name_of_half in halves:
        here = [position for position, one in enumerate(asked) if one.half == name_of_half]
        kept = {name: [figures[position] for position in here] for name, figures in scored.items()}
        for name, figures in kept.items():
            if name_of_half == "tune" or name not in WAYS or name in REPORTED:
                rows.append(Row(name_of_half, name, mean_of(figures)))
        for over in REPORTED[:-1] if PRODUCT in kept else ():
            for figure in FIGURES:
                pairs = zip(kept[PRODUCT], kept[over], strict=True)
                differences = [ours[figure] - theirs[figure] for ours, theirs in pairs]
                gains.append(
                    Gain(
                        name_of_half,
                        over,
                        figure,
                        round(statistics.fmean(differences), 4),
                        *resampled(differences),
                    )
                )
    return rows, gains


def tables(rows: Sequence[Row], gains: Sequence[Gain], asked: Sequence[Asked]) -> list[str]:
    """The Markdown of both."""
    lines: list[str] = []
    for name in dict.fromkeys(row.half for row in rows):
        number = sum(one.half == name for one in asked)
        lines += ["", f"| {name}, {number} questions | " + " | ".join(FIGURES) + " |"]
        lines.append("|---|" + "---:|" * len(FIGURES))
        for row in rows:
            if row.half == name:
                lines.append(f"| {row.way} | " + " | ".join(f"{row.figures[f]:.3f}" for f in FIGURES) + " |")
        over = [gain for gain in gains if gain.half == name]
        if over:
            lines += ["", f"| {name}: the product above … (95 %) | " + " | ".join(FIGURES) + " |"]
            lines.append("|---|" + "---:|" * len(FIGURES))
        for other in dict.fromkeys(gain.over for gain in over):
            cells = [f"{g.mean:+.3f} ({g.low:+.3f} … {g.high:+.3f})" for g in over if g.over == other]
            lines.append(f"| {other} | " + " | ".join(cells) + " |")
    return lines


def draw(rows: Sequence[Row], name_of_half: str, path: Path) -> None:
    """The figures of one half as bars; skipped by name without matplotlib."""
    try:
        import matplotlib
    except ImportError:
        print("picture skipped: matplotlib is not installed")
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    shown = [row for row in rows if row.half == name_of_half and "alone" not in row.way]
    figure, axes = pyplot.subplots(figsize=(9, 4.5))
    width = 0.8 / len(shown)
    for number, row in enumerate(shown):
        places = [position + number * width for position in range(len(FIGURES))]
        axes.bar(places, [row.figures[name] for name in FIGURES], width, label=row.way)
    axes.set_xticks([position + 0.4 - width / 2 for position in range(len(FIGURES))], FIGURES)
    axes.set_title(f"58,749 articles, the {name_of_half} half of the questions")
    axes.set_ylim(0, 1)
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
    print(f"written: {path}")


if __name__ == "__main__":
    main()
