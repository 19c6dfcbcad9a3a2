"""What a policy still has to be decided on, and what a decision makes of its rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ConfigDict

from policy_qa.cases import Case
from policy_qa.clauses import DepartmentNames
from policy_qa.corpus import Holding
from policy_qa.domain import Clause, Policy
from policy_qa.drafting import worked_cases
from policy_qa.drafts import Draft
from policy_qa.errors import CorpusError, UsageError
from policy_qa.lint import Unaccounted, contradictions, unaccounted
from policy_qa.rules import NotAward, Rules, check_rules
from policy_qa.strict_yaml import checked, parse_yaml
from policy_qa.text import fold

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pending:
    """One thing to decide on, beside its clause.

    Either a draft, or (``draft.kind`` is ``figures``) the figures of a clause that are left when all its
    drafts are decided: then ``not_awards`` has them. ``cases`` are what accepting the draft will record.
    """

    draft: Draft
    clause: Clause
    not_awards: tuple[NotAward, ...]
    cases: tuple[Raw, ...]


def pending(holding: Holding) -> tuple[Pending, ...]:
    """All that is undecided, in the order of the clauses."""
    order = {clause.label: position for position, clause in enumerate(holding.policy.clauses)}
    found = [*_drafted(holding), *_left_over(holding)]
    return tuple(sorted(found, key=lambda one: order[one.clause.label]))


def _drafted(holding: Holding) -> Iterator[Pending]:
    clauses = {clause.label: clause for clause in holding.policy.clauses}
    for draft in holding.pending:
        listed = (draft.not_award,) if draft.not_award else ()
        yield Pending(draft, clauses[draft.clause], listed, tuple(_cases(draft, holding.policy)))


def _cases(draft: Draft, policy: Policy) -> list[Raw]:
    if draft.measure is None:
        return []
    try:
        rules = _read(_alone(draft, policy.id), policy)
    except CorpusError:
        return []  # the draft's doubts say why
    return worked_cases(rules.measures[0])


def _left_over(holding: Holding) -> Iterator[Pending]:
    """Years, headcounts and the like: no draft names them, and lint wants each accounted for."""
    if holding.drafts is None:
        return
    waiting = {draft.clause for draft in holding.pending}
    left: dict[str, list[Unaccounted]] = {}
    for figure in unaccounted(holding):
        if figure.clause not in waiting:
            left.setdefault(figure.clause, []).append(figure)
    for position, clause in enumerate(holding.policy.clauses, start=1):
        if figures := left.get(clause.label):
            money = any(figure.unit in ("元", "比例") for figure in figures)
            draft = Draft(
                id=f"figures-{position}",
                clause=clause.label,
                quote="、".join(figure.text for figure in figures),
                kind="figures",
                doubts=(_MONEY_LEFT,) if money else (),
            )
            yield Pending(draft, clause, tuple(_not_awards(clause, figures)), ())


_MONEY_LEFT = "其中有金额或比例，请确认确实不是奖补；是奖补的，请用 --edit 写成规则再接受。"


def _not_awards(clause: Clause, figures: Sequence[Unaccounted]) -> Iterator[NotAward]:
    text = fold(clause.text)
    own = [figure.text for figure in figures]
    listed: set[str] = set()
    for figure in figures:
        passage = figure.text
        if text.count(passage) != own.count(passage):  # elsewhere in the clause it is an award
            before = figure.before
            while text.count(passage) > 1 and len(passage) < len(figure.text) + len(before):
                passage = before[-(len(passage) - len(figure.text) + 1) :] + figure.text
        if passage not in listed:
            listed.add(passage)
            reason = _REASONS.get(figure.unit, "数目，不是奖补数额")
            yield NotAward(clause=clause.label, text=passage, reason=reason)


_REASONS = {
    "年": "年份或期限", "月": "日期或期限", "日": "日期", "天": "期限", "条": "条文编号", "款": "条文编号",
    "号": "文号或编号", "元": "不是奖补数额", "比例": "比例，不是奖补",
}  # fmt: skip


# ── what a decision makes of the rules ──────────────────────────────────────────────────────────


class Edited(BaseModel):
    """A reviewer's own wording: a rule with its facts and, if wanted, worked cases, or what is no award."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    measure: dict[str, object] | None = None
    facts: dict[str, dict[str, object]] = {}
    not_award: NotAward | None = None
    cases: list[dict[str, object]] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The files after a decision, and what it put into them."""

    rules: Raw
    new_cases: tuple[Raw, ...]
    written: Raw


def read_edit(text: str, name: str) -> Edited:
    """An edit as a checked one; CorpusError says which line or key of ``name`` is wrong."""
    return checked(parse_yaml(text, name), Edited, name)


def accepted(holding: Holding, rules: Raw, item: Pending, stamp: Raw, edited: Edited | None) -> Outcome:
    """The rules with what was accepted; UsageError or CorpusError where it cannot stand in them."""
    proposal = edited or Edited(measure=item.draft.measure, facts=item.draft.facts)
    if proposal.measure is not None:
        return _with_measure(holding, rules, item, proposal, stamp)
    listed = (edited.not_award,) if edited and edited.not_award else item.not_awards
    if not listed:
        raise UsageError(
            f"“{item.draft.id}”没有拟出规则，因为它的写法规则还算不了；请用 --edit 给出规则，或者先不处理，"
            "它会一直只引用原文。"
        )
    return _with_not_awards(holding, rules, listed, stamp)


def rejected(holding: Holding, rules: Raw, item: Pending, stamp: Raw, reason: str) -> Outcome:
    """The rules with the draft's words as no award; set aside where other entries hold its figures."""
    if item.draft.kind == "figures":
        raise UsageError("剩余数字不能驳回；请接受为不是奖补，或者用 --edit 写成规则再接受。")
    if item.draft.not_award is not None:
        raise UsageError(f"“{item.draft.id}”拟的就是“不是奖补”；如果它是奖补，请用 --edit 写出规则再接受。")
    entry = NotAward(clause=item.clause.label, text=item.draft.quote, reason=reason)
    shared = any(
        fold(other.quote) in fold(item.draft.quote) or fold(item.draft.quote) in fold(other.quote)
        for other in holding.pending
        if other.id != item.draft.id and other.clause == item.clause.label
    )
    if not shared:
        try:
            return _with_not_awards(holding, rules, (entry,), stamp)
        except CorpusError:
            pass  # its figures are claimed by rules: the draft is a double
    aside = entry.model_dump(exclude={"reviewed"}) | {"reviewed": stamp}
    after = rules | {"set_aside": [*rules.get("set_aside", ()), aside]}
    _check(holding, after)
    return Outcome(after, (), {"set_aside": [aside]})


