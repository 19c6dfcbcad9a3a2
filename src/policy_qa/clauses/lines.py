"""The printed lines of a text: where they stand, which go on in the next, which belong to the page."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from policy_qa.loaders.document import CELL
from policy_qa.text import fold

LineKind = Literal["body", "page", "contents", "margin"]


@dataclass(frozen=True, slots=True)
class Line:
    """A printed line without the white space at its edges: ``source[start:end] == text``.

    ``page`` lines (headers, page numbers, what a web site adds), ``contents`` lines and the row labels in a
    ``margin`` are not read as text.
    """

    start: int
    end: int
    text: str
    kind: LineKind = "body"
    is_indented: bool = False
    """Whether its indent opens a paragraph; never set where indents mean nothing."""
    is_labelled: bool = False
    """Whether it is a whole row of a table set by blanks, its label and its text."""
    is_cut: bool = False
    """Whether it begins inside a printed line, at a number that opens an item there."""

    @property
    def is_row(self) -> bool:
        """Whether the line is a row of a table: it opens nothing and goes on nowhere."""
        return CELL in self.text or self.text.count("\t") > 1


_PHYSICAL_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
SENTENCE_ENDS = "。；：！？…;:!?.”’」』》）)】"
_FULL_LINE = 0.75
"""A line this full, measured by the width of full lines, goes on in the next one."""


def line_between(text: str, start: int, end: int) -> Line | None:
    """The line in ``text[start:end]``, None where only white space is printed there."""
    stripped = text[start:end].strip()
    if not stripped:
        return None
    start += text[start:end].index(stripped[0])
    return Line(start, start + len(stripped), stripped)


def printed_lines(text: str) -> list[Line]:
    """The printed lines in order, each with its kind."""
    found = [line_between(text, match.start(), match.end()) for match in _PHYSICAL_LINE.finditer(text)]
    lines = [line for line in found if line is not None]
    kinds: dict[int, LineKind] = dict.fromkeys(_file_header(lines), "page")
    kinds |= dict.fromkeys(_contents(lines), "contents")
    kinds |= dict.fromkeys(_page_lines(text, lines), "page")
    return [
        line if index not in kinds else Line(line.start, line.end, line.text, kinds[index])
        for index, line in enumerate(lines)
    ]


# ── lines of the page ───────────────────────────────────────────────────────────────────────────

_HEADER_RULE = re.compile(r"#\s*-{3,}\s*")
_PAGE_NUMBER = re.compile(r"[-—–―─·•]+\d{1,4}[-—–―─·•]+|第\d{1,4}页(?:[,/]?共\d{1,4}页)?|\d{1,4}/\d{1,4}页?")
_BARE_NUMBER = re.compile(r"\d{1,4}")
_SITE = re.compile(
    r"当前位置[:：]|(?:您|你)(?:现在)?的?(?:所在)?位置[:：是]|首页\s?[>›»]|【法宝引证码】|原文链接[:：]|分享到[:：]|【?字体[:：]"
    r"|(?:信息)?来源[:：]|(?:发布|更新)(?:日期|时间)[:：]|浏览(?:次数|量)|扫一扫|打印本页|关闭窗口|\[?打印\]?$"
    r"|索引号|(?:【音频解读】|【一图读懂】|【图解】|【政策解读】)|[-\s]{3,}$|\S{0,6}关注\s?[·•]|-->"
)
_REPEATED = 3


def _file_header(lines: Sequence[Line]) -> range:
    """A note about the file before its text: lines that begin with # up to a rule of dashes."""
    for index, line in enumerate(lines):
        if not line.text.startswith("#"):
            break
        if _HEADER_RULE.fullmatch(line.text):
            return range(index + 1)
    return range(0)


def _page_lines(text: str, lines: Sequence[Line]) -> list[int]:
    """Page numbers, headers that stand at page breaks, and what a web site prints around an article."""
    numbers = {index for index, line in enumerate(lines) if _PAGE_NUMBER.fullmatch(fold(line.text))}
    breaks = {
        index for index in range(1, len(lines)) if "\f" in text[lines[index - 1].end : lines[index].start]
    }
    numbers |= {
        index for at in breaks for index in (at - 1, at) if _BARE_NUMBER.fullmatch(fold(lines[index].text))
    }
    beside = {
        index
        for at in {*breaks, *(number + 1 for number in numbers), *numbers}
        for index in (at - 1, at)
        if 0 <= index < len(lines) and index not in numbers
    }
    printed = Counter(fold(line.text) for line in lines)
    at_breaks = Counter(fold(lines[index].text) for index in beside)
    running = {text for text, count in at_breaks.items() if count > 1 and printed[text] >= _REPEATED}
    headers = {index for index, line in enumerate(lines) if fold(line.text) in running}
    site = {index for index, line in enumerate(lines) if len(line.text) <= 120 and _SITE.match(line.text)}
    return sorted(numbers | headers | site)


