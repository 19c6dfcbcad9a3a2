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

_UNSEEN = (
    (re.compile("<!--"), re.compile("-->")),
    *(
        (re.compile(rf"<{name}\b[^<>]{{0,2000}}>", re.I), re.compile(rf"</{name}\s{{0,9}}>", re.I))
        for name in ("script", "style", "template", "iframe")
    ),
)
"""How what a page holds and does not show begins and ends."""
_TAG = re.compile(r"</?(?:br|p|div|span|font|center|b|strong|em|i|u|sup|sub)\b[^>]{0,200}>", re.I)
_FENCE = re.compile(r"^\s{0,3}(?:```|~~~)")
_RULE = re.compile(r"^\s{0,3}(?:[-*_]\s*){3,}$")
_TABLE_RULE = re.compile(r"^\s*+\|?\s*+:?-{2,}+:?\s*+(?:\|\s*+:?-{2,}+:?\s*+)*+\|?\s*$")
_LINE_MARKS = re.compile(r"^(?:\s{0,3}(?:#{1,6}\s+|>\s?|[-*+]\s+(?=\S)))+")
_EMPHASIS = re.compile(r"\*\*\*|\*\*|__|~~|`")
_DEEPEST_EMPHASIS = 8
_LINK = re.compile(
    r"!?\[([^\]\n]{0,300})\]\((?:[^()\s]|\([^()\s]{0,100}\)){0,2000}(?:\s+\"[^\"\n]{0,200}\")?\)"
)
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|>~])")


def read_markdown(content: bytes, name: str) -> Document:
    """The text a reader of the rendered page sees; a table row is a line of cells."""
    text, is_whole = _seen(decoded(content, name))
    lines: list[str] = []
    for line in text.splitlines():
        if _FENCE.match(line) or _RULE.match(line):
            continue
        if line.lstrip().startswith("|") or (_TABLE_RULE.match(line) and "|" in line):
            if not _TABLE_RULE.match(line):
                lines.append(row([_plain(cell) for cell in _cells(line)]))
            continue
        bare = _LINE_MARKS.sub("", line)
        lines.append(_plain(bare).rstrip("#").rstrip() if line.lstrip().startswith("#") else _plain(bare))
    return document_of(lines, "markdown", warnings=() if is_whole else (_UNENDED,))


_UNENDED = "有一处不显示的内容（注释或脚本）没有写结束，从它开始的文字没有读入，请对照原文核对。"


def _seen(text: str) -> tuple[str, bool]:
    """The text without comments and scripts, and whether each ended: else it hides all the rest."""
    is_whole = True
    for begin, end in _UNSEEN:
        pieces: list[str] = []
        position = 0
        while (opened := begin.search(text, position)) is not None:
            pieces.append(text[position : opened.start()])
            closed = end.search(text, opened.end())
            is_whole = is_whole and closed is not None
            position = closed.end() if closed else len(text)
        text = "".join([*pieces, text[position:]])
    return text, is_whole


def _cells(line: str) -> list[str]:
    return re.split(r"(?<!\\)\|", line.strip().removeprefix("|").removesuffix("|"))


def _plain(line: str) -> str:
    line = _TAG.sub("", _LINK.sub(r"\1", line))
    for _ in range(_DEEPEST_EMPHASIS):
        if (bare := _unemphasised(line)) == line:
            break
        line = bare
    return _ESCAPE.sub(r"\1", line).rstrip()


def _unemphasised(line: str) -> str:
    """The line without the marks that open right before a word and close right behind one."""
    opened: dict[str, re.Match[str]] = {}
    dropped: list[tuple[int, int]] = []
    for mark in _EMPHASIS.finditer(line):
        start, end = mark.span()
        before = opened.get(mark[0])
        if before is not None and before.end() < start and not line[start - 1].isspace():
            dropped += [before.span(), (start, end)]
            del opened[mark[0]]
        elif before is None and line[end : end + 1].strip():
            opened[mark[0]] = mark
    kept, position = [], 0
    for start, end in sorted(dropped):
        kept.append(line[position:start])
        position = end
    return "".join([*kept, line[position:]])
