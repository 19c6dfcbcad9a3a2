"""Homes on disks of their own: small, full, read-only, or without the right to write."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

_NAMESPACES = (
    ("unshare", "--mount", "--propagation", "private"),
    ("unshare", "--user", "--map-root-user", "--mount", "--propagation", "private"),
)
WITHOUT_ROOTS_RIGHT = (
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search",
    "--inh-caps=-dac_override,-dac_read_search",
)
"""Root writes whatever the permissions say; a process behind this does not."""


def move_into_own_mounts(arguments: Sequence[str]) -> None:
    """Start this program again with ``arguments`` where it may mount; returns where it may not.

    What it mounts there nobody else sees, and it is gone when the program ends, however it ends.
    """
    for prefix in _NAMESPACES:
        if shutil.which(prefix[0]) and _works([*prefix, "mount", "-t", "tmpfs", "none", "/mnt"]):
            os.execvp(prefix[0], [*prefix, sys.executable, *arguments])


def why_rights_cannot_be_taken() -> str | None:
    """Why a process here would write whatever the permissions say; None where it would not."""
    if os.geteuid() != 0 or _works([*WITHOUT_ROOTS_RIGHT, "true"]):
        return None
    return "root may not give up its right to write anywhere (no setpriv)"


def rights_prefix() -> tuple[str, ...]:
    """What stands before a command so that permissions bind it."""
    return WITHOUT_ROOTS_RIGHT if os.geteuid() == 0 else ()


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """An empty file system of ``size`` bytes at ``folder``."""
    folder.mkdir()
    _run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "none", str(folder)])
    try:
        yield folder
    finally:
        _run(["umount", "--lazy", str(folder)])


def remount(folder: Path, how: str) -> None:
    """Make a mounted disk ``ro`` or ``rw``; nothing on it may be open for writing."""
    _run(["mount", "-o", f"remount,{how}", str(folder)])


def fill(folder: Path, leaving: int) -> Path:
    """One file that takes all space on the disk of ``folder`` but ``leaving`` bytes; returns it."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        while (free := shutil.disk_usage(folder).free) > leaving:
            try:
                file.write(bytes(min(free - leaving, 1 << 20)))
            except OSError:
                break
    return filler


def folder_bytes(folder: Path) -> int:
    """What the files below ``folder`` hold."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def set_writable(folder: Path, writable: bool) -> None:
    """Give or take the right to write to ``folder`` and everything below, as its owner does."""
    for path in [folder, *folder.rglob("*")]:
        with suppress(FileNotFoundError):  # a journal comes and goes
            mode = path.stat().st_mode
            path.chmod(mode | 0o200 if writable else mode & ~0o222)


def _works(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)
