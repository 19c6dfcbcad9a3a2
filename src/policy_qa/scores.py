"""Verdicts → rates with count and interval, reports of suites, and how they are shown; it knows no suite."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

# ── the nouns ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Metric:
    """A rate with its cases; ``value`` is NaN, never 0, where nothing was asked.

    ``low`` and ``high`` are the 95 % Wilson interval (for MRR, whose cases are no yes or no, a cautious one).
    """

    name: str
    value: float
    hits: int
    count: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Miss:
    """One check that one answer failed."""

    question_id: str
    question: str
    metric: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class Bar:
    """What a metric is to reach on the test split; an undefined metric reaches no bar.

    Short of ``limit`` is said in the table; short of ``floor``, what has been reached before, fails the run.
    """

    metric: str
    relation: Literal["≥", "≤"]
    limit: float
    floor: float

    def met(self, value: float) -> bool:
        return self._reaches(value, self.limit)

    def kept(self, value: float) -> bool:
        return self._reaches(value, self.floor)

    def _reaches(self, value: float, mark: float) -> bool:
        return value >= mark if self.relation == "≥" else value <= mark


@dataclass(frozen=True, slots=True)
class Sheet:
    """How the reports of a suite are shown: ``titles`` by metric, the bars held to it, misses or none."""

    heading: str
    titles: Mapping[str, str]
    bars: tuple[Bar, ...]
    lists_misses: bool


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The same rate for each of some groups; ``key`` is its name in the JSON form."""

    key: str
    title: str
    metrics: tuple[Metric, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The scores of one split; misses are shown only where its sheet says so, lest others be tuned on."""

    split: str
    metrics: tuple[Metric, ...]
    sheet: Sheet
    misses: tuple[Miss, ...] = ()
    breakdowns: tuple[Breakdown, ...] = ()

    def metric(self, name: str) -> Metric:
        """The metric of that name; KeyError where the report has none."""
        for metric in self.metrics:
            if metric.name == name:
                return metric
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Suites:
    """The reports of one run, in the order they were made."""

    reports: tuple[Report, ...]

    @property
    def passed(self) -> bool:
        return all(passed(report) for report in self.reports)

    def render(self) -> str:
        return "\n".join(render(report) for report in self.reports)

    def to_json(self) -> dict[str, object]:
        return {"passed": self.passed, "suites": [to_json(report) for report in self.reports]}


# ── rates ───────────────────────────────────────────────────────────────────────────────────────


def wilson(successes: float, count: int) -> tuple[float, float]:
    """The 95 % Wilson interval of ``successes`` of ``count``; NaN twice where ``count`` is 0.

    >>> low, high = wilson(9, 10)
    >>> f"{low:.3f} {high:.3f}"
    '0.596 0.982'
    """
    if count == 0:
        return math.nan, math.nan
    z = 1.959963984540054
    share = successes / count
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    spread = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return max(0.0, centre - spread), min(1.0, centre + spread)


def rate(name: str, verdicts: Iterable[bool]) -> Metric:
    """The share of true ``verdicts``; undefined where there are none."""
    cases = list(verdicts)
    hits, count = sum(cases), len(cases)
    low, high = wilson(hits, count)
    return Metric(name, hits / count if count else math.nan, hits, count, low, high)


# ── showing ─────────────────────────────────────────────────────────────────────────────────────


def passed(report: Report) -> bool:
    """True where no metric with a bar falls behind its floor."""
    return all(bar.kept(report.metric(bar.metric).value) for bar in report.sheet.bars)


def render(report: Report) -> str:
    """The report as a plain text table in Chinese, with its bars and misses where its sheet has them."""
    sheet = report.sheet
    lines = [sheet.heading, ""]
    bars = {bar.metric: bar for bar in sheet.bars}
    rows = [("指标", "结果", "个数", "95% 区间", "门槛" if bars else "")]
    for metric in report.metrics:
        bar = bars.get(metric.name)
        verdict = "达到" if bar and bar.met(metric.value) else "未达到"
        mark = f"{bar.relation} {bar.limit:.0%} {verdict}" if bar else ""
        rows.append((sheet.titles[metric.name], *_cells(metric), mark))
    lines += _table(rows)
    for breakdown in report.breakdowns:
        lines += ["", f"{breakdown.title}："]
        lines += _table(
            [
                (sheet.titles.get(metric.name, metric.name), *_cells(metric))
                for metric in breakdown.metrics
                if metric.count
            ]
        )
    if misses := _listed(report):
        lines += ["", f"未通过的检查（{len(misses)} 处）："]
        lines += [
            f"{miss.question_id} {sheet.titles[miss.metric].removesuffix('（越低越好）')}："
            f"应为 {miss.expected}，得到 {miss.got} ← {miss.question}"
            for miss in misses
        ]
    return "\n".join(lines) + "\n"


def _listed(report: Report) -> tuple[Miss, ...]:
    return report.misses if report.sheet.lists_misses else ()


def _cells(metric: Metric) -> tuple[str, str, str]:
    if not metric.count:
        return "无此类题", "0/0", ""
    value = f"{metric.value:.3f}" if metric.name == "mrr" else f"{metric.value:.1%}"
    return value, f"{metric.hits}/{metric.count}", f"{metric.low:.1%}–{metric.high:.1%}"


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    padded = [[c + " " * (w - _width(c)) for c, w in zip(row, widths, strict=True)] for row in rows]
    return ["  ".join(row).rstrip() for row in padded]


def _width(text: str) -> int:
    """Columns of a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def to_json(report: Report) -> dict[str, object]:
    """The report for ``json.dumps``: NaN is null; bars and misses where its sheet has them."""
    bars = {bar.metric: bar for bar in report.sheet.bars}

    def entry(metric: Metric) -> dict[str, object]:
        fields: dict[str, object] = {
            "value": _finite(metric.value),
            "hits": metric.hits,
            "count": metric.count,
            "low": _finite(metric.low),
            "high": _finite(metric.high),
        }
        if bar := bars.get(metric.name):
            fields |= {"bar": f"{bar.relation} {bar.limit}", "passed": bar.met(metric.value)}
        return fields

    return {
        "split": report.split,
        "metrics": {metric.name: entry(metric) for metric in report.metrics},
        **{
            breakdown.key: {metric.name: entry(metric) for metric in breakdown.metrics}
            for breakdown in report.breakdowns
        },
        "misses": [
            {
                "id": miss.question_id,
                "question": miss.question,
                "metric": miss.metric,
                "expected": miss.expected,
                "got": miss.got,
            }
            for miss in _listed(report)
        ],
    }


def _finite(value: float) -> float | None:
    return None if math.isnan(value) else value
