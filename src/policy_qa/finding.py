"""determine(): from a question and its evidence to what is so: the status, the measures, the amounts.

Everything an answer will claim is decided here; answer.py only puts it into words.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from policy_qa.asks import MONEY_ASKS, STRICT_ASKS, Ask
from policy_qa.calculation import calculate, evaluate, needs, reverse
from policy_qa.corpus import Corpus, Holding
from policy_qa.domain import Calculation, Clause, FactValue, Item, Need, Reverse, Segment, Status
from policy_qa.lexicon import normal
from policy_qa.money import Figure, figures
from policy_qa.question import Question
from policy_qa.references import resolve
from policy_qa.retrieval import Evidence, of_the_text
from policy_qa.rules import Condition, Measure, PerUnit, RateOf, UpTo, benefit_figures
from policy_qa.status import in_force
from policy_qa.text import fold
from policy_qa.texts import PRINTED_WORDS
from policy_qa.topic import Reading, most_specific

UNPRINTED_ASKS = (
    Ask.DEADLINE, Ask.MATERIALS, Ask.PROCESS, Ask.CONDITIONS, Ask.VALIDITY, Ask.PREVIOUS, Ask.STACKING,
    Ask.PERIOD,
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """What is so, with nothing said yet."""

    status: Status
    holding: Holding
    measures: tuple[Measure, ...] = ()
    calculation: Calculation | None = None
    reverse: Reverse | None = None
    reversed_measure: Measure | None = None
    needs: tuple[Need, ...] = ()
    clauses: tuple[Clause, ...] = ()
    """Clauses to show whole, or as the passage that answers, where no measure answers."""
    passages: tuple[tuple[Clause, int, int], ...] = ()
    duties: tuple[tuple[str, Clause, Segment], ...] = ()
    failing: tuple[tuple[Measure, Condition], ...] = ()
    claims_right: tuple[Figure, ...] = ()
    claims_wrong: tuple[Figure, ...] = ()
    unprinted: tuple[Ask, ...] = ()
    missing_parts: tuple[str, ...] = ()
    """Things the user named beside what was found, that no clause holds."""
    said: str | None = None
    """What was not found, in the user's words."""
    lapsed: bool = False
    """The policy was not in force on the day asked about."""


def determine(
    question: Question,
    evidence: Evidence,
    given: Mapping[str, FactValue],
    corpus: Corpus,
    as_of: datetime.date,
) -> Finding:
    """The finding for ``question``; the order of the checks is the contract's order of statuses.

    A policy that its printed dates put out of force on ``as_of`` is no evidence; its text can be looked up.
    """
    holding = corpus.holdings[0]
    if question.invalid:
        return Finding("invalid_input", holding, said=question.stated.impossible)
    if question.route == "clause":
        return _clause_finding(question, evidence, holding, corpus)
    if question.personal and not question.departments:
        return Finding("out_of_scope", holding)
    if not in_force(holding.policy, as_of):
        return Finding("not_found", holding, lapsed=True)
    facts = {**question.stated.facts, **given}
    if question.route == "department":
        return _department_finding(question, evidence, holding)
    if question.route == "eligibility":
        return _eligibility_finding(question, facts, holding)
    if question.topic.named and not of_the_text(question, evidence.coverage):
        return _measure_finding(question, facts, holding)
    return _passage_finding(question, evidence, holding)


# ── clauses and departments ─────────────────────────────────────────────────────────────────────


def _clause_finding(question: Question, evidence: Evidence, holding: Holding, corpus: Corpus) -> Finding:
    clauses = tuple(corpus.clause(policy, label) for policy, label in evidence.exact)
    said = "、".join(reference.text for reference in question.references)
    if not clauses:
        return Finding("not_found", holding, said=said)
    missing = tuple(
        said_alone
        for reference in question.references
        for path in reference.paths
        if not resolve(replace(reference, paths=(path,)), holding.policy.clauses)
        for said_alone in _said_alone(path[0].number, reference.text)
    )
    return Finding("answered", holding, clauses=clauses, said=said, missing_parts=missing)


def _said_alone(number: int, text: str) -> tuple[str, ...]:
    """How one number of 「第13条和第99条」 was written; nothing where only a reading of it leads nowhere."""
    return next(((form,) for form in (f"第{number}条", f"{number}条", str(number)) if form in text), ())


