"""Who is responsible for which passage of a clause: 「（…负责）」 and the departments in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from policy_qa.domain import Clause, Segment
from policy_qa.text import fold

_RESPONSIBLE = re.compile(
    r"(?:[，,]?(?:并)?(?:按照?|根据)(?:各自)?职责(?:任务)?(?:分工)?)?(?:共同|分别|牵头|具体|组织)?(?:负责|落实)$"
)
_NAMED_ROLE = re.compile(r"^(?:责任|牵头|配合|主管|实施)(?:单位|部门)[:：]")
_PAIRS = {"（": "）", "(": ")", "“": "”", "《": "》", "「": "」"}


def segments(text: str) -> tuple[Segment, ...]:
    """The passages of a clause, each up to and with its 「（…负责）」, and the rest after the last one."""
    found: list[Segment] = []
    start = 0
    for opened, closed in _brackets(text):
        inner = text[opened + 1 : closed].strip()
        if not inner.endswith("负责") and not _NAMED_ROLE.match(inner):
            continue
        end = closed + 1
        if text[end : end + 1] == "。":
            end += 1
        names, open_ended = departments(inner)
        found.append(Segment(start, end, names, open_ended))
        start = end
        while start < len(text) and text[start].isspace():
            start += 1
    if text[start:].strip() or not found:
        found.append(Segment(start, len(text), ()))
    return tuple(found)


def _brackets(text: str) -> Iterator[tuple[int, int]]:
    """The outermost round brackets; an unbalanced one ends at the next closing bracket of its own."""
    opened: list[int] = []
    for index, character in enumerate(text):
        if character in "（(":
            opened.append(index)
        elif character in "）)" and opened:
            start = opened.pop()
            if not opened:
                yield start, index


def departments(responsible: str) -> tuple[tuple[str, ...], bool]:
    """The departments of 「市经信局、市财政局等按职责分工负责」 in order, and whether 等 leaves them open.

    「各县区、园区」 are two, 「各县区（园区）」 is one: brackets and quotation marks hold a name together.
    """
    listed = _RESPONSIBLE.sub("", _NAMED_ROLE.sub("", "".join(responsible.split())))
    closed = re.sub(r"等(?:相关|有关)?(?:部门|单位)?$", "", listed)
    names: list[list[str]] = [[]]
    expected: list[str] = []
    for character in closed:
        if expected and character == expected[-1]:
            expected.pop()
        elif character in _PAIRS:
            expected.append(_PAIRS[character])
        elif not expected and character in "、，,；;":
            names.append([])
            continue
        names[-1].append(character)
    return tuple(dict.fromkeys("".join(name) for name in names if name)), closed != listed


@dataclass(frozen=True, slots=True)
class DepartmentNames:
    """Which printed names are one department, as ``department_aliases`` of policy.yaml says."""

    aliases: tuple[tuple[str, ...], ...] = ()

    @classmethod
    def of(cls, aliases: Iterable[Iterable[str]]) -> DepartmentNames:
        return cls(tuple(tuple(group) for group in aliases))

    def same(self, name: str) -> tuple[str, ...]:
        """All names of the department, the given one first; each name once."""
        wanted = fold(name)
        group = next((group for group in self.aliases if any(fold(one) == wanted for one in group)), ())
        return (name, *(one for one in group if fold(one) != wanted))

    def segments_of(self, name: str, clauses: Iterable[Clause]) -> tuple[tuple[Clause, Segment], ...]:
        """The passages this department is responsible for, under any of its names, in order."""
        names = {fold(one) for one in self.same(name)}
        return tuple(
            (clause, segment)
            for clause in clauses
            for segment in clause.segments
            if any(fold(department) in names for department in segment.departments)
        )
