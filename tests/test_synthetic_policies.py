"""Policies of our own making in the drafting styles of China, each in several file formats, with full gold.

``fixtures/synthetic`` holds the text of each and what a person reads in it: every clause by its label and
first words, every statement of money. A file of each format is made here from the text.
"""

from __future__ import annotations

import codecs
import html
import importlib.util
import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from policy_qa.certificate import losses
from policy_qa.clauses import split
from policy_qa.loaders import CELL, load
from policy_qa.references import number_of
from policy_qa.text import fold

ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path(__file__).parent / "fixtures" / "synthetic"
FONT = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")


# ── files ───────────────────────────────────────────────────────────────────────────────────────


def as_text(encoding: str, mark: bytes = b"") -> Callable[[Path, str], Path]:
    def write(path: Path, text: str) -> Path:
        path = path.with_suffix(".txt")
        path.write_bytes(mark + text.encode(encoding))
        return path

    return write


def as_markdown(path: Path, text: str) -> Path:
    path = path.with_suffix(".md")
    path.write_text(text, encoding="utf-8")
    return path


def as_web_page(path: Path, text: str) -> Path:
    """An article between the navigation and the footer of a site, its tables as tables."""
    blocks = []
    for lines in blocks_of(text):
        if is_table(lines):
            rows = ("".join(f"<td>{html.escape(cell)}</td>" for cell in cells_of(line)) for line in lines)
            blocks.append(f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>")
        else:
            blocks.append(f"<p>　　{html.escape(lines[0])}</p>")
    page = (
        f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>某区政府</title></head><body>"
        f"<nav><a>首页</a><a>政务公开</a></nav><div class='article'>{''.join(blocks)}</div>"
        "<footer><p>版权所有</p></footer></body></html>"
    )
    path = path.with_suffix(".html")
    path.write_text(page, encoding="utf-8")
    return path


def as_pdf(path: Path, text: str) -> Path:
    """Printed pages with a header and page numbers, wrapped lines, ruled tables."""
    fpdf = pytest.importorskip("fpdf")
    if not FONT.exists():
        pytest.skip("the Chinese font is not on this machine")
    title = text.splitlines()[0]

    class Printed(fpdf.FPDF):  # type: ignore[misc, name-defined]
        def header(self) -> None:
            self.set_font("cjk", size=9)
            self.cell(0, 6, title, new_x="LMARGIN", new_y="NEXT")

        def footer(self) -> None:
            self.set_y(-15)
            self.set_font("cjk", size=9)
            self.cell(0, 6, f"第 {self.page_no()} 页", align="C")

    pdf = Printed(format=(148, 210))
    pdf.add_font("cjk", fname=str(FONT))
    pdf.add_page()
    for position, lines in enumerate(blocks_of(text)):
        pdf.set_font("cjk", size=12)
        if is_table(lines):
            with pdf.table(first_row_as_headings=False) as table:
                for line in lines:
                    row = table.row()
                    for cell in cells_of(line):
                        row.cell(cell)
        else:
            printed = lines[0] if position == 0 else f"　　{lines[0]}"
            pdf.multi_cell(0, 8, printed, new_x="LMARGIN", new_y="NEXT", wrapmode="CHAR")
    path = path.with_suffix(".pdf")
    pdf.output(str(path))
    return path


NUMBERS = (
    (r"第([一二三四五六七八九十百]+)(章|条)[ 　](?!之)", "chineseCountingThousand", "第%1{}"),
    (r"([一二三四五六七八九十]+)(、)", "chineseCounting", "%1{}"),
    (r"（([一二三四五六七八九十]+)(）)", "chineseCounting", "（%1{}"),
    (r"(\d+)(\.)(?!\d)", "decimal", "%1{}"),
    (r"（(\d+)(）)", "decimal", "（%1{}"),
)


def as_word(path: Path, text: str) -> Path:
    """A Word document whose numbers are automatic lists, so that its paragraphs hold none."""
    document = docx.Document()
    lists = Lists(document)
    for lines in blocks_of(text):
        if is_table(lines):
            rows = [cells_of(line) for line in lines]
            table = document.add_table(len(rows), len(rows[0]))
            for row, cells in zip(table.rows, rows, strict=True):
                for cell, printed in zip(row.cells, cells, strict=True):
                    cell.text = printed
        else:
            lists.add(lines[0])
    path = path.with_suffix(".docx")
    document.save(str(path))
    return path


class Lists:
    """The automatic lists of a document: one for each style, begun anew where the text counts anew."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self.numbering = document.part.numbering_part.element
        self.made = 100
        self.counts: dict[str, tuple[int, int]] = {}
        """The style, and its list and the number it stands at."""

    def add(self, line: str) -> None:
        for expression, form, printed in NUMBERS:
            match = re.match(expression, line)
            if match is not None:
                style = printed.format(match[2])
                number = number_of(match[1]) or 0
                used, last = self.counts.get(style, (0, 0))
                if not used or number != last + 1:
                    used = self._begun(style, form, number)
                self.counts[style] = used, number
                paragraph = self.document.add_paragraph(line[match.end() :])
                paragraph._p.get_or_add_pPr().append(
                    parse_xml(
                        f'<w:numPr {nsdecls("w")}><w:ilvl w:val="0"/><w:numId w:val="{used}"/></w:numPr>'
                    )
                )
                return
        self.document.add_paragraph(line)

    def _begun(self, style: str, form: str, start: int) -> int:
        self.made += 1
        self.numbering.insert(
            0,
            parse_xml(
                f'<w:abstractNum {nsdecls("w")} w:abstractNumId="{self.made}"><w:lvl w:ilvl="0">'
                f'<w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{style}"/>'
                "</w:lvl></w:abstractNum>"
            ),
        )
        self.numbering.append(
            parse_xml(
                f'<w:num {nsdecls("w")} w:numId="{self.made}"><w:abstractNumId w:val="{self.made}"/>'
                f'<w:lvlOverride w:ilvl="0"><w:startOverride w:val="{start}"/></w:lvlOverride></w:num>'
            )
        )
        return self.made


def blocks_of(text: str) -> list[list[str]]:
    """The paragraphs of a text, one line each, and its tables with all their rows."""
    blocks: list[list[str]] = []
    for line in filter(None, text.splitlines()):
        if CELL in line and blocks and is_table(blocks[-1]):
            blocks[-1].append(line)
        else:
            blocks.append([line])
    return blocks


def is_table(lines: Sequence[str]) -> bool:
    return CELL in lines[0]


def cells_of(line: str) -> list[str]:
    return line.split(CELL)


# ── gold ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Case:
    policy: str
    form: str
    write: Callable[[Path, str], Path]

    def file(self, folder: Path) -> Path:
        (source,) = (path for path in FOLDER.glob(f"{self.policy}.*") if path.suffix != ".json")
        return self.write(folder / self.policy, source.read_text(encoding="utf-8"))

    @property
    def gold(self) -> Path:
        return FOLDER / f"{self.policy}.json"


UTF8, GB18030, BOM = as_text("utf-8"), as_text("gb18030"), as_text("utf-8", codecs.BOM_UTF8)
CASES = [
    Case("notice", "txt", UTF8),
    Case("notice", "docx", as_word),
    Case("notice", "html", as_web_page),
    Case("measures", "gb18030", GB18030),
    Case("measures", "docx", as_word),
    Case("measures", "pdf", as_pdf),
    Case("guide", "html", as_web_page),
    Case("guide", "docx", as_word),
    Case("guide", "pdf", as_pdf),
    Case("rules", "bom", BOM),
    Case("rules", "docx", as_word),
    Case("oneline", "txt", UTF8),
    Case("scanned", "gb18030", GB18030),
    Case("unnumbered", "txt", UTF8),
    Case("unnumbered", "docx", as_word),
    Case("markdown", "md", as_markdown),
    Case("fullwidth", "gb18030", GB18030),
    Case("incentives", "docx", as_word),
    Case("talents", "txt", UTF8),
    Case("consumption", "html", as_web_page),
    Case("handbook", "txt", UTF8),
    Case("logistics", "pdf", as_pdf),
    Case("logistics", "docx", as_word),
]


def clauses_read(gold: Path, text: str) -> list[tuple[str, int]]:
    """The clauses of the gold: label, and offset in the text without white space."""
    found, at = [], -1
    folded = fold(text)
    for label, words in json.loads(gold.read_text(encoding="utf-8"))["clauses"]:
        at = folded.find(fold(words), at + 1)
        assert at >= 0, f"{gold.name}: {words} does not follow the clause before it"
        found.append((label, at))
    return found


def clauses_found(text: str) -> list[tuple[str, int]]:
    whole = split("p", text)
    starts: dict[str, int] = {}
    for part in whole.parts:
        if part.kind in ("clause", "preamble"):
            starts.setdefault(part.label, len(fold(text[: part.start])))
    return [(clause.label, starts[clause.label]) for clause in whole.clauses]


def without_page_lines(text: str) -> str:
    """The text without page headers and numbers, which may stand inside a statement."""
    for part in reversed(split("p", text).parts):
        if part.kind == "page":
            text = text[: part.start] + text[part.end :]
    return text


def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_statements", ROOT / "bench" / "statements.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.policy}-{case.form}")
def test_a_policy_in_any_style_and_format_has_the_clauses_a_person_reads(case: Case, tmp_path: Path) -> None:
    text = load(case.file(tmp_path)).text
    assert clauses_found(text) == clauses_read(case.gold, text)
    assert losses(split("p", text).certificate) == ()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.policy}-{case.form}")
def test_every_sum_is_told_with_its_kind_and_values_whatever_the_format(case: Case, tmp_path: Path) -> None:
    text = without_page_lines(load(case.file(tmp_path)).text)
    scoring = bench()
    score = scoring.score(scoring.load_gold(case.gold, text), text, f"{case.policy}-{case.form}")
    assert (score.precision, score.recall, score.exactness) == (1.0, 1.0, 1.0), score.misses
    assert [miss for miss in score.misses if miss.startswith(("KIND", "CLAUSE"))] == []
