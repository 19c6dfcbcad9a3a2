"""Texts that a program set as a table by blanks: labels in the left margin, the text in a column beside.

A label is printed at the middle of its row, and so inside a sentence of the column: it is set apart, and a
row that is one paragraph without numbers begins where that does. A row of one line reads
「联络方式　某局：…」 and stays whole.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from policy_qa.clauses.lines import SENTENCE_ENDS, Line, indent, line_between
from policy_qa.clauses.markers import marker
from policy_qa.text import fold

_LABEL = re.compile(
    r"(?P<label>[\u4e00-\u9fff]{4}|[\u4e00-\u9fff]{2}/[\u4e00-\u9fff]{2})(?:(?P<gap>\s{2,})(?=\S)|$)"
)
_MARGIN = 4
"""Columns within which a label begins; the text stands further right."""
_LABELS_OF_A_TABLE = 4
_FULL = 20
"""A line longer than this without a full stop goes on below."""


def with_rows(text: str, lines: Sequence[Line]) -> list[Line]:
    """The lines, row labels set apart as lines of their own; unchanged where no such table is printed."""
    labelled = {index: match for index, line in enumerate(lines) if (match := _label(text, line)) is not None}
    if len({match["label"] for match in labelled.values() if match["gap"]}) < _LABELS_OF_A_TABLE:
        return list(lines)
    result: list[Line] = []
    first_of_row = set(_paragraph_rows(text, lines, labelled))
    for index, line in enumerate(lines):
        match = labelled.get(index)
        if index in first_of_row and match is None:
            result.append(replace(line, is_labelled=True))
            continue
        if match is None:
            result.append(line)
            continue
        rest = line_between(text, line.start + match.end(), line.end)
        if rest is None:
            result.append(replace(line, kind="margin"))
        elif _is_alone(text, lines, index, labelled) and marker(rest.text) is None:
            result.append(replace(line, is_labelled=True))
        else:
            label = Line(line.start, line.start + len(match["label"]), match["label"], "margin")
            result += [
                label,
                replace(rest, is_cut=marker(rest.text) is not None, is_labelled=index in first_of_row),
            ]
    return result


def _paragraph_rows(text: str, lines: Sequence[Line], labelled: Iterable[int]) -> Iterator[int]:
    """The first lines of rows that are one paragraph without a number around their label.

    Where a list begins between the label before and this one, it belongs to this row, and so does what
    stands around the label.
    """
    for before, at in pairwise(sorted(labelled)):
        first, last = at, at
        while first > before + 1 and not _is_blank_between(text, lines[first - 1], lines[first]):
            first -= 1
        while last + 1 < len(lines) and not _is_blank_between(text, lines[last], lines[last + 1]):
            last += 1
        begins_list = any(_begins_list(line) for line in lines[before:at])
        is_numbered = any(marker(line.text) is not None for line in lines[first : last + 1])
        if last > first and not (begins_list or is_numbered) and lines[first - 1].text[-1] in SENTENCE_ENDS:
            yield first


def _begins_list(line: Line) -> bool:
    found = marker(line.text)
    return found is not None and found.number == 1 and found.style in ("一", "1", "（一）")


def _is_blank_between(text: str, line: Line, following: Line) -> bool:
    return text.count("\n", line.end, following.start) > 1


def _label(text: str, line: Line) -> re.Match[str] | None:
    if line.kind != "body" or indent(text, line) > _MARGIN or marker(line.text) is not None:
        return None
    return _LABEL.match(line.text)


def _is_alone(text: str, lines: Sequence[Line], index: int, labelled: Container[int]) -> bool:
    """Whether blank lines stand above and below, and no sentence goes on from above."""
    if index - 1 not in labelled and _is_unfinished(lines, index - 1):
        return False
    before = lines[index - 1].end if index else 0
    after = lines[index + 1].start if index + 1 < len(lines) else len(text)
    above, below = text[before : lines[index].start], text[lines[index].end : after]
    return (above.count("\n") > 1 or not index) and (below.count("\n") > 1 or index + 1 == len(lines))


def _is_unfinished(lines: Sequence[Line], index: int) -> bool:
    """Whether a sentence goes on below the line; the title that is printed again above a table is none."""
    if index < 0 or len(lines[index].text) <= _FULL or lines[index].text[-1] in SENTENCE_ENDS:
        return False
    title = fold(lines[index].text)[:8]
    return title not in fold("".join(line.text for line in lines[max(0, index - 3) : index]))
