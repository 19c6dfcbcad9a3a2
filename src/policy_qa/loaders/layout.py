"""Printed pages back to paragraphs: page headers and numbers out, wrapped lines joined.

What a page prints is lines with a place. A paragraph begins where a line is indented, where the line before
ended early, or where a number opens it after a full stop.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from policy_qa.loaders.document import CELL
from policy_qa.text import fold


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """A line as a page prints it; ``left``, ``right`` and ``size`` (of a character) in one unit."""

    text: str
    left: float
    right: float
    size: float


Page = Sequence[PrintedLine]
_PAGE_NUMBER = re.compile(
    r"[-—–―─·•.~]*(?:第?\d{1,4}页?|[ivxl]{1,6})[-—–―─·•.~]*(?:(?:/|共|，共)\d{1,4}页?)?|第\d{1,4}页[，,]?共\d{1,4}页"
)
_EDGE_LINES = 2
_INDENTED_SHARE = 0.08
_NUMBERED = re.compile(
    r"\s*(?:第[一二三四五六七八九十百千零〇两\d]{1,9}[编章节条]|[一二三四五六七八九十百]{1,5}\s?[、．.]"
    r"|[（(][一二三四五六七八九十百\d]{1,5}[)）]|\d{1,3}\s?[.．、](?!\d)|附\s*件)"
)
_SENTENCE_ENDS = "。；：！？;:!?”’」』》）)】"


def paragraphs(pages: Sequence[Page]) -> tuple[list[str], tuple[str, ...]]:
    """The paragraphs in order, and the page headers, footers and numbers that were left out."""
    kept, removed = _without_furniture(pages)
    lines = [line for page in kept for line in page]
    if not lines:
        return [], removed
    em = median(line.size for line in lines) or 1.0
    right = max(_common_right(page, em) for page in kept if page)
    indented = _uses_indents(kept, em)
    result: list[str] = []
    before: PrintedLine | None = None
    for page in kept:
        left = _common_left(page, em)
        for line in page:
            if before is not None and _goes_on(before, line, left, right, em, indented):
                result[-1] = _glued(result[-1], line.text)
            else:
                result.append(line.text.strip())
            before = line
    return result, removed


def _common_left(page: Page, em: float) -> float:
    """The left edge of wrapped lines: the leftmost that several lines share, or the leftmost."""
    counts = Counter(round(line.left / em) for line in page if CELL not in line.text)
    shared = [left for left, count in counts.items() if count > 1] or list(counts)
    return min(shared, default=0) * em


def _uses_indents(pages: Sequence[Page], em: float) -> bool:
    """Whether paragraphs begin with an indent of two characters, as Chinese print does."""
    offsets = [
        line.left - left for page in pages if page for left in [_common_left(page, em)] for line in page
    ]
    return sum(1.2 * em < offset < 3.2 * em for offset in offsets) >= max(2, _INDENTED_SHARE * len(offsets))


def _common_right(page: Page, em: float) -> float:
    counts = Counter(round(line.right / em) for line in page if CELL not in line.text)
    shared = [right for right, count in counts.items() if count > 1] or list(counts)
    return max(shared, default=0) * em


def _goes_on(
    before: PrintedLine, line: PrintedLine, left: float, right: float, em: float, indented: bool
) -> bool:
    if CELL in before.text or CELL in line.text or before.right < right - 2.6 * em:
        return False
    ended = before.text.rstrip().endswith(tuple(_SENTENCE_ENDS))
    if _NUMBERED.match(line.text) and ended and not indented:
        return False
    return line.left <= left + 1.2 * em and abs(before.size - line.size) < 0.25 * em


def _glued(before: str, after: str) -> str:
    after = after.strip()
    both_latin = (
        before[-1:].isascii() and before[-1:].isalpha() and after[:1].isascii() and after[:1].isalpha()
    )
    return f"{before} {after}" if both_latin else before + after


def _without_furniture(pages: Sequence[Page]) -> tuple[list[Page], tuple[str, ...]]:
    """The pages without what every page repeats at its edges, and that."""
    repeated = Counter(key for page in pages for key in {_key(line) for line in _edges(page)})
    often = {key for key, count in repeated.items() if count > 1 and 2 * count >= len(pages)}
    kept: list[Page] = []
    removed: list[str] = []
    for page in pages:
        first, last = 0, len(page)
        while first < min(_EDGE_LINES, last) and _is_furniture(page[first], often):
            first += 1
        while last > max(first, len(page) - _EDGE_LINES) and _is_furniture(page[last - 1], often):
            last -= 1
        removed += [line.text.strip() for line in (*page[:first], *page[last:])]
        kept.append(page[first:last])
    return kept, tuple(removed)


def _edges(page: Page) -> Page:
    return page if len(page) <= 2 * _EDGE_LINES else [*page[:_EDGE_LINES], *page[-_EDGE_LINES:]]


def _key(line: PrintedLine) -> str:
    return re.sub(r"\d+", "#", fold(line.text))


def _is_furniture(line: PrintedLine, often: set[str]) -> bool:
    text = fold(line.text)
    if CELL in text or len(text) > 60:
        return False
    return _PAGE_NUMBER.fullmatch(text.lower()) is not None or (
        _key(line) in often and not _NUMBERED.match(line.text)
    )