def _department_finding(question: Question, evidence: Evidence, holding: Holding) -> Finding:
    if question.departments:
        duties = [
            (name, clause, segment)
            for name in question.departments
            for clause, segment in holding.department_names.segments_of(name, holding.policy.clauses)
        ]
        return Finding("answered", holding, duties=tuple(duties))
    if question.unknown_departments:
        return Finding("not_found", holding, said=question.unknown_departments[0])
    if question.topic.named:
        measures = tuple(naming.measure for naming in question.topic.named[:3])
        return Finding("answered", holding, measures=measures)
    return _passage_finding(question, evidence, holding)


# ── measures ────────────────────────────────────────────────────────────────────────────────────


def _measure_finding(question: Question, facts: Mapping[str, FactValue], holding: Holding) -> Finding:
    measures = _asked(question, holding)
    asks = question.asks
    if _money_of_something_else(question, measures):
        return Finding("not_found", holding, said=_what_was_asked(question))
    missing_parts = _missing_parts(question)
    failing = tuple(_failing(measures, facts))
    if Ask.REVERSE in asks and not question.stated.inputs:
        if found := _reversed(question, measures):
            measure, answer = found
            return Finding("answered", holding, (measure,), calculate((measure,), {}), answer, measure)
        if measure_over := _beyond_its_cap(question, measures):
            calculation = calculate((measure_over,), {})
            return Finding("answered", holding, (measure_over,), calculation, reversed_measure=measure_over)
    unprinted = _unprinted(question, measures, holding)
    if question.route == "general":
        if (
            Ask.AWARD in asks
            and Ask.LIST not in asks
            and not any(m.is_money for m in measures)
            and not unprinted
        ):
            unprinted = (Ask.AMOUNT,)
        status: Status = "not_specified" if unprinted else "answered"
        return Finding(
            status, holding, measures, failing=failing, unprinted=unprinted, missing_parts=missing_parts
        )
    facts = _one_piece_each(question, measures, facts)
    calculation = calculate(measures, facts)
    right, wrong = _claims(question, measures, calculation)
    rules = holding.rules
    figured = [measure for measure in measures if measure.has_figure]
    open_needs = needs(figured, facts, rules) if question.own or _base_unstated(measures, facts) else ()
    if not figured:
        unprinted = (Ask.AMOUNT,)
        status = (
            "not_specified" if not question.stated.claims or asks & {Ask.AMOUNT, Ask.RATE} else "answered"
        )
    elif wrong or (right and not (question.own and open_needs)):
        status = "answered"
    elif question.own and open_needs and not _cap_alone(question, figured):
        status = "needs_facts"
    else:
        status = "answered"
    if (
        unprinted
        and figured
        and status == "answered"
        and (Ask.PERIOD in unprinted or not asks & {Ask.AMOUNT, Ask.CAP, Ask.RATE})
    ):
        status = "not_specified"
    notes = (*calculation.notes, *(f"“{part}”没有对应的条款，没有计入" for part in missing_parts))
    return Finding(
        status,
        holding,
        measures,
        replace(calculation, notes=notes),
        needs=open_needs,
        failing=failing,
        claims_right=right,
        claims_wrong=wrong,
        unprinted=unprinted,
        missing_parts=missing_parts,
    )


def _asked(question: Question, holding: Holding) -> tuple[Measure, ...]:
    """The measures the answer is about: where money is asked, those of money if any is named."""
    namings = list(question.topic.named)
    if question.route == "amount":
        money = [naming for naming in question.topic.candidates if naming.measure.is_money]
        namings = list(most_specific(money)) or namings
    stated = question.stated.facts
    counted = [
        n for n in namings if isinstance(b := n.measure.benefit, PerUnit | RateOf) and b.fact in stated
    ]
    # 「3件国内发明专利」 counts for one kind: the other kind that the same words name is not asked.
    namings = [n for n in namings if n in counted or not any(set(n.spans) & set(c.spans) for c in counted)]
    measures = [naming.measure for naming in namings]
    if question.route == "amount" and _PROVINCE_TOO.search(question.topic.reading.text):
        asked = {measure.id for measure in measures}
        measures += [measure for measure in holding.rules.measures if measure.half_of in asked]
    return tuple(measures)


_PROVINCE_TOO = re.compile(
    r"省.{0,8}(加|连|和|跟|与|及).{0,4}市|省市|市.{0,8}(加|连|和|跟|与|及).{0,4}省(里|级)?.{0,6}(一共|总共|合计|加起来)"
)


