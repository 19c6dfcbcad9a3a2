"""compare(): two versions of a policy, clause by clause and word by word, and what the change touches.

A clause is the same where its words are, whatever its number; numbers moved by an insertion are no changes of
content. What rests on changed words (rules, worked cases, evaluation questions) is named, so that nobody has
to remember it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Literal

from policy_qa.cases import CaseFile
from policy_qa.domain import Clause
from policy_qa.rules import Rules
from policy_qa.text import find_quote, fold

Change = Literal["added", "removed", "moved", "changed"]


@dataclass(frozen=True, slots=True)
class Edit:
    """A run of words that differs: ``old`` or ``new`` is empty where words were only added or taken away."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class ClauseChange:
    """What became of one clause; ``old`` and ``new`` are its labels, None where it is in one version only."""

    change: Change
    old: str | None
    new: str | None
    edits: tuple[Edit, ...] = ()
    also_moved: bool = False
    """A changed clause that stands under another number too."""


@dataclass(frozen=True, slots=True)
class Touched:
    """What rests on the clauses that changed, by name."""

    rules: tuple[str, ...]
    """Measures whose quote does not stand word by word in the new version."""
    renumbered: tuple[str, ...]
    """Measures whose quote still stands, under another number."""
    cases: tuple[str, ...]
    questions: tuple[str, ...]
    feedback: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference of two versions; ``touched`` of the old version's rules."""

    changes: tuple[ClauseChange, ...]
    unchanged: int
    touched: Touched


def compare(
    old: Sequence[Clause],
    new: Sequence[Clause],
    rules: Rules | None = None,
    cases: CaseFile | None = None,
    questions: Iterable[Path] = (),
    feedback: Iterable[tuple[str, Iterable[str]]] = (),
) -> Difference:
    """What changed from ``old`` to ``new``, and which of the rest (``rules`` to ``feedback``) it touches.

    ``questions`` are the files of evaluation questions that ask about the old version; ``feedback`` pairs an
    id with the labels of the clauses the answer cited.
    """
    pairs, changes = _matched(old, new)
    for before, after in pairs:
        same_text = fold(before.text) == fold(after.text)
        moved = before.label != after.label
        if not same_text:
            edits = tuple(_edits(_without_number(before.text), _without_number(after.text)))
            if edits:
                changes.append(ClauseChange("changed", before.label, after.label, edits, moved))
                continue
        if moved:
            changes.append(ClauseChange("moved", before.label, after.label))
    order = {clause.label: position for position, clause in enumerate(new)}
    places = {clause.label: position for position, clause in enumerate(old)}
    changes.sort(key=lambda one: (order.get(one.new or "", places.get(one.old or "", 0)), one.change))
    unchanged = len(new) - sum(change.new is not None for change in changes)
    touched = _touched(tuple(changes), pairs, new, rules, cases, questions, feedback)
    return Difference(tuple(changes), unchanged, touched)


# ── which clause became which ───────────────────────────────────────────────────────────────────

_ALIKE = 0.5
"""Clauses that share less than half of their characters are two clauses, not one that changed."""


def _matched(
    old: Sequence[Clause], new: Sequence[Clause]
) -> tuple[list[tuple[Clause, Clause]], list[ClauseChange]]:
    """Pairs by words first, then by number, then by likeness; the rest was removed or added."""
    left, right = list(old), list(new)
    pairs: list[tuple[Clause, Clause]] = []

    def pair(before: Clause, after: Clause) -> None:
        pairs.append((before, after))
        left.remove(before)
        right.remove(after)

    for before in tuple(left):
        same = [after for after in right if _content(after) == _content(before)]
        if same:
            pair(before, next((after for after in same if after.label == before.label), same[0]))
    for before in tuple(left):
        after = next((one for one in right if one.label == before.label), None)
        if after is not None and _likeness(before, after) >= _ALIKE:
            pair(before, after)
    for before in tuple(left):
        near = max(right, key=lambda after: _likeness(before, after), default=None)
        if near is not None and _likeness(before, near) >= _ALIKE:
            pair(before, near)
    changes = [ClauseChange("removed", clause.label, None) for clause in left]
    changes += [ClauseChange("added", None, clause.label) for clause in right]
    return pairs, changes


def _content(clause: Clause) -> str:
    return fold(_without_number(clause.text))


def _without_number(text: str) -> str:
    """The text after the clause's own number, which an insertion before it changes."""
    return _OWN_NUMBER.sub("", text, count=1)


_OWN_NUMBER = re.compile(
    r"^\s*(?:第[一二三四五六七八九十百千零〇0-9\s]+[条章节](?:之[一二三四五六七八九十]+)?"
    r"|[（(][一二三四五六七八九十百0-9]+[）)]|[一二三四五六七八九十百]+\s*、|\d+\s*[.．、﹒]|[①-⑳])\s*"
)


def _likeness(one: Clause, other: Clause) -> float:
    matcher = SequenceMatcher(None, _content(one), _content(other), autojunk=False)
    if matcher.real_quick_ratio() < _ALIKE or matcher.quick_ratio() < _ALIKE:
        return 0.0
    return matcher.ratio()


def _edits(old: str, new: str) -> Iterable[Edit]:
    """The differing runs, by words: a figure with its unit is one word, so that 50 is not 5 and 0."""
    left, right = _words(old), _words(new)
    for tag, i, j, k, m in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag != "equal":
            yield Edit("".join(left[i:j]), "".join(right[k:m]))


def _words(text: str) -> list[str]:
    return _WORD.findall(fold(text))


_WORD = re.compile(r"\d[\d,.]*[%‰万亿千百十]*元?|[a-zA-Z]+|.", re.DOTALL)


# ── what rests on it ────────────────────────────────────────────────────────────────────────────


def _touched(
    changes: Sequence[ClauseChange],
    pairs: Sequence[tuple[Clause, Clause]],
    new: Sequence[Clause],
    rules: Rules | None,
    cases: CaseFile | None,
    questions: Iterable[Path],
    feedback: Iterable[tuple[str, Iterable[str]]],
) -> Touched:
    becomes = {before.label: after for before, after in pairs}
    texts = {clause.label: clause for clause in new}
    lost: list[str] = []
    renumbered: list[str] = []
    for measure in rules.measures if rules else ():
        after = becomes.get(measure.clause) or texts.get(measure.clause)
        if after is None or find_quote(after.text, measure.quote) is None:
            lost.append(measure.id)
        elif after.label != measure.clause:
            renumbered.append(measure.id)
    measures = {*lost, *renumbered}
    labels = {change.old for change in changes if change.old}
    return Touched(
        tuple(lost),
        tuple(renumbered),
        tuple(case.name for case in cases.cases if measures & set(case.expect)) if cases else (),
        tuple(_questions_about(labels, questions)),
        tuple(id_ for id_, cited in feedback if labels & set(cited)),
    )


def _questions_about(labels: set[str], files: Iterable[Path]) -> Iterable[str]:
    for path in files:
        for line in path.read_text("utf-8").splitlines():
            if line.strip():
                asked = json.loads(line)
                if labels & set(asked.get("clauses") or ()):
                    yield asked["id"]
