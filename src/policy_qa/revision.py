"""Two versions of a policy side by side, from ids or files: what changed, and what rests on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from policy_qa.cases import CaseFile
from policy_qa.clauses import split
from policy_qa.corpus import Corpus, Holding
from policy_qa.difference import ClauseChange, Difference, Edit, compare
from policy_qa.domain import Clause
from policy_qa.errors import UsageError
from policy_qa.loaders import load
from policy_qa.strict_yaml import read_model


@dataclass(frozen=True, slots=True)
class Version:
    """One side: a loaded policy with what rests on it, or the clauses of a file."""

    name: str
    clauses: Sequence[Clause]
    holding: Holding | None = None


def open_version(said: str, corpus: Corpus) -> Version:
    """The policy of that id, else the file of that path.

    Raises UsageError where it is neither, FileRefusedError where the file cannot be read.
    """
    for holding in corpus.holdings:
        if holding.policy.id == said:
            return Version(said, holding.policy.clauses, holding)
    path = Path(said)
    if not path.exists():
        known = "、".join(policy.id for policy in corpus.policies)
        raise UsageError(f"“{said}”既不是政策编号，也不是文件；编号有：{known}，文件请写对路径。")
    return Version(path.name, split(path.stem, load(path).text).clauses)


def differences(
    old: Version, new: Version, questions: Iterable[Path], feedback: Iterable[tuple[str, Iterable[str]]]
) -> Difference:
    """What changed from ``old`` to ``new`` and what it touches.

    ``questions`` are evaluation files about the old version, ``feedback`` an id with the clauses its answer
    cites; the rules and worked cases are those of the old version.
    """
    holding = old.holding
    home = holding.home if holding else None
    cases = read_model(home / "cases.yaml", CaseFile) if home else None
    rules = holding.rules if holding else None
    return compare(old.clauses, new.clauses, rules, cases, questions, feedback)


def render(difference: Difference, old: Version, new: Version) -> str:
    """The difference as people read it: 【-旧-】【+新+】 word by word, then what to look at again."""
    lines = [f"从“{old.name}”到“{new.name}”：{_summary(difference)}"]
    for change in difference.changes:
        lines += _change(change, old, new)
    touched = difference.touched
    named = {
        "引文已变的规则": touched.rules,
        "只是换了编号的规则": touched.renumbered,
        "涉及的算例": touched.cases,
        "涉及的评测题": touched.questions,
        "涉及的用户评价": touched.feedback,
    }
    lines += [f"{name}（{len(ids)}）：{'、'.join(ids)}" for name, ids in named.items() if ids]
    return "\n".join(lines)


_NAMES = {"added": "新增", "removed": "删去", "moved": "换号", "changed": "改动"}


def _summary(difference: Difference) -> str:
    counts = {name: sum(one.change == kind for one in difference.changes) for kind, name in _NAMES.items()}
    parts = [f"{name} {count} 条" for name, count in counts.items() if count]
    return "，".join([*parts, f"没有变 {difference.unchanged} 条"]) + "。"


def _change(change: ClauseChange, old: Version, new: Version) -> list[str]:
    name = _NAMES[change.change]
    match change.change:
        case "added":
            return [f"{name}〔{change.new}〕", f"  {_text(new, change.new)}"]
        case "removed":
            return [f"{name}〔{change.old}〕", f"  {_text(old, change.old)}"]
        case "moved":
            return [f"{name}〔{change.old}〕→〔{change.new}〕"]
    place = f"〔{change.old}〕→〔{change.new}〕" if change.also_moved else f"〔{change.new}〕"
    return [f"{name}{place}", *(f"  {_edit(edit)}" for edit in change.edits)]


def _text(version: Version, label: str | None) -> str:
    clause = next(clause for clause in version.clauses if clause.label == label)
    return "".join(clause.text.split())


def _edit(edit: Edit) -> str:
    return (f"【-{edit.old}-】" if edit.old else "") + (f"【+{edit.new}+】" if edit.new else "")
