"""From the text of a policy to its clauses, by the numbers it prints.

printed lines → numbers inside them → a tree of items → parts and clauses → the certificate. An item that
prints only a title above others is a heading; what only looks like a number is text, and a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from policy_qa.certificate import Part, certify, line_of
from policy_qa.clauses.inside import cut_at_numbers
from policy_qa.clauses.items import outline
from policy_qa.clauses.lines import Line, printed_lines, with_indents, wrap_width
from policy_qa.clauses.parts import Draft
from policy_qa.clauses.rows import with_rows
from policy_qa.clauses.segments import DepartmentNames, departments, segments
from policy_qa.domain import Certificate, Clause
from policy_qa.references import label_components

__all__ = ["DepartmentNames", "Split", "departments", "segments", "split", "verify"]


@dataclass(frozen=True, slots=True)
class Split:
    """A policy text by clause, with the parts that account for every character and the proof of it."""

    title: str
    clauses: tuple[Clause, ...]
    parts: tuple[Part, ...]
    certificate: Certificate
    doubts: tuple[str, ...] = ()
    """What the splitter decided that a person should check, each with its line."""


def split(policy_id: str, text: str) -> Split:
    """Split a policy text into its clauses; any text splits, the certificate says whether to trust it."""
    printed = with_rows(text, printed_lines(text))
    body = [line for line in printed if line.kind == "body"]
    width = wrap_width(body)
    lines = cut_at_numbers(with_indents(text, body, width))
    tree = outline(lines, width, [line for line in printed if line.kind == "margin"])
    draft = Draft(policy_id, text, width, [line for line in printed if line.kind != "body"])
    draft.build(lines, tree.items)
    parts = draft.parts
    clauses = _with_running_numbers(draft.clauses, parts)
    doubts = tuple(_doubts(text, lines, tree.rejected, [(item.first, item.label) for item in tree.repeated]))
    certificate = certify(text, draft.title, clauses, parts, doubts)
    return Split(draft.title, clauses, parts, certificate, doubts)


def verify(text: str, candidate: Split) -> Certificate:
    """The certificate of a split, made anew from its parts and the source."""
    return certify(text, candidate.title, candidate.clauses, candidate.parts, candidate.doubts)


def _doubts(
    text: str, lines: Sequence[Line], rejected: Sequence[tuple[int, str]], repeated: Sequence[tuple[int, str]]
) -> Iterator[str]:
    found = [
        (index, f"「{printed.strip()}」像编号，但前后没有与它相连的编号，按正文处理，请核对原文。")
        for index, printed in rejected
    ]
    found += [
        (index, f"编号在前面已经出现过，这里记作「{label}」，请核对原文。") for index, label in repeated
    ]
    for index, said in sorted(found):
        yield f"第 {line_of(text, lines[index].start)} 行：{said}"


def _with_running_numbers(clauses: Sequence[Clause], parts: Sequence[Part]) -> tuple[Clause, ...]:
    """The clauses, those of the one style whose numbers run through the policy with their number."""
    components = {clause.label: label_components(clause.label) for clause in clauses}
    labelled = [label_components(part.label) for part in parts if part.label and part.kind != "continuation"]
    in_text = [one for one in labelled if one[0].style != "附件"]
    for style in ("条", "1", "（一）", "一"):
        own = [one for one in in_text if one[-1].style == style]
        numbers = {(one[-1].number, one[-1].suffix) for one in own}
        parents = {one[:-1] for one in own}
        if own and len(numbers) == len(own) and (len(parents) > 1 or parents == {()}):
            running = {one for one in own if not one[-1].suffix}
            return tuple(
                replace(clause, number=components[clause.label][-1].number)
                if components[clause.label] in running
                else clause
                for clause in clauses
            )
    return tuple(clauses)
