"""How `bench/peers.py` scores a reply: one rule for the product and for every framework.

docs/benchmarks/peers.md says the rules in words.
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from bench.many import sums
from bench.peers_gold import Asked, Layout
from policy_qa.evaluation import REFUSALS
from policy_qa.text import fold


@dataclass(frozen=True, slots=True)
class Judged:
    """What one reply is worth; a verdict that the question does not ask for is None."""

    asked: Asked
    rank: int | None
    """Of the first right passage, from 1."""
    mostly: bool | None
    """Whether at least half of the first passage lies in right clauses."""
    named: bool | None
    """Whether the first source shown names a right clause."""
    numbered: bool | None
    """Whether a right clause's number, and no other clause's, can be read off the first passage."""
    figure: bool | None
    """Whether the wanted figures are given: by the first passage, or by the answer where there is one."""
    score: float
    """Of the first passage; minus infinity where there is none."""
    refused: bool | None
    """What the contestant itself decided; None where it only has a score."""
    characters: int
    """Of the first passage, white space aside."""
    read: int | None
    """Characters of the passages down to the first right one, white space aside."""
    beside: int
    """Sums and rates in the first passage that are not wanted."""
    lost: int
    """Passages that do not stand in their document."""


def judge(asked: Asked, reply: Mapping[str, Any], layout: Layout) -> Judged:
    """Hold one reply of a job against the gold."""
    passages, answer = reply["passages"], reply["answer"]
    ranks = [rank for rank, one in enumerate(passages, 1) if is_right(one, asked, layout)]
    first = passages[0] if passages else None
    held = bool(ranks) and ranks[0] == 1
    printed = sums(first["text"]) if first else frozenset()
    if not asked.right:
        mostly = named = numbered = None
    else:
        mostly = first is not None and _mostly(first, asked, layout)
        named = _names(first, answer, asked, held)
        numbered = named if answer is not None else first is not None and _numbered(first, asked, layout)
    figure: bool | None = None
    if asked.wanted:
        figure = held and asked.wanted <= printed if answer is None else _stated(answer, asked)
    return Judged(
        asked,
        rank=ranks[0] if ranks else None,
        mostly=mostly,
        named=named,
        numbered=numbered,
        figure=figure,
        score=first["score"] if first else -math.inf,
        refused=None if answer is None else answer["status"] in REFUSALS,
        characters=len(fold(first["text"])) if first else 0,
        read=sum(len(fold(one["text"])) for one in passages[: ranks[0]]) if ranks else None,
        beside=len(printed - asked.wanted),
        lost=sum(not layout.occurrences(one["document"], one["text"]) for one in passages),
    )


def is_right(passage: Mapping[str, Any], asked: Asked, layout: Layout) -> bool:
    """Whether a passage counts as a right clause: one rule, in favour of whoever cuts the text.

    It holds the words that answer, or at least half of a right clause, or lies by at least half in one.
    """
    folded = fold(passage["text"])
    if any(place[0] == passage["document"] for place in asked.right) and any(
        a in folded for a in asked.anchors
    ):
        return True
    return any(
        2 * shared >= clause or 2 * shared >= whole
        for shared, clause, whole in _shares(passage, asked, layout)
    )


def _shares(passage: Mapping[str, Any], asked: Asked, layout: Layout) -> Iterator[tuple[int, int, int]]:
    """For each place of the passage and right clause: characters shared, of the clause, of the passage."""
    for start, end in layout.occurrences(passage["document"], passage["text"]):
        for place in asked.right:
            if place[0] == passage["document"] and place in layout.spans:
                low, high = layout.spans[place]
                yield max(0, min(end, high) - max(start, low)), high - low, end - start


def _mostly(passage: Mapping[str, Any], asked: Asked, layout: Layout) -> bool:
    return any(2 * shared >= whole for shared, _, whole in _shares(passage, asked, layout))


def _names(
    first: Mapping[str, Any] | None, answer: Mapping[str, Any] | None, asked: Asked, held: bool
) -> bool:
    if answer is not None:
        return any((one["policy"], one["clause"]) in asked.right for one in answer["citations"][:1])
    if first is None or not held:
        return False
    shown = fold(first["shown"])
    return any(re.search(rf"(?<!\w){re.escape(fold(label))}(?!\w)", shown) for _, label in asked.right)


def _numbered(first: Mapping[str, Any], asked: Asked, layout: Layout) -> bool:
    document = first["document"]
    return any(
        [
            place in asked.right
            for place, (low, _) in layout.spans.items()
            if place[0] == document and start <= low < end
        ]
        == [True]
        for start, end in layout.occurrences(document, first["text"])
    )


def _stated(answer: Mapping[str, Any], asked: Asked) -> bool:
    """The total with its bound; where no bound is asked for, what is said beside right citations."""
    if asked.bound is not None:
        calculation = answer["calculation"] or {"total": None, "bound": None}
        total = None if calculation["total"] is None else Decimal(calculation["total"])
        return frozenset({("money", total)}) == asked.wanted and calculation["bound"] == asked.bound
    documents = {document for document, _ in asked.right}
    said = {
        one
        for sentence in answer["sentences"]
        if any(answer["citations"][number]["policy"] in documents for number in sentence["citations"])
        for one in sums(sentence["text"])
    }
    return asked.wanted <= said


def best_threshold(judged: Iterable[Judged]) -> float:
    """The score below which refusing is best: it refuses most near misses and fewest answerable questions.

    Both shares weigh the same. Minus infinity, which refuses nothing, where nothing is better.
    """
    misses = [one.score for one in judged if one.asked.must_refuse and one.asked.kind == "near_miss"]
    held = [one.score for one in judged if one.asked.must_refuse is False]
    if not misses or not held:
        return -math.inf

    def gain(threshold: float) -> int:
        refused = sum(score < threshold for score in misses) * len(held)
        return refused - sum(score < threshold for score in held) * len(misses)

    return max([-math.inf, *sorted({*misses, *held}), math.inf], key=gain)


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many; of none it is undefined."""

    right: int
    of: int

    @classmethod
    def among(cls, verdicts: Iterable[bool | None]) -> Share:
        """The true ones among those that are not None."""
        known = [one for one in verdicts if one is not None]
        return cls(sum(known), len(known))

    @property
    def value(self) -> float:
        return self.right / self.of if self.of else math.nan

    def __str__(self) -> str:
        return "–" if not self.of else "1" if self.right == self.of else f"{self.value:.3f}".removeprefix("0")


