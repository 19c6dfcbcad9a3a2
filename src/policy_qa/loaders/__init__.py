"""From a policy file to its text, whatever wrote the file: the door is ``load``.

The content decides what a file is. Where it contradicts the name, or holds no text that can be read, the file
is refused with one sentence: what, why, what to do.
"""

from __future__ import annotations

import errno
import stat
from pathlib import Path

from policy_qa.errors import FileRefusedError
from policy_qa.loaders.document import CELL, Document, Kind, Table
from policy_qa.loaders.signature import kind_of

__all__ = ["CELL", "MAX_BYTES", "MAX_CHARACTERS", "Document", "Kind", "Table", "load"]

MAX_BYTES = 50_000_000
"""A policy is text of some pages; a larger file is something else."""
MAX_CHARACTERS = 500_000
"""Some 800 pages, five times the longest statute; more is a compendium, or made to keep a reader busy."""


def load(path: Path | str) -> Document:
    """The document in the file.

    Raises FileRefusedError, whose text is for the user, when there is no text to be had.
    """
    path = Path(path)
    content = _content(path)
    kind = kind_of(content, path.name)
    document = _read(kind, content, path)
    if not document.text.strip():
        raise FileRefusedError(f"文件「{path.name}」里没有文字，无法切分条款，请换一份有正文的文件。")
    if len(document.text) > MAX_CHARACTERS:
        raise FileRefusedError(
            f"文件「{path.name}」有 {len(document.text) / 10_000:.0f} 万字，"
            f"超过 {MAX_CHARACTERS // 10_000} 万字的上限，不像一份政策，请拆成单独的文件后重试。"
        )
    return document


def _content(path: Path) -> bytes:
    try:
        found = path.stat()
        size = found.st_size
        if stat.S_ISDIR(found.st_mode):
            raise FileRefusedError(f"「{path.name}」是文件夹，一次只能读取一份文件，请指明其中的一份。")
        if not stat.S_ISREG(found.st_mode):  # a pipe or a device could be read for ever
            raise FileRefusedError(f"「{path.name}」是管道或设备，不是文件，请先把内容存成文件后重试。")
        if size > MAX_BYTES:
            raise FileRefusedError(
                f"文件「{path.name}」有 {size / 1_000_000:.0f} MB，超过 {MAX_BYTES // 1_000_000} MB 的上限，"
                "政策正文不会这样大，请只保留正文后重试。"
            )
        content = path.read_bytes()
    except OSError as error:
        raise FileRefusedError(
            f"文件「{path.name}」无法打开（{_reason(error)}），请检查路径与权限后重试。"
        ) from error
    if not content:
        raise FileRefusedError(f"文件「{path.name}」是空的（0 字节），可能没有下载完整，请重新下载后重试。")
    return content


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "文件不存在"
    if isinstance(error, PermissionError):
        return "没有读取权限"
    if error.errno == errno.ELOOP:
        return "链接绕回了自己"
    return "读取时出错"


def _read(kind: Kind, content: bytes, path: Path) -> Document:
    """Each reader is imported when its kind of file comes, so that the others cost nothing."""
    if kind == "pdf":
        from policy_qa.loaders.pdf import read_pdf

        return read_pdf(content, path.name)
    if kind == "docx":
        from policy_qa.loaders.word import read_docx

        return read_docx(content, path.name)
    if kind == "ofd":
        from policy_qa.loaders.ofd import read_ofd

        return read_ofd(content, path.name)
    if kind == "doc":
        from policy_qa.loaders.antiword import read_doc

        return read_doc(path)
    if kind == "html":
        from policy_qa.loaders.web_page import read_html

        return read_html(content, path.name)
    from policy_qa.loaders.plain import read_markdown, read_text

    return read_markdown(content, path.name) if kind == "markdown" else read_text(content, path.name)
