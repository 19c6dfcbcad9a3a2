"""Facts × rules → items and a total, exactly and three-valued; the only place where money is computed.

A condition is true, false or unknown. An unknown fact never becomes zero: it leaves a bound, an interval
and a question.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal, localcontext
from typing import Literal

from policy_qa.domain import Bound, Calculation, FactType, FactValue, Item, Need, Reverse
from policy_qa.money import plain, spell
from policy_qa.rules import Condition, Fixed, Measure, PerUnit, RateOf, Rules, Service, Unspecified, UpTo

Facts = Mapping[str, FactValue]
FEN = Decimal("0.01")
_DIGITS = 60
"""Digits that hold every product and sum of the facts rules.py lets in."""


def exact() -> AbstractContextManager[Context]:
    """The arithmetic of this module: products, sums and differences of yuan without rounding."""
    return localcontext(prec=_DIGITS)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one measure brings: the verdict on its conditions and the interval of its amount in yuan."""

    measure: Measure
    verdict: bool | None
    """True: all conditions hold; False: one fails; None: an unstated fact decides."""
    failed: tuple[Condition, ...]
    missing: tuple[str, ...]
    """Unstated facts the rule reads, in the order it reads them."""
    amount: Decimal | None
    """The sum if the conditions hold: exact, or the cap, or None where none is printed."""
    bound: Bound
    formula: str
    capped: bool


def evaluate(measure: Measure, facts: Facts) -> Outcome:
    """The outcome of ``measure`` under ``facts``; unknown conditions leave the amount as if they held."""
    failed = tuple(c for c in measure.conditions if facts.get(c.fact) is False)
    missing = tuple(dict.fromkeys(fact for fact in measure.facts if fact not in facts))
    if failed:
        reasons = "、".join(f"“{c.text}”" for c in failed)
        return Outcome(
            measure, False, failed, (), Decimal(0), "exact", f"不符合条件{reasons}，为 0 元", False
        )
    unknown = any(c.fact not in facts for c in measure.conditions)
    amount, bound, formula, capped = _benefit(measure, facts)
    return Outcome(measure, None if unknown else True, (), missing, amount, bound, formula, capped)


def _benefit(measure: Measure, facts: Facts) -> tuple[Decimal | None, Bound, str, bool]:
    match measure.benefit:
        case Fixed(amount=amount):
            return amount, "exact", f"{measure.once or ''}{spell(amount)}", False
        case UpTo(cap=cap):
            return cap, "max", f"最高{spell(cap)}", False
        case RateOf() as rate:
            return _rate(rate, facts.get(rate.fact))
        case PerUnit() as per_unit:
            return _per_unit(per_unit, facts.get(per_unit.fact))
        case Unspecified(printed=printed):
            return None, "unknown", f"条文写的是“{printed}”，没有写明数额", False
        case Service():
            return None, "unknown", "不是资金支持，条文没有写明数额", False


def _rate(benefit: RateOf, base: FactValue | None) -> tuple[Decimal | None, Bound, str, bool]:
    share = f"{benefit.base}的{percent(benefit.rate)}"
    if not isinstance(base, Decimal | int):
        if benefit.cap is None:
            return None, "unknown", share, False
        return benefit.cap, "max", f"{share}，最高{spell(benefit.cap)}", False
    with exact():
        raw = Decimal(base) * benefit.rate
    formula = f"{spell(Decimal(base))} × {percent(benefit.rate)} = {spell(raw)}"
    return _capped(raw, benefit.cap, formula)