def _money_of_something_else(question: Question, measures: Sequence[Measure]) -> bool:
    """Money is asked for a thing no clause holds, and only help that is no money shares words with it."""
    if any(measure.is_money for measure in measures) or Ask.AWARD not in question.asks:
        return False
    own = "".join(fold(measure.title + measure.quote).lower() for measure in measures)
    return any(run not in own for run in question.topic.unheld if len(run) > 1)


def _failing(
    measures: Sequence[Measure], facts: Mapping[str, FactValue]
) -> Iterator[tuple[Measure, Condition]]:
    for measure in measures:
        for condition in evaluate(measure, facts).failed:
            yield measure, condition


def _one_piece_each(
    question: Question, measures: Sequence[Measure], facts: Mapping[str, FactValue]
) -> Mapping[str, FactValue]:
    """The general rule of a sum a piece (「工业精品奖多少」) is the sum for one piece."""
    one_piece = _ONE_PIECE.search(question.topic.reading.text) and not question.stated.inputs
    alternatives = sum(isinstance(measure.benefit, PerUnit) for measure in measures) > 1
    if ((question.own or alternatives) and not one_piece) or Ask.CAP in question.asks:
        return facts
    filled = dict(facts)
    for measure in measures:
        if isinstance(measure.benefit, PerUnit) and measure.benefit.fact not in facts:
            filled[measure.benefit.fact] = (1,) if measure.benefit.limit is not None else 1
    return filled


_ONE_PIECE = re.compile(r"(每|一)(个|件|项)[^，,。]{0,12}(多少|几|给|奖|补|资助)")


def _base_unstated(measures: Sequence[Measure], facts: Mapping[str, FactValue]) -> bool:
    return any(isinstance(m.benefit, RateOf | PerUnit) and m.benefit.fact not in facts for m in measures)


def _cap_alone(question: Question, measures: Sequence[Measure]) -> bool:
    """A cap or a rate asked for itself is the general rule, whoever asks."""
    return bool(question.asks & {Ask.CAP, Ask.RATE}) and not question.stated.inputs and len(measures) == 1


def _reversed(question: Question, measures: Sequence[Measure]) -> tuple[Measure, Reverse] | None:
    for measure in measures:
        answer = reverse(measure, question.stated.target)
        if answer is not None:
            return measure, answer
    return None


def _beyond_its_cap(question: Question, measures: Sequence[Measure]) -> Measure | None:
    target = question.stated.target
    return next((m for m in measures if target is not None and (cap_of(m) or target) < target), None)


def _unprinted(question: Question, measures: Sequence[Measure], holding: Holding) -> tuple[Ask, ...]:
    """What is asked for that no measure's segment prints."""
    asked = [ask for ask in UNPRINTED_ASKS if ask in question.asks]
    if Ask.STACKING in asked and any(measure.stacking for measure in measures):
        asked.remove(Ask.STACKING)
    if Ask.PERIOD in asked and any(measure.once for measure in measures):
        asked.remove(Ask.PERIOD)  # 「一次性」 is what the quote says
    if question.route == "amount" and question.asks & {Ask.AMOUNT, Ask.RATE, Ask.CAP}:
        # A story told on the way to a sum (去年签的合同，流程走完了) asks for none of these.
        asked = [ask for ask in asked if ask in (Ask.STACKING, Ask.PERIOD)]
    return tuple(ask for ask in asked if not _printed(ask, measures, holding))


def _printed(ask: Ask, measures: Sequence[Measure], holding: Holding) -> bool:
    words = PRINTED_WORDS.get(ask.value, ())
    clauses = (holding.policy.clause(measure.clause) for measure in measures)
    return any(word in clause.text for clause in clauses if clause for word in words)


def _claims(
    question: Question, measures: Sequence[Measure], calculation: Calculation
) -> tuple[tuple[Figure, ...], tuple[Figure, ...]]:
    """The user's award figures that the named measures print or that follow from the facts, and the rest."""
    printed = {pair for measure in measures for pair in benefit_figures(measure)}
    computed = {(item.amount, "元") for item in calculation.items} | {(calculation.total, "元")}
    right: list[Figure] = []
    wrong: list[Figure] = []
    for figure in question.stated.claims:
        (right if (figure.value, figure.unit) in printed | computed else wrong).append(figure)
    if not any(benefit_figures(measure) for measure in measures):
        return (), ()
    return tuple(right), tuple(wrong)


