"""Old Word files, through the program antiword where this machine has it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from policy_qa.errors import FileRefusedError
from policy_qa.loaders.document import Document

_SECONDS = 60


def read_doc(path: Path) -> Document:
    """The text of an old Word file."""
    program = shutil.which("antiword")
    if program is None:
        raise FileRefusedError(
            f"文件「{path.name}」是旧版 Word 文档（DOC），本机没有装读取它的程序 antiword，"
            "请用 Word 或 WPS 另存为 DOCX 后重试。"
        )
    try:
        done = subprocess.run(  # no shell; the path is one argument
            [program, "-m", "UTF-8.txt", "-w", "0", "-t", str(path.resolve())],
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _unreadable(path) from error
    if done.returncode != 0:
        raise _unreadable(path)
    return Document(done.stdout.decode("utf-8", "replace"), "doc")


def _unreadable(path: Path) -> FileRefusedError:
    return FileRefusedError(
        f"文件「{path.name}」是旧版 Word 文档（DOC），但读不出文字，可能已损坏，"
        "请用 Word 或 WPS 另存为 DOCX 后重试。"
    )