def _per_unit(benefit: PerUnit, count: FactValue | None) -> tuple[Decimal | None, Bound, str, bool]:
    each = spell(benefit.amount)
    if count is None or isinstance(count, bool):
        limit = f"，每项最多{benefit.limit}个{benefit.per}" if benefit.limit is not None else ""
        if benefit.cap is None:
            return None, "unknown", f"每件{each}{limit}" if benefit.limit else f"每{benefit.per}{each}", False
        return benefit.cap, "max", f"每{benefit.per}{each}，最高{spell(benefit.cap)}", False
    if isinstance(count, tuple):
        counted = [min(entry, int(benefit.limit)) if benefit.limit else entry for entry in count]
        pieces = sum(counted)
        listed = " + ".join(str(entry) for entry in counted) or "0"
        formula = f"({listed}) × {each}" if len(counted) > 1 else f"{listed} × {each}"
        if tuple(counted) != count and benefit.limit is not None:
            formula += f"（每项最多计{benefit.limit}个{benefit.per}）"
    else:
        pieces = int(count)
        formula = f"{pieces}{benefit.per} × {each}"
    raw = benefit.amount * pieces
    return _capped(raw, benefit.cap, f"{formula} = {spell(raw)}")


def _capped(raw: Decimal, cap: Decimal | None, formula: str) -> tuple[Decimal, Bound, str, bool]:
    if cap is not None and raw > cap:
        return cap, "exact", f"{formula}，超过上限，按上限{spell(cap)}", True
    return raw, "exact", formula, False


def percent(rate: Decimal) -> str:
    """A share as people write it: Decimal("0.1") → 10%."""
    percent = (rate * 100).normalize()
    return f"{percent:f}%"


# ── what is sure and what is still possible ─────────────────────────────────────────────────────

