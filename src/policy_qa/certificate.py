"""The split certificate: proof, from the parts alone, that a split lost, doubled and misnumbered nothing.

It does not trust the splitter: characters are counted again in the source, numbers are read again from it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from policy_qa.domain import Certificate, Clause
from policy_qa.references import Component, find_references, label_components, resolve
from policy_qa.text import fold

PartKind = Literal[
    "title", "status", "preamble", "heading", "clause", "continuation",
    "page", "contents", "margin", "signature", "attachments",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """One stretch of the source, ``source[start:end]``, with what it is.

    Only headings, clauses and preambles have a label; a ``continuation`` is the rest of the clause or heading
    with its label, after something of another kind (a page number) that stands in its middle.
    """

    kind: PartKind
    label: str
    start: int
    end: int


def certify(
    text: str, title: str, clauses: Sequence[Clause], parts: Sequence[Part], doubts: Sequence[str] = ()
) -> Certificate:
    """Check a split against its source; every ``failures`` entry is one Chinese sentence with its line.

    ``doubts`` are the splitter's own: they join the warnings.
    """
    counts = [0] * len(text)
    for part in parts:
        for index in range(max(0, part.start), min(len(text), part.end)):
            counts[index] += 1
    significant = [index for index, character in enumerate(text) if not character.isspace()]
    gaps = tuple(_numbering_gaps(text, parts))
    unresolved = tuple(_unresolved(clauses))
    return Certificate(
        characters=len(significant),
        covered=sum(counts[index] == 1 for index in significant),
        numbering_gaps=gaps,
        unresolved_references=unresolved,
        outside_references=outside_references(clauses, title),
        warnings=(*_warnings(title, clauses), *doubts),
        failures=(
            *_miscounted(text, significant, counts),
            *_mismatched(text, clauses, parts),
            *_misprinted(text, parts),
            *gaps,
        ),
    )


def losses(certificate: Certificate) -> tuple[str, ...]:
    """The failures no person may wave through: text lost, doubled, altered or under a wrong number.

    A number that the print itself skips is a failure too, but one that a person can check and accept.
    """
    return tuple(one for one in certificate.failures if one not in certificate.numbering_gaps)


def line_of(text: str, offset: int) -> int:
    """The line of the source, from 1, in which the offset stands."""
    return text.count("\n", 0, offset) + 1


# ── characters ──────────────────────────────────────────────────────────────────────────────────


def _miscounted(text: str, significant: Sequence[int], counts: Sequence[int]) -> Iterator[str]:
    if not significant:
        yield "第 1 行：全文没有文字，无法切分，请换一份有文字的文件。"
    run: list[int] = []
    for index in significant:
        if run and min(counts[run[-1]], 2) != min(counts[index], 2):
            yield from _run_failure(text, run, counts)
            run = []
        run.append(index)
    if run:
        yield from _run_failure(text, run, counts)


def _run_failure(text: str, run: Sequence[int], counts: Sequence[int]) -> Iterator[str]:
    if counts[run[0]] != 1:
        excerpt = "".join(text[index] for index in run[:12])
        fault = "没有归入任何部分" if counts[run[0]] == 0 else "归入了不止一个部分"
        yield (
            f"第 {line_of(text, run[0])} 行：「{excerpt}」起 {len(run)} 个字{fault}，"
            "切分不可信，请检查该处的编号与排版。"
        )


def _mismatched(text: str, clauses: Sequence[Clause], parts: Sequence[Part]) -> Iterator[str]:
    """Each clause is one part, in the order of the source, with the very characters printed there."""
    holders = [part for part in parts if part.kind in ("clause", "preamble")]
    for before, after in pairwise(parts):
        if after.start < before.start:
            yield f"第 {line_of(text, after.start)} 行：「{after.label}」的次序与原文不符，请重新切分。"
    own = {clause.label: clause for clause in clauses}
    clause_count = Counter(clause.label for clause in clauses)
    part_count = Counter(part.label for part in holders)
    printed = _printed(text, parts)
    for part in holders:
        where = f"第 {line_of(text, part.start)} 行：「{part.label}」"
        if max(clause_count[part.label], part_count[part.label]) > 1:
            yield f"{where}出现了不止一次，条款无法按编号查找，请检查编号。"
        elif part.label not in own:
            yield f"{where}没有对应的条款，请重新切分。"
        elif "".join(own[part.label].text.split()) != printed[part.label]:
            yield f"{where}的条款文字与原文不一致，请重新切分。"
    for clause in clauses:
        if clause.label not in part_count:
            yield f"第 {clause.line} 行：条款「{clause.label}」在原文中没有位置，请重新切分。"


def _printed(text: str, parts: Sequence[Part]) -> dict[str, str]:
    """What the source prints for each label, in its part and the continuations, without white space."""
    printed: dict[str, str] = {}
    for part in parts:
        if part.kind in ("clause", "preamble", "continuation"):
            own = "".join(text[part.start : part.end].split())
            printed[part.label] = printed.get(part.label, "") + own
    return printed


# ── numbers ─────────────────────────────────────────────────────────────────────────────────────


_AGAIN = re.compile(r"〔\d{1,4}〕")


def _misprinted(text: str, parts: Sequence[Part]) -> Iterator[str]:
    """The last number of a label is the one the source prints at the start of the part."""
    for part in parts:
        components = label_components(part.label) if part.label else ()
        if not components or components[-1].style in ("序言", "¶") or part.kind == "continuation":
            continue
        wanted = fold(_AGAIN.sub("", components[-1].printed)).strip("()/")
        printed = fold(text[part.start : min(part.end, part.start + 2 * len(wanted) + 120)]).lstrip("(")
        is_titled = components[-1].style == "附件" and not wanted.startswith("附件")
        if not (wanted in printed if is_titled else printed.startswith(wanted)):
            yield (
                f"第 {line_of(text, part.start)} 行：原文以「{printed[:8]}」开头，"
                f"与编号「{part.label}」不符，请重新切分。"
            )


def _numbering_gaps(text: str, parts: Sequence[Part]) -> Iterator[str]:
    """Where a number does not follow the one before it at its level.

    Under a new heading, and behind 「下列情形之一的：」, a level begins again at 1 or runs on. After a break
    either the number expected or the number printed may be continued, so one wrong number is one finding.
    """
    seen: dict[str, tuple[tuple[Component, ...], set[tuple[int, int]]]] = {}
    for part in parts:
        components = label_components(part.label) if part.label else ()
        if not components or components[-1].style in ("序言", "附件", "附则") or part.kind == "continuation":
            continue
        last, parent = components[-1], components[:-1]
        if last.style.startswith("1."):  # its parent is printed in it
            parent = (*parent, Component("1", 0, 0, last.printed.rpartition(".")[0]))
        parent_before, expected = seen.get(last.style, (parent, {(1, 0)}))
        if parent != parent_before:
            expected = expected | {(1, 0)}
        number = (last.number, last.suffix)
        following = {(last.number + 1, 0), (last.number, last.suffix + 1)}
        begins_again = number == (1, 0) and text[: part.start].rstrip().endswith(("：", ":"))
        if number not in expected and not begins_again:
            wanted = min(
                (one for one, suffix in expected if not suffix), key=lambda one: abs(one - last.number)
            )
            printed = _AGAIN.sub("", part.label)
            yield (
                f"第 {line_of(text, part.start)} 行：这里应是同级的第 {wanted} 项，却是「{printed}」，"
                "编号不连续，请核对原文是否缺行或错号。"
            )
            following = following | expected
        seen[last.style] = (parent, following)


# ── references ──────────────────────────────────────────────────────────────────────────────────

_DOCUMENT_NUMBER = re.compile(
    r"(?P<body>[\u4e00-\u9fff]{1,12})[〔\[【（(]\s{0,3}(?P<year>\d{4})\s{0,3}[〕\]】）)]\s{0,3}(?P<n>\d{1,5})\s{0,3}号"
)
_LEADING_WORDS = re.compile(r"^.*(?:根据|按照|依据|依照|参照|详见|参见|文号|印发|以及)")
_DOCUMENT_KIND = r"(?:法|条例|办法|规定|细则|意见|政策|措施|通知|方案)"
_THIS_DOCUMENT = re.compile(rf"本[\u4e00-\u9fff]{{0,4}}{_DOCUMENT_KIND}$")
_ANOTHER_DOCUMENT = re.compile(rf"(?:[》）)]|{_DOCUMENT_KIND})$")


def outside_references(clauses: Sequence[Clause], title: str) -> tuple[str, ...]:
    """The other documents the clauses name, 《…》 and 文号 (``皖政办〔2020〕4号``), in order, each once."""
    found: dict[str, None] = {}
    for clause in clauses:
        named = [(start, name) for start, name in _titles(clause.text) if fold(name) != fold(f"《{title}》")]
        numbered = [
            (match.start(), f"{_LEADING_WORDS.sub('', match['body'])}〔{match['year']}〕{match['n']}号")
            for match in _DOCUMENT_NUMBER.finditer(clause.text)
        ]
        found.update(dict.fromkeys(name for _, name in sorted(named + numbered)))
    return tuple(found)


def _titles(text: str) -> Iterator[tuple[int, str]]:
    """The outermost 《…》, each with its start."""
    opened: list[int] = []
    for index, character in enumerate(text):
        if character == "《":
            opened.append(index)
        elif character == "》" and opened:
            start = opened.pop()
            if not opened:
                yield start, "".join(text[start : index + 1].split())


def _unresolved(clauses: Sequence[Clause]) -> Iterator[str]:
    """References to clauses of this very policy (「本意见第五条」, 「三（五）」) that lead nowhere."""
    for clause in clauses:
        for reference in find_references(clause.text):
            before = clause.text[max(0, reference.start - 8) : reference.start].rstrip()
            is_elsewhere = _ANOTHER_DOCUMENT.search(before) and not _THIS_DOCUMENT.search(before)
            is_own_number = not clause.text[: reference.start].strip()
            is_explicit = reference.text.startswith("第") or len(reference.paths[0]) > 1
            if is_own_number or not is_explicit or is_elsewhere:
                continue
            if not resolve(reference, clauses):
                yield f"第 {clause.line} 行：「{clause.label}」提到的「{reference.text}」在本文件中不存在。"


def _warnings(title: str, clauses: Sequence[Clause]) -> Iterator[str]:
    if not title:
        yield "没有找到标题。"
    if clauses and all("¶" in clause.label for clause in clauses):
        yield "正文没有编号，按自然段切分。"
