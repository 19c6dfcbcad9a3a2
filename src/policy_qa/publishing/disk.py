"""Writing that is whole or not at all: staged aside, on the disk, then visible under its name."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from policy_qa.errors import StoreError

_PATIENCE_SECONDS = 20


@contextmanager
def alone(added: Path) -> Iterator[None]:
    """Only one process changes the added policies; what a killed one left half-written is swept away.

    An OSError inside becomes StoreError, one sentence for the user.
    """
    try:
        added.mkdir(parents=True, exist_ok=True)
        with FileLock(added / ".lock", timeout=_PATIENCE_SECONDS):
            for leftover in added.glob(".staging-*"):
                shutil.rmtree(leftover, ignore_errors=True)
            yield
    except Timeout as error:
        raise StoreError("另一个程序正在修改政策，这次什么都没有改，请稍后再试。") from error
    except OSError as error:
        raise StoreError(f"没有存下来，因为{_reason(error)}，原来的内容都没有变，请处理后再试。") from error


def _reason(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "磁盘已经写满"
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return "存放政策的文件夹不能写"
    return "写文件时出错"


@contextmanager
def staging(added: Path) -> Iterator[Path]:
    """A folder to write into that the corpus loader does not see; gone afterwards, whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix=".staging-", dir=added))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write(path: Path, content: bytes) -> None:
    """A new file that is on the disk."""
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace(path: Path, content: bytes) -> None:
    """The file with new content: readers see the old one or the new one, also after a power cut."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.chmod(0o644)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    settle(path.parent)


def publish(staged: Path, home: Path) -> None:
    """The staged folder under its name, by one rename."""
    settle(staged)
    staged.rename(home)
    settle(home.parent)


def append(path: Path, line: bytes) -> None:
    """One more line, on the disk when this returns; a last line that a kill cut short is ended first."""
    with path.open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            line = line if file.read(1) == b"\n" else b"\n" + line
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def settle(folder: Path) -> None:
    """The names in a folder on the disk; a file system that cannot do it keeps them its own way."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)
