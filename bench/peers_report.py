"""The tables and the picture of `bench/peers.py`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.peers_scores import Row

_QUALITY = (
    "passage",
    "right@1",
    "@3",
    "@5",
    "mostly right@1",
    "in 500 characters",
    "names the clause",
    "number readable",
    "near misses refused",
    "falsely refused",
    "told apart",
    "figure, printed",
    "figure, computed",
    "figures beside",
)
_COST = ("chunks", "ingest s", "import s", "peak MB", "p50 ms", "p95 ms", "installed MB", "packages")


def report(
    rows: Sequence[Row], weights: Mapping[str, tuple[float, int]], reported: str, half: str
) -> Iterator[str]:
    """The tables in Markdown: documented and best settings, what they cost, kinds, then every setting."""
    shown = [one for one in rows if one.documented or one.best]
    for title, texts, split in (
        (f"Huainan, {reported} questions", "Huainan", reported),
        (f"Many policies together, {half} questions", "many policies", half),
    ):
        chosen = [one for one in shown if (one.texts, one.split) == (texts, split)]
        if chosen:
            count = max(one.questions for one in chosen)
            yield from ("", f"### {title} ({count})", "")
            yield from _table(("contestant", "setting", *_QUALITY), map(_quality, chosen))
            yield from ("", f"### What it costs: {title.partition(',')[0]}", "")
            yield from _table(("contestant", "setting", *_COST), (_cost(one, weights) for one in chosen))
    best = [one for one in shown if (one.texts, one.split) == ("Huainan", reported) and one.best]
    kinds = list(dict.fromkeys(kind for one in best for kind in one.by_kind))
    if best:
        yield from ("", "### First passage mostly right, by kind of question, best setting", "")
        yield from _table(
            ("kind", "asked", *(one.contestant for one in best)),
            (
                [kind, str(max(o.by_kind[kind].of for o in best)), *(str(o.by_kind[kind]) for o in best)]
                for kind in kinds
            ),
        )
        yield from ("", "### Every setting", "")
        every = [one for one in rows if one.texts == "Huainan"]
        yield from _table(
            ("contestant", "setting", "split", *_QUALITY),
            ([*_quality(o)[:2], o.split, *_quality(o)[2:]] for o in every),
        )


def _table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(heads) + " |"
    yield "|---" * len(heads) + "|"
    for line in lines:
        yield "| " + " | ".join(line) + " |"


def _named(one: Row) -> list[str]:
    marks = [word for word, is_so in (("documented", one.documented), ("best", one.best)) if is_so]
    return [one.contestant, one.setting + (f" ({', '.join(marks)})" if marks else "")]


def _quality(one: Row) -> list[str]:
    found = (one.right_1, one.right_3, one.right_5, one.mostly, one.in_500, one.named, one.numbered)
    return [
        *_named(one),
        f"{one.characters:.0f}",
        *map(str, found),
        str(one.near_misses_refused),
        str(one.falsely_refused),
        _number(one.parted, ".3f"),
        str(one.figure_printed),
        str(one.figure_computed),
        _number(one.figures_beside, ".1f"),
    ]


def _number(value: float, form: str) -> str:
    return "–" if math.isnan(value) else format(value, form).removeprefix("0")


def _cost(one: Row, weights: Mapping[str, tuple[float, int]]) -> list[str]:
    mb, packages = weights[one.contestant]
    return [
        *_named(one),
        str(one.chunks),
        f"{one.ingest_seconds:.1f}",
        f"{one.import_seconds:.1f}",
        "–" if one.peak_mb is None else f"{one.peak_mb:.0f}",
        f"{one.p50_ms:.0f}",
        f"{one.p95_ms:.0f}",
        f"{mb:.0f}",
        str(packages),
    ]


def draw(rows: Sequence[Row], out: Path) -> None:
    """What each contestant's best setting gets right, as a picture beside the JSON."""
    import matplotlib as mpl  # type: ignore[import-not-found,unused-ignore]

    mpl.use("Agg")
    import matplotlib.pyplot as plt  # type: ignore[import-not-found,unused-ignore]

    measures: tuple[tuple[str, Callable[[Row], float]], ...] = (
        ("right clause\nfirst", lambda one: one.right_1.value),
        ("first passage\nmostly it", lambda one: one.mostly.value),
        ("source names\nthe clause", lambda one: one.named.value),
        ("near misses\ntold apart", lambda one: one.parted),
        ("figure\nprinted", lambda one: one.figure_printed.value),
        ("figure\ncomputed", lambda one: one.figure_computed.value),
    )
    figure, axes = plt.subplots(figsize=(11, 4.5))
    width = 0.8 / len(rows)
    for number, one in enumerate(rows):
        values = [0.0 if math.isnan(value(one)) else value(one) for _, value in measures]
        places = [place + number * width for place in range(len(measures))]
        axes.bar(places, values, width, label=one.contestant)
    axes.set_xticks(
        [place + 0.4 - width / 2 for place in range(len(measures))], [name for name, _ in measures]
    )
    axes.set_ylim(0, 1.05)
    axes.set_ylabel("share of the questions that ask for it")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(ncols=3, loc="upper center", bbox_to_anchor=(0.5, 1.18), frameon=False)
    figure.tight_layout()
    figure.savefig(out.with_suffix(".png"), dpi=150)
    plt.close(figure)
    print(f"written: {out.with_suffix('.png')}")


def finite(value: Any) -> Any:
    """``value`` as JSON can hold it: what is undefined or infinite is null."""
    if isinstance(value, dict):
        return {key: finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
