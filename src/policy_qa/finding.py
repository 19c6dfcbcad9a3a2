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
    unreviewed: bool = False
    """Money is asked for, and no reviewed rule says what the text means: it is quoted only."""
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
    if question.personal and not question.departments and not _speaks_of_it(question, corpus, holding):
        return Finding("out_of_scope", holding)
    if not in_force(holding.policy, as_of):
        return Finding("not_found", holding, lapsed=True)
    facts = {**question.stated.facts, **given}
    if question.route == "department":
        return _department_finding(question, evidence, holding)
    if question.route == "eligibility":
        return _eligibility_finding(question, facts, holding)
    if question.topic.named and not of_the_text(question, evidence.coverage):
        if unreviewed := _on_unreviewed_clauses(question, holding):
            return unreviewed
        return _measure_finding(question, facts, holding)
    return _passage_finding(question, evidence, holding)


def _speaks_of_it(question: Question, corpus: Corpus, holding: Holding) -> bool:
    """Private life is no reason to refuse where a text alone says what it is about and prints the word."""
    text = question.topic.reading.text
    said = [word for word in corpus.lexicon.personal if word in text]
    printed = [fold(clause.text).lower() for clause in holding.policy.clauses]
    return _text_alone(holding) and any(word in clause for word in said for clause in printed)


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


def _on_unreviewed_clauses(question: Question, holding: Holding) -> Finding | None:
    """Money asked on a clause that still has drafts: its words, since what is reviewed may be half of it."""
    labels = {measure.clause for measure in _asked(question, holding)} & holding.unreviewed_clauses
    if not labels or not question.asks & MONEY_ASKS:
        return None
    clauses = [clause for clause in holding.policy.clauses if clause.label in labels]
    passages = [(clause, *span) for clause in clauses for span in _sentences(question, clause, money=True)]
    return Finding("answered", holding, passages=tuple(passages), unreviewed=True)


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
    # What the matched ones still depend on comes first: asking of another support would seem not to listen.
    asked = (*needs(matched, facts, holding.rules), *needs(figured, facts, holding.rules))
    open_needs = tuple(dict.fromkeys(asked))
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
    if Ask.VALIDITY in question.asks and (printed := tuple(_on_force(holding))):
        return Finding("answered", holding, passages=printed)
    if Ask.VALIDITY in question.asks or (_about_policy_itself(question) and not _text_alone(holding)):
        unprinted = tuple(ask for ask in UNPRINTED_ASKS if ask in question.asks)
        return Finding("not_specified", holding, clauses=(first,), unprinted=unprinted)
    best = _best_passage(question, evidence, holding)
    if best is None:
        if not question.support:
            return Finding("out_of_scope", holding)
        return Finding("not_found", holding, said=_what_was_asked(question))
    clause, spans = best
    unreviewed = clause.label in holding.unreviewed_clauses and bool(MONEY_ASKS & question.asks)
    if unreviewed and _prints_money(clause, [(0, len(clause.text))]):
        passages = tuple((clause, start, end) for start, end in spans)
        return Finding("answered", holding, passages=passages, unreviewed=True)
    unprinted = tuple(ask for ask in (Ask.DEADLINE, Ask.MATERIALS, Ask.PROCESS) if ask in question.asks)
    if _text_alone(holding):
        unprinted = ()  # nobody has read what the text prints of these
    status: Status = "not_specified" if unprinted else "answered"
    if question.route == "amount" and Ask.AMOUNT in question.asks and not _asks_count(reading):
        status, unprinted = "not_specified", (Ask.AMOUNT,)
    passages = tuple((clause, start, end) for start, end in spans)
    return Finding(status, holding, passages=passages, unprinted=unprinted, unreviewed=unreviewed)


def _on_force(holding: Holding) -> Iterator[tuple[Clause, int, int]]:
    """The sentences that print from when or until when the policy is in force."""
    for clause in holding.policy.clauses:
        for start, end in sentence_spans(clause.text):
            if _FORCE.search(fold(clause.text[start:end])):
                yield clause, start, end


_FORCE = re.compile(
    r"本[一-鿿]{2,8}[,，]?自[^。]{2,30}起?(正式)?(施行|实施|执行|生效|试行)|本[一-鿿]{2,8}有效期"
)


def _prints_money(clause: Clause, spans: Sequence[tuple[int, int]]) -> bool:
    return any(f.kind in ("money", "rate") for start, end in spans for f in figures(clause.text[start:end]))


def _asks_count(reading: Reading) -> bool:
    return bool(_COUNT.search(reading.text))


