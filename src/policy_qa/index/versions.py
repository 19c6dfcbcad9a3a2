"""Versions: which segments are in use, named by a pointer that is replaced atomically."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from policy_qa.index.sealing import DamagedError, is_sealed_name, read_checked, remove, write_named

_OLD = re.compile(r"[0-9a-f]{16}-[0-9a-f]{16}")  # what layout 1 has left


class Entry(NamedTuple):
    """A segment of a version, and the folder of Chroma's files for it, None where a server has them."""

    segment: str
    graph: str | None


@dataclass(frozen=True, slots=True)
class Version:
    """What the pointer leads to: the segments in use."""

    version: str
    entries: tuple[Entry, ...]
    without: Mapping[str, str]
    """The policies that have no passages, with their digests."""

    @classmethod
    def read(cls, root: Path, named: str) -> Version:
        """Raises DamagedError."""
        name = named.rpartition("-")[2]
        path = root / "versions" / f"{name}.json"
        if not is_sealed_name(name):
            raise DamagedError(path)
        content = json.loads(read_checked(path, name))
        return cls(
            content["version"], tuple(Entry(*entry) for entry in content["segments"]), content["without"]
        )

    def write(self, root: Path) -> str:
        """Write it, and return what a pointer to it says."""
        (root / "versions").mkdir(exist_ok=True)
        content = {
            "made": uuid.uuid4().hex,  # not where one stands that is damaged
            "version": self.version,
            "segments": self.entries,
            "without": self.without,
        }
        path = write_named(root / "versions", json.dumps(content).encode(), ".json")
        return f"{self.version[:16]}-{path.stem}"


_POINTERS = ("CURRENT", "WORDS")


def pointer_of(root: Path, embedder_name: str | None) -> Path:
    """The index by words alone has a pointer of its own: a model that fails to load once moves nothing."""
    return root / _POINTERS[embedder_name is None]


def named_by(pointer: Path) -> str:
    """What a pointer says, whatever it is; empty where it cannot be read."""
    try:
        return pointer.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def segments_of(root: Path, names: Iterable[str]) -> list[Entry]:
    """The segments of these versions; a version that is damaged or gone has none."""
    found: list[Entry] = []
    for named in names:
        with suppress(DamagedError):
            found += Version.read(root, named).entries
    return found


def remove_all_but(root: Path, replaced: str) -> list[Entry]:
    """Remove what no pointer leads to, save ``replaced``, which a reader may be opening.

    Returns the segments that are left.
    """
    names = {replaced, *(named_by(root / one) for one in _POINTERS)}
    entries = segments_of(root, names)
    needed = {
        "versions": {f"{named.rpartition('-')[2]}.json" for named in names},
        "segments": {entry.segment for entry in entries},
        "graphs": {entry.graph for entry in entries if entry.graph},
    }
    for folder, kept in needed.items():
        for path in (root / folder).iterdir() if (root / folder).is_dir() else ():
            if path.name not in kept:
                remove(path)
    for path in root.iterdir():
        if _OLD.fullmatch(path.name):
            remove(path)
    return entries
