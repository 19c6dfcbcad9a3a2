"""DOCX files, with the numbers that Word keeps outside the text; the only module that knows python-docx.

A list number is no character of its paragraph: numbering.xml holds its form, and counting yields it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import docx
from docx.oxml.ns import qn

from policy_qa.errors import FileRefusedError
from policy_qa.loaders.document import Document, document_of, row
from policy_qa.loaders.numerals import printed_number

_SKIPPED = {
    qn("w:del"),
    qn("w:moveFrom"),
    qn("w:txbxContent"),
    f"{{{'http://schemas.openxmlformats.org/markup-compatibility/2006'}}}Fallback",
}
_WRAPPERS = {
    qn("w:sdt"),
    qn("w:sdtContent"),
    qn("w:ins"),
    qn("w:customXml"),
    qn("w:smartTag"),
    qn("w:moveTo"),
}


def read_docx(content: bytes, name: str) -> Document:
    """The text of a Word document, a paragraph a line, list numbers as a reader sees them."""
    try:
        document = docx.Document(io.BytesIO(content))
        numbering = _Numbering.of(document)
        body: Any = document.element.body
        lines = list(_blocks(body, numbering))
    except Exception as error:  # python-docx raises whatever a broken package leads it to
        raise FileRefusedError(
            f"文件「{name}」不是完整的 Word 文档，读不出文字，请用 Word 或 WPS 打开并另存后重试。"
        ) from error
    return document_of(lines, "docx")


def _blocks(parent: Any, numbering: _Numbering) -> Iterator[str]:
    """The lines of a story: paragraphs and table rows in the order of the page."""
    for child in parent:
        if child.tag == qn("w:p"):
            yield from _paragraph(child, numbering)
        elif child.tag == qn("w:tbl"):
            yield from _rows(child, numbering)
        elif child.tag in _WRAPPERS:
            yield from _blocks(child, numbering)


def _paragraph(paragraph: Any, numbering: _Numbering) -> Iterator[str]:
    for box in _text_boxes(paragraph):
        yield from _blocks(box, numbering)
    text = "".join(_characters(paragraph, numbering))
    number = numbering.number(paragraph) if text.strip() else ""
    yield from (number + text).split("\n")


def _text_boxes(node: Any) -> Iterator[Any]:
    for child in node:
        if child.tag == qn("w:txbxContent"):
            yield child
        elif child.tag not in _SKIPPED:
            yield from _text_boxes(child)


def _characters(node: Any, numbering: _Numbering) -> Iterator[str]:
    """The characters of a paragraph as it reads with all changes accepted, without what is set as hidden."""
    for child in node:
        if child.tag in _SKIPPED or child.tag == qn("w:pPr"):
            continue
        if child.tag == qn("w:r") and numbering.is_hidden(child):
            continue
        if child.tag == qn("w:t"):
            yield child.text or ""
        elif child.tag in (qn("w:tab"), qn("w:ptab")):
            yield "\t"
        elif child.tag in (qn("w:br"), qn("w:cr")):
            yield "\n"
        elif child.tag == qn("w:noBreakHyphen"):
            yield "-"
        else:
            yield from _characters(child, numbering)


def _rows(table: Any, numbering: _Numbering) -> Iterator[str]:
    """A line a row; a cell that runs on from the row above is repeated by its text."""
    above: dict[int, str] = {}
    for printed_row in table.iter(qn("w:tr")):
        if next(printed_row.iterancestors(qn("w:tbl"))) is not table:
            continue
        cells: list[str] = []
        column = 0
        for cell in printed_row.iter(qn("w:tc")):
            if next(cell.iterancestors(qn("w:tr"))) is not printed_row:
                continue
            properties = cell.find(qn("w:tcPr"))
            text = "".join(_blocks(cell, numbering))
            merge = None if properties is None else properties.find(qn("w:vMerge"))
            if merge is not None and merge.get(qn("w:val")) != "restart":
                text = above.get(column, "")
            span = None if properties is None else properties.find(qn("w:gridSpan"))
            above[column] = text
            column += int(span.get(qn("w:val"))) if span is not None else 1
            cells.append(text)
        if any(cell.strip() for cell in cells):
            yield row(cells) if len(cells) > 1 else cells[0]


# ── list numbers ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Level:
    form: str
    """Such as ``第%1条`` or ``%1.%2``."""
    style: str
    start: int
    is_legal: bool
    restart: int | None
    """The level whose count begins this one again; None for the one above, 0 for none."""


@dataclass(slots=True)
class _Numbering:
    """The lists of a document and where their counts stand."""

    lists: dict[str, tuple[str, dict[int, _Level]]] = field(default_factory=dict)
    """numId -> the count it shares, and its levels."""
    styles: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, dict[int, int]] = field(default_factory=dict)
    begun: set[tuple[str, int]] = field(default_factory=set)
    overrides: dict[tuple[str, int], int] = field(default_factory=dict)
    _hidden_styles: dict[str | None, bool] = field(default_factory=lambda: {None: False})

    @classmethod
    def of(cls, document: Any) -> _Numbering:
        made = cls(styles={style.get(qn("w:styleId")): style for style in document.styles.element})
        try:
            root = document.part.numbering_part.element
        except (KeyError, NotImplementedError):
            return made
        abstract = {one.get(qn("w:abstractNumId")): one for one in root.findall(qn("w:abstractNum"))}
        for one in root.findall(qn("w:num")):
            made._add(one, abstract)
        return made

    def _add(self, one: Any, abstract: dict[str, Any]) -> None:
        number, shared = one.get(qn("w:numId")), _value(one, "w:abstractNumId")
        if shared not in abstract:
            return
        levels = {
            int(level.get(qn("w:ilvl"))): _level(level) for level in abstract[shared].findall(qn("w:lvl"))
        }
        for override in one.findall(qn("w:lvlOverride")):
            depth = int(override.get(qn("w:ilvl")))
            own = override.find(qn("w:lvl"))
            if own is not None:
                levels[depth] = _level(own)
            start = _value(override, "w:startOverride")
            if start is not None:
                self.overrides[number, depth] = int(start)
        self.lists[number] = (shared, levels)

    def is_hidden(self, run: Any) -> bool:
        """Whether a run is set as hidden text, by itself, by its style or by that of its paragraph."""
        own = run.find(qn("w:rPr"))
        if own is not None and (said := own.find(qn("w:vanish"))) is not None:
            return _is_on(said)
        paragraph = next(run.iterancestors(qn("w:p")), None)
        around = None if paragraph is None else paragraph.find(qn("w:pPr"))
        named = (
            None if own is None else _value(own, "w:rStyle"),
            None if around is None else _value(around, "w:pStyle"),
        )
        return any(self._is_style_hidden(style) for style in named)

    def _is_style_hidden(self, style: str | None) -> bool:
        if style not in self._hidden_styles:
            seen: set[str] = set()
            hidden, at = False, style
            while at is not None and at in self.styles and at not in seen:
                seen.add(at)
                own = self.styles[at].find(qn("w:rPr"))
                said = None if own is None else own.find(qn("w:vanish"))
                if said is not None:
                    hidden = _is_on(said)
                    break
                at = _value(self.styles[at], "w:basedOn")
            self._hidden_styles[style] = hidden
        return self._hidden_styles[style]

    def number(self, paragraph: Any) -> str:
        """What Word prints before the paragraph, empty where it is in no list."""
        place = self._place(paragraph)
        if place is None or place[0] not in self.lists:
            return ""
        number, depth = place
        shared, levels = self.lists[number]
        if depth not in levels:
            return ""
        counts = self.counts.setdefault(shared, {})
        begins = (number, depth) in self.overrides and (number, depth) not in self.begun
        if begins:
            counts[depth] = self.overrides[number, depth]
            self.begun.add((number, depth))
        else:
            counts[depth] = counts.get(depth, levels[depth].start - 1) + 1
        for deeper in [one for one in counts if one > depth]:
            restart = levels[deeper].restart if deeper in levels else None
            if restart is None or (restart and depth < restart):
                del counts[deeper]
        return self._printed(levels, counts, depth)

    def _printed(self, levels: dict[int, _Level], counts: dict[int, int], depth: int) -> str:
        level = levels[depth]
        if level.style in ("bullet", "none"):
            return ""
        printed = level.form
        for other in range(depth, -1, -1):
            if f"%{other + 1}" in printed and other in levels:
                style = "decimal" if level.is_legal else levels[other].style
                count = counts.setdefault(other, levels[other].start)
                printed = printed.replace(f"%{other + 1}", printed_number(count, style))
        return f"{printed} " if printed[-1:].isalnum() else printed

    def _place(self, paragraph: Any) -> tuple[str, int] | None:
        """(numId, level), the paragraph's own or its style's."""
        properties = paragraph.find(qn("w:pPr"))
        style = None if properties is None else _value(properties, "w:pStyle")
        own = _num_pr(properties)
        seen: set[str] = set()
        while style is not None and style in self.styles and style not in seen and None in own:
            seen.add(style)
            number, depth = _num_pr(self.styles[style].find(qn("w:pPr")))
            own = (own[0] if own[0] is not None else number, own[1] if own[1] is not None else depth)
            style = _value(self.styles[style], "w:basedOn")
        number, depth = own
        return None if number is None or number == "0" else (number, depth or 0)


def _num_pr(properties: Any) -> tuple[str | None, int | None]:
    found = None if properties is None else properties.find(qn("w:numPr"))
    if found is None:
        return None, None
    depth = _value(found, "w:ilvl")
    return _value(found, "w:numId"), None if depth is None else int(depth)


def _level(level: Any) -> _Level:
    restart = _value(level, "w:lvlRestart")
    legal = level.find(qn("w:isLgl"))
    return _Level(
        form=_value(level, "w:lvlText") or "",
        style=_value(level, "w:numFmt") or "decimal",
        start=int(_value(level, "w:start") or 1),
        is_legal=legal is not None and _is_on(legal),
        restart=None if restart is None else int(restart),
    )


def _is_on(switch: Any) -> bool:
    return switch.get(qn("w:val")) not in ("0", "false", "off")


def _value(parent: Any, tag: str) -> str | None:
    child = parent.find(qn(tag))
    value = None if child is None else child.get(qn("w:val"))
    return None if value is None else str(value)