_COUNT = re.compile(r"(多少|几)(户|家|名|人|座|台|辆|亩|张|所|篇|分(?!钱|点|之))|how many")


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
    if (holding.unreviewed or _text_alone(holding)) and question.asks & STRICT_ASKS:
        unreviewed = _best_unreviewed(question, evidence, holding)
        if unreviewed is not None or _text_alone(holding):
            return unreviewed
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
    elif covered.share >= 0.5 and (
        question.support or not question.strangers or (_text_alone(holding) and key == _agreed(evidence))
    ):
        found = not (Ask.CONDITIONS in question.asks and covered.holes)
    else:
        found = key == _leader(evidence)
    clause = holding.policy.clause(key[1])
    return (clause, _sentences(question, clause, money=False)) if found and clause else None


def _best_unreviewed(
    question: Question, evidence: Evidence, holding: Holding
) -> tuple[Clause, tuple[tuple[int, int], ...]] | None:
    """Where no rule says what clauses are about: a clause that words and meaning both put first or second and
    that has words for a good part of what is asked, or one with a word for each thing asked.

    Of those that fit, where money is asked, the first that prints some beside these words. Where some rules
    are reviewed, only the clauses that are not.
    """
    agreed = _agreed_of_those_that_pay(evidence)
    money = bool(question.asks & MONEY_ASKS)
    # Characters that stand alone (高企) stand in any text.
    thing = any(t.content and len(t.text) > 1 for t in question.topic.reading.tokens)
    found = []
    ranked = [*agreed, *((hit.policy, hit.clause) for hit in evidence.hits)]
    for key in dict.fromkeys(ranked):
        if holding.rules.measures and key[1] not in holding.unreviewed_clauses:
            continue
        covered = evidence.coverage[key]
        clause = holding.policy.clause(key[1])
        whole = thing and not covered.holes and covered.share >= _ALL_BUT_VERBS
        if clause and (whole or (key in agreed and _for_a_good_part(question, evidence, key))):
            found.append((clause, _sentences(question, clause, money=money)))
    paying = (one for one in found if money and _prints_money(*one))
    return next(paying, next(iter(found), None))


def _for_a_good_part(question: Question, evidence: Evidence, key: tuple[str, str]) -> bool:
    """Whether a clause that lacks some of the asked words may answer: never where it lacks the thing to be
    paid for (电费补贴), nor where a sum of support is asked and it prints none.
    """
    covered = evidence.coverage[key]
    lacking = any(_is_thing(hole, question.topic.reading) for hole in covered.holes)
    sum_asked = Ask.AWARD in question.asks and bool(question.asks & {Ask.AMOUNT, Ask.RATE, Ask.CAP})
    pays = key in evidence.paying or not sum_asked
    return covered.share >= _GOOD_PART and pays and not lacking and not question.topic.rejected


_ALL_BUT_VERBS = 0.75
"""Nouns count full and other words half, so that a clause with all nouns of a question reaches this."""
_GOOD_PART = 0.4
"""Near misses share a word or two with the clause they come near to: 0.0 to 0.28 on the questions read."""


def _agreed_of_those_that_pay(evidence: Evidence) -> tuple[tuple[str, str], ...]:
    """The clauses that words and meaning both put first or second, best first; where some print a figure of
    the kind asked for, of these.
    """
    of_these = evidence.paying or evidence.coverage.keys()
    places: list[dict[tuple[str, str], int]] = []
    for scores in (evidence.lexical, evidence.dense) if evidence.dense else (evidence.lexical,):
        ranked = sorted(scores.keys() & of_these, key=lambda key: (-scores[key], key))
        places.append({key: place for place, key in enumerate(ranked[:2])})
    both = [key for key in places[0] if all(key in place for place in places)]
    return tuple(
        sorted(both, key=lambda key: (sum(place[key] for place in places), -evidence.coverage[key].share))
    )


def _text_alone(holding: Holding) -> bool:
    """No rule of the policy was reviewed: its text is all there is to answer with."""
    return not holding.rules.measures


def _agreed(evidence: Evidence) -> tuple[str, str] | None:
    """The clause that words and meaning both put first."""
    by_words = max(evidence.lexical, key=lambda key: evidence.lexical[key], default=None)
    by_meaning = max(evidence.dense, key=lambda key: evidence.dense[key], default=by_words)
    return by_words if by_words == by_meaning else None


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


def _sentences(question: Question, clause: Clause, *, money: bool) -> tuple[tuple[int, int], ...]:
    """The one or two sentences of the clause that share most with the question, in their order.

    A figure that both print counts most; the clause's own title says nothing. Where ``money`` is asked, a
    sentence that prints some counts more than one that does not.
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
        if money and shared:
            shared += _SAME_FIGURE * _prints_money(clause, [(start, end)])
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
