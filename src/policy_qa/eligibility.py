"""The eligibility sheet: all measures at once under what an enterprise has told so far, as intervals.

Whatever the facts not told turn out to be, each item's sum lies between its low and its high, and so does the
total: low is what is sure, high what is still possible. What the sheet says of a measure it reads from the
same evaluation that computes amounts; nothing here knows an amount of its own.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from policy_qa.calculation import (
    Outcome,
    Standing,
    Verdict,
    evaluate,
    exact,
    needs,
    spell_reverse,
    standing,
)
from policy_qa.corpus import Corpus, Holding
from policy_qa.counterfactuals import Counterfactual, counterfactuals
from policy_qa.domain import FactValue, Need, Reverse
from policy_qa.errors import CorpusError
from policy_qa.money import spell
from policy_qa.rules import FactRule, Measure, PerUnit, RateOf, Rules
from policy_qa.status import in_force, notices
from policy_qa.texts import FRAMES, PAYEES

Facts = Mapping[str, FactValue]
ENTERPRISE = "enterprise"


@dataclass(frozen=True, slots=True)
class Interval:
    """Yuan that are sure and yuan still possible; ``high`` None where nothing printed bounds them."""

    low: Decimal
    high: Decimal | None


@dataclass(frozen=True, slots=True)
class Amount:
    """The interval of one measure: ``exact`` where it is one sum, ``max`` where bounded, else ``unknown``."""

    low: Decimal
    high: Decimal | None
    bound: Literal["exact", "max", "unknown"]


@dataclass(frozen=True, slots=True)
class Failed:
    """A condition that the facts contradict, with the quote that prints it."""

    condition: str
    clause: str
    quote: str


@dataclass(frozen=True, slots=True)
class SheetItem:
    """One measure for the enterprise that asks."""

    measure: str
    title: str
    clause: str
    quote: str
    departments: tuple[str, ...]
    payee: str
    verdict: Verdict
    amount: Amount
    formula: str
    missing: tuple[str, ...]
    failed: tuple[Failed, ...]
    counterfactuals: tuple[Counterfactual, ...]
    assumptions: tuple[str, ...]
    stacking: str | None
    policy: str
    is_money: bool
    goes_to: str | None
    """Who receives the support where that is not the enterprise itself."""


@dataclass(frozen=True, slots=True)
class BoundedTotal:
    """The sum of the items whose high is known, with the measures it leaves out."""

    low: Decimal
    high: Decimal
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """All measures of the loaded policies, what they sum to, and what to ask next."""

    as_of: datetime.date
    items: tuple[SheetItem, ...]
    total: Interval
    bounded_total: BoundedTotal
    needs: tuple[Need, ...]
    notices: tuple[str, ...]


def vocabulary(corpus: Corpus) -> Rules:
    """The facts of all loaded policies, as rules without measures to check what a user hands in.

    A fact is one statement about the enterprise, so policies share it by its name; CorpusError where two of
    them mean different things by one name.
    """
    facts: dict[str, FactRule] = {}
    for holding in corpus.holdings:
        for name, fact in holding.rules.facts.items():
            known = facts.setdefault(name, fact)
            if (known.type, known.unit) != (fact.type, fact.unit):
                raise CorpusError(
                    f"事实“{name}”在政策“{holding.policy.id}”里的类型或单位与其他政策不同，"
                    "请在规则里改用另一个名称。"
                )
    return Rules(policy="、".join(policy.id for policy in corpus.policies), facts=facts, measures=())


def sheet(corpus: Corpus, facts: Facts, as_of: datetime.date) -> Sheet:
    """All measures of ``corpus`` under ``facts``, which are checked facts of its ``vocabulary``.

    A policy that was not in force on ``as_of`` brings nothing: it is named in the notices and has no items.
    The half of a support that another level pays (在省奖励的基础上) is an assumption of the support on top of
    it, not an item: its sum and its conditions stand in no loaded text. Support whose payee is somebody else
    is shown with ``goes_to``, is never eligible and counts nothing.
    """
    holdings = [holding for holding in corpus.holdings if in_force(holding.policy, as_of)]
    offered = [(h, m) for h in holdings for m in h.rules.measures if m.half_of is None]
    items = tuple(_item(holding, measure, facts) for holding, measure in offered)
    own = [measure for _, measure in offered if measure.payee == ENTERPRISE]
    return Sheet(
        as_of=as_of,
        items=items,
        total=_total([item.amount for item in items]),
        bounded_total=_bounded_total(items),
        needs=needs(own, facts, vocabulary(corpus)),
        notices=(*_cautions(holdings), *notices(corpus.policies, as_of)),
    )


def _cautions(holdings: Sequence[Holding]) -> Iterator[str]:
    """What the sums leave out or put together that no single item shows."""
    for holding in holdings:
        if holding.unreviewed and holding.rules.measures:
            yield f"《{holding.policy.title}》还有条款的金额规则没有经人核对，没有计入，请再看原文。"
        elif holding.unreviewed:
            yield FRAMES["unreviewed"].render({"policy": holding.policy.title})
    if sum(bool(holding.rules.measures) for holding in holdings) > 1:
        yield "合计包括几份政策的支持，能不能同时享受条文没有写明时，请向负责部门核实。"


def _item(holding: Holding, measure: Measure, facts: Facts) -> SheetItem:
    citation = holding.cite_quote(measure.clause, measure.quote)
    outcome = evaluate(measure, facts)
    goes_to = None if measure.payee == ENTERPRISE else PAYEES.get(measure.payee, measure.payee)
    stands = standing(outcome) if goes_to is None else _SOMEBODY_ELSES
    contradicted = _contradicted(outcome) if goes_to is None else (goes_to,)
    return SheetItem(
        measure=measure.id,
        title=measure.title,
        clause=measure.clause,
        quote=citation.quote,
        departments=citation.departments,
        payee=measure.payee,
        verdict=stands.verdict,
        amount=_amount(stands),
        formula=_formula(outcome, goes_to),
        missing=stands.missing,
        failed=tuple(Failed(words, measure.clause, citation.quote) for words in contradicted),
        counterfactuals=counterfactuals(measure, facts) if goes_to is None else (),
        assumptions=(*measure.assumptions, *_left_open(holding.rules, measure, stands, facts)),
        stacking=measure.stacking,
        policy=holding.policy.id,
        is_money=measure.is_money,
        goes_to=goes_to,
    )


_SOMEBODY_ELSES = Standing("not_eligible", Decimal(0), Decimal(0), ())


def _contradicted(outcome: Outcome) -> tuple[str, ...]:
    """Why nothing can come of the measure: the conditions that fail, or the quantity stated as zero."""
    if outcome.failed:
        return tuple(condition.text for condition in outcome.failed)
    if standing(outcome).verdict != "not_eligible":
        return ()
    match outcome.measure.benefit:
        case RateOf(base=base):
            return (f"{base}大于0",)
        case PerUnit(fact=fact, per=per):
            return (f"至少{spell_reverse(Reverse(fact, Decimal(1), per))}",)
        case _:
            return ()


def _formula(outcome: Outcome, goes_to: str | None) -> str:
    if goes_to is not None:
        return f"支持的对象是{goes_to}，不是企业自己，不计入合计"
    if outcome.failed or outcome.measure.is_money:
        return outcome.formula
    return "不是资金支持，计为0元"


def _left_open(rules: Rules, measure: Measure, stands: Standing, facts: Facts) -> Iterator[str]:
    """What the text leaves open of a measure still possible: holding it beside another, the other half."""
    if stands.verdict == "not_eligible":
        return
    if measure.both_note and any(
        standing(evaluate(rules.measure(other), facts)).verdict != "not_eligible"
        for other in measure.both_with
    ):
        yield measure.both_note
    for half in rules.measures:
        if half.half_of == measure.id:
            yield f"{half.title}另算：{evaluate(half, facts).formula}，没有计入"


def _amount(stands: Standing) -> Amount:
    bound: Literal["exact", "max", "unknown"] = "max"
    if stands.high is None:
        bound = "unknown"
    elif stands.low == stands.high:
        bound = "exact"
    return Amount(stands.low, stands.high, bound)


def _total(amounts: Sequence[Amount]) -> Interval:
    highs = [amount.high for amount in amounts if amount.high is not None]
    with exact():
        low = sum((amount.low for amount in amounts), Decimal(0))
        high = sum(highs, Decimal(0))
    return Interval(low, high if len(highs) == len(amounts) else None)


def _bounded_total(items: Sequence[SheetItem]) -> BoundedTotal:
    bounded = _total([item.amount for item in items if item.amount.high is not None])
    assert bounded.high is not None
    return BoundedTotal(
        bounded.low, bounded.high, tuple(item.measure for item in items if item.amount.high is None)
    )


# ── for people ──────────────────────────────────────────────────────────────────────────────────


def render(sheet: Sheet) -> str:
    """The sheet to read: by verdict, the sums, the next question; what facts cannot decide comes last."""
    asks = {need.fact: need.ask for need in sheet.needs}
    decidable = [item for item in sheet.items if not _undecidable(item)]
    undecidable = [item for item in sheet.items if _undecidable(item)]
    lines = [f"按 {sheet.as_of.isoformat()} 和您给的情况：", ""]
    for verdict, heading in _HEADINGS.items():
        lines += _group(heading, [_told(item, asks) for item in decidable if item.verdict == verdict])
    lines += [*_sums(sheet), *_next_question(sheet), ""]
    lines += _group(_NO_FIGURE, [_mentioned(item) for item in undecidable if item.is_money])
    lines += _group(_NO_MONEY, [_mentioned(item) for item in undecidable if not item.is_money])
    return "\n".join((*lines, *sheet.notices))


_HEADINGS: dict[Verdict, str] = {"eligible": "可享", "unknown": "还缺信息", "not_eligible": "不可享"}
_NO_FIGURE = "资金支持，条文没有写明数额和可以核对的条件，请向负责部门核实"
_NO_MONEY = "不是资金支持，条文没有写明可以核对的条件，请向负责部门核实"


def _group(heading: str, told: Sequence[str]) -> list[str]:
    return [f"【{heading}】{len(told)} 项", *told, ""] if told else []


def _undecidable(item: SheetItem) -> bool:
    """Whether no fact could settle the item: the text prints no condition that could be told."""
    return item.verdict == "unknown" and not item.missing


def _mentioned(item: SheetItem) -> str:
    formula = f"：{item.formula}" if item.is_money else ""
    departments = f"（{'、'.join(item.departments)}）" if item.departments else ""
    return f"〔{item.clause}〕{item.title}{departments}{formula}"


def _told(item: SheetItem, asks: Mapping[str, str]) -> str:
    worth = "" if item.verdict == "not_eligible" else f"：{_spelled(item.amount)}"
    lines = [f"〔{item.clause}〕{item.title}{worth}", f"算法：{item.formula}", f"条文：「{item.quote}」"]
    if item.departments:
        lines.append(f"负责部门：{'、'.join(item.departments)}")
    if item.missing:
        lines.append(f"还缺：{''.join(asks[fact] for fact in item.missing)}")
    if item.stacking is not None and item.verdict != "not_eligible":
        lines.append(f"条文写明：「{item.stacking}」")
    lines += [f"说明：{assumption}。" for assumption in item.assumptions]
    lines += [f"→ {one.change}。〔{one.clause}〕" for one in item.counterfactuals]
    return "\n  ".join(lines)


def _spelled(interval: Interval | Amount | BoundedTotal) -> str:
    if interval.low == interval.high:
        return spell(interval.low)
    most = "没有写明" if interval.high is None else spell(interval.high)
    return f"最少{spell(interval.low)}，最多{most}"


def _sums(sheet: Sheet) -> Iterator[str]:
    yield f"合计：{_spelled(sheet.total)}。"
    left_out = len(sheet.bounded_total.left_out)
    if left_out:
        yield f"其中写明上限的：{_spelled(sheet.bounded_total)}；另有 {left_out} 项没有写明上限，没有计入。"


def _next_question(sheet: Sheet) -> Iterator[str]:
    if sheet.needs:
        yield f"接下来最值得补充：{sheet.needs[0].ask}"
