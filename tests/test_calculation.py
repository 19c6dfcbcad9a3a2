"""Promises about amounts: exact, three-valued, never above a cap, and reversible."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_qa.calculation import calculate, evaluate, needs, reverse, total_of
from policy_qa.corpus import load_corpus
from policy_qa.domain import Bound, Calculation, FactValue, Item, Reverse
from policy_qa.rules import Fixed, Measure, PerUnit, RateOf, UpTo

RULES = load_corpus(Path(__file__).parents[1] / "corpus").holding("huainan-zjtx-2020-draft").rules
FIGURED = [measure for measure in RULES.measures if measure.has_figure]
TECHNOLOGY = RULES.measure("technology-purchase")
CCTV = RULES.measure("cctv-promotion")
FEN = Decimal("0.01")
NOT_ELIGIBLE = (False, Decimal(0), "exact")

paid = st.decimals(min_value=0, max_value=10**15, places=2, allow_nan=False)


def outcome(measure: str, facts: dict[str, FactValue]) -> tuple[bool | None, Decimal | None, Bound]:
    result = evaluate(RULES.measure(measure), facts)
    return result.verdict, result.amount, result.bound


# ── verdicts ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("measure", [m for m in FIGURED if m.conditions], ids=lambda m: m.id)
def test_one_condition_that_fails_makes_the_measure_nothing(measure: Measure) -> None:
    for failing in measure.conditions:
        facts: dict[str, FactValue] = {c.fact: c is not failing for c in measure.conditions}
        result = evaluate(measure, facts)
        assert (result.verdict, result.amount, result.bound) == NOT_ELIGIBLE
        assert (result.failed, result.missing, result.capped) == ((failing,), (), False)


@pytest.mark.parametrize("measure", [m for m in FIGURED if m.conditions], ids=lambda m: m.id)
def test_a_condition_not_stated_leaves_the_verdict_open_and_is_asked_for(measure: Measure) -> None:
    held: dict[str, FactValue] = {c.fact: True for c in measure.conditions}
    for unstated in measure.conditions:
        result = evaluate(measure, {name: value for name, value in held.items() if name != unstated.fact})
        assert result.verdict is None
        assert unstated.fact in result.missing
        assert result.amount == evaluate(measure, held).amount
    assert evaluate(measure, held).verdict is True


@pytest.mark.parametrize(
    ("measure", "facts", "expected"),
    [
        ("technology-purchase", {"technology_conditions_met": False}, NOT_ELIGIBLE),
        ("technology-purchase", {}, (None, Decimal(1000000), "max")),
        ("technology-purchase", {"technology_paid": Decimal(0)}, (None, Decimal(0), "exact")),
        ("cn-invention-patent", {}, (True, None, "unknown")),
        ("foreign-invention-patent", {}, (True, None, "unknown")),
        ("municipal-industrial-product", {}, (True, Decimal(200000), "max")),
        ("working-capital-interest", {"provincial_recognised": True}, (None, Decimal(500000), "max")),
        ("exhibition", {}, (True, None, "unknown")),
        ("title-green-channel", {}, (True, None, "unknown")),
    ],
)
def test_an_unknown_is_never_a_silent_zero(
    measure: str, facts: dict[str, FactValue], expected: tuple[bool | None, Decimal | None, Bound]
) -> None:
    assert outcome(measure, facts) == expected


# ── exactness ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("measure", "fact", "value", "amount", "capped", "formula"),
    [
        ("technology-purchase", "technology_paid", "3456789", "345678.9", False,
         "3456789元 × 10% = 345678.9元"),
        ("technology-purchase", "technology_paid", "9999990", "999999", False, "9999990元 × 10% = 999999元"),
        ("technology-purchase", "technology_paid", "10000000", "1000000", False, "1000万元 × 10% = 100万元"),
        ("technology-purchase", "technology_paid", "10000010", "1000000", True,
         "10000010元 × 10% = 1000001元，超过上限，按上限100万元"),
        ("cctv-promotion", "cctv_promotion_fee", "1666666.66", "499999.998", False,
         "1666666.66元 × 30% = 499999.998元"),
        ("cctv-promotion", "cctv_promotion_fee", "1666666.67", "500000", True,
         "1666666.67元 × 30% = 500000.001元，超过上限，按上限50万元"),
    ],
)  # fmt: skip
def test_a_share_is_exact_and_its_formula_says_how(
    measure: str, fact: str, value: str, amount: str, capped: bool, formula: str
) -> None:
    rule = RULES.measure(measure)
    facts: dict[str, FactValue] = {**{c.fact: True for c in rule.conditions}, fact: Decimal(value)}
    result = evaluate(rule, facts)
    assert (result.amount, result.bound, result.capped) == (Decimal(amount), "exact", capped)
    assert result.formula == formula


@given(paid)
def test_a_share_is_the_product_to_the_last_digit(value: Decimal) -> None:
    amount = evaluate(TECHNOLOGY, {"technology_paid": value}).amount
    cents = int(value.scaleb(2))
    assert amount == min(Decimal(cents).scaleb(-3), Decimal(1000000))


@given(st.lists(paid, min_size=1, max_size=6))
def test_a_total_loses_no_digit(values: list[Decimal]) -> None:
    items = [item(value / 1000, "exact") for value in values]
    total, bound = total_of(items)
    expected = sum(int(value.scaleb(2)) for value in values)
    assert (total, bound) == (Decimal(expected).scaleb(-5), "exact")


# ── caps and monotony ───────────────────────────────────────────────────────────────────────────


@given(paid)
def test_no_amount_exceeds_its_cap(value: Decimal) -> None:
    for measure, fact in ((TECHNOLOGY, "technology_paid"), (CCTV, "cctv_promotion_fee")):
        benefit = measure.benefit
        assert isinstance(benefit, RateOf)
        assert benefit.cap is not None
        result = evaluate(measure, {fact: value})
        assert result.amount == min(value * benefit.rate, benefit.cap)
        assert result.capped == (value * benefit.rate > benefit.cap)


@given(paid, paid)
def test_who_pays_more_never_gets_less(one: Decimal, other: Decimal) -> None:
    less, more = sorted((one, other))
    for measure, fact in ((TECHNOLOGY, "technology_paid"), (CCTV, "cctv_promotion_fee")):
        low, high = evaluate(measure, {fact: less}).amount, evaluate(measure, {fact: more}).amount
        assert low is not None
        assert high is not None
        assert low <= high


@given(st.integers(0, 10**9))
def test_products_are_paid_each_up_to_the_cap_of_the_enterprise(count: int) -> None:
    result = evaluate(RULES.measure("municipal-industrial-product"), {"municipal_industrial_products": count})
    assert (result.amount, result.capped) == (Decimal(min(count, 2) * 100000), count > 2)


@given(st.lists(st.integers(0, 200), max_size=20))
def test_each_invention_counts_at_most_two_countries(countries: list[int]) -> None:
    result = evaluate(
        RULES.measure("foreign-invention-patent"), {"foreign_invention_countries": tuple(countries)}
    )
    assert result.amount == sum(min(entry, 2) for entry in countries) * 20000
    assert ("每项最多计2个国家" in result.formula) == any(entry > 2 for entry in countries)


# ── totals ──────────────────────────────────────────────────────────────────────────────────────


def item(amount: Decimal | int | None, bound: Bound) -> Item:
    value = None if amount is None else Decimal(amount)
    return Item("m", "t", "c", "q", value, bound, "f", False, "enterprise")


EXACT, MOST, UNKNOWN = item(10, "exact"), item(5, "max"), item(None, "unknown")


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ((EXACT,), (Decimal(10), "exact")),
        ((EXACT, EXACT), (Decimal(20), "exact")),
        ((MOST,), (Decimal(5), "max")),
        ((EXACT, MOST), (Decimal(15), "max")),
        ((EXACT, UNKNOWN), (Decimal(10), "min")),
        ((MOST, UNKNOWN), (None, "unknown")),
        ((EXACT, MOST, UNKNOWN), (None, "unknown")),
        ((UNKNOWN,), (None, "unknown")),
        ((UNKNOWN, UNKNOWN), (None, "unknown")),
        ((), (None, "unknown")),
        ((item(0, "exact"),), (Decimal(0), "exact")),
    ],
)
def test_a_total_says_what_it_is(items: tuple[Item, ...], expected: tuple[Decimal | None, Bound]) -> None:
    assert total_of(items) == expected
    assert total_of(items[::-1]) == expected


def test_two_titles_of_one_firm_add_up_with_a_note_that_the_text_does_not_rule_on_both() -> None:
    measures = (RULES.measure("little-giant"), RULES.measure("single-champion"))
    facts: dict[str, FactValue] = {"national_little_giant": True, "national_single_champion": True}
    assert calculate(measures, facts) == Calculation(
        Decimal(1000000),
        "exact",
        tuple(
            Item(
                measure=measure.id,
                title=measure.title,
                clause="三（一）2",
                quote=measure.quote,
                amount=Decimal(500000),
                bound="exact",
                formula="一次性50万元",
                capped=False,
                payee="enterprise",
                assumptions=measure.assumptions,
            )
            for measure in measures
        ),
        ("条文没有写明“小巨人”和单项冠军两项能否同时享受",),
    )


def test_holding_one_title_only_needs_no_note_on_both() -> None:
    measures = (RULES.measure("little-giant"), RULES.measure("single-champion"))
    calculation = calculate(measures, {"national_little_giant": True, "national_single_champion": False})
    assert (calculation.total, calculation.bound, calculation.notes) == (Decimal(500000), "exact", ())


# ── what to ask next ────────────────────────────────────────────────────────────────────────────


def asked(measures: tuple[str, ...], facts: dict[str, FactValue]) -> list[str]:
    return [need.fact for need in needs([RULES.measure(name) for name in measures], facts, RULES)]


def test_the_fact_of_most_money_is_asked_first() -> None:
    measures = ("above-scale-new", "technology-purchase", "smart-factory", "cn-invention-patent")
    assert asked(measures, {}) == [
        "technology_paid",  # 100万元 each of the two, in the order they are declared
        "technology_conditions_met",
        "municipal_smart_factory",
        "new_above_scale",
        "cn_invention_patents",  # no sum is known yet
    ]


def test_a_fact_that_decides_on_two_measures_weighs_both() -> None:
    assert asked(("national-media-ad", "provincial-media-ad"), {}) == [
        "zjtx_enterprise",
        "national_media_ad",
        "provincial_media_ad",
    ]


def test_nothing_is_asked_that_is_stated_or_cannot_matter() -> None:
    measures = ("technology-purchase", "little-giant")
    assert asked(measures, {"technology_conditions_met": False}) == ["national_little_giant"]
    assert asked(("little-giant",), {"national_little_giant": True}) == []


# ── backwards ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("measure", "target", "expected"),
    [
        ("technology-purchase", None, Reverse("technology_paid", Decimal("10000000.00"), "元")),
        ("technology-purchase", "345678.9", Reverse("technology_paid", Decimal("3456789.00"), "元")),
        ("technology-purchase", "1000000.01", None),
        ("technology-purchase", "0", None),
        ("cctv-promotion", None, Reverse("cctv_promotion_fee", Decimal("1666666.67"), "元")),
        ("municipal-industrial-product", None, Reverse("municipal_industrial_products", Decimal(2), "个")),
        (
            "municipal-industrial-product",
            "100001",
            Reverse("municipal_industrial_products", Decimal(2), "个"),
        ),
        ("cn-invention-patent", "35000", Reverse("cn_invention_patents", Decimal(4), "件")),
        ("cn-invention-patent", None, None),
        ("little-giant", None, None),
        ("working-capital-interest", None, None),
        ("exhibition", None, None),
    ],
)
def test_a_wanted_amount_leads_back_to_what_it_takes(
    measure: str, target: str | None, expected: Reverse | None
) -> None:
    assert reverse(RULES.measure(measure), None if target is None else Decimal(target)) == expected


@given(st.decimals(min_value=FEN, max_value=500000, places=2, allow_nan=False))
def test_what_a_target_takes_reaches_it_and_a_fen_less_does_not(target: Decimal) -> None:
    for measure, fact in ((TECHNOLOGY, "technology_paid"), (CCTV, "cctv_promotion_fee")):
        answer = reverse(measure, target)
        assert answer is not None
        reached = evaluate(measure, {fact: answer.value}).amount
        short = evaluate(measure, {fact: answer.value - FEN}).amount
        assert reached is not None
        assert short is not None
        assert short < target <= reached


@given(st.integers(1, 10**8))
def test_what_a_target_takes_in_pieces_reaches_it_and_a_piece_less_does_not(target: int) -> None:
    measure = RULES.measure("cn-invention-patent")
    answer = reverse(measure, Decimal(target))
    assert answer is not None
    reached = evaluate(measure, {"cn_invention_patents": int(answer.value)}).amount
    short = evaluate(measure, {"cn_invention_patents": int(answer.value) - 1}).amount
    assert reached is not None
    assert short is not None
    assert short < target <= reached


# ── every kind of benefit ───────────────────────────────────────────────────────────────────────


def test_only_a_printed_cap_is_a_bound_whatever_the_facts() -> None:
    for measure in FIGURED:
        held: dict[str, FactValue] = {c.fact: True for c in measure.conditions}
        bound = evaluate(measure, held).bound
        match measure.benefit:
            case Fixed():
                assert bound == "exact"
            case UpTo():
                assert bound == "max"
            case RateOf(cap=cap) | PerUnit(cap=cap):
                assert bound == ("unknown" if cap is None else "max")
            case _:
                pytest.fail(f"{measure.id} has a figure and no benefit that computes")