def _missing_parts(question: Question) -> tuple[str, ...]:
    """Things beside the named measures that stand before a word of award: 「…，高企也认下来了」."""
    strange = set(question.strangers)
    return tuple(
        run
        for run in question.topic.unheld
        if _is_thing(run, question.topic.reading) and any(stranger in run for stranger in strange)
    )


def _is_thing(run: str, reading: Reading) -> bool:
    start = reading.text.find(run)
    after = reading.text[start + len(run) : start + len(run) + 6]
    return after.startswith(("认定", "也认", "企业", "奖", "补", "资助", "也评", "称号"))


# ── eligibility ─────────────────────────────────────────────────────────────────────────────────


def _eligibility_finding(question: Question, facts: Mapping[str, FactValue], holding: Holding) -> Finding:
    if not question.topic.named and (said := _holder_unheld(question)):
        return Finding("not_found", holding, said=said)
    figured = tuple(m for m in holding.rules.measures if m.has_figure and m.payee == "enterprise")
    named = {measure.id for measure in question.measures}
    matched = tuple(m for m in figured if m.id in named or any(fact in facts for fact in m.facts))
    matched = tuple(m for m in matched if evaluate(m, facts).verdict is not False)
    open_needs = needs(figured, facts, holding.rules)
    calculation = calculate(matched, facts)
    status: Status = "needs_facts" if open_needs else "answered"
    if not matched:
        # Nothing is known of the firm: what there is to be had, and what to tell us first.
        matched, calculation = (), calculate(figured, {})
    return Finding(status, holding, matched, calculation, needs=open_needs[:8])


def _holder_unheld(question: Question) -> str | None:
    """「我们是瞪羚企业，能享受什么」: what the user holds, where no clause names its holder."""
    if question.topic.rejected:
        return _what_was_asked(question)
    text = question.topic.reading.text
    for stranger in question.topic.unheld:
        ahead = text[: text.find(stranger)]
        if len(stranger) > 1 and _HOLDS.search(ahead):
            return stranger
    return None


_HOLDS = re.compile(
    r"(是|属于|评上|评为|获评|认定为|认定的|入选|拿到|拿了|获得)(了|一家|个|国家|省|市|级|国家级|省级|市级|的)*$"
)


# ── everything else: the passage that answers, or an honest no ──────────────────────────────────


def _passage_finding(question: Question, evidence: Evidence, holding: Holding) -> Finding:
    reading = question.topic.reading
    first = holding.policy.clauses[0]
    if Ask.ORIGIN in question.asks:
        spans = sentence_spans(first.text)
        return Finding("answered", holding, passages=tuple((first, start, end) for start, end in spans))
    if Ask.VALIDITY in question.asks or _about_policy_itself(question):
        unprinted = tuple(ask for ask in UNPRINTED_ASKS if ask in question.asks)
        return Finding("not_specified", holding, clauses=(first,), unprinted=unprinted)
    best = _best_passage(question, evidence, holding)
    if best is None:
        if not question.support:
            return Finding("out_of_scope", holding)
        return Finding("not_found", holding, said=_what_was_asked(question))
    clause, spans = best
    unprinted = tuple(ask for ask in (Ask.DEADLINE, Ask.MATERIALS, Ask.PROCESS) if ask in question.asks)
    status: Status = "not_specified" if unprinted else "answered"
    if question.route == "amount" and Ask.AMOUNT in question.asks and not _asks_count(reading):
        status, unprinted = "not_specified", (Ask.AMOUNT,)
    return Finding(status, holding, passages=tuple((clause, s, e) for s, e in spans), unprinted=unprinted)


def _asks_count(reading: Reading) -> bool:
    return any(
        word in reading.text
        for word in ("多少户", "多少家", "多少名", "几户", "几家", "几名", "多少人", "how many")
    )


def _about_policy_itself(question: Question) -> bool:
    """「需要什么材料」 alone, or 「这份意见依据什么制定」, asks of the whole policy."""
    asked = question.asks & set(UNPRINTED_ASKS)
    content = [token for token in question.topic.reading.tokens if token.content]
    return bool(asked) and not content


