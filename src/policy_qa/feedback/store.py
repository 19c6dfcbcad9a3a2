"""Feedback in one SQLite file; what is acknowledged is on the disk.

A rollback journal with ``synchronous=EXTRA`` and not WAL: feedback is rare, so that its few milliseconds do
not matter, and between two commits the database is one file, which any copy backs up. A kill at any moment
leaves the last commit, or a journal that the next opening rolls back.

The migrations beside this module build and upgrade the schema, under a file lock, when the store opens. After
any failure all of that is done again before the next word is kept: SQLite goes on only reading through a
connection it once could not write through, and a folder may have been emptied meanwhile.
"""

from __future__ import annotations

import datetime
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout
from sqlalchemy import Engine, String, create_engine, event, select
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from policy_qa.errors import StoreError

_FILE = "feedback.sqlite"
_WAIT_SECONDS = 10.0
_MIGRATIONS = Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class Feedback:
    """One user's word on one answer; ``question`` only where the user agreed that it is kept."""

    answer_id: str
    useful: bool
    reason: str | None
    question: str | None
    received_at: datetime.datetime
    """With its time zone, UTC."""


class _Base(DeclarativeBase):
    pass


class _Row(_Base):
    __tablename__ = "feedback"

    id: Mapped[int] = mapped_column(primary_key=True)
    received_at: Mapped[str]
    answer_id: Mapped[str] = mapped_column(String(64))
    useful: Mapped[bool]
    reason: Mapped[str | None]
    question: Mapped[str | None]


class FeedbackStore:
    """The database in ``home``; threads and processes may add at once. ``close()`` it, or use it in ``with``.

    It is opened at the first use, so that a server may start where nothing can be kept yet; ``trouble`` is
    then the sentence that says why, and None again once something was kept.
    """

    def __init__(self, home: Path) -> None:
        self.trouble: str | None = None
        self._home = home
        self._engine = _engine(home / _FILE)
        self._opening = threading.Lock()
        self._is_open = False

    @classmethod
    def open(cls, home: Path) -> Self:
        """The store in ``home``, created or upgraded where needed.

        Raises StoreError where the folder cannot be written, the file is no database, or a newer version of
        the product has written it.
        """
        store = cls(home)
        with store._working():
            return store

    def usable(self) -> bool:
        """Whether something can be kept; else ``trouble`` says why not."""
        try:
            with self._working():
                return True
        except StoreError:
            return False

    def add(self, feedback: Feedback) -> int:
        """Keep one feedback; on return it is on the disk. Returns its number.

        Raises StoreError where it could not be kept; then nothing of it is.
        """
        row = _Row(
            received_at=feedback.received_at.isoformat(),
            answer_id=feedback.answer_id,
            useful=feedback.useful,
            reason=feedback.reason,
            question=feedback.question,
        )
        with self._working(), Session(self._engine) as session, session.begin():
            session.add(row)
            session.flush()
            return row.id

    def all(self) -> list[Feedback]:
        """Everything kept, in the order it came."""
        with self._working(), Session(self._engine) as session:
            return [
                Feedback(
                    answer_id=row.answer_id,
                    useful=row.useful,
                    reason=row.reason,
                    question=row.question,
                    received_at=datetime.datetime.fromisoformat(row.received_at),
                )
                for row in session.scalars(select(_Row).order_by(_Row.id))
            ]

    @contextmanager
    def _working(self) -> Iterator[None]:
        """An open database; after a failure, which is one sentence, it is opened anew for the next use."""
        try:
            with _storable():
                self._open()
                yield
        except StoreError as error:
            self.trouble = str(error)
            self._is_open = False
            self._engine.dispose()
            raise
        self.trouble = None

    def _open(self) -> None:
        with self._opening:
            if not self._is_open:
                self._home.mkdir(parents=True, exist_ok=True)
                with FileLock(self._home / f"{_FILE}.lock", timeout=_WAIT_SECONDS):
                    _upgrade(self._engine)
                self._is_open = True

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": _WAIT_SECONDS})

    @event.listens_for(engine, "connect")
    def _durable(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # sqlite3 would begin transactions by itself, and late
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("PRAGMA synchronous=EXTRA")

    @event.listens_for(engine, "begin")
    def _as_writer(connection: Any) -> None:
        # A transaction that reads first and writes later fails at once beside another one, however long
        # it may wait.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _upgrade(engine: Engine) -> None:
    """Bring the schema to the version of this code."""
    from alembic import command
    from alembic.config import Config
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with engine.begin() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        if current is not None and current not in known:
            raise StoreError(
                f"反馈数据库“{_FILE}”是更新版本的程序写的（{current}），"
                "现在的版本读不了，请升级程序，或换一个 POLICY_QA_HOME。"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def _storable() -> Iterator[None]:
    """Whatever keeps SQLite from its work, as one sentence."""
    try:
        yield
    except Timeout as error:
        raise StoreError("另一个进程正在升级反馈数据库，等了很久还没有结束，请稍后再试。") from error
    except (DatabaseError, OSError) as error:
        cause = error.orig if isinstance(error, DatabaseError) else error
        raise StoreError(
            f"反馈没有保存（{_reason(cause)}），请检查 POLICY_QA_HOME 文件夹的权限和磁盘空间后再试。"
        ) from error


def _reason(cause: BaseException | None) -> str:
    said = str(cause)
    return next((chinese for english, chinese in _REASONS if english in said), "数据库打不开或写不了")


_REASONS = (
    ("disk is full", "磁盘已满"),
    ("readonly", "数据库是只读的"),
    ("locked", "数据库被别的程序占用"),
    ("not a database", "文件不是数据库"),
    ("malformed", "数据库文件已损坏"),
    ("Permission denied", "没有权限"),
    ("No space left", "磁盘已满"),
    ("Read-only file system", "磁盘是只读的"),
)
