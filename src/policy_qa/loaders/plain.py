"""Plain text in the encodings of Chinese offices, and Markdown."""

from __future__ import annotations

import codecs
import re
import unicodedata

from policy_qa.errors import FileRefusedError
from policy_qa.loaders.document import Document, document_of, row

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ALLOWED_CONTROLS = "\t\n\r\f\v\x1c\x1d\x1e\x1f\x85\x1a"


def decoded(content: bytes, name: str) -> str:
    """The text of the bytes; raises FileRefusedError where they are no text.

    GB18030 decodes almost anything, so what it yields must look like writing.
    """
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            try:
                return _writing(content[len(mark) :].decode(encoding), name)
            except UnicodeDecodeError as error:
                raise _no_text(name) from error
    for encoding in ("utf-8", "gb18030"):
        try:
            return _writing(content.decode(encoding), name)
        except UnicodeDecodeError:
            continue
    for encoding in ("utf-16-le", "utf-16-be"):
        try:
            return _writing(content.decode(encoding), name)
        except (UnicodeDecodeError, FileRefusedError):
            continue
    raise _no_text(name)


def _writing(text: str, name: str) -> str:
    odd = sum(
        unicodedata.category(character) in ("Cc", "Co", "Cn") and character not in _ALLOWED_CONTROLS
        for character in text[:100_000]
    )
    if odd * 200 > len(text[:100_000]) or "\x00" in text[:100_000]:
        raise _no_text(name)
    return text


def _no_text(name: str) -> FileRefusedError:
    return FileRefusedError(
        f"文件「{name}」的内容不是文字，也不是认得的文档格式，"
        "可能已损坏，请改用 PDF（带文字层）、DOCX、OFD、网页或纯文本文件。"
    )


def read_text(content: bytes, name: str) -> Document:
    """The text exactly as the file has it, so that offsets are offsets of the file."""
    return Document(decoded(content, name), "txt")


# ── Markdown ────────────────────────────────────────────────────────────────────────────────────

_COMMENT = re.compile(r"<!--.*?-->", re.S)
_TAG = re.compile(r"</?(?:br|p|div|span|font|center|b|strong|em|i|u|sup|sub)\b[^>]{0,200}>", re.I)
_FENCE = re.compile(r"^\s{0,3}(?:```|~~~)")
_RULE = re.compile(r"^\s{0,3}(?:[-*_]\s*){3,}$")
_TABLE_RULE = re.compile(r"^\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*$")
_LINE_MARKS = re.compile(r"^\s{0,3}(?:#{1,6}\s+|(?:>\s?)+|[-*+]\s+(?=\S))")
_EMPHASIS = re.compile(r"(\*\*\*|\*\*|__|~~|`)(?=\S)(.+?)(?<=\S)\1")
_LINK = re.compile(
    r"!?\[([^\]\n]{0,300})\]\((?:[^()\s]|\([^()\s]{0,100}\)){0,2000}(?:\s+\"[^\"\n]{0,200}\")?\)"
)
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|>~])")


def read_markdown(content: bytes, name: str) -> Document:
    """The text a reader of the rendered page sees; a table row is a line of cells."""
    text = _COMMENT.sub("", decoded(content, name))
    lines: list[str] = []
    for line in text.splitlines():
        if _FENCE.match(line) or _RULE.match(line):
            continue
        if line.lstrip().startswith("|") or (_TABLE_RULE.match(line) and "|" in line):
            if not _TABLE_RULE.match(line):
                lines.append(row([_plain(cell) for cell in _cells(line)]))
            continue
        bare = line
        while (stripped := _LINE_MARKS.sub("", bare)) != bare:
            bare = stripped
        lines.append(_plain(bare).rstrip("#").rstrip() if line.lstrip().startswith("#") else _plain(bare))
    return document_of(lines, "markdown")


def _cells(line: str) -> list[str]:
    return re.split(r"(?<!\\)\|", line.strip().removeprefix("|").removesuffix("|"))


def _plain(line: str) -> str:
    line = _TAG.sub("", _LINK.sub(r"\1", line))
    while (bare := _EMPHASIS.sub(r"\2", line)) != line:
        line = bare
    return _ESCAPE.sub(r"\1", line).rstrip()
