"""One writer at a time, and folders that belong to one process until it ends."""

from __future__ import annotations

import errno
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from policy_qa.errors import StoreError
from policy_qa.index.sealing import cause

if TYPE_CHECKING:
    from filelock import BaseFileLock


@contextmanager
def writer(home: Path, wait: float) -> Iterator[Path]:
    """The index folder, this process its only writer; every failure of the file system in one sentence."""
    from filelock import FileLock, Timeout

    root = home / "index"
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(root / "lock", timeout=wait, thread_local=False)
        lock.acquire()
    except Timeout as error:
        raise StoreError(
            f"检索索引正由另一个进程建立，等了 {wait:g} 秒仍未完成；请等它结束后再试。"
        ) from error
    except OSError as error:
        raise _unwritable(home, error) from error
    try:
        yield root
    except OSError as error:
        raise _unwritable(home, error) from error
    finally:
        lock.release()


def _unwritable(home: Path, error: OSError) -> StoreError:
    return StoreError(
        f"检索索引写不进「{home}」（{cause(error)}）；"
        "请检查该文件夹的权限和剩余空间，或用 POLICY_QA_HOME 换一个可写的文件夹。"
    )


@dataclass(slots=True)
class PrivateFolder:
    """A folder of this process alone; its lock tells others that it is in use, until the process ends."""

    path: Path
    lock: BaseFileLock

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        with suppress(OSError):
            self.lock.release()
            Path(self.lock.lock_file).unlink(missing_ok=True)


def private_folder(serving: Path) -> PrivateFolder:
    """A new folder below ``serving``; those of processes that ended are removed. Raises OSError."""
    from filelock import FileLock, Timeout

    serving.mkdir(exist_ok=True)
    try:
        # Between making a lock file and locking it, a sweeper could take it: both do it under one lock.
        with FileLock(serving / "lock", timeout=10, thread_local=False):
            _sweep(serving)
            path = serving / uuid.uuid4().hex
            lock = FileLock(path.with_suffix(".lock"), timeout=0, thread_local=False)
            lock.acquire()
            path.mkdir()
    except Timeout as error:
        raise OSError(errno.EBUSY, "busy") from error
    return PrivateFolder(path, lock)


def _sweep(serving: Path) -> None:
    from filelock import FileLock, Timeout

    for name in {path.stem for path in serving.iterdir()} - {"lock"}:
        lock = FileLock(serving / f"{name}.lock", timeout=0, thread_local=False)
        with suppress(Timeout):
            lock.acquire()
            PrivateFolder(serving / name, lock).remove()
