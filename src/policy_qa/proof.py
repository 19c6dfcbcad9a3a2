"""prove(): the gate. Sentences go in, only the proven come out; there is no other way to an answer.

A sentence is proven when its text is one of the frames of texts.py, every citation it carries is verbatim,
and every slot of the frame is borne by those citations or by the recorded calculation. The gate reads the
text, not the writer's intentions: it does not matter who composed the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from policy_qa.calculation import percent
from policy_qa.corpus import Corpus, Holding
from policy_qa.domain import Calculation, Citation, FactValue, Need, Reverse, Sentence
from policy_qa.lexicon import normal
from policy_qa.money import figures, spell
from policy_qa.references import existing_range
from policy_qa.rules import Measure, PerUnit, RateOf
from policy_qa.text import find_quote, fold
from policy_qa.texts import FRAMES, PAYEES, UNPRINTED, Frame

if TYPE_CHECKING:
    from policy_qa.finding import Finding


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence somebody would like to say, with the citations that are to bear it."""

    text: str
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A draft the gate turned down, and why, in Chinese, for the trace."""

    draft: Draft
    why: str


@dataclass(frozen=True)
class Record:
    """What a sentence may rest on beside the text: the question and what was computed."""

    corpus: Corpus
    question: str
    facts: Mapping[str, FactValue]
    calculation: Calculation | None
    reverse: Reverse | None
    needs: tuple[Need, ...]
    readings: tuple[tuple[str, str], ...] = ()
    """Typos as they were read: (written, meant)."""

    @classmethod
    def of(
        cls, corpus: Corpus, question: str, facts: Mapping[str, FactValue], finding: Finding,
        readings: tuple[tuple[str, str], ...],
    ) -> Record:  # fmt: skip
        return cls(corpus, question, facts, finding.calculation, finding.reverse, finding.needs, readings)


@dataclass(frozen=True, slots=True)
class Proven:
    """The sentences that passed, their citations numbered, and what was turned down."""

    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    refused: tuple[Refusal, ...]


def prove(drafts: Sequence[Draft], record: Record) -> Proven:
    """The proven among ``drafts``, in order."""
    sentences: list[Sentence] = []
    citations: dict[Citation, int] = {}
    refused: list[Refusal] = []
    for draft in drafts:
        frame, why = _judged(draft, record)
        if frame is None:
            refused.append(Refusal(draft, why))
            continue
        numbers = tuple(citations.setdefault(citation, len(citations)) for citation in draft.citations)
        sentences.append(Sentence(draft.text, numbers, frame.proof))
    return Proven(tuple(sentences), tuple(citations), tuple(refused))


def _judged(draft: Draft, record: Record) -> tuple[Frame | None, str]:
    for citation in draft.citations:
        if not _is_verbatim(citation, record.corpus):
            return None, f"引文与条款“{citation.clause}”的原文不符"
    reasons = []
    for name, frame in FRAMES.items():
        match = _pattern(name).fullmatch(draft.text)
        if match is None:
            continue
        if (frame.proof == "template") != (not draft.citations):
            reasons.append("套话不能带引文" if draft.citations else "没有引文")
            continue
        why = _Check(name, match.groupdict(), draft.citations, record).failure()
        if why is None:
            return frame, ""
        reasons.append(why)
    return None, "；".join(reasons) or "不是允许的句式"


_PATTERNS: dict[str, re.Pattern[str]] = {}


def _pattern(name: str) -> re.Pattern[str]:
    if name not in _PATTERNS:
        _PATTERNS[name] = FRAMES[name].pattern
    return _PATTERNS[name]


def _is_verbatim(citation: Citation, corpus: Corpus) -> bool:
    """The quote stands at its place in its clause, and the departments are those of its segment."""
    holding = next((h for h in corpus.holdings if h.policy.id == citation.policy), None)
    clause = holding.policy.clause(citation.clause) if holding else None
    if holding is None or clause is None or not fold(citation.quote):
        return False
    inside = 0 <= citation.start < citation.end <= len(clause.text)
    return inside and holding.cite(clause, citation.start, citation.end) == citation


@dataclass(frozen=True)
class _Check:
    """One reading of one sentence: each slot must be borne."""

    frame: str
    slots: Mapping[str, str]
    citations: tuple[Citation, ...]
    record: Record

    def failure(self) -> str | None:
        """Why the reading does not hold; None when it does."""
        for slot, value in self.slots.items():
            check: Callable[[str], bool] = getattr(self, f"_{slot}")
            if not check(value):
                return f"“{value}”没有依据（{slot}）"
        return None

    # ── what the citations bear ──

    @cached_property
    def _holding(self) -> Holding:
        if not self.citations:
            return self.record.corpus.holdings[0]
        return self.record.corpus.holding(self.citations[0].policy)

    @cached_property
    def _cited_measures(self) -> tuple[Measure, ...]:
        """The measures whose whole quote one of the citations holds."""
        return tuple(
            measure
            for citation in self.citations
            for measure in self._holding.rules.of_clause(citation.clause)
            if find_quote(citation.quote, measure.quote) is not None
        )

    @cached_property
    def _titled(self) -> Measure | None:
        title = self.slots.get("title")
        return next((m for m in self._cited_measures if title is None or m.title == title), None)

    def _title(self, value: str) -> bool:
        return any(measure.title == value for measure in self._cited_measures)

    def _label(self, value: str) -> bool:
        return len({c.clause for c in self.citations}) == 1 and self.citations[0].clause == value

    def _labels(self, value: str) -> bool:
        return value == "".join(f"〔{label}〕" for label in dict.fromkeys(c.clause for c in self.citations))

    def _quote(self, value: str) -> bool:
        return len(self.citations) == 1 and fold(value) == fold(self.citations[0].quote)

    def _departments(self, value: str) -> bool:
        return bool(value) and all(value == "、".join(c.departments) for c in self.citations)

    def _department(self, value: str) -> bool:
        same = self._holding.department_names.same(value)
        return all(any(name in c.departments for name in same) for c in self.citations)

    def _titles(self, value: str) -> bool:
        citation = self.citations[0]
        return value == "、".join(m.title for m in self._cited_measures if m.clause == citation.clause)

    def _assumption(self, value: str) -> bool:
        return any(value in measure.assumptions for measure in self._cited_measures)

    def _stacking(self, value: str) -> bool:
        return any(measure.stacking == value for measure in self._cited_measures)

    def _payee(self, value: str) -> bool:
        return any(PAYEES.get(measure.payee) == value for measure in self._cited_measures)

    def _condition(self, value: str) -> bool:
        return any(
            condition.text == value and self.record.facts.get(condition.fact) is False
            for measure in self._cited_measures
            for condition in measure.conditions
        )

    def _ask(self, value: str) -> bool:
        asked = {need.fact for need in self.record.needs if need.ask == value}
        return any(fact in asked for measure in self._cited_measures for fact in measure.facts)

    def _unprinted(self, value: str) -> bool:
        return value in UNPRINTED.values()

    # ── what the calculation bears ──

    def _formula(self, value: str) -> bool:
        items = self.record.calculation.items if self.record.calculation else ()
        title, label = self.slots["title"], self.slots["label"]
        return any(i.formula == value and i.title == title and i.clause == label for i in items)

    def _sum(self, value: str) -> bool:
        if self.frame.startswith("reverse"):
            return self._reverse_target() == value
        calculation = self.record.calculation
        if calculation is None or calculation.total is None:
            return False
        cited = {citation.clause for citation in self.citations}
        complete = all(item.clause in cited for item in calculation.items if item.amount is not None)
        bound = self.frame.removeprefix("total_")
        return complete and calculation.bound == bound and spell(calculation.total) == value

    def _reverse_target(self) -> str | None:
        measure, answer = self._titled, self.record.reverse
        if measure is None:
            return None
        if self.frame == "reverse_over":
            benefit = measure.benefit
            cap = getattr(benefit, "cap", None)
            return spell(cap) if cap is not None else None
        if answer is None or not isinstance(measure.benefit, RateOf | PerUnit):
            return None
        wanted = {spell(f.value) for f in figures(normal(self.record.question)) if f.unit == "元"}
        if measure.benefit.cap is not None:
            wanted.add(spell(measure.benefit.cap))
        stated = self.slots["sum"]
        return stated if stated in wanted else None

    def _value(self, value: str) -> bool:
        answer, measure = self.record.reverse, self._titled
        if answer is None or measure is None or not isinstance(measure.benefit, RateOf | PerUnit):
            return False
        if answer.fact != measure.benefit.fact:
            return False
        spelled = spell(answer.value) if answer.unit == "元" else f"{answer.value}{answer.unit}"
        return value == spelled

    def _share(self, value: str) -> bool:
        measure = self._titled
        return (
            measure is not None
            and isinstance(measure.benefit, RateOf)
            and percent(measure.benefit.rate) == value
        )

    def _each(self, value: str) -> bool:
        measure = self._titled
        return (
            measure is not None
            and isinstance(measure.benefit, PerUnit)
            and spell(measure.benefit.amount) == value
        )

    def _unit(self, value: str) -> bool:
        measure = self._titled
        return measure is not None and isinstance(measure.benefit, PerUnit) and measure.benefit.per == value

    def _input(self, value: str) -> bool:
        measure = self._titled
        return measure is not None and isinstance(measure.benefit, RateOf) and measure.benefit.base == value

    # ── what the user said ──

    def _said(self, value: str) -> bool:
        return bool(fold(value)) and normal(value) in normal(self.record.question)

    def _meant(self, value: str) -> bool:
        return (self.slots["said"], value) in self.record.readings

    def _claim(self, value: str) -> bool:
        """The user's figure, rightly said to be or not to be among the figures of the cited quotes."""
        if not self._said(value):
            return False
        claimed = figures(normal(value))
        printed = {(f.value, f.unit) for c in self.citations for f in figures(c.quote)}
        if self.record.calculation:
            printed |= {
                (item.amount, "元") for item in self.record.calculation.items if item.amount is not None
            }
            if self.record.calculation.total is not None:
                printed.add((self.record.calculation.total, "元"))
        held = bool(claimed) and all((f.value, f.unit) in printed for f in claimed)
        return held == (self.frame == "claim_right")

    # ── what the corpus is called ──

    def _policy(self, value: str) -> bool:
        return any(holding.policy.title == value for holding in self.record.corpus.holdings)

    def _range(self, value: str) -> bool:
        return any(existing_range(h.policy.clauses) == value for h in self.record.corpus.holdings)
