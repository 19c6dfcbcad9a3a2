"""What a check tells: sentences with verdict, clause, quote and differences; and that as text for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from policy_qa.checking.passages import Kind

Verdict = Literal["supported", "contradicted", "needs_condition", "not_found", "no_claim"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing said beside what is printed; ``said == text[said_start:said_end]`` of its sentence.

    ``said`` is empty for what the sentence leaves out; ``policy`` stands at ``policy_start`` of the quote.
    """

    said: str
    policy: str
    kind: Kind
    said_start: int
    said_end: int
    policy_start: int
    policy_end: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """One sentence of the pasted text with its verdict; ``start`` is its place in the text."""

    text: str
    verdict: Verdict
    policy: str | None
    clause: str | None
    quote: str | None
    differences: tuple[Difference, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Report:
    """All sentences of a text in order, the worst verdict among them, and the notices of the policies."""

    sentences: tuple[Judgement, ...]
    verdict: Verdict
    notices: tuple[str, ...]


VERDICTS: dict[Verdict, str] = {
    "supported": "支持",
    "contradicted": "矛盾",
    "needs_condition": "需补条件",
    "not_found": "无依据",
    "no_claim": "不涉及",
}
"""The verdicts in the words of the check desk."""

KINDS: dict[Kind, str] = {
    "amount": "金额",
    "rate": "比例",
    "bound": "上下限",
    "count": "数量",
    "unit": "单位",
    "date": "日期",
    "party": "对象",
    "condition": "条件",
    "negation": "能与不能",
    "clause": "条款编号",
    "modality": "可以与必须",
    "stacking": "叠加关系",
}
"""The kinds of differences in the words of the check desk."""


def render(report: Report) -> str:
    """The report as plain Chinese text, a sentence after the other, the notices last."""
    lines: list[str] = []
    for sentence in report.sentences:
        lines.append(f"【{VERDICTS[sentence.verdict]}】{' '.join(sentence.text.split())}")
        for difference in sentence.differences:
            kind = KINDS[difference.kind]
            said = f"说的是“{difference.said}”" if difference.said else "没有说到"
            lines.append(f"  {kind}：{said}，条文是“{difference.policy}”。")
        if sentence.quote is not None:
            lines.append(f"  条文：「{sentence.quote}」〔{sentence.clause}〕")
    lines.append(f"全文结论：{VERDICTS[report.verdict]}。")
    return "\n".join((*lines, *report.notices))
