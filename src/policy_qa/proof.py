"""prove(): the gate. Sentences go in, only the proven come out; there is no other way to an answer.

A sentence is proven when its text is one of the frames of texts.py, every citation it carries is verbatim,
every slot of the frame is borne by those citations or by the record, and the frame as a whole holds. The gate
reads the text, not the writer's intentions: it does not matter who composed the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from policy_qa.calculation import percent, reverse, spell_reverse
from policy_qa.corpus import Corpus, Holding
from policy_qa.domain import Calculation, Citation, Clause, FactValue, Item, Need, Reverse, Sentence
from policy_qa.lexicon import normal
from policy_qa.money import Figure, figures, spell
from policy_qa.references import existing_range, find_references, resolve
from policy_qa.rewording import UnfitError, sketch
from policy_qa.rules import Measure, PerUnit, RateOf, UpTo, benefit_figures
from policy_qa.text import find_quote, fold
from policy_qa.texts import FRAMES, INVALID, PAYEES, PRINTED_WORDS, UNPRINTED, labels, listed

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
    claims: tuple[Figure, ...] = ()
    """Award figures the user says the policy grants; whether rightly, the gate judges itself."""

    @classmethod
    def of(
        cls, corpus: Corpus, question: str, facts: Mapping[str, FactValue], finding: Finding,
        readings: tuple[tuple[str, str], ...],
    ) -> Record:  # fmt: skip
        claims = (*finding.claims_right, *finding.claims_wrong)
        return cls(
            corpus, question, facts, finding.calculation, finding.reverse, finding.needs, readings, claims
        )


@dataclass(frozen=True, slots=True)
class Proven:
    """The sentences that passed, their citations numbered, and what was turned down."""

    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    refused: tuple[Refusal, ...]


def prove(drafts: Sequence[Draft], record: Record) -> Proven:
    """The proven among ``drafts``, in order; a total only after its items, a refusal only on its own."""
    passed: list[tuple[str, Draft]] = []
    refused: list[Refusal] = []
    for draft in drafts:
        frame, why = _judged(draft, record, frozenset(said.text for _, said in passed))
        if frame is None:
            refused.append(Refusal(draft, why))
        else:
            passed.append((frame, draft))
    if any(draft.citations for _, draft in passed):
        contrary = [(frame, draft) for frame, draft in passed if frame in _REFUSALS]
        refused += [Refusal(draft, "与有引文的句子矛盾") for _, draft in contrary]
        passed = [entry for entry in passed if entry not in contrary]
    citations: dict[Citation, int] = {}
    sentences = [
        Sentence(
            draft.text,
            tuple(citations.setdefault(citation, len(citations)) for citation in draft.citations),
            FRAMES[frame].proof,
        )
        for frame, draft in passed
    ]
    return Proven(tuple(sentences), tuple(citations), tuple(refused))


def reworded(sentence: Sentence, wording: str) -> Sentence:
    """A proven sentence in another wording, its citations and proof as they are: how a model's words get out.

    ``wording`` holds the sentence's pieces as ``{name}``, filled here, between plain words (rewording.py).
    Raises UnfitError, with why in Chinese, where it could say anything else than the sentence says.
    """
    apart = sketch(sentence.text, sentence.proof)
    if apart is None:
        raise UnfitError("这句话不能改写")
    return replace(sentence, text=apart.say(wording))


_REFUSALS = frozenset({"not_found", "not_found_plain", "elsewhere", "lapsed", "out_of_scope", *INVALID})
"""Frames that say nothing was found or asked: false beside any sentence that has a citation."""


def _judged(draft: Draft, record: Record, before: frozenset[str]) -> tuple[str | None, str]:
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
        why = _Check(name, match.groupdict(), draft.citations, record, before).failure()
        if why is None:
            return name, ""
        reasons.append(why)
    return None, "；".join(reasons) or "不是允许的句式"


_PATTERNS: dict[str, re.Pattern[str]] = {}


def _pattern(name: str) -> re.Pattern[str]:
    if name not in _PATTERNS:
        _PATTERNS[name] = FRAMES[name].pattern
    return _PATTERNS[name]


def _is_verbatim(citation: Citation, corpus: Corpus) -> bool:
    """The quote stands at its place in its clause, whole, and the departments are those of its segment."""
    holding = next((h for h in corpus.holdings if h.policy.id == citation.policy), None)
    clause = holding.policy.clause(citation.clause) if holding else None
    if holding is None or clause is None or not fold(citation.quote):
        return False
    inside = 0 <= citation.start < citation.end <= len(clause.text)
    if not inside or holding.cite(clause, citation.start, citation.end) != citation:
        return False
    span = (citation.start, citation.end)
    measures = holding.rules.of_clause(clause.label)
    return _is_whole(span, clause) or any(find_quote(clause.text, m.quote) == span for m in measures)


def _is_whole(span: tuple[int, int], clause: Clause) -> bool:
    """No sentence is cut: a piece of one can lose its 不得 or its 最高 and still be verbatim."""
    start, end = span
    text = clause.text
    edges = {0, len(text), *(edge for segment in clause.segments for edge in (segment.start, segment.end))}
    begins = start in edges or text[:start].rstrip()[-1:] in _SENTENCE_ENDS
    ends = end in edges or text[end - 1] in _SENTENCE_ENDS or text[end:].lstrip()[:1] in _SENTENCE_ENDS
    return begins and ends


_SENTENCE_ENDS = ("。", "；")


@dataclass(frozen=True)
class _Check:
    """One reading of one sentence: each slot must be borne, and the frame must hold."""

    frame: str
    slots: Mapping[str, str]
    citations: tuple[Citation, ...]
    record: Record
    before: frozenset[str]
    """The sentences already proven."""

    def failure(self) -> str | None:
        """Why the reading does not hold; None when it does."""
        for slot, value in self.slots.items():
            check: Callable[[str], bool] = getattr(self, f"_{slot}")
            if not check(value):
                return f"“{value}”没有依据（{slot}）"
        holds: Callable[[], bool] | None = getattr(self, f"_frame_{self.frame}", None)
        return None if holds is None or holds() else f"与记录不符（{self.frame}）"

    # ── what the citations bear ──

    @cached_property
    def _holding(self) -> Holding:
        return self.record.corpus.holding(self.citations[0].policy)

    def _measures_in(self, citation: Citation) -> tuple[Measure, ...]:
        """The measures whose whole quote the citation holds."""
        rules = self.record.corpus.holding(citation.policy).rules
        inside = rules.of_clause(citation.clause)
        return tuple(m for m in inside if find_quote(citation.quote, m.quote) is not None)

    @cached_property
    def _cited_measures(self) -> tuple[Measure, ...]:
        return tuple(measure for citation in self.citations for measure in self._measures_in(citation))

    @cached_property
    def _titled(self) -> Measure | None:
        return next((m for m in self._cited_measures if m.title == self.slots["title"]), None)

    def _title(self, value: str) -> bool:
        return any(measure.title == value for measure in self._cited_measures)

    def _label(self, value: str) -> bool:
        """One citation, of the clause named; a verdict on a claim may need several of that clause."""
        alone = len(self.citations) == 1 or self.frame in ("claim_right", "claim_wrong")
        return alone and {(c.policy, c.clause) for c in self.citations} == {(self.citations[0].policy, value)}

    def _quote(self, value: str) -> bool:
        """As printed, without its stray blanks, or in comparison form: ⑩ folds to 10 but is not printed."""
        printed = self.citations[0].quote
        return value in (printed, "".join(printed.split()), fold(printed))

    def _frame_clause(self) -> bool:
        (citation,) = self.citations
        clause = self.record.corpus.clause(citation.policy, citation.clause)
        return (citation.start, citation.end) == (0, len(clause.text))

    def _departments(self, value: str) -> bool:
        segments = [
            clause.segment_at(citation.start, citation.end)
            for citation in self.citations
            if (clause := self._holding.policy.clause(citation.clause)) is not None
        ]
        return bool(value) and all(segment is not None and value == listed(segment) for segment in segments)

    def _department(self, value: str) -> bool:
        return all(value in c.departments and self._is_segment(c) for c in self.citations)

    def _is_segment(self, citation: Citation) -> bool:
        """Duties are a segment's: a quote inside it proves only that it lies in one."""
        clause = self.record.corpus.clause(citation.policy, citation.clause)
        return any((s.start, s.end) == (citation.start, citation.end) for s in clause.segments)

    def _titles(self, value: str) -> bool:
        return value == "、".join(measure.title for measure in self._cited_measures)

    def _assumption(self, value: str) -> bool:
        return any(value in (*m.assumptions, m.both_note) for m in self._cited_measures)

    def _stacking(self, value: str) -> bool:
        return any(measure.stacking == value for measure in self._cited_measures)

    def _payee(self, value: str) -> bool:
        payees = {PAYEES.get(measure.payee) for measure in self._cited_measures}
        return payees == {value}

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
        """What is said to be missing is missing: no measure cited has it, no word of its clause is of it."""
        topic = next((key for key, what in UNPRINTED.items() if what == value), None)
        citation = self.citations[0]
        clause = self.record.corpus.clause(citation.policy, citation.clause)
        measures = self._cited_measures
        match topic:
            case None:
                return False
            case "amount":
                return not any(m.has_figure for m in measures) and not self._awards(citation, "money", "rate")
            case "rate":
                printed = {unit for measure in measures for _, unit in benefit_figures(measure)}
                return "比例" not in printed and not self._awards(citation, "rate")
            case "validity":
                policy = self._holding.policy
                dates = (policy.issued_on, policy.in_force_from, policy.in_force_until)
                return all(date is None for date in dates)
            case "stacking":
                return not any(measure.stacking for measure in measures)
            case "period":
                return not any(m.once for m in measures) and not _PERIOD.search(fold(citation.quote))
        words = PRINTED_WORDS.get(topic, ())
        return not any(word in fold(clause.text) for word in words)

    def _frame_clause_silent(self) -> bool:
        """Of a clause as a whole, not of the passage quoted alone."""
        clause = self.record.corpus.clause(self.citations[0].policy, self.citations[0].clause)
        return not _holds_money(clause.text)

    def _awards(self, citation: Citation, *kinds: str) -> bool:
        """Whether a figure of these kinds is quoted that the rules do not list as something else."""
        not_awards = [e for e in self._holding.rules.not_awards if e.clause == citation.clause]
        others = {fold(figure.text) for entry in not_awards for figure in figures(entry.text)}
        return any(f.kind in kinds and fold(f.text) not in others for f in figures(citation.quote))

    # ── what the calculation bears ──

    @cached_property
    def _items(self) -> tuple[Item, ...]:
        return self.record.calculation.items if self.record.calculation else ()

    def _formula(self, value: str) -> bool:
        measure = self._titled
        return measure is not None and any(
            item.measure == measure.id and item.clause == measure.clause and item.formula == value
            for item in self._items
        )

    def _labels(self, value: str) -> bool:
        """Of a total: its bound is the calculation's, its items were said before, and just they are cited."""
        calculation = self.record.calculation
        if calculation is None or calculation.bound != self.frame.removeprefix("total_"):
            return False
        slots = ({"title": i.title, "formula": i.formula, "label": i.clause} for i in self._items)
        said = all(FRAMES["item"].render(item) in self.before for item in slots)
        wanted = {item.measure for item in self._items}
        cited = [{measure.id for measure in self._measures_in(citation)} for citation in self.citations]
        complete = wanted <= set[str]().union(*cited) and all(ids & wanted for ids in cited)
        marks = labels([citation.clause for citation in self.citations])
        return said and complete and value == marks

    def _sum(self, value: str) -> bool:
        if self.frame == "reverse_over":
            cap = self._cap
            return cap is not None and spell(cap) == value
        if self.frame.startswith("reverse"):
            return value in self._reverse_targets
        calculation = self.record.calculation
        total = calculation.total if calculation else None
        return total is not None and spell(total) == value

    @cached_property
    def _cap(self) -> Decimal | None:
        benefit = self._titled.benefit if self._titled else None
        return benefit.cap if isinstance(benefit, RateOf | PerUnit | UpTo) else None

    @cached_property
    def _reverse_targets(self) -> set[str]:
        """The sums whose reverse is the recorded one: the user's own, or the cap where none is."""
        measure, answer = self._titled, self.record.reverse
        if measure is None or answer is None:
            return set()
        asked = [f.value for f in figures(normal(self.record.question)) if f.unit == "元"]
        own = {spell(value) for value in asked if reverse(measure, value) == answer}
        if own or self._cap is None or reverse(measure, self._cap) != answer:
            return own
        return {spell(self._cap)}

    def _value(self, value: str) -> bool:
        answer, measure = self.record.reverse, self._titled
        if answer is None or measure is None or not isinstance(measure.benefit, RateOf | PerUnit):
            return False
        if answer.fact != measure.benefit.fact:
            return False
        return value == spell_reverse(answer)

    def _share(self, value: str) -> bool:
        benefit = self._titled.benefit if self._titled else None
        return isinstance(benefit, RateOf) and percent(benefit.rate) == value

    def _unit(self, value: str) -> bool:
        return value + self.slots["each"] == self._piece

    def _each(self, value: str) -> bool:
        return self.slots["unit"] + value == self._piece

    @cached_property
    def _piece(self) -> str | None:
        """The piece and its sum as one text, 国家2万元: nothing in the sentence parts them."""
        benefit = self._titled.benefit if self._titled else None
        return f"{benefit.per}{spell(benefit.amount)}" if isinstance(benefit, PerUnit) else None

    def _input(self, value: str) -> bool:
        benefit = self._titled.benefit if self._titled else None
        return isinstance(benefit, RateOf) and benefit.base == value

    def _frame_eligibility(self) -> bool:
        return bool(self._items)

    def _frame_eligibility_open(self) -> bool:
        return bool(self.record.needs)

    # ── what the user said, and whether it is so ──

    def _said(self, value: str) -> bool:
        """The user's own words, without a mark that would let them end our sentence and begin another."""
        question = self.record.question
        written = len(value) <= _LONGEST_SAID and (value in question or value in normal(question))
        return bool(fold(value)) and (written or value in self._references) and not _MARKS.search(value)

    @cached_property
    def _references(self) -> dict[str, bool]:
        """The clause references of the question, each and all together, and whether they lead anywhere."""
        found = find_references(self.record.question)
        clauses = [holding.policy.clauses for holding in self.record.corpus.holdings]
        leads = {ref.text: any(resolve(ref, one) for one in clauses) for ref in found}
        return leads | {"、".join(ref.text for ref in found): any(leads.values())}

    def _frame_no_clause(self) -> bool:
        return self._references.get(self.slots["said"]) is False

    def _frame_several(self) -> bool:
        return self._references.get(self.slots["said"]) is True

    def _frame_no_department(self) -> bool:
        said = fold(self.slots["said"])
        printed = [fold(name) for holding in self.record.corpus.holdings for name in holding.departments()]
        return not any(said in name or name in said for name in printed)

    def _frame_impossible(self) -> bool:
        found = figures(self.slots["said"])
        return len(found) == 1 and (
            found[0].value < 0
            or (found[0].kind in ("count", "number") and found[0].value != found[0].value.to_integral_value())
            or (found[0].kind in ("count", "number") and found[0].value > _MOST_PIECES)
        )

    def _frame_not_found(self) -> bool:
        """What is named has no clause: it is no measure, and holds no sum that would look granted."""
        said = normal(self.slots["said"])
        names = {
            normal(name)
            for _, measure in self.record.corpus.measures
            for name in (measure.title, *("".join(words) for words in measure.names))
            if name not in measure.weak
        }
        return said not in names and not _holds_money(said)

    def _frame_part_missing(self) -> bool:
        """What is left out belongs to no measure that is counted."""
        said = fold(self.slots["said"])
        counted = [fold(item.title + item.quote) for item in self._items]
        return self._frame_not_found() and not any(said in text for text in counted)

    def _meant(self, value: str) -> bool:
        figures_said = {fold(figure.text) for figure in figures(self.slots["said"])}
        own = all(fold(figure.text) in figures_said for figure in figures(value))
        return own and (self.slots["said"], value) in self.record.readings

    def _claim(self, value: str) -> bool:
        """A whole figure of the user's, judged against the measures at issue, their bounds included."""
        if self.frame == "reverse_over":
            asked = [f for f in figures(normal(self.record.question)) if f.text == value and f.unit == "元"]
            return self._cap is not None and any(figure.value > self._cap for figure in asked)
        claims = [claim for claim in self.record.claims if claim.text == value]
        at_issue = {item.measure for item in self._items}
        borne = all({m.id for m in self._measures_in(c)} & at_issue for c in self.citations)
        if not claims or not self._said(value) or not borne:
            return False
        right = self.frame == "claim_right"
        return all(self._is_right(claim) if right else self._is_wrong(claim) for claim in claims)

    def _is_right(self, claim: Figure) -> bool:
        """Every measure at issue prints it or comes to it: of several, whose figure it is nobody can say."""
        figure = (claim.value, claim.unit, self._bound_said(claim))
        if claim.upper is not None:
            return False
        return all(figure in self._figures_of(item) for item in self._items) or self._is_total(claim)

    def _is_wrong(self, claim: Figure) -> bool:
        """No measure at issue prints it or comes to it, under any bound."""
        printed = {(value, unit) for item in self._items for value, unit, _ in self._figures_of(item)}
        total = self.record.calculation.total if self.record.calculation else None
        return (claim.value, claim.unit) not in printed | {(total, "元")}

    def _is_total(self, claim: Figure) -> bool:
        calculation = self.record.calculation
        question = normal(self.record.question)
        cited = {measure.id for measure in self._cited_measures}
        return (
            calculation is not None
            and (claim.value, self._bound_said(claim)) == (calculation.total, calculation.bound)
            and claim.unit == "元"
            and _TOTAL.search(question[: question.find(claim.text)]) is not None
            and all(item.measure in cited for item in calculation.items)
        )

    def _bound_said(self, claim: Figure) -> str:
        question = normal(self.record.question)
        after = question[question.find(claim.text) + len(claim.text) :]
        return "max" if claim.bound == "exact" and _CAP_AFTER.match(after) else claim.bound

    def _figures_of(self, item: Item) -> set[tuple[Decimal | None, str, str]]:
        """(value, unit, bound) of what the item's measure prints and of what it comes to."""
        printed: set[tuple[Decimal | None, str, str]] = {(item.amount, "元", item.bound)}
        for _, measure in self.record.corpus.measures:
            if (measure.id, measure.title, measure.clause) == (item.measure, item.title, item.clause):
                cap = getattr(measure.benefit, "cap", None)
                for value, unit in benefit_figures(measure):
                    printed.add((value, unit, "max" if (value, unit) == (cap, "元") else "exact"))
        return printed

    # ── what the corpus is called ──

    def _policy(self, value: str) -> bool:
        """A policy of that title which is what the frame says of it."""
        policies = [h.policy for h in self.record.corpus.holdings if h.policy.title == value]
        if self.frame == "titled":
            return bool(policies)
        if self.frame == "unreviewed":
            return any(h.unreviewed for h in self.record.corpus.holdings if h.policy in policies)
        if self.frame == "draft":
            return any(policy.status == "征求意见稿" for policy in policies)
        return any(policy.in_force_from or policy.in_force_until for policy in policies)

    def _frame_several_policies(self) -> bool:
        return len(self.record.corpus.holdings) > 1

    def _range(self, value: str) -> bool:
        return any(existing_range(h.policy.clauses) == value for h in self.record.corpus.holdings)


def _holds_money(text: str) -> bool:
    return any(figure.kind in ("money", "rate") for figure in figures(text))


_LONGEST_SAID = 60
_MOST_PIECES = Decimal(10) ** 6
_MARKS = re.compile(r"[“”「」〔〕《》。；！？!?;\n\r]")
_PERIOD = re.compile(r"一次性|每年|年度|逐年")
_TOTAL = re.compile(r"(一共|总共|合计|累计|共计|总计|加起来|加一块|加一起|in total)[^，。；]{0,8}$")
_CAP_AFTER = re.compile(r".{0,2}?(上限|封顶|顶格|为限)")
