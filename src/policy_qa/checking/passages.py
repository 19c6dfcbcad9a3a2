"""Passages of a policy and the figures they print: what a figure of a claim can mean there, and what differs.

A difference is a mark: a span of the claim beside a span of the passage.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from itertools import combinations
from typing import Literal

from policy_qa.checking.claims import Claim
from policy_qa.checking.contrasts import Span
from policy_qa.corpus import Holding
from policy_qa.domain import Clause
from policy_qa.money import Figure, figures, paired
from policy_qa.rules import Measure, PerUnit, benefit_figures
from policy_qa.text import Folded, fold

Kind = Literal[
    "amount", "rate", "bound", "count", "unit", "date", "party", "condition", "negation", "clause",
    "modality", "stacking",
]  # fmt: skip
_KIND_OF: dict[str, Kind] = {
    "money": "amount",
    "rate": "rate",
    "count": "count",
    "year": "date",
    "date": "date",
}


@dataclass(frozen=True, eq=False)
class Passage:
    """A stretch of a clause with the measures it prints; spans are of the clause in comparison form."""

    holding: Holding
    clause: Clause
    folded: Folded
    start: int
    end: int
    measures: tuple[Measure, ...]
    words: frozenset[str]
    """The words of the whole clause, its headings and the titles of its measures, and these as they stand."""

    @property
    def plain(self) -> str:
        return self.folded.text[self.start : self.end]

    @property
    def span(self) -> Span:
        return self.start, self.end

    def find(self, pattern: re.Pattern[str]) -> Span | None:
        """Where the passage first says what ``pattern`` matches."""
        match = pattern.search(self.plain)
        return (self.start + match.start(), self.start + match.end()) if match else None

    @cached_property
    def figures(self) -> tuple[Figure, ...]:
        """The figures printed in the passage, labels and 一批 aside, at their place in the clause."""
        found = (f for f in figures(self.plain) if f.kind != "label" and f.unit != "批")
        return tuple(replace(f, start=f.start + self.start, end=f.end + self.start) for f in found)


@dataclass(frozen=True, slots=True)
class Mark:
    """One difference: a span of the claim (None: nothing is said) beside a span of the passage's clause."""

    kind: Kind
    said: Span | None
    printed: Span
    passage: Passage


@dataclass
class Findings:
    """What a comparison found; contradictions outrank what is unprinted, and that what is left out."""

    contradicted: list[Mark] = field(default_factory=list)
    unprinted: list[Span] = field(default_factory=list)
    """Spans of the claim that the policy is silent on."""
    omitted: list[Mark] = field(default_factory=list)

    def add(self, other: Findings) -> None:
        self.contradicted += other.contradicted
        self.unprinted += other.unprinted
        self.omitted += other.omitted


# ── figures against figures ─────────────────────────────────────────────────────────────────────

_FIRM = frozenset({"户", "家", "企业", "单位", "公司", "机构", "主体"})
_TIME = frozenset({"年", "月", "季度", "日", "天", "学年", "次"})
_PERSON = frozenset({"人", "名", "个人", "学生", "团队", "人才"})
_WHOLE = re.compile(r"合计|总共|一共|累计|共计|总计|总额|全部加|加起来|拢共|合起来")
_A_YEAR = re.compile(r"每年|一年|逐年|按年|年年|年均|每月|一个月|按月")
_A_FIRM = re.compile(r"[单每一]个[^,。;、]{0,8}(?:企业|公司|单位)")
_PROJECT = frozenset({"项目", "合同", "园区", "品牌"})

Share = Literal["firm", "piece", "time", "person", "project", "whole"]


def _share_of(word: str) -> Share:
    if word in _FIRM:
        return "firm"
    if word in _TIME:
        return "time"
    if word in _PERSON:
        return "person"
    return "project" if word in _PROJECT else "piece"


