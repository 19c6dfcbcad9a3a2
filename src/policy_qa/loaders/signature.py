"""What a file is, by its content; a name that says something else is an error, not a hint."""

from __future__ import annotations

import io
import re
import zipfile

from policy_qa.errors import FileRefusedError
from policy_qa.loaders.document import Kind
from policy_qa.loaders.plain import decoded

MAX_UNPACKED = 300_000_000
MAX_RATIO = 200
"""Text and its XML pack about ten to one; a package far beyond that is built to fill a disk."""
MAX_ENTRIES = 20_000

_SPOKEN: dict[Kind, str] = {
    "txt": "纯文本",
    "markdown": "Markdown 文本",
    "html": "网页",
    "pdf": "PDF",
    "docx": "Word 文档（DOCX）",
    "ofd": "OFD",
    "doc": "旧版 Word 文档（DOC）",
}
_SUFFIXES: dict[str, Kind] = {
    "txt": "txt",
    "text": "txt",
    "md": "markdown",
    "markdown": "markdown",
    "htm": "html",
    "html": "html",
    "shtml": "html",
    "pdf": "pdf",
    "docx": "docx",
    "ofd": "ofd",
    "doc": "doc",
}
_TEXT_KINDS: frozenset[Kind] = frozenset({"txt", "markdown"})
_OTHER_SIGNATURES = (
    (b"\x89PNG", "PNG 图片"),
    (b"\xff\xd8\xff", "JPEG 图片"),
    (b"GIF8", "GIF 图片"),
    (b"BM", "BMP 图片"),
    (b"II*\x00", "TIFF 图片"),
    (b"MM\x00*", "TIFF 图片"),
    (b"{\\rtf", "RTF 文档"),
    (b"Rar!", "RAR 压缩包"),
    (b"7z\xbc\xaf", "7z 压缩包"),
    (b"\x1f\x8b", "GZIP 压缩包"),
    (b"\xfd7zXZ", "XZ 压缩包"),
    (b"\x7fELF", "程序"),
    (b"MZ", "程序"),
    (b"SQLite format 3", "数据库"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML = re.compile(
    r"\A\s*+(?:<\?xml[^>]*>\s*+)?(?:(?><!--.*?-->)\s*+)*+<(?:!doctype\s+html|html|head|body|meta)\b",
    re.I | re.S,
)
_HTML_TAGS = re.compile(r"<(?:p|div|br|table|span|td)\b[^<>]*>", re.I)
_MARKDOWN = re.compile(r"^(?:#{2,6}[^\S\n]+\S|\|?[^\S\n]*+:?-{3,}+:?[^\S\n]*+\||<!-- )", re.M)


def kind_of(content: bytes, name: str) -> Kind:
    """The kind of file the content is; raises FileRefusedError where no reader fits or the name lies."""
    kind = _kind(content, name)
    suffix = name.lower().rpartition(".")[2] if "." in name else ""
    claimed = _SUFFIXES.get(suffix)
    if claimed is not None and claimed != kind and not {claimed, kind} <= _TEXT_KINDS:
        raise FileRefusedError(
            f"文件「{name}」的扩展名说是{_spaced(_SPOKEN[claimed])}，内容却是{_spaced(_SPOKEN[kind])}，"
            "可能改过扩展名或没有下载完整，请按真实格式改名或重新下载。"
        )
    return kind


def _kind(content: bytes, name: str) -> Kind:
    if b"%PDF-" in content[:1024]:
        return "pdf"
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _package_kind(content, name)
    if content.startswith(_OLE):
        return _ole_kind(content, name)
    for signature, what in _OTHER_SIGNATURES:
        if content.startswith(signature) and (len(signature) > 2 or b"\x00" in content[:512]):
            raise _unsupported(name, what)
    text = decoded(content, name)
    if _HTML.match(text) or (len(_HTML_TAGS.findall(text)) >= 3 and text.lstrip().startswith("<")):
        return "html"
    suffix = name.lower().rpartition(".")[2]
    if suffix in ("md", "markdown") or (suffix != "txt" and _MARKDOWN.search(text)):
        return "markdown"
    return "txt"


def _spaced(what: str) -> str:
    """A blank before a Latin word, as Chinese print sets it."""
    return f" {what}" if what[0].isascii() else what


def _unsupported(name: str, what: str) -> FileRefusedError:
    return FileRefusedError(
        f"文件「{name}」的内容是{_spaced(what)}，里面没有可读取的政策文字，"
        "请改用 PDF（带文字层）、DOCX、OFD、网页或纯文本文件。"
    )


def _package_kind(content: bytes, name: str) -> Kind:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            entries = package.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise FileRefusedError(f"文件「{name}」已损坏，压缩包打不开，请重新下载后重试。") from error
    unpacked = sum(entry.file_size for entry in entries)
    if (
        len(entries) > MAX_ENTRIES
        or unpacked > MAX_UNPACKED
        or unpacked > MAX_RATIO * max(len(content), 50_000)
    ):
        raise FileRefusedError(
            f"文件「{name}」解压后有 {unpacked / 1_000_000:.0f} MB，与它的大小极不相称，"
            "不是正常的文档，没有读取，请核对来源。"
        )
    names = {entry.filename.replace("\\", "/").lstrip("/").lower() for entry in entries}
    if "word/document.xml" in names:
        return "docx"
    if "ofd.xml" in names:
        return "ofd"
    if any(one.startswith("xl/") for one in names):
        raise _unsupported(name, "Excel 表格")
    if any(one.startswith("ppt/") for one in names):
        raise _unsupported(name, "PPT 演示文稿")
    raise _unsupported(name, "ZIP 压缩包")


def _ole_kind(content: bytes, name: str) -> Kind:
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise FileRefusedError(f"文件「{name}」设有打开密码，无法读取文字，请另存一份不加密的文件后重试。")
    if "WordDocument".encode("utf-16-le") in content:
        return "doc"
    raise _unsupported(name, "旧版 Office 文件或其他复合文档")
