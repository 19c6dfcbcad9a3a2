"""Promises of the sheet over every state of knowledge, on the Huainan rules and on small invented ones."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from policy_qa.calculation import calculate
from policy_qa.clauses import DepartmentNames
from policy_qa.corpus import Corpus, Holding, load_corpus
from policy_qa.domain import Certificate, Clause, FactType, FactValue, Policy
from policy_qa.eligibility import Amount, Sheet, SheetItem, sheet
from policy_qa.rules import FactRule, Rules, check_facts

HUAINAN = load_corpus(Path(__file__).parents[1] / "corpus").only("huainan-zjtx-2020-draft")
DAY = datetime.date(2026, 1, 31)
QUOTE = "对企业按推广费给予支持"
Facts = dict[str, FactValue]

# ── invented rules ──────────────────────────────────────────────────────────────────────────────

TYPES: dict[str, FactType] = {
    "yes_a": "bool", "yes_b": "bool", "yes_c": "bool",
    "paid": "yuan", "pieces": "integer", "entries": "integers",
}  # fmt: skip
YUAN = ["5000元", "1万元", "7万元", "30万元"]
CAP = [None, "3万元", "20万元"]


def _benefits() -> st.SearchStrategy[dict[str, Any]]:
    kinds: dict[str, dict[str, st.SearchStrategy[Any]]] = {
        "fixed": {"amount": st.sampled_from(YUAN)},
        "bound": {"cap": st.sampled_from(YUAN)},
        "unspecified": {"printed": st.just("给予支持")},
        "service": {},
        "rate": {
            "fact": st.just("paid"),
            "base": st.just("推广费"),
            "rate": st.sampled_from(["30%", "7%", "100%"]),
            "cap": st.sampled_from(CAP),
        },
    }
    pieces = {"fact": st.just("pieces"), "amount": st.sampled_from(YUAN), "cap": st.sampled_from(CAP)}
    counted = {"fact": st.just("entries"), "limit": st.sampled_from(["1个国家", "2个国家"])}
    alternatives = [
        *(st.fixed_dictionaries({"kind": st.just(kind), **entries}) for kind, entries in kinds.items()),
        st.fixed_dictionaries({"kind": st.just("per_unit"), "per": st.just("件"), **pieces}),
        st.fixed_dictionaries({"kind": st.just("per_unit"), "per": st.just("国家"), **pieces, **counted}),
    ]
    return st.one_of(alternatives)


@st.composite
def invented(draw: st.DrawFn) -> Corpus:
    """One policy of up to five measures that share six facts."""
    measures = [
        {
            "id": f"m{number}",
            "title": f"支持{number}",
            "clause": "一",
            "quote": QUOTE,
            "names": [],
            "conditions": [
                {"fact": fact, "text": "企业"}
                for fact in draw(st.lists(st.sampled_from(["yes_a", "yes_b", "yes_c"]), max_size=2))
            ],
            "benefit": draw(_benefits()),
            "payee": draw(st.sampled_from(["enterprise", "enterprise", "enterprise", "student"])),
        }
        for number in range(draw(st.integers(1, 5)))
    ]
    facts = {name: {"type": kind, "ask": f"{name}？"} for name, kind in TYPES.items()}
    rules = Rules.model_validate({"policy": "invented", "facts": facts, "measures": measures})
    return corpus_of(rules)


def corpus_of(rules: Rules) -> Corpus:
    clause = Clause(rules.policy, "一", (), "支持", QUOTE, (), 1, 1)
    policy = Policy(
        rules.policy, "办法", "正式", None, None, None, None, (), "", (clause,), Certificate(1, 1)
    )
    return Corpus((Holding(policy, rules, DepartmentNames.of(())),), HUAINAN.lexicon, "")


corpora = st.one_of(st.just(HUAINAN), invented())

# ── what an enterprise may be, and how much of it is told ───────────────────────────────────────

VALUES: dict[FactType, st.SearchStrategy[Any]] = {
    "bool": st.booleans(),
    "yuan": st.one_of(
        st.decimals(min_value=0, max_value=2 * 10**7, places=2, allow_nan=False),
        st.decimals(min_value=0, max_value=10**15, places=10, allow_nan=False),
    ),
    "integer": st.integers(0, 40),
    "integers": st.lists(st.integers(0, 4), max_size=4).map(tuple),
}
WITNESSES: dict[FactType, list[FactValue]] = {
    "bool": [False, True],
    "yuan": [Decimal(0), Decimal("0.5"), Decimal(30000), Decimal(10) ** 15],
    "integer": [0, 1, 3, 10**9],
    "integers": [(), (1,), (1, 2, 9), (9,) * 1000],
}


@dataclass(frozen=True, repr=False)
class Told:
    """One enterprise, all of it, and two states of knowledge of it, the first within the second."""

    corpus: Corpus
    everything: Facts
    less: Facts
    more: Facts

    def __repr__(self) -> str:
        measures = [(m.id, [c.fact for c in m.conditions], m.benefit) for m in self.rules.measures]
        return f"{self.rules.policy}: {measures[:5]}, {self.less=}, {self.more=}, {self.everything=}"

    @property
    def rules(self) -> Rules:
        return self.corpus.holdings[0].rules


@st.composite
def told(draw: st.DrawFn) -> Told:
    corpus = draw(corpora)
    rules = corpus.holdings[0].rules
    everything = {name: draw(VALUES[fact.type]) for name, fact in rules.facts.items()}
    stage = {name: draw(st.integers(0, 2)) for name in everything}
    less = {name: value for name, value in everything.items() if stage[name] == 0}
    more = {name: value for name, value in everything.items() if stage[name] <= 1}
    assert check_facts(everything, rules) == everything
    return Told(corpus, everything, less, more)


def reach(high: Decimal | None) -> Decimal:
    return Decimal("Infinity") if high is None else high


def paired(before: Sheet, after: Sheet) -> Iterator[tuple[SheetItem, SheetItem]]:
    return zip(before.items, after.items, strict=True)


promise = settings(deadline=None)
many_sheets = settings(deadline=None, max_examples=25)
"""For promises that look at a sheet for every answer to every question."""

# ── the promises ────────────────────────────────────────────────────────────────────────────────


@promise
@given(told())
def test_more_facts_never_widen_an_interval_nor_unsettle_a_verdict(known: Told) -> None:
    before, after = (sheet(known.corpus, facts, DAY) for facts in (known.less, known.more))
    for less, more in paired(before, after):
        assert less.amount.low <= more.amount.low <= reach(more.amount.high) <= reach(less.amount.high)
        assert less.verdict in ("unknown", more.verdict)
        assert set(more.missing) <= set(less.missing)
    assert before.total.low <= after.total.low
    assert reach(after.total.high) <= reach(before.total.high)


@promise
@given(told())
def test_intervals_contain_what_the_calculation_gives_for_every_completion(known: Told) -> None:
    now = sheet(known.corpus, known.less, DAY)
    own = [m for m in known.rules.measures if m.payee == "enterprise" and m.is_money and m.half_of is None]
    result = calculate(own, known.everything)
    shown = {item.measure: item.amount for item in now.items}
    for item in result.items:
        low, high = shown[item.measure].low, shown[item.measure].high
        if item.amount is None:
            assert (low, high) == (Decimal(0), None)
        elif item.bound == "exact":
            assert low <= item.amount <= reach(high)
        else:
            assert low <= item.amount == high
    if result.bound == "exact":
        assert result.total is not None
        assert now.total.low <= result.total <= reach(now.total.high)


@promise
@given(told())
def test_when_all_is_told_only_what_the_text_leaves_open_stays_open(known: Told) -> None:
    for item in sheet(known.corpus, known.everything, DAY).items:
        assert item.missing == ()
        reads = known.rules.measure(item.measure).facts
        assert (item.verdict == "unknown") == (not reads and item.payee == "enterprise")
        if item.verdict == "not_eligible":
            assert item.failed != ()
            assert item.amount == Amount(Decimal(0), Decimal(0), "exact")


@promise
@given(told(), st.randoms(use_true_random=False))
def test_the_order_of_facts_is_irrelevant(known: Told, chance: Any) -> None:
    names = list(known.more)
    chance.shuffle(names)
    shuffled = {name: known.more[name] for name in names}
    assert sheet(known.corpus, shuffled, DAY) == sheet(known.corpus, known.more, DAY)


@promise
@given(told(), st.sampled_from(list(VALUES)), st.data())
def test_a_fact_that_no_rule_reads_changes_nothing_and_is_not_asked(
    known: Told, kind: FactType, data: st.DataObject
) -> None:
    declared = {**known.rules.facts, "unread": FactRule(type=kind, ask="有没有？")}
    holding = known.corpus.holdings[0]
    rules = known.rules.model_copy(update={"facts": declared})
    corpus = replace(known.corpus, holdings=(replace(holding, rules=rules),))
    without = sheet(corpus, known.less, DAY)
    assert sheet(corpus, {**known.less, "unread": data.draw(VALUES[kind])}, DAY) == without
    assert without == sheet(known.corpus, known.less, DAY)


@promise
@given(told())
def test_the_total_is_the_sum_of_the_items_and_the_bounded_total_says_what_it_leaves_out(known: Told) -> None:
    now = sheet(known.corpus, known.less, DAY)
    bounded = [item for item in now.items if item.amount.high is not None]
    with localcontext(prec=60):
        assert now.total.low == sum(item.amount.low for item in now.items)
        high = sum((reach(item.amount.high) for item in now.items), Decimal(0))
        assert reach(now.total.high) == high
        assert now.bounded_total.low == sum(item.amount.low for item in bounded)
        assert now.bounded_total.high == sum((reach(item.amount.high) for item in bounded), Decimal(0))
    assert now.bounded_total.left_out == tuple(i.measure for i in now.items if i.amount.high is None)


@promise
@given(told())
def test_support_that_goes_to_somebody_else_is_never_eligible_and_counts_nothing(known: Told) -> None:
    for item in sheet(known.corpus, known.more, DAY).items:
        if item.payee != "enterprise":
            assert (item.verdict, item.amount) == ("not_eligible", Amount(Decimal(0), Decimal(0), "exact"))
            assert (item.missing, item.counterfactuals) == ((), ())


# ── what to ask ─────────────────────────────────────────────────────────────────────────────────


def answers(known: Told, fact: str) -> Iterator[Sheet]:
    """The sheet for sampled answers to one question, the enterprise's own among them."""
    for value in (*WITNESSES[known.rules.facts[fact].type], known.everything[fact]):
        yield sheet(known.corpus, {**known.less, fact: value}, DAY)


