"""worked_cases(): the cases that show a rule on every side of its conditions and caps, for a person to read.

They are computed by the rule itself, so they prove nothing until a reviewer has read them beside the clause;
from then on they hold every later change of the rule to what was read.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_FLOOR, Decimal

from policy_qa.calculation import FEN, calculate, evaluate
from policy_qa.domain import FactValue
from policy_qa.money import plain, spell
from policy_qa.rules import Measure, PerUnit, RateOf

_VERDICTS = {True: "eligible", False: "not_eligible", None: "unknown"}
_SOME = Decimal(1_000_000)


def worked_cases(measure: Measure) -> list[dict[str, object]]:
    """Cases as cases.yaml writes them, one a side; none for a measure without a figure."""
    if not measure.has_figure:
        return []
    return [_case(measure, words, facts) for words, facts in _situations(measure)]


def _case(measure: Measure, words: str, facts: dict[str, FactValue]) -> dict[str, object]:
    item = calculate((measure,), facts).items[0]
    outcome = evaluate(measure, facts)
    expected: dict[str, object] = {
        "amount": None if item.amount is None else spell(item.amount),
        "bound": item.bound,
        "verdict": _VERDICTS[outcome.verdict],
    }
    if outcome.missing:
        expected["missing"] = list(outcome.missing)
    sums = "数额不定" if item.amount is None else f"{_BOUNDS[item.bound]}{spell(item.amount)}"
    return {
        "name": f"{measure.id}：{words}，{sums}",
        "facts": {name: _written(value) for name, value in facts.items()},
        "expect": {measure.id: expected},
    }


_BOUNDS = {"exact": "", "max": "最多", "min": "至少", "unknown": ""}


def _written(value: FactValue) -> object:
    if isinstance(value, Decimal):
        return plain(value)
    return list(value) if isinstance(value, tuple) else value


def _situations(measure: Measure) -> Iterator[tuple[str, dict[str, FactValue]]]:
    met: dict[str, FactValue] = {condition.fact: True for condition in measure.conditions}
    benefit = measure.benefit
    if met:
        first = next(iter(met))
        base: dict[str, FactValue] = {}
        if isinstance(benefit, RateOf | PerUnit):
            base[benefit.fact] = _value(measure, Decimal(1) if isinstance(benefit, PerUnit) else _SOME)
        yield "不符合条件", {**met, first: False, **base}
        yield "没说是否符合条件", base
    if not isinstance(benefit, RateOf | PerUnit):
        yield "符合条件", met
        return
    yield "没说数目", met
    for words, value in _bases(benefit):
        yield words, {**met, benefit.fact: _value(measure, value)}
    if isinstance(benefit, PerUnit) and benefit.limit is not None:
        limit = int(benefit.limit)
        for words, count in (
            ("少于个数限制", limit - 1),
            ("正好到个数限制", limit),
            ("超过个数限制", limit + 1),
        ):
            yield words, {**met, benefit.fact: (count,)}


def _value(measure: Measure, value: Decimal) -> FactValue:
    benefit = measure.benefit
    if isinstance(benefit, PerUnit):
        pieces = int(value)
        return pieces if benefit.limit is None else (1,) * pieces if pieces else (0,)
    return value


def _bases(benefit: RateOf | PerUnit) -> Iterator[tuple[str, Decimal]]:
    yield "数目为 0", Decimal(0)
    if benefit.cap is None:
        yield "有一个数目", Decimal(2) if isinstance(benefit, PerUnit) else _SOME
        return
    if isinstance(benefit, PerUnit):
        at = benefit.cap // benefit.amount
        meets = at * benefit.amount == benefit.cap
        yield "低于上限", max(at - 1, Decimal(1)) if meets else at
        if meets:
            yield "正好到上限", at
        yield "超过上限", at + 1
        return
    at = (benefit.cap / benefit.rate).quantize(FEN, ROUND_FLOOR)
    yield "低于上限", (at / 2).quantize(FEN, ROUND_FLOOR)
    if at * benefit.rate == benefit.cap:
        yield "正好到上限", at
    yield "超过上限", at + 1
