"""What was added, what is undecided and what was changed, as people read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from policy_qa.publishing.adding import Added
from policy_qa.publishing.changes import Change
from policy_qa.publishing.publisher import Decision
from policy_qa.publishing.reviewing import Pending
from policy_qa.strict_yaml import write_yaml
from policy_qa.wire import to_json


def render_added(added: Added) -> str:
    """The certificate, the doubts, the number of drafts, and what to do next."""
    policy, proof = added.policy, added.policy.certificate
    kinds = Counter(_sort(draft.measure is not None, draft.not_award is not None) for draft in added.drafts)
    counts = "，".join(f"{name} {kinds[name]} 条" for name in _SORTS if kinds[name]) or "没有发现金额"
    lines = [
        f"已添加：{policy.id}《{policy.title}》",
        f"条款：{len(policy.clauses)} 条；{proof.covered}/{proof.characters} 字各归其位。",
        *(f"请核对：{doubt}" for doubt in added.doubts),
        f"草拟：{counts}。核对以前，金额问题只引用原文，不作计算。",
    ]
    if added.drafts:
        lines.append(f"下一步：policy-qa review {policy.id} --list")
    return "\n".join(lines)


_SORTS = ("规则", "不是奖补", "只引用原文")


def _sort(is_rule: bool, is_no_award: bool) -> str:
    return "规则" if is_rule else "不是奖补" if is_no_award else "只引用原文"


def render_pending(policy_id: str, items: Sequence[Pending], *, whole: bool) -> str:
    """The undecided drafts: a line each, or (``whole``) each with its clause beside it."""
    if not items:
        return f"“{policy_id}”没有待核对的草拟规则。"
    lines = [f"“{policy_id}”有 {len(items)} 条待核对："]
    for item in items:
        lines += _whole(item) if whole else [_line(item)]
    lines.append(
        f"接受：policy-qa review {policy_id} 编号 --accept --by 姓名；驳回：--reject --by 姓名 --reason 理由"
    )
    return "\n".join(lines)


def what_it_is(item: Pending) -> str:
    """The sort of proposal in a few words, with its title where it has one."""
    measure = item.draft.measure
    if measure is not None:
        return f"规则“{measure.get('title')}”"
    if item.draft.kind == "figures":
        return "条款里剩下的数字，拟为不是奖补"
    return f"拟为不是奖补（{item.not_awards[0].reason}）" if item.not_awards else "规则写不下，只引用原文"


def _line(item: Pending) -> str:
    flat = "".join(item.draft.quote.split())
    shown = flat if len(flat) <= _SHOWN else f"{flat[:_SHOWN]}…"
    return f"{item.draft.id}〔{item.clause.label}〕{what_it_is(item)}：{shown}"


_SHOWN = 60


def _whole(item: Pending) -> list[str]:
    draft = item.draft
    lines = ["", f"{draft.id}〔{item.clause.label}〕{what_it_is(item)}", f"条款：{item.clause.text.strip()}"]
    lines.append(f"引文：{draft.quote}")
    lines += [f"存疑：{doubt}" for doubt in draft.doubts]
    if draft.measure is not None:
        lines += _indented(proposal(item))
    elif item.not_awards:
        lines += [f"  {entry.text}：{entry.reason}" for entry in item.not_awards]
    lines += [f"算例：{case['name']}" for case in item.cases]
    return lines


def proposal(item: Pending) -> str:
    """The drafted rule as YAML, in the form an edit is written in."""
    return write_yaml({"measure": item.draft.measure, "facts": item.draft.facts}, "")


def _indented(text: str) -> list[str]:
    return [f"  {line}" for line in text.splitlines()]


def render_history(changes: Sequence[Change]) -> str:
    """A line a change, oldest first."""
    return "\n".join(_change(change) for change in changes) or "没有改动记录。"


def _change(change: Change) -> str:
    what = {"add": "添加政策", "accept": "接受", "reject": "驳回"}[change.action]
    left = "" if change.done else "（没有完成，规则没有变）"
    return f"{change.at:%Y-%m-%d %H:%M} {change.by or '命令行'} {what}{change.draft or ''}{left}"


def render_decision(decision: Decision) -> str:
    """What was decided and how much is left."""
    change = decision.change
    what = {"add": "已添加", "accept": "已接受", "reject": "已驳回"}[change.action]
    return f"{what} {change.draft}，记在 {change.by} 名下；还有 {decision.left} 条待核对。"


# ── for programs ────────────────────────────────────────────────────────────────────────────────


def added_json(added: Added) -> dict[str, object]:
    """``add --json``."""
    policy = added.policy
    return {
        "policy": policy.id,
        "title": policy.title,
        "status": policy.status,
        "number": policy.number,
        "issuing_body": policy.issuing_body,
        "region": policy.region,
        "issued_on": to_json(policy.issued_on),
        "in_force_from": to_json(policy.in_force_from),
        "in_force_until": to_json(policy.in_force_until),
        "supersedes": policy.supersedes,
        "clauses": [clause.label for clause in policy.clauses],
        "certificate": to_json(policy.certificate),
        "doubts": list(added.doubts),
        "drafts": [draft.model_dump(mode="json") for draft in added.drafts],
    }


def pending_json(policy_id: str, items: Sequence[Pending]) -> dict[str, object]:
    """``review --json``: each draft with the text of its clause and what accepting it records."""
    return {
        "policy": policy_id,
        "pending": [
            {
                **item.draft.model_dump(mode="json"),
                "not_awards": [entry.model_dump(mode="json") for entry in item.not_awards],
                "cases": to_json(item.cases),
                "clause_text": item.clause.text,
            }
            for item in items
        ],
    }