def _shares(figure: Figure, text: str) -> frozenset[Share]:
    """What each such sum is for, as its phrase says it: 「每户企业合计」 is for a firm, and the whole."""
    phrase = _phrase_before(text, figure)
    found: set[Share] = {_share_of(word) for word in (figure.per or "").split("·") if word}
    if "piece" in found and _A_FIRM.search(phrase):
        found = found - {"piece"} | {"firm"}
    if figure.kind in ("money", "rate") and _A_YEAR.search(phrase):
        found.add("time")
    if _WHOLE.search(phrase):
        found.add("whole")
    return frozenset(found)


def _phrase_before(text: str, figure: Figure) -> str:
    return re.split(r"[,。;!?:]|(?<=[元%])[、]", text[: figure.start])[-1]


def _same_share(said: frozenset[Share], printed: frozenset[Share]) -> bool:
    if not said:
        return True
    if not printed:
        return not said & {"time", "person", "project"}
    if printed >= {"firm", "whole"} or printed == {"firm"}:
        return "firm" in said and not said & {"piece", "time", "person", "project"}
    return bool(said & printed) and not (said - printed) & {"time", "person", "project", "firm"}


@dataclass(frozen=True)
class Slot:
    """A printed figure with what it is for."""

    figure: Figure
    shares: frozenset[Share]
    passage: Passage

    @property
    def span(self) -> Span:
        return self.figure.start, self.figure.end


def slots_of(measure: Measure, passage: Passage) -> tuple[Slot, ...]:
    """The printed figures of one measure: those its benefit claims, of a paired list its party's own."""
    awards = set(benefit_figures(measure))
    found = [f for f in passage.figures if not awards or (f.value, f.unit) in awards]
    if measure.party is not None:
        own = [
            f
            for party, f in paired(passage.plain)
            if fold(measure.party) == party or party in fold(measure.party)
        ]
        places = {f.start + passage.start for f in own}
        found = [f for f in found if f.start in places] or found
    return tuple(slot_of(f, passage, measure) for f in found)


def slot_of(figure: Figure, passage: Passage, measure: Measure | None) -> Slot:
    return Slot(figure, _printed_shares(figure, passage, measure), passage)


def _printed_shares(figure: Figure, passage: Passage, measure: Measure | None) -> frozenset[Share]:
    here = replace(figure, start=figure.start - passage.start, end=figure.end - passage.start)
    shares = set(_shares(here, passage.plain))
    benefit = measure.benefit if measure else None
    if isinstance(benefit, PerUnit) and figure.value == benefit.amount and figure.unit == "元":
        shares |= {"piece"}
    return frozenset(shares)


def all_slots(passage: Passage) -> tuple[Slot, ...]:
    """Every figure of a passage that no measure divides among parties."""
    return tuple(slot_of(f, passage, measure_of(f, passage)) for f in passage.figures)


def have_kin(said: Iterable[Figure], passage: Passage) -> bool:
    """Whether the passage prints a figure that one of the stated ones can mean."""
    return any(comparable(one, other) for one in said for other in passage.figures)


def compare_figure(said: Figure, text: str, slots: Sequence[Slot]) -> Findings:
    """One stated figure against the printed ones it can mean; with none of its kind the policy is silent."""
    findings = Findings()
    span = (said.start, said.end)
    kin = [s for s in slots if comparable(said, s.figure)]
    if not kin:
        twin = next(
            (s for s in slots if s.figure.kind == said.kind == "count" and _same_value(said, s.figure)), None
        )
        if twin is not None:
            findings.contradicted.append(Mark("unit", span, twin.span, twin.passage))
        elif said.kind in ("money", "rate", "date") or _is_span_of_time(said):
            findings.unprinted.append(span)
        return findings
    same = [s for s in kin if _same_value(said, s.figure)]
    if not same:
        nearest_slot = min(
            kin, key=lambda s: (s.figure.bound != said.bound, abs(s.figure.value - said.value))
        )
        kind = _kind_of_change(said, nearest_slot.figure)
        findings.contradicted.append(Mark(kind, span, nearest_slot.span, nearest_slot.passage))
        return findings
    shares = _shares(said, text)
    if any(_A_YEAR.search(s.passage.plain) for s in same):
        shares -= {"time"}
    slot = min(same, key=lambda s: (s.figure.bound != said.bound, not _same_share(shares, s.shares)))
    if slot.figure.bound != said.bound:
        findings.contradicted.append(Mark("bound", span, slot.span, slot.passage))
    if not _same_share(shares, slot.shares):
        findings.contradicted.append(Mark("unit", span, slot.span, slot.passage))
    return findings


