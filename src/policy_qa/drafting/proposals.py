"""draft_rules(): one proposal for each statement of money, in the form of rules.yaml, with its doubts."""

from __future__ import annotations

import re

from policy_qa.domain import Clause, Policy
from policy_qa.drafting.benefits import cap_scope, propose
from policy_qa.drafting.naming import level, names, title
from policy_qa.drafts import Draft
from policy_qa.money import figures
from policy_qa.rules import NotAward
from policy_qa.segmenter import Segmenter
from policy_qa.statements import Statement, statements
from policy_qa.text import find_quote, fold

_SUFFIXES = {"interest": "贴息", "match": "配套"}
_LONGEST_ASK = 80


def draft_rules(policy: Policy, segmenter: Segmenter) -> tuple[Draft, ...]:
    """The proposals for ``policy`` in the order printed, ``draft-1`` first.

    The ids of measures and facts begin with the policy's id, so that those of two policies never meet.
    """
    clauses = {clause.label: clause for clause in policy.clauses}
    drafts: list[Draft] = []
    listed: set[tuple[str, str]] = set()
    for statement in statements(policy.clauses):
        place = (statement.clause, fold(statement.text))
        number = len(drafts) + 1
        if statement.kind != "not_award":
            drafts.append(_award(policy.id, number, statement, clauses[statement.clause], segmenter))
        elif place not in listed:  # several thresholds of one passage are one entry
            listed.add(place)
            drafts.append(_no_award(number, statement))
    return tuple(drafts)


def _award(policy: str, number: int, statement: Statement, clause: Clause, segmenter: Segmenter) -> Draft:
    quote, who = statement.text, statement.who
    key = re.sub(r"[^a-z0-9]", "_", policy)
    met, base = f"{key}_{number}_met", f"{key}_{number}_base"
    proposal = propose(statement, base)
    if proposal.benefit is None:
        return Draft(
            id=f"draft-{number}",
            clause=clause.label,
            quote=quote,
            kind=statement.kind,
            doubts=proposal.doubts,
        )
    condition, doubts = _condition(quote, who)
    entry: dict[str, object] = {
        "id": f"{policy}-{number}",
        "title": title(who, clause, _SUFFIXES.get(statement.kind, "奖补")),
        "clause": clause.label,
        "quote": quote,
        "names": names(who, clause, segmenter),
    }
    entry |= _optional(
        level=level(who),
        payee=_payee(who),
        once="一次性" if find_quote(quote, "一次性") else None,
        cap_scope=cap_scope(quote, [key for key in proposal.benefit if key == "cap"]),
        stacking=_stacking(quote),
    )
    entry["conditions"] = [{"fact": met, "text": condition}]
    entry["benefit"] = proposal.benefit
    facts: dict[str, dict[str, object]] = {met: {"type": "bool", "ask": f"是不是符合“{_short(condition)}”？"}}
    if proposal.counts is not None:
        what = proposal.benefit.get("base") or f"{_short(condition)}，一共几{proposal.unit}"
        ask = f"{what}是多少元？" if proposal.counts == "yuan" else f"{what}？"
        facts[base] = {"type": proposal.counts, "unit": proposal.unit, "ask": ask}
    return Draft(
        id=f"draft-{number}",
        clause=clause.label,
        quote=quote,
        kind=statement.kind,
        measure=entry,
        facts=facts,
        doubts=(*doubts, *proposal.doubts),
    )


def _condition(quote: str, who: str | None) -> tuple[str, list[str]]:
    """The words that say who gets it, and the doubts about them."""
    span = find_quote(quote, who) if who else None
    if span is not None:
        return quote[slice(*span)], ["条件和名称是照“给谁”拟的，请对照整条看是否齐全。"]
    first = next((figure.start for figure in figures(quote)), len(quote))
    words = quote[:first].rstrip("，。；、：,;: ") or quote
    where = f"引文以外写着“{who}”" if who else "没有找到给谁"
    return words, [f"{where}，条件暂取引文开头，请对照整条改正。"]


def _no_award(number: int, statement: Statement) -> Draft:
    reason, sure = _reason(statement.text)
    doubts = () if sure else ("看起来不是奖补（门槛、规模、额度或处罚），请对照整条确认。",)
    entry = NotAward(clause=statement.clause, text=statement.text, reason=reason)
    return Draft(
        id=f"draft-{number}",
        clause=statement.clause,
        quote=statement.text,
        kind=statement.kind,
        not_award=entry,
        doubts=doubts,
    )


def _reason(text: str) -> tuple[str, bool]:
    folded = fold(text)
    for pattern, reason in _REASONS:
        if pattern.search(folded):
            return reason, True
    return "不是奖补数额", False


_REASONS = (
    (re.compile(r"罚款|处以|处罚"), "处罚数额"),
    (re.compile(r"贷款(?:总)?额度|授信|贷款.{0,6}(?:最高|不超过)"), "贷款额度，不是奖补"),
    (re.compile(r"基金|资金池|规模(?:达到|为|不低于)|总规模"), "基金或资金规模"),
    (re.compile(r"预算|年度安排|专项资金"), "预算安排"),
    (
        re.compile(r"(?:营业|主营|销售)?收入|产值|投资额|投资总额|购置|注册资本|营收|纳税|税收|融资"),
        "门槛条件",
    ),
    (re.compile(r"力争|目标|达到|突破"), "发展目标或门槛"),
)


def _payee(who: str | None) -> str | None:
    return "个人" if who and _PERSON.search(who) else None


_PERSON = re.compile(r"人才|毕业生|学生|员工|职工|个人|博士|硕士|居民|家庭|农户|劳动者|困难人员")


def _stacking(quote: str) -> str | None:
    match = re.search(r"在[^，。；,;]{2,24}(?:基础上|之外)", quote)
    return match.group() if match else None


def _optional(**entries: str | None) -> dict[str, object]:
    return {name: value for name, value in entries.items() if value is not None}


def _short(text: str) -> str:
    flat = "".join(text.split())
    return flat if len(flat) <= _LONGEST_ASK else f"{flat[:_LONGEST_ASK]}…"
