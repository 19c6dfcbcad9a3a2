"""What a policy file holds before anybody has reviewed it: clauses, certificate, statements of money."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from policy_qa.certificate import Part
from policy_qa.clauses import Split, split
from policy_qa.domain import Clause
from policy_qa.loaders import load
from policy_qa.money import plain, spell
from policy_qa.statements import Statement, StatementKind, Value, statements


@dataclass(frozen=True, slots=True)
class InspectedClause:
    """A clause as the contract prints it; ``offset`` is where it begins in the text of the file."""

    label: str
    level: int
    """1 for a clause at the top, 3 for 三（一）2."""
    title: str
    offset: int
    text: str


@dataclass(frozen=True, slots=True)
class InspectedCertificate:
    """The split certificate with the share of characters that stand in exactly one part."""

    characters: int
    covered: int
    coverage: float
    numbering_gaps: tuple[str, ...]
    unresolved_references: tuple[str, ...]
    warnings: tuple[str, ...]
    failures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inspection:
    """``inspect --json`` of the contract, field by field."""

    title: str
    clauses: tuple[InspectedClause, ...]
    certificate: InspectedCertificate
    amounts: tuple[Statement, ...]


def inspect_file(path: Path) -> Inspection:
    """Read any policy file and say what is in it; nothing is stored.

    Raises FileRefusedError, whose text is for the user, where there is no text to be had.
    """
    document = load(path)
    return inspect_text(document.text, warnings=document.warnings)


def inspect_text(text: str, *, warnings: Sequence[str] = ()) -> Inspection:
    """The same of a text at hand; ``warnings`` are what its loader noticed."""
    found = split("inspected", text)
    return Inspection(
        title=found.title,
        clauses=tuple(_clauses(found)),
        certificate=_certificate(found, warnings),
        amounts=statements(_texts(found, text)),
    )


def _texts(found: Split, text: str) -> list[Clause]:
    """The clauses and the headings in the order printed: a heading may print a sum too."""
    starts = _starts(found.parts)
    printed = [(starts[clause.label], clause) for clause in found.clauses]
    for part in found.parts:
        if part.kind == "heading":
            words = text[part.start : part.end]
            clause = Clause("inspected", part.label, (words,), words, words, (), None, 0)
            printed.append((part.start, clause))
    return [clause for _, clause in sorted(printed, key=lambda one: one[0])]


def _clauses(found: Split) -> Iterator[InspectedClause]:
    starts = _starts(found.parts)
    for clause in found.clauses:
        yield InspectedClause(clause.label, _level(clause), clause.title, starts[clause.label], clause.text)


def _starts(parts: Sequence[Part]) -> dict[str, int]:
    """Where each clause begins; its later parts are what goes on behind a page number."""
    starts: dict[str, int] = {}
    for part in parts:
        if part.kind in ("clause", "preamble"):
            starts.setdefault(part.label, part.start)
    return starts


def _level(clause: Clause) -> int:
    return max(1, len(clause.path))


def _certificate(found: Split, warnings: Sequence[str]) -> InspectedCertificate:
    proof = found.certificate
    return InspectedCertificate(
        characters=proof.characters,
        covered=proof.covered,
        coverage=proof.covered / proof.characters if proof.characters else 0.0,
        numbering_gaps=proof.numbering_gaps,
        unresolved_references=proof.unresolved_references,
        warnings=(*warnings, *proof.warnings),
        failures=proof.failures,
    )


# ── for people ──────────────────────────────────────────────────────────────────────────────────

_KINDS: dict[StatementKind, str] = {
    "fixed": "定额",
    "rate": "按比例",
    "rate+cap": "按比例，有上限",
    "per_unit": "按数量",
    "tier": "分档",
    "cap": "上限",
    "interest": "贴息",
    "match": "配套",
    "range": "区间",
    "staged": "分期",
    "not_award": "不是奖补",
}
_BOUNDS = {"exact": "", "max": "最高", "min": "不低于"}
_NO_TITLE = "（没有找到标题）"


def render(inspection: Inspection) -> str:
    """The inspection as plain Chinese lines: what was found, what to check, each statement with its words."""
    proof = inspection.certificate
    awards = sum(statement.kind != "not_award" for statement in inspection.amounts)
    lines = [
        f"标题：{inspection.title or _NO_TITLE}",
        f"条款：{len(inspection.clauses)} 条；{proof.covered}/{proof.characters} 字各归其位。",
        *(f"错误：{said}" for said in proof.failures),
        *(f"提醒：{said}" for said in (*proof.unresolved_references, *proof.warnings)),
        *(f"{'  ' * (one.level - 1)}〔{one.label}〕{one.title}" for one in inspection.clauses),
        f"金额：{len(inspection.amounts)} 处，其中奖补 {awards} 处；是程序找到的，使用前请对照原文核对。",
    ]
    for statement in inspection.amounts:
        values = "，".join(_spelled(value) for value in statement.values)
        whom = f"，给：{statement.who}" if statement.who else ""
        lines += [f"〔{statement.clause}〕{_KINDS[statement.kind]}：{values}{whom}", f"  {statement.text}"]
    return "\n".join(lines)


def _spelled(value: Value) -> str:
    currency, slash, per = value.unit.partition("/")
    printed = spell(value.value) if currency == "元" else f"{plain(value.value)}{currency}"
    return f"{_BOUNDS[value.bound]}{printed}{slash}{per}"
