"""The rows of a table inside a clause: a line each, cells parted by 「｜」, a tab or wide blanks.

What a cell's sum is for, its heading says: a column that speaks of what is paid holds awards, and one that
caps them; where no column does, all sums but those under a measured thing (「投资额」) may be awards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from policy_qa.money import figures
from policy_qa.statements.words import FUND, GIFT, MEASURED

_SEPARATOR = re.compile(r"[ \u3000]*[|｜\t][ \u3000|｜\t]*| {2,}| *\u3000[ \u3000]*")
_LINE = re.compile(r"[^\n]+")
_LONGEST_LOOSE_CELL = 30
"""Blanks part cells only where these are short: a paragraph with a gap in it is no row."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell in code points of the clause: ``text[start:end]``, its row, the heading of its column."""

    start: int
    end: int
    row: tuple[int, int]
    heading: str
    may_award: bool
    """False where another column of the table holds what is paid."""


def cells(text: str) -> Iterator[Cell]:
    """The cells of all tables below their headings, in order; a table has two rows of one length or more."""
    for rows in _tables(text):
        first = ["".join(text[start:end].split()) for start, end in rows[0]]
        has_headings = not any(_has_money(cell) for cell in first)
        body = rows[has_headings:]
        headings = first if has_headings else [""] * len(first)
        sums = [
            {at for at, (start, end) in enumerate(row) if _has_money(text[start:end], headings[at])}
            for row in body
        ]
        paid = _paid(headings, set().union(*sums)) if has_headings else None
        for row, own in zip(body, sums, strict=True):
            for at, (start, end) in enumerate(row):
                may_award = at == max(own, default=-1) if paid is None else at in paid
                yield Cell(start, end, (row[0][0], row[-1][1]), headings[at], may_award)


_GIFT_COLUMN = re.compile(GIFT)
_MEASURED_COLUMN = re.compile(f"{MEASURED}|{FUND}")
_CAP_COLUMN = re.compile("最高|上限|限额|封顶|不超过")


def _paid(headings: Sequence[str], sums: set[int]) -> set[int]:
    """The columns that may hold awards, with those that cap them."""
    named = {at for at, heading in enumerate(headings) if _GIFT_COLUMN.search(heading)}
    if named & sums:
        return named | {at for at in sums if is_cap_heading(headings[at])}
    return {at for at in sums if not _MEASURED_COLUMN.search(headings[at])}


def is_cap_heading(heading: str) -> bool:
    """Whether a column holds the most that is paid: 「最高补助（万元）」, 「年度上限」."""
    return _CAP_COLUMN.search(heading) is not None


def _has_money(cell: str, heading: str = "") -> bool:
    return any(figure.kind == "money" for figure in figures(cell)) or bool(
        printed_unit(heading) and re.search("[0-9]", cell)
    )


_UNIT = re.compile("[(（](?:单位[:：])?(?P<unit>[万亿]?元(?:/[^()（）]{1,6})?|%)[)）]")


def printed_unit(heading: str) -> str | None:
    """The unit that a column states for all its cells: 「奖励金额（万元）」."""
    match = _UNIT.search(heading)
    return match["unit"] if match else None


Row = list[tuple[int, int]]


def _tables(text: str) -> Iterator[Sequence[Row]]:
    table: list[Row] = []
    for line in _LINE.finditer(text):
        row = _row(text, line.start(), line.end())
        if table and len(row) != len(table[0]):
            if len(table) > 1:
                yield table
            table = []
        if len(row) > 1:
            table.append(row)
    if len(table) > 1:
        yield table


def _row(text: str, start: int, end: int) -> Row:
    """The spans of the cells of a line, one where it is no row."""
    stripped = len(text[start:end]) - len(text[start:end].strip())
    lead = len(text[start:end]) - len(text[start:end].lstrip())
    start, end = start + lead, end - (stripped - lead)
    row: Row = []
    loose = False
    for separator in _SEPARATOR.finditer(text, start, end):
        if separator.start() > start:
            row.append((start, separator.start()))
        loose = loose or not re.search(r"[|｜\t]", separator[0])
        start = separator.end()
    if start < end:
        row.append((start, end))
    if loose and any(last - first > _LONGEST_LOOSE_CELL for first, last in row):
        return row[:1]
    return row
