"""Folders that are written once, sealed by checksums, and never trusted without them; writes that last.

A sealed folder is named by the SHA-256 of its manifest, which names that of each file.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self

if TYPE_CHECKING:
    from numpy.typing import NDArray

IN_MEMORY = 64 << 20
"""Bytes up to which a file of numbers is read; above, it is mapped. What is read cannot be cut off later."""

_NAMED = 32  # hexadecimal digits of the checksum in a name
_MANIFEST = "manifest.json"


class DamagedError(Exception):
    """What was sealed is not what is there."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed folder whose manifest was checked; its files are not, until they are read."""

    path: Path
    content: Mapping[str, Any]
    """What its maker says about it."""
    files: Mapping[str, str]
    """SHA-256 by the path inside the folder."""

    @classmethod
    def open(cls, path: Path) -> Self:
        """Raises DamagedError."""
        try:
            manifest = json.loads(read_checked(path / _MANIFEST, path.name))
            return cls(path, manifest["content"], manifest["files"])
        except (ValueError, KeyError, TypeError) as error:  # only what is not ours comes this far
            raise DamagedError(path) from error

    def check(self, *names: str) -> None:
        """Read these files to the end. Raises DamagedError."""
        for name in names:
            _check(self.path / name, self._sha256(name))

    def array(self, name: str) -> NDArray[Any]:
        """An array, checked: read where it is small, mapped where it is large. Raises DamagedError."""
        import numpy as np

        path = self.path / name
        try:
            if self.size(name) <= IN_MEMORY:
                content = read_checked(path, self._sha256(name))
                return np.asarray(np.load(io.BytesIO(content), allow_pickle=False))
            _check(path, self._sha256(name))
            # A plain array over the map: slicing numpy's own class costs ten times as much.
            return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False).view(np.ndarray))
        except (OSError, ValueError) as error:
            raise DamagedError(path) from error

    def copy(self, name: str, target: Path) -> None:
        """Copy a file, checked while it is copied. Raises DamagedError, and OSError where it cannot write."""
        sha256 = self._sha256(name)
        digest = hashlib.sha256()
        with target.open("xb") as writer:
            for block in _blocks(self.path / name):
                digest.update(block)
                writer.write(block)
        if digest.hexdigest() != sha256:
            raise DamagedError(self.path / name)

    def size(self, name: str) -> int:
        """Bytes of a file. Raises DamagedError where it is not there."""
        try:
            return (self.path / name).stat().st_size
        except OSError as error:
            raise DamagedError(self.path / name) from error

    def signature(self) -> tuple[tuple[int, int, int], ...]:
        """What the file system knows of the files: another one means that somebody wrote to them."""
        found = []
        for name in (_MANIFEST, *self.files):
            try:
                status = (self.path / name).stat()
            except OSError:
                return ()
            found.append((status.st_ino, status.st_size, status.st_mtime_ns))
        return tuple(found)

    def _sha256(self, name: str) -> str:
        try:
            return self.files[name]
        except KeyError as error:
            raise DamagedError(self.path / name) from error


def seal(stage: Path, home: Path, content: Mapping[str, Any]) -> Path:
    """Give the files below ``stage`` their manifest and move them to their name in ``home``, all on the disk.

    No two are named alike, though they hold the same.
    """
    files = {}
    for path in sorted(path for path in stage.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            files[path.relative_to(stage).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
    manifest = json.dumps({"made": uuid.uuid4().hex, "content": content, "files": files}).encode()
    write_durably(stage / _MANIFEST, manifest)
    for path in [*stage.rglob("*"), stage]:
        if path.is_dir():
            sync_folder(path)
    home.mkdir(exist_ok=True)
    folder = home / hashlib.sha256(manifest).hexdigest()[:_NAMED]
    stage.rename(folder)
    sync_folder(home)
    return folder


@contextmanager
def staging(root: Path) -> Iterator[Path]:
    """A folder to build in; what is not sealed away is removed."""
    stage = root / f"building-{uuid.uuid4().hex}"
    stage.mkdir()
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def sweep_stages(root: Path) -> None:
    """Remove what a killed writer left aside; the caller holds the lock."""
    for folder in root.glob("building-*"):
        shutil.rmtree(folder, ignore_errors=True)
    for file in root.rglob("*.tmp"):
        file.unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it can be."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def is_sealed_name(name: str) -> bool:
    """Whether ``name`` can be that of a sealed folder or file, and so leads nowhere else."""
    return len(name) == _NAMED and set(name) <= set("0123456789abcdef")


def read_checked(path: Path, sha256: str) -> bytes:
    """The whole file. Raises DamagedError unless its checksum begins with ``sha256``."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DamagedError(path) from error
    if not hashlib.sha256(content).hexdigest().startswith(sha256):
        raise DamagedError(path)
    return content


def write_named(folder: Path, content: bytes, suffix: str) -> Path:
    """Write a file that is named by its checksum."""
    path = folder / f"{hashlib.sha256(content).hexdigest()[:_NAMED]}{suffix}"
    write_durably(path, content)
    return path


def write_durably(path: Path, content: bytes) -> None:
    """The whole content or the old one, whenever the power fails."""
    aside = path.with_name(f"{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with aside.open("xb") as file:
            file.write(content)
            _sync(file)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _check(path: Path, sha256: str) -> None:
    try:
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() == sha256:
                return
    except OSError as error:
        raise DamagedError(path) from error
    raise DamagedError(path)


def _blocks(source: Path) -> Iterator[bytes]:
    try:
        with source.open("rb") as reader:
            while block := reader.read(1 << 20):
                yield block
    except OSError as error:
        raise DamagedError(source) from error


_CAUSES = {
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EROFS: "只读",
    errno.ENOSPC: "磁盘空间不足",
    errno.EDQUOT: "超出磁盘配额",
    errno.ENOTDIR: "路径上有一个同名文件",
    errno.EEXIST: "路径上有一个同名文件",
    errno.ENOENT: "路径无法建立",
    errno.EBUSY: "一直被占用",
}


def cause(error: OSError) -> str:
    """Why the file system refused, in Chinese."""
    return _CAUSES.get(error.errno or 0, error.strerror or type(error).__name__)
