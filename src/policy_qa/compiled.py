"""Policies split and checked before, kept by what their files hold, so that a start splits nothing twice.

Derived data in one SQLite file: a row for each policy, named by the SHA-256 of its files and of the code that
read them. What is missing, damaged or cannot be read is read from the files again and kept anew where the
file can be written; nothing here is ever needed, it only saves time and memory.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from policy_qa.domain import Certificate, Clause
from policy_qa.drafts import Draft

_SCHEMA = "CREATE TABLE IF NOT EXISTS policy (key TEXT PRIMARY KEY, head BLOB, body BLOB) WITHOUT ROWID"
_BUSY_SECONDS = 5.0
_AT_ONCE = 500
_PACKAGE = Path(__file__).resolve().parent

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Head:
    """What is kept in memory of each policy: all but its text."""

    described: dict[str, Any]
    """policy.yaml, as JSON has it."""
    clauses: int
    digest: str
    """Of its passages: what an index holds of it."""
    departments: tuple[str, ...]
    rules: dict[str, Any]
    """rules.yaml as it is written, found to agree with the text."""
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class Body:
    """The text of a policy, clause by clause, and what was drafted from it."""

    clauses: tuple[Clause, ...]
    drafts: tuple[Draft, ...] | None


class Store:
    """The SQLite file; threads may use it at once, and so may processes."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def heads(self, keys: Iterable[str]) -> dict[str, Head]:
        """The heads that are kept and whole, by key."""
        return dict(self._rows("head", keys, _head_adapter()))

    def body(self, key: str) -> Body | None:
        """The body that is kept under ``key``, None where there is none or it is damaged."""
        return next((body for _, body in self._rows("body", [key], _body_adapter())), None)

    def keep(self, policies: Mapping[str, tuple[Head, Body]], live: Callable[[], set[str]]) -> bool:
        """Keep these policies; whether they are on the disk now.

        Where what is kept has grown to more than twice the ``live`` keys, the others are dropped.
        """
        rows = [
            (key, _packed(_head_adapter().dump_json(head)), _packed(_body_adapter().dump_json(body)))
            for key, (head, body) in policies.items()
        ]
        for attempt in ("as it is", "anew"):
            try:
                with self._writing() as connection:
                    connection.executemany("INSERT OR REPLACE INTO policy VALUES (?, ?, ?)", rows)
                    keys = {key for (key,) in connection.execute("SELECT key FROM policy")}
                    wanted = live()
                    if len(keys) > 2 * len(wanted) + _AT_ONCE:
                        stale = [(key,) for key in keys - wanted]
                        connection.executemany("DELETE FROM policy WHERE key = ?", stale)
                return True
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError) or attempt == "anew":
                    return False  # it cannot be written: the disk is full, read-only or another one writes
                self._discard()
            except OSError:
                return False
        raise AssertionError("unreachable: the second attempt returns")

    def _rows(self, column: str, keys: Iterable[str], adapter: TypeAdapter[T]) -> Iterator[tuple[str, T]]:
        wanted = list(keys)
        found: list[tuple[str, bytes]] = []
        try:
            with self._reading() as connection:
                for start in range(0, len(wanted), _AT_ONCE):
                    some = wanted[start : start + _AT_ONCE]
                    marks = ",".join("?" * len(some))
                    query = f"SELECT key, {column} FROM policy WHERE key IN ({marks})"
                    found += connection.execute(query, some).fetchall()
        except (sqlite3.Error, OSError):
            pass  # read what there is from the files
        for key, packed in found:
            content = _unpacked(packed)
            if content is not None:
                yield key, adapter.validate_json(content)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._connection is None:
                if not self._file.exists():
                    raise FileNotFoundError(self._file)
                self._connection = self._connected(f"{self._file.as_uri()}?mode=ro")
            yield self._connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._lock:
            connection = self._connected(f"{self._file.as_uri()}?mode=rwc")
            try:
                with connection:
                    connection.execute(_SCHEMA)
                    yield connection
            finally:
                connection.close()

    def _connected(self, address: str) -> sqlite3.Connection:
        return sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, check_same_thread=False)

    def _discard(self) -> None:
        """Give up a file that is no database any more."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            self._file.unlink(missing_ok=True)
            self._file.with_name(f"{self._file.name}-journal").unlink(missing_ok=True)


def key_of(files: Iterable[bytes]) -> str:
    """The name of a policy whose files have these hashes, as the code at hand reads it."""
    return hashlib.sha256(b"".join((_code(), *files))).hexdigest()


@cache
def _code() -> bytes:
    """A hash of the program: another one may split or check otherwise."""
    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.glob("*.py")) + sorted(_PACKAGE.glob("*/*.py")):
        digest.update(path.relative_to(_PACKAGE).as_posix().encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.digest()


def _packed(content: bytes) -> bytes:
    compressed = zlib.compress(content, 1)
    return hashlib.sha256(compressed).digest() + compressed


def _unpacked(packed: bytes) -> bytes | None:
    """The content; None where a byte of it is not what was kept."""
    sha256, compressed = packed[:32], packed[32:]
    return zlib.decompress(compressed) if hashlib.sha256(compressed).digest() == sha256 else None


@cache
def _head_adapter() -> TypeAdapter[Head]:
    return TypeAdapter(Head)


@cache
def _body_adapter() -> TypeAdapter[Body]:
    return TypeAdapter(Body)
