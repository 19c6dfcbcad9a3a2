"""The benefit a statement of money can be written as, and what makes it doubtful."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from policy_qa.money import figures, plain, spell
from policy_qa.statements import Statement, Value
from policy_qa.text import find_quote, fold

_RATES = {"%": "%", "‰": "‰"}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A benefit as rules.yaml writes it, None where it cannot be written; ``counts`` is what its fact counts.

    ``counts`` is ``yuan`` for a base in yuan, ``integer`` for pieces, None for a benefit without a base.
    """

    benefit: dict[str, object] | None
    counts: str | None = None
    unit: str | None = None
    doubts: tuple[str, ...] = ()


def propose(statement: Statement, fact: str) -> Proposal:
    """The benefit of an award; ``fact`` names the fact that a rate or a sum a piece would read."""
    main, *others = statement.values
    if statement.kind in _WHY:
        return _quoted(_WHY[statement.kind])
    caps = [value for value in others if value.unit == "元" and value.bound == "max"]
    if len(caps) < len(others):
        return _quoted("还有次数、年限或另一个数额，规则还算不了")
    cap = caps[0] if caps else None
    doubts = ["印了不止一个上限，只取了第一个，请核对。"] if len(caps) > 1 else []
    if statement.kind == "tier":
        doubts.append("这是分档中的一档，请核对这一档的起止条件。")
    currency, _, per = main.unit.partition("/")
    if currency in _RATES and not per:
        return _of_a_rate(statement, main, cap, fact, doubts)
    if currency != "元" or main.bound == "min":
        return _quoted("数额写成下限，或者不是人民币，或者是在别的比例上加减")
    if per:
        return _of_pieces(main, per, cap, fact, doubts)
    if main.bound == "max":
        return Proposal({"kind": "bound", "cap": spell(main.value)}, doubts=tuple(doubts))
    if cap is not None:
        doubts.append(f"还印有上限{spell(cap.value)}，定额的规则写不下，请核对。")
    return Proposal({"kind": "fixed", "amount": spell(main.value)}, doubts=tuple(doubts))


_WHY = {
    "range": "数额是一个区间，没有写怎样在区间里确定",
    "staged": "分期或分年度给付，规则还算不了",
    "match": "按别人出资的倍数配套，规则还算不了",
    "interest": "贴息要看利率和期限，规则还算不了",
}


def _quoted(why: str) -> Proposal:
    return Proposal(None, doubts=(f"{why}，先只引用原文；能写成规则时请用 --edit 写出来再接受。",))


def _of_a_rate(
    statement: Statement, main: Value, cap: Value | None, fact: str, doubts: list[str]
) -> Proposal:
    capped: dict[str, object] = {} if cap is None else {"cap": spell(cap.value)}
    if main.bound != "exact":
        if cap is None:
            return _quoted("比例写成“不超过”，没有写数额的上限")
        doubts.append("比例写成“不超过”，所以只按上限写，算出来是最多多少。")
        return Proposal({"kind": "bound", **capped}, doubts=tuple(doubts))
    base = _base(statement.text, f"{plain(main.value)}{main.unit}")
    if base is None:
        return _quoted("没有找到比例按什么算")
    doubts.append(f"比例的基数照原文取作“{base}”，请核对。")
    benefit = {
        "kind": "rate",
        "fact": fact,
        "rate": f"{plain(main.value)}{main.unit}",
        "base": base,
        **capped,
    }
    return Proposal(benefit, "yuan", "元", tuple(doubts))


def _of_pieces(main: Value, per: str, cap: Value | None, fact: str, doubts: list[str]) -> Proposal:
    if main.bound != "exact":
        return _quoted("每件的数额也只是上限，规则还算不了")
    if "·" in per or per in _PERIODS:
        return _quoted("按时间计发，要看领多久，规则还算不了")
    benefit: dict[str, object] = {"kind": "per_unit", "fact": fact, "amount": spell(main.value), "per": per}
    if cap is not None:
        benefit["cap"] = spell(cap.value)
    return Proposal(benefit, "integer", per, tuple(doubts))


_PERIODS = ("年", "月", "日", "天", "季", "季度", "周", "小时")


def _base(text: str, rate: str) -> str | None:
    """What the rate is taken of, verbatim: the words between 按 (or the last comma) and the rate."""
    figure = next((f for f in figures(text) if f.unit == "比例" and fold(f.text).endswith(fold(rate))), None)
    if figure is None:
        return None
    before = re.split(r"[，。；：,;:]", text[: figure.start])
    words = next((part for part in reversed(before) if len(fold(part)) > 1), "")
    said = re.sub(r"^.*?(?:按照|按|给予|根据|对)", "", words.strip(), count=1)
    said = re.sub(r"(?:给予|补助|补贴|奖励)?(?:不超过|不高于|最高)?(?:的)?$", "", said.strip())
    return said if len(fold(said)) > 1 and find_quote(text, said) else None


def cap_scope(quote: str, caps: Sequence[str]) -> str | None:
    """Whose the cap is, as printed before it: 单个企业, 每户."""
    match = _SCOPE.search(quote)
    return match.group(1) if match and caps else None


_SCOPE = re.compile(
    r"((?:单个|每家|每户|每个|同一|单户|单家)(?:企业|项目|单位|机构|平台|园区)?)[^，。；]{0,12}(?:最高|不超过)"
)
