"""PDF files with a text layer; the only module that knows pypdfium2 and pdfplumber."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from policy_qa.errors import FileRefusedError
from policy_qa.loaders.document import Document, document_of, row
from policy_qa.loaders.layout import PrintedLine, paragraphs

MAX_PAGES = 2_000
_RULES_OF_A_TABLE = 4
"""A page with fewer drawn paths than this holds no ruled table."""
_Box = tuple[float, float, float, float]


def read_pdf(content: bytes, name: str) -> Document:
    """The text of a PDF, paragraph by paragraph, ruled tables as rows."""
    pdf = _opened(content, name)
    try:
        if len(pdf) > MAX_PAGES:
            raise FileRefusedError(
                f"文件「{name}」有 {len(pdf)} 页，超过 {MAX_PAGES} 页的上限，请只保留政策正文后重试。"
            )
        warnings: list[str] = []
        pages = [_lines(pdf[number], content, number, warnings) for number in range(len(pdf))]
    except pypdfium2.PdfiumError as error:
        raise _damaged(name) from error
    finally:
        pdf.close()
    blank = [number for number, page in enumerate(pages, start=1) if not page]
    if len(blank) == len(pages):
        raise FileRefusedError(
            f"文件「{name}」是扫描件（{len(pages)} 页都没有文字层），程序不识别图片里的字，"
            "请换一份可以复制文字的 PDF，或先做文字识别（OCR）。"
        )
    if blank:
        numbers = "、".join(map(str, blank))
        warnings.append(f"第 {numbers} 页没有文字层，可能是扫描页，请核对是否缺少内容。")
    lines, removed = paragraphs(pages)
    return document_of(lines, "pdf", removed=removed, warnings=tuple(warnings))


def _opened(content: bytes, name: str) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower() or "security" in str(error).lower():
            raise FileRefusedError(
                f"文件「{name}」设有打开密码，无法读取文字，请另存一份不加密的 PDF 后重试。"
            ) from error
        raise _damaged(name) from error


def _damaged(name: str) -> FileRefusedError:
    return FileRefusedError(f"文件「{name}」不是完整的 PDF，打不开，请重新下载后重试。")


def _lines(page: pypdfium2.PdfPage, content: bytes, number: int, warnings: list[str]) -> list[PrintedLine]:
    """The printed lines from top to bottom, the rows of ruled tables in their place."""
    text = page.get_textpage()
    printed = list(_printed(text, page.get_bbox()))
    paths = sum(1 for _ in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_PATH]))
    tables: list[tuple[float, float, list[PrintedLine]]] = []
    if paths >= _RULES_OF_A_TABLE:
        try:
            tables = _tables(content, number)
        except Exception:  # pdfplumber raises whatever a damaged page leads it to; the text is there
            warnings.append(f"第 {number + 1} 页的表格没有读出行列，只有文字，请核对原文。")
    height = page.get_height()
    lines: list[PrintedLine] = []
    for line, middle in printed:
        # pdfplumber measures from the top, PDFium from the bottom.
        down = height - middle
        holder = next((index for index, (top, bottom, _) in enumerate(tables) if top <= down <= bottom), None)
        if holder is None:
            while tables and tables[0][1] < down:
                lines += tables.pop(0)[2]
            lines.append(line)
    for _, _, rows in tables:
        lines += rows
    return lines


def _printed(text: pypdfium2.PdfTextPage, sheet: _Box) -> Iterator[tuple[PrintedLine, float]]:
    """Each line on the sheet with the height of its middle, broken where PDFium breaks it."""
    characters: list[str] = []
    boxes: list[_Box] = []
    for index in range(text.count_chars()):
        code = pdfium.FPDFText_GetUnicode(text, index)
        character = chr(code) if code not in (0, 0xFFFE, 0xFFFF) else ""
        if character in ("\r", "\n"):
            yield from _line(characters, boxes)
            characters, boxes = [], []
        elif character.isspace():
            characters.append(character)
        elif character and _is_on(sheet, box := text.get_charbox(index, loose=True)):
            characters.append(character)
            boxes.append(box)
    yield from _line(characters, boxes)


def _is_on(sheet: _Box, box: _Box) -> bool:
    """Whether any of a character lies on the sheet."""
    left, bottom, right, top = sheet
    return box[0] < right and box[2] > left and box[1] < top and box[3] > bottom


def _line(characters: list[str], boxes: list[_Box]) -> Iterator[tuple[PrintedLine, float]]:
    written = "".join(characters)
    if written.strip() and boxes:
        heights = sorted(box[3] - box[1] for box in boxes)
        middle = sum(box[1] + box[3] for box in boxes) / (2 * len(boxes))
        left, right = min(box[0] for box in boxes), max(box[2] for box in boxes)
        yield PrintedLine(written, left, right, heights[len(heights) // 2]), middle


def _tables(content: bytes, number: int) -> list[tuple[float, float, list[PrintedLine]]]:
    """The ruled tables of a page, from the top: upper edge, lower edge, rows."""
    import pdfplumber

    found: list[tuple[float, float, list[PrintedLine]]] = []
    with pdfplumber.open(io.BytesIO(content)) as pdf:
        page: Any = pdf.pages[number]
        for table in page.find_tables():
            rows = [[cell or "" for cell in cells] for cells in table.extract()]
            if len(rows) > 1 and max(map(len, rows)) > 1:
                left, top, right, bottom = table.bbox
                lines = [
                    PrintedLine(row(_unwrapped(cells)), left, right, 0.0) for cells in rows if any(cells)
                ]
                found.append((top, bottom, lines))
    return sorted(found, key=lambda one: one[0])


def _unwrapped(cells: list[str]) -> list[str]:
    """The cells without the line breaks that a narrow column puts inside a word."""
    return ["".join(cell.splitlines()) for cell in cells]
