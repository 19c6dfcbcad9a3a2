"""What one change of the facts would bring under one measure, computed by the rules that pay it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from policy_qa.calculation import Facts, evaluate, exact, reverse, spell_reverse, standing
from policy_qa.domain import FactValue, Reverse
from policy_qa.money import spell
from policy_qa.rules import Measure, PerUnit, RateOf


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """One change and the yuan it makes sure beyond what is sure now, under the clause it is read from."""

    change: str
    """What would have to be different, and what it brings, as people say it."""
    gain: Decimal
    clause: str
    fact: str
    """The fact that changes, to ``value``: with it the measure's sure sum is higher by exactly ``gain``."""
    value: FactValue


def counterfactuals(measure: Measure, facts: Facts) -> tuple[Counterfactual, ...]:
    """The single changes of ``facts`` that make more of ``measure`` sure, the smallest change first.

    Where one condition alone fails or is unstated, that it held; where all hold, one piece more, or the base
    or the pieces that reach the cap. A change whose gain the text does not fix (only a cap is printed, the
    base is unstated) is none: its gain would be a guess.
    """
    secure = standing(evaluate(measure, facts)).low
    found: list[Counterfactual] = []
    for fact, value, change in _changes(measure, facts):
        with exact():
            gain = standing(evaluate(measure, {**facts, fact: value})).low - secure
        if gain > 0:
            said = f"{change}，可{'多' if secure else ''}得{spell(gain)}"
            found.append(Counterfactual(said, gain, measure.clause, fact, value))
    return tuple(found)


_Change = tuple[str, FactValue, str]
"""A fact, the value it would have, and the change in words."""


def _changes(measure: Measure, facts: Facts) -> Iterator[_Change]:
    in_the_way = {c.fact: c for c in measure.conditions if facts.get(c.fact) is not True}
    if len(in_the_way) == 1:
        ((fact, condition),) = in_the_way.items()
        yield fact, True, f"如果符合「{condition.text}」这一条件"
    match measure.benefit:
        case RateOf() as benefit if isinstance(base := facts.get(benefit.fact), Decimal | int):
            yield from _to_the_cap(measure, benefit, Decimal(base))
        case PerUnit() as benefit if isinstance(count := facts.get(benefit.fact), tuple):
            yield from _more_of_each(benefit, count)
        case PerUnit() as benefit if isinstance(count := facts.get(benefit.fact), int):
            yield from _more_pieces(measure, benefit, count)


def _to_the_cap(measure: Measure, benefit: RateOf, base: Decimal) -> Iterator[_Change]:
    if benefit.cap is None or (needed := reverse(measure, None)) is None:
        return
    with exact():
        more = needed.value - base
    yield (
        benefit.fact,
        needed.value,
        f"{benefit.base}再增加{spell(more)}（共{spell(needed.value)}），即可达到{spell(benefit.cap)}封顶",
    )


def _more_pieces(measure: Measure, benefit: PerUnit, count: int) -> Iterator[_Change]:
    more = {count + 1: ""}
    if benefit.cap is not None and (full := reverse(measure, None)) is not None:
        more[int(full.value)] = f"，即可达到{spell(benefit.cap)}封顶"
    for wanted, reached in sorted(more.items()):
        yield benefit.fact, wanted, f"再有{_pieces(benefit, wanted - count)}{reached}"


def _more_of_each(benefit: PerUnit, counts: tuple[int, ...]) -> Iterator[_Change]:
    one = _pieces(benefit, 1)
    if benefit.limit is not None and (short := sum(count < benefit.limit for count in counts)):
        raised = tuple(count + (count < benefit.limit) for count in counts)
        below = f"不足{_pieces(benefit, int(benefit.limit))}的{short}项"
        yield benefit.fact, raised, f"{below}{'各' if short > 1 else ''}再多{one}"
    yield benefit.fact, (*counts, 1), f"再有1项、计{one}"


def _pieces(benefit: PerUnit, count: int) -> str:
    return spell_reverse(Reverse(benefit.fact, Decimal(count), benefit.per))