@dataclass(frozen=True, slots=True)
class Row:
    """One contestant in one setting on one split of one set of texts."""

    contestant: str
    setting: str
    texts: str
    split: str
    documented: bool
    questions: int
    right_1: Share
    right_3: Share
    right_5: Share
    mostly: Share
    in_500: Share
    """A right passage is reached within 500 characters."""
    named: Share
    numbered: Share
    near_misses_refused: Share
    beyond_refused: Share
    falsely_refused: Share
    figure_printed: Share
    figure_computed: Share
    figures_beside: float
    """Sums and rates beside the right one in a first passage that holds it, the mean."""
    characters: float
    """Of a first passage, white space aside, the mean."""
    chunks: int
    lost: int
    threshold: float | None
    ingest_seconds: float
    import_seconds: float
    peak_mb: float | None
    p50_ms: float
    p95_ms: float
    by_kind: Mapping[str, Share] = field(default_factory=dict)
    best: bool = False

    @property
    def parted(self) -> float:
        """How well near misses and questions are told apart: the mean of refused ones and answered ones."""
        return (self.near_misses_refused.value + 1 - self.falsely_refused.value) / 2


def row(
    contestant: str,
    setting: str,
    documented: bool,
    texts: str,
    split: str,
    judged: Sequence[Judged],
    threshold: float,
    result: Mapping[str, Any],
    seconds: Sequence[float],
) -> Row:
    """Add up what was judged; ``threshold`` decides for whoever has only a score."""
    asked = [one for one in judged if one.asked.right]

    def refusals(chosen: Callable[[Asked], bool]) -> Share:
        return Share.among(
            one.score < threshold if one.refused is None else one.refused
            for one in judged
            if chosen(one.asked)
        )

    def within(k: int) -> Share:
        return Share.among(one.rank is not None and one.rank <= k for one in asked)

    holding = [one.beside for one in judged if one.figure and not one.asked.computed]
    milliseconds = [one * 1000 for one in seconds]
    kinds = dict.fromkeys(one.asked.kind for one in asked)
    return Row(
        contestant=contestant,
        setting=setting,
        texts=texts,
        split=split,
        documented=documented,
        questions=len(judged),
        right_1=within(1),
        right_3=within(3),
        right_5=within(5),
        mostly=Share.among(one.mostly for one in judged),
        in_500=Share.among(one.read is not None and one.read <= 500 for one in asked),
        named=Share.among(one.named for one in judged),
        numbered=Share.among(one.numbered for one in judged),
        near_misses_refused=refusals(lambda one: one.must_refuse is True and one.kind == "near_miss"),
        beyond_refused=refusals(lambda one: one.must_refuse is True and one.kind != "near_miss"),
        falsely_refused=refusals(lambda one: one.must_refuse is False),
        figure_printed=Share.among(one.figure for one in judged if not one.asked.computed),
        figure_computed=Share.among(one.figure for one in judged if one.asked.computed),
        figures_beside=statistics.fmean(holding) if holding else math.nan,
        characters=statistics.fmean(one.characters for one in judged),
        chunks=len(result["chunks"]),
        lost=sum(one.lost for one in judged),
        threshold=None if judged[0].refused is not None else threshold,
        ingest_seconds=result["ingested"],
        import_seconds=result["imported"],
        peak_mb=result["peak_mb"],
        p50_ms=_quantile(milliseconds, 50),
        p95_ms=_quantile(milliseconds, 95),
        by_kind={kind: Share.among(one.mostly for one in judged if one.asked.kind == kind) for kind in kinds},
    )


def _quantile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles([*values], n=100, method="inclusive")[percent - 1]


def mark_best(rows: Sequence[Row], chosen_on: str) -> list[Row]:
    """The rows, each contestant's best setting on ``chosen_on`` marked.

    Best is the highest sum of right first, mostly right first and printed figures: the first favours long
    passages, the second short ones, the third those that hold an answer.
    """
    best: dict[str, tuple[float, str]] = {}
    for one in rows:
        if one.split == chosen_on:
            shares = (one.right_1, one.mostly, one.figure_printed)
            merit = (sum(share.value for share in shares if share.of), one.setting)
            best[one.contestant] = max(best.get(one.contestant, merit), merit, key=lambda pair: pair[0])
    return [replace(one, best=best.get(one.contestant, (0, ""))[1] == one.setting) for one in rows]
