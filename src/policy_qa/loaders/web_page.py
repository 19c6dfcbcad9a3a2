"""Web pages: the article, block by block, without the page around it; the only module that knows lxml."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Any

import lxml.html
from lxml import etree

from policy_qa.errors import FileRefusedError
from policy_qa.loaders.document import Document, document_of, row
from policy_qa.loaders.numerals import printed_number
from policy_qa.loaders.plain import decoded

_DROPPED = (
    *("script", "style", "noscript", "template", "iframe", "form", "button", "select"),
    *("nav", "header", "footer", "aside", "svg", "object"),
)
_BLOCKS = frozenset(
    {"p", "div", "section", "article", "main", "body", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li"}
    | {"blockquote", "pre", "center", "dl", "dt", "dd", "fieldset", "figure", "hr"}
)
_LIST_STYLES = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w-]{2,20})""", re.I)
_SENTENCE = re.compile(r"[\u4e00-\u9fff][，。；：、]")
_BLANKS = re.compile(r"[ \t\r\n\f\xa0]+")
"""What a browser prints as one blank; a full-width blank is a character of the text."""
_MAIN_SHARE = 0.7
"""The article is the innermost element that holds this share of the sentences."""


def read_html(content: bytes, name: str) -> Document:
    """The article of a web page, a block a line, a table row a line."""
    try:
        page: Any = lxml.html.document_fromstring(_decoded(content, name))
    except (etree.ParserError, ValueError) as error:
        raise FileRefusedError(
            f"文件「{name}」是网页，但里面没有内容，请在浏览器里打开后另存正文。"
        ) from error
    title = _title(page)
    for element in list(page.iter(etree.Comment, etree.ProcessingInstruction, *_DROPPED)):
        element.drop_tree()
    lines = [line for line in (_BLANKS.sub(" ", one).strip() for one in _lines(_article(page))) if line]
    if title and not any("".join(title.split()) in "".join(line.split()) for line in lines[:12]):
        lines.insert(0, title)
    return document_of(lines, "html")


def _decoded(content: bytes, name: str) -> str:
    named = _CHARSET.search(content[:4096])
    if named is not None and not content.startswith(
        (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    ):
        encoding = named[1].decode("ascii").lower()
        try:
            return content.decode("gb18030" if encoding in ("gbk", "gb2312") else encoding)
        except (LookupError, UnicodeDecodeError):
            pass  # the page is wrong about itself
    return decoded(content, name)


def _title(page: Any) -> str:
    """The article's title: what the page declares, else its one first heading."""
    for declared in page.xpath("//meta[translate(@name,'ARTICLE','article')='articletitle']/@content"):
        return " ".join(str(declared).split())
    headings = page.xpath("//h1")
    return " ".join(headings[0].text_content().split()) if len(headings) == 1 else ""


def _article(page: Any) -> Any:
    """The innermost element that holds nearly all sentences of the page."""
    article: Any = page.find("body") if page.find("body") is not None else page
    whole = _sentences(article)
    while whole:
        inner = [child for child in article if isinstance(child.tag, str)]
        best = max(inner, key=_sentences, default=None)
        if best is None or best.tag not in _BLOCKS | {"table", "tbody", "tr", "td"}:
            break
        if best.tag == "p" or _sentences(best) < _MAIN_SHARE * whole:
            break
        article = best
    return article


def _sentences(element: Any) -> int:
    return len(_SENTENCE.findall(element.text_content()))


def _lines(element: Any) -> Iterator[str]:
    """The blocks of an element as lines; inline elements stay inside their block."""
    inline: list[str] = [element.text or ""]
    for position, child in enumerate(element):
        if child.tag == "br":
            yield from _flushed(inline)
        elif child.tag == "table" and _is_data(child):
            yield from _flushed(inline)
            yield from _rows(child)
        elif child.tag in _BLOCKS or child.tag in ("table", "tbody", "thead", "tr", "td", "th"):
            yield from _flushed(inline)
            yield from _numbered(child, element, position)
        else:
            *finished, last = [*_lines(child)] or [""]
            if finished:
                inline.append(finished[0])
                yield from _flushed(inline)
                yield from finished[1:]
            inline.append(last)
        inline.append(child.tail or "")
    yield from _flushed(inline)


def _flushed(inline: list[str]) -> Iterator[str]:
    if "".join(inline).strip():
        yield "".join(inline)
    inline.clear()


def _numbered(child: Any, parent: Any, position: int) -> Iterator[str]:
    """The lines of a block; the item of an ordered list with the number a browser shows."""
    lines = _lines(child)
    if child.tag == "li" and parent.tag == "ol":
        before = sum(1 for one in parent[:position] if one.tag == "li")
        start = parent.get("start", "1")
        count = (int(start) if start.lstrip("-").isdigit() else 1) + before
        style = _LIST_STYLES.get(parent.get("type", "1"), "decimal")
        first = next(lines, "")
        yield f"{printed_number(count, style)}. {first.strip()}"
    yield from lines


def _is_data(table: Any) -> bool:
    """A table of cells, not one that only places an article on the page."""
    rows = table.xpath(".//tr[count(td|th) > 1]")
    return len(rows) > 1 and not table.xpath(".//table") and not table.xpath(".//td[count(.//p) > 6]")


def _rows(table: Any) -> Iterator[str]:
    """A line a row; a cell that spans rows is repeated in each."""
    hanging: dict[int, tuple[int, str]] = {}
    for printed_row in table.iter("tr"):
        cells: list[str] = []
        own = iter([cell for cell in printed_row if cell.tag in ("td", "th")])
        while True:
            column = len(cells)
            if column in hanging:
                left, text = hanging.pop(column)
                cells.append(text)
                if left > 1:
                    hanging[column] = (left - 1, text)
                continue
            cell = next(own, None)
            if cell is None:
                break
            text = "".join(cell.text_content().split())
            span = cell.get("rowspan", "1")
            if span.isdigit() and int(span) > 1:
                hanging[column] = (min(int(span), 1000) - 1, text)
            cells.append(text)
        if any(cells):
            yield row(cells) if len(cells) > 1 else cells[0]
