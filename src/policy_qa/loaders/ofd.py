"""OFD files (GB/T 33190); the only module that knows ofdkit."""

from __future__ import annotations

import io

import ofdkit

from policy_qa.errors import FileRefusedError
from policy_qa.loaders.document import Document, document_of
from policy_qa.loaders.layout import PrintedLine, paragraphs


def read_ofd(content: bytes, name: str) -> Document:
    """The text of an OFD file, paragraph by paragraph."""
    try:
        with ofdkit.open(io.BytesIO(content)) as document:
            pages = [_lines(page.runs) for page in document.pages]
    except (ofdkit.OFDError, ValueError, KeyError, RuntimeError) as error:
        raise FileRefusedError(
            f"文件「{name}」不是完整的 OFD，或设有密码，打不开，请重新下载或另存后重试。"
        ) from error
    if not any(pages):
        raise FileRefusedError(
            f"文件「{name}」里没有文字（{len(pages)} 页都是图片），程序不识别图片里的字，"
            "请换一份可以复制文字的文件。"
        )
    lines, removed = paragraphs(pages)
    return document_of(lines, "ofd", removed=removed)


def _lines(runs: list[ofdkit.TextRun]) -> list[PrintedLine]:
    """The runs of a page by line: from the top, and from the left in a line."""
    lines: list[list[ofdkit.TextRun]] = []
    for run in sorted((run for run in runs if run.text.strip()), key=lambda run: (run.y, run.x)):
        if lines and abs(lines[-1][0].y - run.y) < 0.5 * max(run.size, 0.1):
            lines[-1].append(run)
        else:
            lines.append([run])
    return [_line(sorted(line, key=lambda run: run.x)) for line in lines]


def _line(runs: list[ofdkit.TextRun]) -> PrintedLine:
    return PrintedLine(
        "".join(run.text for run in runs),
        runs[0].x,
        max(run.x + run.width for run in runs),
        runs[0].size,
    )