Verdict = Literal["eligible", "not_eligible", "unknown"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How an enterprise that may still tell more stands to one measure.

    ``low`` yuan are sure and ``high`` are still possible, None where nothing printed bounds them: whatever
    the unstated facts turn out to be, the sum lies between the two. The verdict is settled once no fact can
    change it; ``missing`` are the facts that still can, none where it is settled.
    """

    verdict: Verdict
    low: Decimal
    high: Decimal | None
    missing: tuple[str, ...]


_NOTHING = Standing("not_eligible", Decimal(0), Decimal(0), ())


def standing(outcome: Outcome) -> Standing:
    """What ``outcome`` leaves open: a verdict on the whole support, its quantity included, and an interval.

    A measure brings nothing where a condition fails or what it pays for is stated as zero. It stays unknown
    while a fact it reads is unstated, and also where it reads none: then the text prints no condition that
    facts could decide. Help that is no money brings exactly 0 yuan.
    """
    printed_sum = outcome.bound == "exact"
    if outcome.verdict is False or (printed_sum and outcome.amount == 0):
        return _NOTHING
    settled = bool(outcome.measure.facts) and not outcome.missing
    high = outcome.amount if outcome.measure.is_money else Decimal(0)
    low = high if settled and printed_sum and high is not None else Decimal(0)
    return Standing("eligible" if settled else "unknown", low, high, outcome.missing)


# ── the total ───────────────────────────────────────────────────────────────────────────────────


def calculate(measures: Sequence[Measure], facts: Facts) -> Calculation:
    """The items of ``measures`` under ``facts`` and their total, with what taints it said in notes.

    Total: all exact → ``exact``; some only capped → ``max``; exact beside unknown → ``min``;
    capped beside unknown, or no amount at all → None, ``unknown``.
    """
    outcomes = tuple(evaluate(measure, facts) for measure in measures)
    items = tuple(map(_item, outcomes))
    total, bound = total_of(items)
    possible = tuple(outcome.measure for outcome in outcomes if outcome.verdict is not False)
    return Calculation(total, bound, items, _notes(possible))


def _item(outcome: Outcome) -> Item:
    measure = outcome.measure
    return Item(
        measure=measure.id,
        title=measure.title,
        clause=measure.clause,
        quote=measure.quote,
        amount=outcome.amount,
        bound=outcome.bound,
        formula=outcome.formula,
        capped=outcome.capped,
        payee=measure.payee,
        assumptions=measure.assumptions,
    )


def total_of(items: Sequence[Item]) -> tuple[Decimal | None, Bound]:
    """The sum of the items' amounts and what it is: exact, at most, at least, or unknown."""
    amounts = [item.amount for item in items if item.amount is not None]
    bounds = {item.bound for item in items}
    if not amounts or bounds >= {"max", "unknown"}:
        return None, "unknown"
    with exact():
        total = sum(amounts, Decimal(0))
    if "unknown" in bounds:
        return total, "min"
    return total, "max" if "max" in bounds else "exact"


def _notes(measures: Sequence[Measure]) -> tuple[str, ...]:
    present = {measure.id for measure in measures}
    for measure in measures:
        for other in measure.both_with:
            if other in present:
                return (measure.both_note,) if measure.both_note else ()
    return ()


# ── what to ask next ────────────────────────────────────────────────────────────────────────────


def needs(measures: Sequence[Measure], facts: Facts, rules: Rules) -> tuple[Need, ...]:
    """The unstated facts that can still change a verdict or a sum, the most telling first.

    A fact is worth what its answer settles: first verdicts, counted over all measures that read it, then
    money, the yuan by which it narrows the intervals that are bounded already. Compared are the extreme
    answers of its type, since no answer between settles more than the better or less than the worse of them.
    Facts are ordered by their best answer (a no to one of several conditions settles its measure, a yes may
    not), then by what is settled whatever the answer, then as ``rules`` declare them.
    """
    readers: dict[str, list[tuple[Measure, Standing]]] = {}
    for measure in measures:
        now = standing(evaluate(measure, facts))
        for fact in now.missing:
            readers.setdefault(fact, []).append((measure, now))

    def worth(fact: str) -> tuple[_Settled, _Settled]:
        answers = [
            _settled((now, standing(evaluate(m, {**facts, fact: value}))) for m, now in readers[fact])
            for value in _EXTREMES[rules.facts[fact].type]
        ]
        return max(answers), min(answers)

    declared = [fact for fact in rules.facts if fact in readers]
    return tuple(
        Need(fact, rules.facts[fact].ask, rules.facts[fact].type, rules.facts[fact].unit)
        for fact in sorted(declared, key=worth, reverse=True)
    )


_Settled = tuple[int, Decimal]
"""Verdicts settled and yuan narrowed."""

_EXTREMES: dict[FactType, tuple[FactValue, FactValue]] = {
    "bool": (False, True),
    "yuan": (Decimal(0), Decimal(10) ** 15),
    "integer": (0, 10**9),
    "integers": ((), (10**9,) * 1000),
}
"""The least and the most a fact can be."""


def _settled(changes: Iterable[tuple[Standing, Standing]]) -> _Settled:
    verdicts, narrowed = 0, Decimal(0)
    with exact():
        for before, after in changes:
            verdicts += before.verdict == "unknown" and after.verdict != "unknown"
            if before.high is not None and after.high is not None:
                narrowed += (before.high - before.low) - (after.high - after.low)
    return verdicts, narrowed


# ── backwards ───────────────────────────────────────────────────────────────────────────────────


def reverse(measure: Measure, target: Decimal | None) -> Reverse | None:
    """How much of the measure's fact reaches ``target`` yuan (its cap where None).

    Rounded up to the fen for money, to the whole piece for counts; None where nothing can be computed
    or the cap lies below the target.
    """
    benefit = measure.benefit
    if not isinstance(benefit, RateOf | PerUnit):
        return None
    goal = benefit.cap if target is None else target
    if goal is None or goal <= 0 or (benefit.cap is not None and goal > benefit.cap):
        return None
    with exact():
        if isinstance(benefit, RateOf):
            value = (goal / benefit.rate).quantize(FEN, ROUND_CEILING)
            return Reverse(benefit.fact, value, "元")
        pieces = (goal / benefit.amount).to_integral_value(ROUND_CEILING)
        return Reverse(benefit.fact, pieces, benefit.per)


def spell_reverse(answer: Reverse) -> str:
    """What has to be reached, as people say it: 1000万元, 12件, 4个国家."""
    if answer.unit == "元":
        return spell(answer.value)
    return f"{plain(answer.value)}{'个' if len(answer.unit) > 1 else ''}{answer.unit}"
