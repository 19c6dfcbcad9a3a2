"""compose(): a finding in plain, short Chinese, sentence by sentence, each with the citations to bear it.

Nothing is decided here; a sentence the gate does not pass is not shown.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

from policy_qa.asks import Ask
from policy_qa.calculation import percent, spell_reverse
from policy_qa.corpus import Corpus
from policy_qa.domain import Citation, Clause, Policy
from policy_qa.finding import Finding, cap_of, sentence_spans
from policy_qa.money import figures, spell
from policy_qa.proof import Draft
from policy_qa.question import Question
from policy_qa.references import existing_range
from policy_qa.rules import Measure, PerUnit, RateOf
from policy_qa.status import notices
from policy_qa.texts import FRAMES, PAYEES, UNPRINTED, labels, listed

_NEEDS_SHOWN = 3


def compose(
    question: Question, finding: Finding, corpus: Corpus, as_of: datetime.date, *, titled: bool = False
) -> list[Draft]:
    """The sentences of the answer, best first, ending with what has to be said of the policy's status.

    ``titled``: what is found begins with the policy's name, since it will stand beside others.
    """
    writer = _Writer(question, finding)
    drafts = list(writer.readings())
    if titled and finding.status in ("answered", "needs_facts", "not_specified"):
        drafts.append(_draft("titled", policy=finding.holding.policy.title))
    drafts += _BY_STATUS.get(finding.status, _Writer.refusal)(writer)
    if any(draft.citations for draft in drafts):
        if finding.unreviewed:
            drafts.append(_draft("unreviewed", policy=finding.holding.policy.title))
        drafts += list(_status_notes(_cited(drafts, corpus), as_of))
    elif finding.status != "invalid_input":
        drafts += list(_status_notes([holding.policy for holding in corpus.holdings], as_of))
    return list(dict.fromkeys(drafts))


def _cited(drafts: Sequence[Draft], corpus: Corpus) -> list[Policy]:
    cited = {citation.policy for draft in drafts for citation in draft.citations}
    return [holding.policy for holding in corpus.holdings if holding.policy.id in cited]


def _status_notes(policies: Sequence[Policy], as_of: datetime.date) -> Iterator[Draft]:
    return (Draft(text) for text in notices(policies, as_of))


def _draft(frame: str, *citations: Citation, **slots: str) -> Draft:
    return Draft(FRAMES[frame].render(slots), tuple(dict.fromkeys(citations)))


class _Writer:
    def __init__(self, question: Question, finding: Finding) -> None:
        self._question = question
        self._finding = finding
        self._holding = finding.holding

    # ── statuses ──

    def readings(self) -> Iterator[Draft]:
        for written, meant in self._question.topic.reading.corrections:
            yield _draft("reading", said=written, meant=meant)

    def invalid(self) -> list[Draft]:
        assert self._question.invalid is not None
        said = {"said": self._finding.said} if self._finding.said else {}
        return [_draft(self._question.invalid, **said)]

    def out_of_scope(self) -> list[Draft]:
        return [_draft("out_of_scope")]

    def refusal(self) -> list[Draft]:
        said = self._finding.said
        if self._finding.lapsed:
            return [_draft("lapsed", policy=self._holding.policy.title), _draft("elsewhere")]
        if self._question.route == "clause" and said:
            return [_draft("no_clause", said=said, range=existing_range(self._holding.policy.clauses))]
        if self._question.route == "department" and said:
            return [_draft("no_department", said=said)]
        first = _draft("not_found", said=said) if said else _draft("not_found_plain")
        return [first, _draft("elsewhere")]

    def answer(self) -> list[Draft]:
        finding = self._finding
        if self._question.route == "eligibility":
            return list(self._eligibility())
        if finding.duties:
            return list(self._duties())
        if finding.clauses and not finding.unprinted:
            return list(self._whole_clauses())
        drafts: list[Draft] = []
        if finding.reversed_measure is not None:
            drafts += self._reversed()
        elif finding.calculation is not None:
            drafts += [*self._claims(), *self._items()]
        elif self._question.route == "department":
            drafts += self._contacts()
        drafts += [
            *self._failing(),
            *self._unprinted(),
            *self._stacking(),
            *self._quotes(),
            *self._assumptions(),
        ]
        drafts += [*self._asks(), *self._departments(), *self._missing()]
        return drafts

    # ── parts of an answer ──

    def _eligibility(self) -> Iterator[Draft]:
        matched = bool(self._finding.measures)
        yield _draft("eligibility" if matched else "eligibility_open")
        yield from self._items()
        if matched:
            yield from self._quotes()
            yield from self._assumptions()
        yield from self._asks()
        if matched:
            yield from self._departments()

    def _duties(self) -> Iterator[Draft]:
        for name, clause, segment in self._finding.duties:
            citation = self._holding.cite(clause, segment.start, segment.end)
            printed = next(
                (n for n in self._holding.department_names.same(name) if n in segment.departments), name
            )
            inside = [
                measure
                for measure in self._holding.rules.of_clause(clause.label)
                if (cited := self._cite(measure)).start >= segment.start and cited.end <= segment.end
            ]
            if inside:
                titles = "、".join(measure.title for measure in inside)
                yield _draft("duty", citation, department=printed, titles=titles, label=clause.label)
            else:
                yield _draft(
                    "duty_text", citation, department=printed, quote=citation.quote, label=clause.label
                )

    def _whole_clauses(self) -> Iterator[Draft]:
        if len(self._finding.clauses) > 1 and self._finding.said:
            yield _draft("several", said=self._finding.said)
        for clause in self._finding.clauses:
            whole = self._holding.cite(clause, 0, len(clause.text))
            yield _draft("clause", whole, quote=whole.quote, label=clause.label)
        yield from self._missing()

    def _contacts(self) -> Iterator[Draft]:
        yield from self._departments()

    def _items(self) -> Iterator[Draft]:
        calculation = self._finding.calculation
        if calculation is None:
            return
        cited = []
        for item in calculation.items:
            measure = self._holding.rules.measure(item.measure)
            citation = self._cite(measure)
            cited.append(citation)
            yield _draft("item", citation, title=item.title, formula=item.formula, label=item.clause)
            if item.payee in PAYEES:
                yield _draft("payee", citation, payee=PAYEES[item.payee], label=item.clause)
        if len(calculation.items) > 1:
            marks = labels([citation.clause for citation in cited])
            slots = {"labels": marks}
            if calculation.total is not None:
                slots["sum"] = spell(calculation.total)
            yield _draft(f"total_{calculation.bound}", *cited, **slots)

    def _claims(self) -> Iterator[Draft]:
        cited = [self._cite(measure) for measure in self._finding.measures]
        for frame, claims in (
            ("claim_right", self._finding.claims_right),
            ("claim_wrong", self._finding.claims_wrong),
        ):
            for claim in claims:
                label = cited[0].clause
                same = [citation for citation in cited if citation.clause == label]
                yield _draft(frame, *same, claim=claim.text, label=label)

    def _reversed(self) -> Iterator[Draft]:
        measure, answer = self._finding.reversed_measure, self._finding.reverse
        if measure is None:
            return
        benefit, cap = measure.benefit, cap_of(measure)
        slots = {"title": measure.title, "label": measure.clause}
        if answer is None:
            said = next(
                (f.text for f in figures(self._question.text) if f.value == self._question.stated.target),
                None,
            )
            if cap is not None and said is not None:
                yield _draft("reverse_over", self._cite(measure), sum=spell(cap), claim=said, **slots)
            return
        target = self._question.stated.target or cap
        if target is None or not isinstance(benefit, RateOf | PerUnit):
            return
        slots |= {"sum": spell(target), "value": spell_reverse(answer)}
        if isinstance(benefit, RateOf):
            slots |= {"input": benefit.base, "share": percent(benefit.rate)}
            yield _draft("reverse_rate", self._cite(measure), **slots)
        else:
            slots |= {"unit": benefit.per, "each": spell(benefit.amount)}
            yield _draft("reverse_count", self._cite(measure), **slots)

    def _failing(self) -> Iterator[Draft]:
        for measure, condition in self._finding.failing:
            yield _draft("failing", self._cite(measure), condition=condition.text, label=measure.clause)

    def _unprinted(self) -> Iterator[Draft]:
        for ask in self._finding.unprinted:
            where = self._where()
            if where is None or ask.value not in UNPRINTED:
                continue
            what = UNPRINTED[ask.value]
            if self._finding.unreviewed:
                yield _draft("clause_silent", where, unprinted=what, label=where.clause)
                continue
            segment = self._clause(where.clause).segment_at(where.start, where.end)
            if segment is not None and segment.departments:
                departments = listed(segment)
                yield _draft("unprinted", where, unprinted=what, departments=departments, label=where.clause)
            else:
                yield _draft("unprinted_alone", where, unprinted=what, label=where.clause)

    def _where(self) -> Citation | None:
        """The passage that the answer is about, to say what it does not print."""
        if self._finding.measures:
            return self._cite(self._finding.measures[0])
        if self._finding.passages:
            return self._holding.cite(*self._finding.passages[0])
        if self._finding.clauses:
            clause = self._finding.clauses[0]
            return self._holding.cite(clause, *sentence_spans(clause.text)[0])
        return None

    def _stacking(self) -> Iterator[Draft]:
        if Ask.STACKING in self._question.asks:
            for measure in self._finding.measures:
                if measure.stacking:
                    yield _draft(
                        "stacking", self._cite(measure), stacking=measure.stacking, label=measure.clause
                    )

    def _quotes(self) -> Iterator[Draft]:
        for measure in self._finding.measures:
            citation = self._cite(measure)
            yield _draft("quote", citation, quote=citation.quote, label=measure.clause)
        for clause, start, end in self._finding.passages:
            citation = self._holding.cite(clause, start, end)
            yield _draft("quote", citation, quote=citation.quote, label=clause.label)
        if self._finding.unprinted:
            for clause in self._finding.clauses:
                citation = self._holding.cite(clause, *sentence_spans(clause.text)[0])
                yield _draft("quote", citation, quote=citation.quote, label=clause.label)

    def _assumptions(self) -> Iterator[Draft]:
        present = {measure.id for measure in self._finding.measures}
        for measure in self._finding.measures:
            if measure.both_note and present & set(measure.both_with):
                yield _draft(
                    "assumption", self._cite(measure), assumption=measure.both_note, label=measure.clause
                )
                break
        for measure in self._finding.measures:
            for assumption in measure.assumptions:
                yield _draft("assumption", self._cite(measure), assumption=assumption, label=measure.clause)

    def _asks(self) -> Iterator[Draft]:
        shown = 0
        for need in self._finding.needs:
            measure = next((m for m in self._holding.rules.measures if need.fact in m.facts), None)
            if measure is None or shown == _NEEDS_SHOWN:
                continue
            shown += 1
            yield _draft("ask", self._cite(measure), ask=need.ask, label=measure.clause)

    def _departments(self) -> Iterator[Draft]:
        spans: list[Citation] = [self._cite(measure) for measure in self._finding.measures]
        spans += [self._holding.cite(clause, start, end) for clause, start, end in self._finding.passages]
        for citation in spans:
            clause = self._clause(citation.clause)
            segment = clause.segment_at(citation.start, citation.end)
            if segment is None or not segment.departments:
                continue
            whole = self._holding.cite(clause, segment.start, segment.end)
            yield _draft("departments", whole, departments=listed(segment), label=clause.label)

    def _missing(self) -> Iterator[Draft]:
        for part in self._finding.missing_parts:
            yield _draft("part_missing", said=part)

    def _cite(self, measure: Measure) -> Citation:
        return self._holding.cite_quote(measure.clause, measure.quote)

    def _clause(self, label: str) -> Clause:
        clause = self._holding.policy.clause(label)
        assert clause is not None
        return clause


_BY_STATUS = {
    "invalid_input": _Writer.invalid,
    "out_of_scope": _Writer.out_of_scope,
    "not_found": _Writer.refusal,
    "needs_facts": _Writer.answer,
    "not_specified": _Writer.answer,
    "answered": _Writer.answer,
}
