"""What is published: one small file in home that keeps all processes over one home in step.

    home/published.json    the corpus that everybody shall answer from, replaced atomically
    home/published.lock    held while one process opens a corpus, so that a new one is taken over in turn

The corpus folder changes file by file while an administrator works; a publication is the moment from which
users shall see it. A file and not a message: who starts later, or was away, finds it too.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from policy_qa.errors import StoreError
from policy_qa.publishing.disk import replace

_FOREVER = -1.0


@dataclass(frozen=True, slots=True)
class Publication:
    """One publication: the hash of its corpus, and a name of its own, since a corpus can come twice."""

    corpus: str
    id: str


class Published:
    """The publications of one home as one process sees them; ``serving`` names the one it answers from."""

    def __init__(self, home: Path) -> None:
        self._file = home / "published.json"
        self._lock = home / "published.lock"
        self.serving: str | None = None

    @property
    def latest(self) -> Publication | None:
        """The last publication; None where there is none that can be read."""
        try:
            content = json.loads(self._file.read_text("utf-8"))
            return Publication(str(content["corpus"]), str(content["id"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def announce(self, corpus: str) -> None:
        """Everybody shall answer from the corpus of this hash, as this process does.

        Raises StoreError where the file cannot be written: only this process then serves it.
        """
        fresh = Publication(corpus, uuid.uuid4().hex)
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            replace(self._file, json.dumps(asdict(fresh)).encode())
        except OSError as error:
            raise StoreError(
                f"新的政策没有通知到别的服务进程，因为写不了“{self._file.name}”，"
                "请检查 POLICY_QA_HOME 文件夹的权限和磁盘空间后再发布一次。"
            ) from error
        self.serving = fresh.id

    def settle(self, seen: Publication | None, corpus: str) -> None:
        """This process opened ``corpus`` after it had ``seen`` the last publication.

        Where they differ the folder has moved on since, and all others are told to follow: every process
        ends with the same corpus. Raises StoreError as ``announce`` does.
        """
        self.serving = seen.id if seen else None
        if seen is None or seen.corpus != corpus:
            self.announce(corpus)

    @contextmanager
    def alone(self, wait: float = _FOREVER) -> Iterator[None]:
        """No other process or thread opens a corpus meanwhile; StoreError after ``wait`` seconds in vain."""
        lock = FileLock(self._lock, timeout=wait, thread_local=False)
        try:
            lock.acquire()
        except Timeout as error:
            raise StoreError("另一个服务进程正在换用新的政策，等了很久还没有结束，请稍后再试。") from error
        except OSError as error:
            raise StoreError(
                f"打不开“{self._lock.name}”，请检查 POLICY_QA_HOME 文件夹的权限和磁盘空间后再试。"
            ) from error
        try:
            yield
        finally:
            lock.release()
