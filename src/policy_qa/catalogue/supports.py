"""The supports of a clause as the desk lists them: for whom, of what kind, how much, whose."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from policy_qa.calculation import evaluate
from policy_qa.domain import Clause
from policy_qa.money import plain, spell
from policy_qa.rules import Measure, benefit_figures
from policy_qa.statements import Statement, Value
from policy_qa.text import fold
from policy_qa.texts import PAYEES


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open stretch of ``clause.text`` in code points."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Support:
    """One support of a clause as the desk lists it."""

    measure: str | None
    """The id of its rule; None where it is a monetary statement of a policy without rules."""
    title: str
    audiences: tuple[str, ...]
    """Whom its text names; ``ANYBODY`` alone where it names nobody."""
    kinds: tuple[str, ...]
    """How it is reckoned, one of ``FORMS``, then what the text calls it (奖补, 贴息, …) where it is money."""
    says: str
    """What it brings, in plain Chinese."""
    amounts: tuple[Decimal, ...]
    """Its sum, its sum a piece and its cap in yuan, as far as they are printed."""
    span: Span
    """Where its quote stands."""
    departments: tuple[str, ...]


FORMS = {
    "fixed": "定额",
    "staged": "定额",
    "tier": "分档",
    "range": "区间内",
    "rate": "按比例",
    "rate+cap": "按比例",
    "interest": "按比例",
    "match": "按比例",
    "per_unit": "按件",
    "bound": "只写最高额",
    "cap": "只写最高额",
    "unspecified": "未写明金额",
    "service": "服务",
}
"""How a support is reckoned, by the kind of its benefit, or of its statement in a policy without rules."""

ANYBODY = "没有写明是哪一类对象"

AUDIENCES = {
    "专精特新“小巨人”企业": "小巨人",
    "制造业单项冠军企业": "单项冠军",
    "专精特新冠军企业": "专精特新冠军",
    "成长型小微企业": "成长型小微",
    "专精特新企业": "专精特新(?:中小)?企业(?!家)",
    "规上工业企业": "规上(?:工业)?企业|规模以上(?:工业)?企业",
    "重点企业": "重点(?:工业)?企业",
    "高新技术企业": "高新技术企业",
    "科技型中小企业": "科技型中小企业",
    "龙头企业": "龙头企业",
    "小微企业": "小微企业|小型和?微型企业|小型、微型企业",
    "中小企业": "(?<!大)(?<!非专门面向)中小企业(?!家|公共服务)",
    "民营企业": "民营企业(?!家)",
    "个体工商户": "个体工商户",
    "企业家": "企业家",
    "人才和专业技术人员": "人才|专业技术人员|工程师|经营管理人员",
    "学生": "培养生|学生",
    "担保机构": "担保机构",
    "公共服务平台": "公共服务(?:示范)?平台|服务示范平台",
}
"""Whom supports are for, each with how policies print it; where two begin at one place the first is meant."""
_AUDIENCE = re.compile("|".join(f"({words})" for words in AUDIENCES.values()))
_CALLED = re.compile("奖励|奖补|补助|补贴|贴息|资助|补偿|优惠")


def audiences_in(text: str) -> tuple[str, ...]:
    """The audiences a text names, each once, in the order named."""
    names = tuple(AUDIENCES)
    matches = _AUDIENCE.finditer(fold(text))
    return tuple(dict.fromkeys(names[match.lastindex - 1] for match in matches if match.lastindex))


def of_measure(measure: Measure, clause: Clause, span: Span) -> Support:
    """The support that a measure of the rules is; its payee says best for whom, its quote last."""
    payee = "" if measure.payee == "enterprise" else PAYEES.get(measure.payee, "")
    conditions = "；".join(condition.text for condition in measure.conditions)
    passages = (payee, measure.audience or "", conditions, measure.quote)
    audiences = next(filter(None, map(audiences_in, passages)), (ANYBODY,))
    return Support(
        measure=measure.id,
        title=measure.title,
        audiences=audiences,
        kinds=(FORMS[measure.benefit.kind], *(_called(measure.quote) if measure.is_money else ())),
        says=evaluate(measure, {}).formula,
        amounts=tuple(value for value, unit in benefit_figures(measure) if unit == "元"),
        span=span,
        departments=_departments(clause, span),
    )


def of_statement(statement: Statement, clause: Clause) -> Support:
    """The support that a monetary statement is, for a policy without rules."""
    span = Span(statement.start, statement.end)
    return Support(
        measure=None,
        title=shortened(statement.who or statement.text),
        audiences=audiences_in(statement.who or "") or audiences_in(statement.text) or (ANYBODY,),
        kinds=(FORMS[statement.kind], *_called(statement.text)),
        says="，".join(map(_said, statement.values)),
        amounts=tuple(value.value for value in statement.values if value.unit.startswith("元")),
        span=span,
        departments=_departments(clause, span),
    )


def _said(value: Value) -> str:
    unit, _, per = value.unit.partition("/")
    amount = spell(value.value) if unit == "元" else f"{plain(value.value)}{unit}"
    bound = {"exact": "", "max": "最高", "min": "不低于"}[value.bound]
    return f"{f'每{per}' if per else ''}{bound}{amount}"


def _called(quote: str) -> tuple[str, ...]:
    """What the quote calls the support: its last word for it, since another's award is named before."""
    return tuple(_CALLED.findall(fold(quote))[-1:])


def _departments(clause: Clause, span: Span) -> tuple[str, ...]:
    segment = clause.segment_at(span.start, span.end)
    return segment.departments if segment else ()


def shortened(text: str) -> str:
    """A text on one line, short enough to stand in a sentence."""
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:40]}…"