def _with_measure(holding: Holding, rules: Raw, item: Pending, proposal: Edited, stamp: Raw) -> Outcome:
    measure = dict(proposal.measure or {}) | {"reviewed": stamp}
    if measure.get("clause") != item.clause.label:
        raise UsageError(
            f"规则写的条款是“{measure.get('clause')}”，这条草拟属于“{item.clause.label}”，请改成同一条。"
        )
    facts: Raw = dict(rules.get("facts") or {})
    for name, fact in proposal.facts.items():
        if facts.setdefault(name, fact) != fact:
            raise UsageError(f"事实“{name}”已经有另一种写法，请照原来的写，或者换一个名称。")
    after = rules | {"facts": facts, "measures": [*rules.get("measures", ()), measure]}
    candidate = _check(holding, after)
    cases = proposal.cases if proposal.cases is not None else worked_cases(candidate.measures[-1])
    for case in cases:
        checked(case, Case, "cases")
    written = {"measure": measure, "facts": dict(proposal.facts), "cases": cases}
    return Outcome(after, tuple(cases), written)


def _with_not_awards(holding: Holding, rules: Raw, listed: Sequence[NotAward], stamp: Raw) -> Outcome:
    entries = [entry.model_dump(exclude={"reviewed"}) | {"reviewed": stamp} for entry in listed]
    after = rules | {"not_awards": [*rules.get("not_awards", ()), *entries]}
    _check(holding, after)
    return Outcome(after, (), {"not_awards": entries})


def _check(holding: Holding, raw: Raw) -> Rules:
    """The rules, loaded and linted; CorpusError with the first thing that they newly contradict."""
    candidate = _read(raw, holding.policy)
    known = set(contradictions(holding))
    for problem in contradictions(replace(holding, rules=candidate)):
        if problem not in known:
            raise CorpusError(problem)
    return candidate


def refusal(draft: Draft, policy: Policy) -> str | None:
    """Why the draft's rule could not be accepted as it stands; None where it could."""
    try:
        _check(Holding(policy, _no_rules(policy.id), DepartmentNames()), _alone(draft, policy.id))
    except CorpusError as error:
        return str(error)
    return None


def _no_rules(policy: str) -> Rules:
    return Rules(policy=policy, facts={}, measures=())


def _alone(draft: Draft, policy: str) -> Raw:
    return {"policy": policy, "facts": draft.facts, "measures": [draft.measure]}


def _read(raw: Mapping[str, object], policy: Policy) -> Rules:
    return check_rules(checked(raw, Rules, f"{policy.id}/rules.yaml"), policy)
