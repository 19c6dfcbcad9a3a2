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

_UNREAD = (
    *("script", "style", "noscript", "template", "iframe", "noframes"),
    *("audio", "canvas", "datalist", "textarea", "video"),
)
"""What a browser does not show as text."""
_AROUND = ("form", "button", "select", "nav", "header", "footer", "aside", "svg", "object", "title")
"""What stands around an article; a title may be printed there."""
_UNSEEN = re.compile(
    r"(?:^|;)\s{0,9}(?:display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}(?:hidden|collapse)"
    r"|(?:opacity|font-size)\s{0,9}:\s{0,9}0{1,3}(?:\.0{0,9})?(?:px|pt|em|rem|%)?\s{0,9}(?:;|!|$)"
    r"|color\s{0,9}:\s{0,9}transparent|(?:left|top|text-indent)\s{0,9}:\s{0,9}-\d{3,9})",
    re.I,
)
_HIDDEN = "网页里有 {count} 处带文字却不显示的内容，没有读入，请对照网页核对。"
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,6}")
_BLOCKS = frozenset(
    {"p", "div", "section", "article", "main", "body", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li"}
    | {"blockquote", "pre", "center", "dl", "dt", "dd", "fieldset", "figure", "hr"}
)
_LIST_STYLES = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w-]{2,20})""", re.I)
_ENCODINGS = {b"utf-8": "utf-8", b"utf8": "utf-8", b"big5": "big5", b"big5-hkscs": "big5hkscs"}
_ENCODINGS |= dict.fromkeys((b"gb2312", b"gbk", b"gb18030"), "gb18030")
"""What browsers know too: in utf-7 and unicode_escape, which Python has, a page could say what none shows."""
_SENTENCE = re.compile(r"[\u4e00-\u9fff][，。；：、]")
_CLAIMS = re.compile(r"[\d%％，。；：]|[万亿]元")
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
    for element in list(page.iter(etree.Comment, etree.ProcessingInstruction, *_UNREAD)):
        element.drop_tree()
    hidden = _without_hidden(page)
    title = _title(page)
    for element in list(page.iter(*_AROUND)):
        element.drop_tree()
    lines = [line for line in (_BLANKS.sub(" ", one).strip() for one in _lines(_article(page))) if line]
    if title and not any("".join(title.split()) in "".join(line.split()) for line in lines[:12]):
        lines.insert(0, title)
    warnings = (_HIDDEN.format(count=hidden),) if hidden else ()
    return document_of(lines, "html", warnings=warnings)


def _without_hidden(page: Any) -> int:
    """Drop what the page holds and does not show; how many such places held text."""
    count = 0
    for element in list(page.xpath("//*[@hidden or @style or self::dialog[not(@open)]]")):
        is_seen = element.tag != "dialog" and "hidden" not in element.attrib
        if element.getparent() is None or (is_seen and _UNSEEN.search(element.get("style", "")) is None):
            continue
        count += bool(element.text_content().strip())
        element.drop_tree()
    return count


def _whole_number(text: str | None, default: int) -> int:
    return int(text) if text is not None and _WHOLE_NUMBER.fullmatch(text) else default


def _decoded(content: bytes, name: str) -> str:
    named = _CHARSET.search(content[:4096])
    if named is not None and not content.startswith(
        (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    ):
        encoding = _ENCODINGS.get(named[1].lower())
        try:
            if encoding is not None:
                return content.decode(encoding)
        except UnicodeDecodeError:
            pass  # the page is wrong about itself
    return decoded(content, name)


def _title(page: Any) -> str:
    """The article's title: what the page declares, else its one first heading.

    What it declares and shows nowhere may only name the article.
    """
    shown = "".join(page.text_content().split())
    for declared in page.xpath("//meta[translate(@name,'ARTICLE','article')='articletitle']/@content"):
        if "".join(str(declared).split()) in shown or not _CLAIMS.search(str(declared)):
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
    items = 0
    for child in element:
        if child.tag == "br":
            yield from _flushed(inline)
        elif child.tag == "table" and _is_data(child):
            yield from _flushed(inline)
            yield from _rows(child)
        elif child.tag in _BLOCKS or child.tag in ("table", "tbody", "thead", "tr", "td", "th"):
            yield from _flushed(inline)
            yield from _numbered(child, element, items)
            items += child.tag == "li"
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


def _numbered(child: Any, parent: Any, before: int) -> Iterator[str]:
    """The lines of a block; the item of an ordered list, with so many before it, with the number shown."""
    lines = _lines(child)
    if child.tag == "li" and parent.tag == "ol":
        count = _whole_number(parent.get("start"), 1) + before
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
            span = _whole_number(cell.get("rowspan"), 1)
            if span > 1:
                hanging[column] = (min(span, 1000) - 1, text)
            cells.append(text)
        if any(cells):
            yield row(cells) if len(cells) > 1 else cells[0]
