"""Promises of the file door: what is read, what is refused, and with which words."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy_qa.clauses import split
from policy_qa.errors import FileRefusedError
from policy_qa.loaders import MAX_BYTES, MAX_CHARACTERS, Document, Table, load
from policy_qa.loaders.numerals import printed_number

FONT = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")
# fpdf2 leaves the font file to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore:unclosed file"
)
needs_font = pytest.mark.skipif(
    not FONT.is_file(), reason="no Chinese font on this machine to print a PDF with"
)

PARAGRAPHS = [
    "某市关于支持企业发展的若干措施",
    "为深入贯彻落实党中央决策部署，支持企业做大做强，结合本市实际，制定如下措施。",
    "一、强化奖励",
    "（一）支持企业升规。对当年新增的规模以上工业企业给予一次性奖补10万元，符合条件的企业优先认定为市级"
    "专精特新企业，并列入省级专精特新企业重点培育对象。（市经信局、市财政局负责）",
    "（二）支持企业创新。对企业购买先进技术成果并在本市转化、产业化的，按其实际支付额的10%给予补助，"
    "单项成果最高补助100万元，单个企业最高补助200万元。（市科技局负责）",
    "二、附则",
    "（一）解释。本措施由市经信局负责解释。",
    "（二）施行。本措施自印发之日起施行，有效期三年。",
]
CLAUSES = ["序言", "一（一）", "一（二）", "二（一）", "二（二）"]


def clauses_of(path: Path) -> list[tuple[str, str]]:
    """The clauses of a file, without the blanks in which formats differ."""
    return [(one.label, "".join(one.text.split())) for one in split("p", load(path).text).clauses]


def refusal(path: Path) -> str:
    with pytest.raises(FileRefusedError) as refused:
        load(path)
    return str(refused.value)


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def printed_pdf(path: Path, paragraphs: list[str], *, header: str = "", **options: Any) -> Path:
    """A PDF with indented paragraphs that wrap, and a header and page number on each page."""
    fpdf = pytest.importorskip("fpdf")

    class Printed(fpdf.FPDF):  # type: ignore[misc, name-defined]
        def header(self) -> None:
            if header:
                self.set_font("cjk", size=9)
                self.cell(0, 6, header, new_x="LMARGIN", new_y="NEXT")
                self.set_font("cjk", size=14)

        def footer(self) -> None:
            self.set_y(-15)
            self.set_font("cjk", size=9)
            self.cell(0, 6, f"— {self.page_no()} —", align="C")

    pdf = Printed(format=(148, 210))
    pdf.add_font("cjk", fname=str(FONT))
    pdf.add_page()
    pdf.set_font("cjk", size=14)
    for text in paragraphs:
        if text.startswith("|"):
            with pdf.table(first_row_as_headings=False) as table:
                for line in text.splitlines():
                    cells = table.row()
                    for cell in line.strip("|").split("|"):
                        cells.cell(cell)
        else:
            indented = text if text == paragraphs[0] else f"　　{text}"
            pdf.multi_cell(0, 9, indented, new_x="LMARGIN", new_y="NEXT", wrapmode="CHAR")
    if "password" in options:
        pdf.set_encryption(owner_password="owner", user_password=options["password"])
    pdf.output(str(path))
    return path


def word(path: Path, paragraphs: list[str]) -> Path:
    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    document.save(str(path))
    return path


# ── the same text in every format ───────────────────────────────────────────────────────────────


@needs_font
def test_the_same_text_has_the_same_clauses_as_text_word_and_pdf(tmp_path: Path) -> None:
    plain = written(tmp_path / "a.txt", "\n".join(PARAGRAPHS).encode())
    expected = clauses_of(plain)
    assert [label for label, _ in expected] == CLAUSES
    assert clauses_of(word(tmp_path / "a.docx", PARAGRAPHS)) == expected
    assert clauses_of(printed_pdf(tmp_path / "a.pdf", PARAGRAPHS, header="奖补政策汇编")) == expected


@needs_font
def test_what_a_pdf_repeats_on_each_page_is_kept_apart(tmp_path: Path) -> None:
    document = load(printed_pdf(tmp_path / "a.pdf", PARAGRAPHS * 3, header="奖补政策汇编"))
    pages = document.removed.count("奖补政策汇编")
    assert pages > 1
    assert document.removed == tuple(
        line for number in range(1, pages + 1) for line in ("奖补政策汇编", f"— {number} —")
    )
    assert "奖补政策汇编" not in document.text


@needs_font
def test_the_table_of_a_pdf_is_rows_in_their_place(tmp_path: Path) -> None:
    table = "|类别|奖励|\n|规上企业|10万元|\n|小巨人|50万元|"
    path = printed_pdf(tmp_path / "a.pdf", ["某市办法", "一、奖励标准如下：", table, "二、其他。"])
    document = load(path)
    (rows,) = document.tables
    assert document.text[rows.start : rows.end] == "类别｜奖励\n规上企业｜10万元\n小巨人｜50万元"
    assert clauses_of(path) == [
        ("一", "一、奖励标准如下：类别｜奖励规上企业｜10万元小巨人｜50万元"),
        ("二", "二、其他。"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_plain_text_is_read_in_every_encoding_of_an_office(tmp_path: Path, encoding: str) -> None:
    text = "\r\n".join(PARAGRAPHS)
    assert load(written(tmp_path / "a.txt", text.encode(encoding))) == Document(text, "txt")


def test_markdown_is_read_as_it_is_shown(tmp_path: Path) -> None:
    source = (
        "# 某市办法\n\n<!-- 注 -->\n## 第一章 总则\n\n第一条 **支持**[企业](http://a.cn)。\n\n"
        "| 类别 | 奖励 |\n|---|---|\n| 规上 | 10万元 |\n\n> 第二条 `施行`。\n"
    )
    document = load(written(tmp_path / "a.md", source.encode()))
    assert [line for line in document.text.split("\n") if line] == [
        "某市办法",
        "第一章 总则",
        "第一条 支持企业。",
        "类别｜奖励",
        "规上｜10万元",
        "第二条 施行。",
    ]
    (rows,) = document.tables
    assert document.text[rows.start : rows.end] == "类别｜奖励\n规上｜10万元"


PAGE = """<!DOCTYPE html><html><head><meta charset="gb2312"><meta name="ArticleTitle" content="某市办法">
<script>var a = "第九条 假的。";</script></head><body><div class="nav"><a>首页</a><a>政务公开</a></div>
<div class="main"><div><p>为支持企业，制定本办法。</p>
<p>第一条　对<b>规上</b>企业，奖励10万元。<br>第二条　对小巨人，奖励50万元。</p>
<table><tr><th>类别</th><th>奖励</th></tr>
<tr><td rowspan="2">企业</td><td>10万元，一次性</td></tr><tr><td>50万元，一次性</td></tr></table>
<ol><li>申请表；</li><li>承诺书。</li></ol></div></div><div>版权所有</div></body></html>"""


def test_a_web_page_is_its_article(tmp_path: Path) -> None:
    document = load(written(tmp_path / "a.html", PAGE.encode("gb2312")))
    assert (document.kind, document.text.split("\n")) == (
        "html",
        [
            "某市办法",
            "为支持企业，制定本办法。",
            "第一条　对规上企业，奖励10万元。",
            "第二条　对小巨人，奖励50万元。",
            "类别｜奖励",
            "企业｜10万元，一次性",
            "企业｜50万元，一次性",
            "1. 申请表；",
            "2. 承诺书。",
        ],
    )


OFD_NAMESPACE = 'xmlns:ofd="http://www.ofdspec.org/2016"'


def ofd(path: Path, lines: list[str]) -> Path:
    """An OFD file of one page with these lines."""
    objects = "".join(
        f'<ofd:TextObject ID="{n + 10}" Boundary="20 {20 + 10 * n} 170 8" Font="1" Size="5">'
        f'<ofd:TextCode X="0" Y="5">{line}</ofd:TextCode></ofd:TextObject>'
        for n, line in enumerate(lines)
    )
    parts = {
        "OFD.xml": f"<ofd:OFD {OFD_NAMESPACE}><ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>"
        "</ofd:DocBody></ofd:OFD>",
        "Doc_0/Document.xml": f"<ofd:Document {OFD_NAMESPACE}><ofd:CommonData><ofd:PageArea>"
        "<ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea></ofd:CommonData><ofd:Pages>"
        '<ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages></ofd:Document>',
        "Doc_0/Pages/Page_0/Content.xml": f"<ofd:Page {OFD_NAMESPACE}><ofd:Content><ofd:Layer ID='2'>"
        f"{objects}</ofd:Layer></ofd:Content></ofd:Page>",
    }
    with zipfile.ZipFile(path, "w") as package:
        for name, text in parts.items():
            package.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + text)
    return path


def test_an_ofd_file_is_read_line_by_line(tmp_path: Path) -> None:
    path = ofd(tmp_path / "a.ofd", ["某市办法", "一、对规上企业，奖励10万元。", "二、自印发之日起施行。"])
    assert clauses_of(path) == [("一", "一、对规上企业，奖励10万元。"), ("二", "二、自印发之日起施行。")]


# ── Word ────────────────────────────────────────────────────────────────────────────────────────

LEVELS = [("chineseCountingThousand", "%1、"), ("chineseCounting", "（%2）"), ("decimal", "%3.")]


def numbered(document: Any, levels: list[tuple[str, str]], start: int = 1) -> Callable[[str, int], Any]:
    """Paragraphs of one automatic list: a function of text and level."""
    numbering = document.part.numbering_part.element
    own = "".join(
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="{start}"/><w:numFmt w:val="{form}"/>'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
        for depth, (form, text) in enumerate(levels)
    )
    abstract = parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="77">{own}</w:abstractNum>')
    numbering.insert(0, abstract)
    numbering.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="77"><w:abstractNumId w:val="77"/></w:num>'))

    def add(text: str, depth: int) -> Any:
        paragraph = document.add_paragraph(text)
        properties = paragraph._p.get_or_add_pPr()
        properties.append(
            parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{depth}"/><w:numId w:val="77"/></w:numPr>')
        )
        return paragraph

    return add


def test_the_automatic_numbers_of_word_are_counted_as_word_counts_them(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("某市若干措施")
    item = numbered(document, LEVELS)
    for text, depth in [
        ("强化奖励", 0),
        ("支持升规。", 1),
        ("给予10万元。", 2),
        ("另给5万元。", 2),
        ("支持创新。", 1),
        ("给予20万元。", 2),
        ("附则", 0),
        ("自印发之日起施行。", 1),
    ]:
        item(text, depth)
    document.save(str(tmp_path / "a.docx"))
    assert load(tmp_path / "a.docx").text.split("\n") == [
        "某市若干措施",
        "一、强化奖励",
        "（一）支持升规。",
        "1.给予10万元。",
        "2.另给5万元。",
        "（二）支持创新。",
        "1.给予20万元。",
        "二、附则",
        "（一）自印发之日起施行。",
    ]


def test_automatic_articles_run_through_and_keep_a_blank(tmp_path: Path) -> None:
    document = docx.Document()
    item = numbered(document, [("chineseCountingThousand", "第%1条")], start=9)
    for text in ("为支持企业，制定本办法。", "奖励10万元。", "本办法自印发之日起施行。"):
        item(text, 0)
    document.save(str(tmp_path / "a.docx"))
    assert load(tmp_path / "a.docx").text.split("\n") == [
        "第九条 为支持企业，制定本办法。",
        "第十条 奖励10万元。",
        "第十一条 本办法自印发之日起施行。",
    ]


def test_word_changes_are_accepted_and_boxes_and_tables_are_read_in_place(tmp_path: Path) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("一、奖励")
    paragraph._p.append(parse_xml(f"<w:ins {nsdecls('w')}><w:r><w:t>五十万元。</w:t></w:r></w:ins>"))
    paragraph._p.append(
        parse_xml(f"<w:del {nsdecls('w')}><w:r><w:delText>十万元。</w:delText></w:r></w:del>")
    )
    table = document.add_table(rows=3, cols=2)
    for line, cells in zip(table.rows, (("类别", "奖励"), ("企业", "10万元"), ("", "50万元")), strict=True):
        for cell, text in zip(line.cells, cells, strict=True):
            cell.text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    document.add_paragraph("二、其他。")
    document.save(str(tmp_path / "a.docx"))
    loaded = load(tmp_path / "a.docx")
    assert loaded.text == "一、奖励五十万元。\n类别｜奖励\n企业｜10万元\n企业｜50万元\n二、其他。"
    start = loaded.text.index("类别")
    assert loaded.tables == (Table(start, loaded.text.index("\n二、")),)


def test_content_controls_of_word_are_text(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("一、甲。")
    inner = "<w:p><w:r><w:t>二、乙。</w:t></w:r></w:p>"
    control = parse_xml(f"<w:sdt {nsdecls('w')}><w:sdtContent>{inner}</w:sdtContent></w:sdt>")
    document.element.body.insert(1, control)
    document.save(str(tmp_path / "a.docx"))
    assert load(tmp_path / "a.docx").text == "一、甲。\n二、乙。"
    assert document.element.body[0].tag == qn("w:p")


@pytest.mark.parametrize(
    ("count", "style", "printed"),
    [
        (1, "chineseCounting", "一"),
        (10, "chineseCountingThousand", "十"),
        (21, "chineseCountingThousand", "二十一"),
        (110, "japaneseCounting", "一百一十"),
        (1001, "chineseCounting", "一千零一"),
        (12, "decimalFullWidth", "１２"),
        (3, "decimalEnclosedCircleChinese", "③"),
        (28, "lowerLetter", "bb"),
        (14, "upperRoman", "XIV"),
        (2, "ideographTraditional", "乙"),
        (7, "decimalZero", "07"),
        (5, "unheardOf", "5"),
    ],
)
def test_a_count_is_printed_in_the_formats_of_word(count: int, style: str, printed: str) -> None:
    assert printed_number(count, style) == printed


# ── what is refused ─────────────────────────────────────────────────────────────────────────────


def package(**parts: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return held.getvalue()


USE_INSTEAD = "请改用 PDF（带文字层）、DOCX、OFD、网页或纯文本文件。"
RENAME = "可能改过扩展名或没有下载完整，请按真实格式改名或重新下载。"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", b"", "文件「a.txt」是空的（0 字节），可能没有下载完整，请重新下载后重试。"),
        ("a.txt", b" \r\n\t\n", "文件「a.txt」里没有文字，无法切分条款，请换一份有正文的文件。"),
        (
            "a.txt",
            PNG,
            "文件「a.txt」的内容是 PNG 图片，里面没有可读取的政策文字，" + USE_INSTEAD,
        ),
        (
            "a.txt",
            bytes(range(256)) * 8,
            "文件「a.txt」的内容不是文字，也不是认得的文档格式，可能已损坏，" + USE_INSTEAD,
        ),
        (
            "a.pdf",
            "一、甲。".encode(),
            "文件「a.pdf」的扩展名说是 PDF，内容却是纯文本，" + RENAME,
        ),
        (
            "a.docx",
            b"<html><body><p>404</p></body></html>",
            "文件「a.docx」的扩展名说是 Word 文档（DOCX），内容却是网页，" + RENAME,
        ),
        ("a.pdf", b"%PDF-1.7\n%%EOF", "文件「a.pdf」不是完整的 PDF，打不开，请重新下载后重试。"),
        ("a.docx", b"PK\x03\x04broken", "文件「a.docx」已损坏，压缩包打不开，请重新下载后重试。"),
        (
            "a.docx",
            package(word__document_xml=b"<not word>"),
            "文件「a.docx」不是完整的 Word 文档，读不出文字，请用 Word 或 WPS 打开并另存后重试。",
        ),
        (
            "a.docx",
            package(word__document_xml=bytes(60_000_000)),
            "文件「a.docx」解压后有 60 MB，与它的大小极不相称，不是正常的文档，没有读取，请核对来源。",
        ),
        (
            "a.docx",
            OLE + "EncryptedPackage".encode("utf-16-le"),
            "文件「a.docx」设有打开密码，无法读取文字，请另存一份不加密的文件后重试。",
        ),
        (
            "a.ofd",
            package(OFD_xml=b"<broken"),
            "文件「a.ofd」不是完整的 OFD，或设有密码，打不开，请重新下载或另存后重试。",
        ),
        (
            "a.xlsx",
            package(xl__workbook_xml=b""),
            "文件「a.xlsx」的内容是 Excel 表格，里面没有可读取的政策文字，" + USE_INSTEAD,
        ),
    ],
)
def test_a_file_without_readable_text_is_refused_in_one_sentence(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    assert refusal(written(tmp_path / name, content)) == said


@needs_font
def test_an_encrypted_pdf_is_refused(tmp_path: Path) -> None:
    path = printed_pdf(tmp_path / "a.pdf", PARAGRAPHS, password="secret")
    assert refusal(path) == "文件「a.pdf」设有打开密码，无法读取文字，请另存一份不加密的 PDF 后重试。"


def test_a_scanned_pdf_is_refused(tmp_path: Path) -> None:
    fpdf = pytest.importorskip("fpdf")
    pdf = fpdf.FPDF()
    for _ in range(2):
        pdf.add_page()
        pdf.rect(10, 10, 100, 100, style="F")
    pdf.output(str(tmp_path / "a.pdf"))
    assert refusal(tmp_path / "a.pdf") == (
        "文件「a.pdf」是扫描件（2 页都没有文字层），程序不识别图片里的字，"
        "请换一份可以复制文字的 PDF，或先做文字识别（OCR）。"
    )


@needs_font
def test_a_table_that_cannot_be_read_leaves_its_text_and_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no table here")

    monkeypatch.setattr("pdfplumber.open", broken)
    table = "|类别|奖励|\n|规上企业|10万元|"
    document = load(printed_pdf(tmp_path / "a.pdf", ["某市办法", "一、奖励标准如下：", table]))
    assert ("规上企业" in document.text, document.tables) == (True, ())
    assert document.warnings == ("第 1 页的表格没有读出行列，只有文字，请核对原文。",)


def test_a_file_of_200_mb_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    with path.open("wb") as large:
        large.truncate(200_000_000)
    assert refusal(path) == (
        f"文件「a.pdf」有 200 MB，超过 {MAX_BYTES // 1_000_000} MB 的上限，"
        "政策正文不会这样大，请只保留正文后重试。"
    )


def test_a_path_that_is_no_file_is_refused(tmp_path: Path) -> None:
    assert (
        refusal(tmp_path / "没有.txt") == "文件「没有.txt」无法打开（文件不存在），请检查路径与权限后重试。"
    )
    assert refusal(tmp_path) == f"「{tmp_path.name}」是文件夹，一次只能读取一份文件，请指明其中的一份。"


def test_a_pipe_and_a_device_are_refused_before_they_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.txt")
    (tmp_path / "zero.txt").symlink_to("/dev/zero")
    (tmp_path / "loop.txt").symlink_to("loop.txt")
    assert refusal(tmp_path / "fifo.txt") == "「fifo.txt」是管道或设备，不是文件，请先把内容存成文件后重试。"
    assert refusal(tmp_path / "zero.txt") == "「zero.txt」是管道或设备，不是文件，请先把内容存成文件后重试。"
    assert (
        refusal(tmp_path / "loop.txt")
        == "文件「loop.txt」无法打开（链接绕回了自己），请检查路径与权限后重试。"
    )


def test_a_text_far_longer_than_any_policy_is_refused(tmp_path: Path) -> None:
    text = "对企业奖励10万元。\n" * (MAX_CHARACTERS // 11 + 1)
    assert refusal(written(tmp_path / "a.txt", text.encode())) == (
        "文件「a.txt」有 50 万字，超过 50 万字的上限，不像一份政策，请拆成单独的文件后重试。"
    )


def test_an_old_word_file_names_the_program_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    path = written(tmp_path / "a.doc", OLE + "WordDocument".encode("utf-16-le"))
    assert refusal(path) == (
        "文件「a.doc」是旧版 Word 文档（DOC），本机没有装读取它的程序 antiword，"
        "请用 Word 或 WPS 另存为 DOCX 后重试。"
    )


def test_an_old_word_file_is_read_through_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "antiword"
    program.write_text("#!/bin/sh\nprintf '某市办法\\n一、甲。\\n'\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda _: str(program))
    path = written(tmp_path / "a.doc", OLE + "WordDocument".encode("utf-16-le"))
    assert load(path) == Document("某市办法\n一、甲。\n", "doc")


HEADS = [b"", b"%PDF-1.7\n", b"PK\x03\x04", OLE[:8], b"<html>", b"\xef\xbb\xbf", b"\xff\xfe", b"{\\rtf1"]
NAMES = ["a.txt", "a.pdf", "a.docx", "a.ofd", "a.html", "a.md", "a"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(HEADS), st.binary(max_size=300), st.sampled_from(NAMES))
def test_no_bytes_end_in_anything_but_a_document_or_one_sentence(
    tmp_path: Path, head: bytes, rest: bytes, name: str
) -> None:
    try:
        document = load(written(tmp_path / name, head + rest))
    except FileRefusedError as refused:
        said = str(refused)
        assert (said.count("。"), said.endswith("。"), "\n" in said) == (1, True, False)
    else:
        assert document.text.strip()