def _what_was_asked(question: Question) -> str | None:
    """The thing asked about, in the user's words: for a refusal that says what it refuses."""
    if question.topic.rejected:
        why = max(question.topic.rejected, key=lambda rejection: rejection.score).why
        start = why.find("“") + 1
        thing = why[start : why.find("”")] if start else ""
        if thing and thing in question.topic.reading.text:
            return thing
    runs = [run for run in question.topic.unheld if len(run) > 1]
    return max(runs, key=len) if runs else None


def _best_passage(
    question: Question, evidence: Evidence, holding: Holding
) -> tuple[Clause, tuple[tuple[int, int], ...]] | None:
    """The clause that answers, and its sentences that do; None where no clause can be said to.

    Where money is asked, a clause must have a word for everything asked about. Elsewhere it may be found
    by meaning: first by words and by meaning, with a lead, or by meaning with a long lead.
    """
    if not evidence.hits:
        return None
    first = evidence.hits[0]
    ranked = {key: evidence.coverage[key] for key in ((h.policy, h.clause) for h in evidence.hits)}
    key = (first.policy, first.clause)
    best = max(ranked, key=lambda one: ranked[one].share)
    if ranked[best].share > ranked[key].share + 0.25:
        key = best
    covered = ranked[key]
    if question.asks & STRICT_ASKS:
        nouns = [t for t in question.topic.reading.tokens if t.content and t.noun]
        exact = covered.share > 0.99 and len(nouns) > 1 and not question.topic.rejected
        found = exact and not question.asks & MONEY_ASKS
    elif covered.share >= 0.5 and (question.support or not question.strangers):
        found = not (Ask.CONDITIONS in question.asks and covered.holes)
    else:
        found = key == _leader(evidence)
    clause = holding.policy.clause(key[1])
    return (clause, _sentences(question, clause)) if found and clause else None


def _leader(evidence: Evidence) -> tuple[str, str] | None:
    """The clause that meaning puts first by a clear lead."""
    dense = sorted(evidence.dense.items(), key=lambda entry: -entry[1])
    if len(dense) < 2:
        return None
    lead = dense[0][1] - dense[1][1]
    words = max(evidence.lexical, key=lambda key: evidence.lexical[key], default=None)
    return dense[0][0] if lead >= _LONG_LEAD or (lead >= _LEAD and words == dense[0][0]) else None


_LEAD = 0.005
_LONG_LEAD = 0.012
"""Cosine leads of the first clause over the second, read off the development questions."""


def _sentences(question: Question, clause: Clause) -> tuple[tuple[int, int], ...]:
    """The one or two sentences of the clause that share most with the question, in their order.

    A figure that both print counts most; the clause's own title says nothing.
    """
    title = fold(clause.title)
    everything = sentence_spans(clause.text)
    spans = [(s, e) for s, e in everything if not fold(clause.text[s:e]).rstrip("。").endswith(title)]
    spans = spans or list(everything)
    tokens = [token for token in question.topic.reading.tokens if token.content]
    words = {token.text for token in tokens} | {normal(mean) for token in tokens for mean in token.means}
    asked = {(f.value, f.unit) for f in figures(question.topic.reading.text)}
    scored = []
    for start, end in spans:
        text = clause.text[start:end]
        shared = sum(len(word) for word in words if word in fold(text).lower())
        shared += sum(_SAME_FIGURE for f in figures(text) if (f.value, f.unit) in asked)
        scored.append((shared, (start, end)))
    best = max(score for score, _ in scored)
    kept = [span for score, span in scored if score and score >= 0.6 * best][:2]
    return tuple(kept) if kept else tuple(spans[:2])


_SAME_FIGURE = 10


def sentence_spans(text: str) -> tuple[tuple[int, int], ...]:
    """The sentences of a clause, each with its full stop, without the white space between them."""
    spans: list[tuple[int, int]] = []
    start = 0
    for position, character in enumerate(text):
        if character in "。；" or position == len(text) - 1:
            end = position + 1
            if text[start:end].strip():
                spans.append((start + len(text[start:end]) - len(text[start:end].lstrip()), end))
            start = end
    return tuple(spans)


def cap_of(measure: Measure) -> Decimal | None:
    """The cap a measure prints, in yuan."""
    benefit = measure.benefit
    return benefit.cap if isinstance(benefit, RateOf | PerUnit | UpTo) else None


def item_of(calculation: Calculation, measure: Measure) -> Item | None:
    return next((item for item in calculation.items if item.measure == measure.id), None)