def _same_value(said: Figure, printed: Figure) -> bool:
    currency = said.unit.split("/")[0] == printed.unit.split("/")[0] or said.kind != "money"
    return currency and (said.value, said.upper) == (printed.value, printed.upper)


_NATIONS = frozenset({"国家", "国"})


def comparable(said: Figure, printed: Figure) -> bool:
    if said.kind != printed.kind:
        return False
    if said.kind == "count":
        same_firm = said.unit in _FIRM | {"个"} and printed.unit in _FIRM
        same_person = said.unit in _PERSON | {"位", "个"} and printed.unit in _PERSON
        return said.unit == printed.unit or {said.unit, printed.unit} <= _NATIONS or same_firm or same_person
    return True


def _kind_of_change(said: Figure, printed: Figure) -> Kind:
    """The same digits under another unit are a difference of unit: 10亿 for 10万."""
    if said.kind == "money" and said.value and printed.value and said.upper is None:
        ratio = said.value / printed.value
        other_unit = _UNIT.sub("", said.text) != _UNIT.sub("", printed.text)
        same_digits = said.value.normalize().as_tuple().digits == printed.value.normalize().as_tuple().digits
        if said.unit != printed.unit or (ratio in _POWERS and same_digits and other_unit):
            return "unit"
    return _KIND_OF.get(said.kind, "count")


_POWERS = frozenset(Decimal(10) ** n for n in range(-8, 9) if n)


_UNIT = re.compile(r"[\d.,\s一二三四五六七八九十两百千零]")
"""All of a printed sum that is not its unit."""


def measure_of(figure: Figure, passage: Passage) -> Measure | None:
    return next((m for m in passage.measures if (figure.value, figure.unit) in benefit_figures(m)), None)


def place_of(text: str, passage: Passage) -> Span:
    folded = fold(text).lower()
    at = passage.folded.text.find(folded, passage.start)
    return (at, at + len(folded)) if at >= 0 else (passage.start, passage.end)


def bounded(figure: Figure, passage: Passage) -> Span:
    """The figure with the words of its bound: 「单个企业最高可达100万元」."""
    phrase = _phrase_before(passage.folded.text, figure)
    phrase = re.split(r"[(（]", phrase)[-1]
    return figure.start - len(phrase), figure.end


def stated_figures(claim: Claim) -> Iterator[Figure]:
    """The figures that say something: 「一家企业」 and 「一件」 count nothing."""
    for figure in claim.figures:
        counts_nothing = figure.kind == "count" and figure.value == 1 and figure.upper is None
        between = _DIFFERENCE.search(claim.plain[: figure.start]) is not None and any(
            abs(one.value - other.value) == figure.value
            for one, other in combinations(claim.figures, 2)
            if figure not in (one, other)
        )
        if not counts_nothing and not between and figure.kind != "number" and figure.unit != "批":
            yield figure


_DIFFERENCE = re.compile(
    r"比(?![例率重值])[^,。;]{1,24}(?<![最])(?:高|多|少|低)(?:出|了)?$|相?差(?:了|额是?)?$"
)
"""「比数字化车间高20万元」: what lies between two sums is no sum of the policy."""
_SPANS_OF_TIME = frozenset({"年", "月", "日", "天", "工作日", "自然日", "周", "季度", "小时"})


def _is_span_of_time(figure: Figure) -> bool:
    return figure.kind == "date" or (figure.kind == "count" and figure.unit in _SPANS_OF_TIME)