def standing(now: Sheet) -> list[Any]:
    return [(item.verdict, item.amount) for item in now.items]


@many_sheets
@given(told())
def test_what_is_asked_can_change_the_sheet_and_what_is_not_asked_cannot(known: Told) -> None:
    now = sheet(known.corpus, known.less, DAY)
    asked = [need.fact for need in now.needs]
    assert len(asked) == len(set(asked))
    assert {fact for item in now.items for fact in item.missing} == set(asked)
    for fact in set(known.everything) - set(known.less):
        changes = any(standing(then) != standing(now) for then in answers(known, fact))
        assert changes == (fact in asked)


def settled(before: Sheet, after: Sheet) -> tuple[int, Decimal]:
    verdicts, narrowed = 0, Decimal(0)
    for less, more in paired(before, after):
        verdicts += less.verdict == "unknown" and more.verdict != "unknown"
        if less.amount.high is not None and more.amount.high is not None:
            narrowed += less.amount.high - less.amount.low - more.amount.high + more.amount.low
    return verdicts, narrowed


@many_sheets
@given(told())
def test_questions_are_ordered_by_the_verdicts_and_then_the_money_they_can_settle(known: Told) -> None:
    now = sheet(known.corpus, known.less, DAY)
    with localcontext(prec=60):
        best = [max(settled(now, then) for then in answers(known, need.fact)) for need in now.needs]
    assert best == sorted(best, reverse=True)


# ── what one change would bring ─────────────────────────────────────────────────────────────────


@many_sheets
@given(told())
def test_applying_a_change_brings_exactly_the_gain_it_promises(known: Told) -> None:
    for item in sheet(known.corpus, known.more, DAY).items:
        for change in item.counterfactuals:
            changed: Mapping[str, FactValue] = {**known.more, change.fact: change.value}
            [then] = [i for i in sheet(known.corpus, changed, DAY).items if i.measure == item.measure]
            with localcontext(prec=60):
                assert then.amount.low - item.amount.low == change.gain
            assert change.gain > 0
            assert (then.verdict, then.amount.bound) == ("eligible", "exact")


@many_sheets
@given(told())
def test_a_change_that_reaches_a_cap_leaves_nothing_more_to_reach(known: Told) -> None:
    for item in sheet(known.corpus, known.more, DAY).items:
        capping = [change for change in item.counterfactuals if "封顶" in change.change]
        for change in capping:
            changed = {**known.more, change.fact: change.value}
            [then] = [i for i in sheet(known.corpus, changed, DAY).items if i.measure == item.measure]
            assert then.counterfactuals == ()