_CONTENTS_TITLE = re.compile(r"目(?:录|次)")
_LEADERS = re.compile(r"(?:[.．·…。]\s?){3,}\s*[(（]?\d{1,4}[)）]?$|\t\s*\d{1,4}$|\s{2,}\d{1,4}$")
_DIVISION = re.compile(r"第[一二三四五六七八九十百\d]{1,5}[编章节]")
_CONTENTS_LENGTH = 400
_LONGEST_ENTRY = 200


def _contents(lines: Sequence[Line]) -> list[int]:
    """The lines of a table of contents: up to where its first entry is printed again."""
    title = next((i for i, line in enumerate(lines) if _CONTENTS_TITLE.fullmatch(fold(line.text))), None)
    first = title + 1 if title is not None else _first_division(lines)
    if first is None or first >= len(lines):
        return []
    begin = first if title is None else title
    entries = [_entry(line) for line in lines[first : first + _CONTENTS_LENGTH]]
    again = next((i for i, entry in enumerate(entries) if i and entry == entries[0]), None)
    if again is not None and all(len(entry) <= 60 for entry in entries[:again]):
        untitled = title is None and not all(_DIVISION.match(entry) for entry in entries[:again])
        return [] if untitled else [*range(begin, first + again)]
    leaders = first
    while title is not None and leaders < len(lines) and _is_entry(lines[leaders]):
        leaders += 1
    return [*range(begin, leaders)] if leaders > first else []


def _first_division(lines: Sequence[Line]) -> int | None:
    return next(
        (i for i, line in enumerate(lines) if line.text[0] == "第" and _DIVISION.match(_entry(line))), None
    )


def _is_entry(line: Line) -> bool:
    return len(line.text) < _LONGEST_ENTRY and _LEADERS.search(line.text) is not None


def _entry(line: Line) -> str:
    return fold(_LEADERS.sub("", line.text) if len(line.text) < _LONGEST_ENTRY else line.text)


# ── wrapped lines ───────────────────────────────────────────────────────────────────────────────


def _width(text: str) -> float:
    return sum(1.0 if unicodedata.east_asian_width(character) in "WFA" else 0.5 for character in text)


def wrap_width(lines: Sequence[Line]) -> float | None:
    """The width at which the text is hard-wrapped, None where a line is a whole paragraph."""
    lines = [line for line in lines if not line.is_row]
    if len(lines) < 3:
        return None
    widths = [_width(line.text) for line in lines]
    full = sorted(widths)[int(len(widths) * 0.9)]
    full_lines = [line for line, width in zip(lines[:-1], widths, strict=False) if width >= full * _FULL_LINE]
    unfinished = [line for line in full_lines if line.text[-1] not in SENTENCE_ENDS]
    return full if len(full_lines) >= 3 and 2 * len(unfinished) > len(full_lines) else None


def goes_on(line: Line, following: Line, width: float | None) -> bool:
    """Whether the sentence or paragraph of a line goes on in the following one."""
    if line.is_row or following.is_row or following.is_indented or following.is_labelled:
        return False
    if width is None:
        return line.text[-1] in "，、,—（(《“〔"
    return _width(line.text) >= width * _FULL_LINE


def with_indents(text: str, lines: Sequence[Line], width: float | None) -> list[Line]:
    """The lines of a wrapped text, those marked whose indent opens a paragraph.

    Indents count only where nearly all of them stand behind the end of a paragraph.
    """
    if width is None:
        return list(lines)
    indents = [indent(text, line) for line in lines]
    common = Counter(indents).most_common(1)[0][0]
    indented = [
        index for index, indent in enumerate(indents) if common < indent <= common + _DEEPEST and index
    ]
    ends = [
        index
        for index in indented
        if lines[index - 1].text[-1] in SENTENCE_ENDS or _width(lines[index - 1].text) < width * _FULL_LINE
    ]
    if not indented or len(ends) < _MEANT * len(indented):
        return list(lines)
    marked = set(indented)
    return [replace(line, is_indented=index in marked) for index, line in enumerate(lines)]


_DEEPEST = 6
_MEANT = 0.85


def indent(text: str, line: Line) -> int:
    """The columns of white space before the line."""
    before = text[max(0, line.start - 80) : line.start]
    blank = before[len(before.rstrip(" \t\u3000\u00a0")) :]
    return round(2 * _width(blank))


def joined(lines: Sequence[Line], width: float | None) -> str:
    """The text of the lines, without the line breaks that stand inside a paragraph."""
    pieces: list[str] = []
    for line, following in pairwise(lines):
        pieces.append(line.text)
        if not goes_on(line, following, width):
            pieces.append("\n")
        elif _is_latin(line.text[-1]) and _is_latin(following.text[0]):
            pieces.append(" ")
    return "".join([*pieces, lines[-1].text])


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalpha()
