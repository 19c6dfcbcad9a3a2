"""The verbs: open the index of a shelf, bring it up to date, build it anew.

Under a file lock, each folder in a place aside; then sealed, opened the way readers open it, verified, and
only then named by the pointer.
"""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from policy_qa.domain import Embedder
from policy_qa.errors import StoreError
from policy_qa.index.graphs import (
    attach,
    complete,
    give_name,
    server_at,
    unverified,
    with_graphs,
)
from policy_qa.index.locks import writer
from policy_qa.index.sealing import DamagedError, Sealed, is_sealed_name, sweep_stages, write_durably
from policy_qa.index.searching import Index, Part, UnusedError, parts_of
from policy_qa.index.shelf import Shelf
from policy_qa.index.versions import Entry, Version, named_by, pointer_of, remove_all_but, segments_of

if TYPE_CHECKING:
    from policy_qa.index.segments import Batch, Kept, Segment
    from policy_qa.index.server import Server
    from policy_qa.passages import Passage

Progress = Callable[[int, int], None]
"""Called with passages embedded so far and all passages that are indexed anew."""

WAIT_SECONDS = 120.0
"""How long a writer waits for another one before it says so."""

MOST_ROWS = 1 << 18
"""Passages of a segment at most: what one rewriting can cost, and what a build holds in memory."""

_LAYOUT = 2


# ── the verbs ───────────────────────────────────────────────────────────────────────────────────


def ensure(
    shelf: Shelf,
    embedder: Embedder | None,
    home: Path,
    *,
    server: str | None = None,
    progress: Progress | None = None,
    wait: float = WAIT_SECONDS,
) -> Index:
    """The verified index of ``shelf``, opened, or brought up to date where it is old, damaged or missing.

    Only policies that no sealed segment holds are indexed; without an embedder for words alone. ``server``
    is the URL of a Chroma server. Raises StoreError where an index is needed and cannot be built: the folder
    cannot be written, another process is still building after ``wait`` seconds, the model returns no usable
    vectors.
    """
    name = embedder.name if embedder else None
    opened = open_index(shelf, name, home, server=server)
    if opened and complete(opened, home / "index", server):
        return opened
    try:
        with writer(home, wait) as root:
            # Another process may have done it while this one waited.
            again = open_index(shelf, name, home, server=server)
            if again and complete(again, root, server):
                return again
            return _renew(root, shelf, embedder, server, progress, fresh=False)
    except StoreError:
        if opened:  # only the server lacks something: the same answers, compared exactly
            return opened
        raise


def build(
    shelf: Shelf,
    embedder: Embedder | None,
    home: Path,
    *,
    server: str | None = None,
    progress: Progress | None = None,
    wait: float = WAIT_SECONDS,
) -> Index:
    """A new index of ``shelf`` from nothing but vectors; the old one serves until this one is verified.

    Raises StoreError as ``ensure`` does.
    """
    with writer(home, wait) as root:
        return _renew(root, shelf, embedder, server, progress, fresh=True)


def open_index(
    shelf: Shelf, embedder_name: str | None, home: Path, *, server: str | None = None
) -> Index | None:
    """The index of exactly this shelf by this model; None where it is missing, damaged or incomplete."""
    root = home / "index"
    version = index_version(shelf, embedder_name)
    pointer = pointer_of(root, embedder_name)
    while (named := named_by(pointer)) and named.startswith(f"{version[:16]}-"):
        try:
            found = Version.read(root, named)
            if found.version != version:
                return None
            return _serve(root, found, shelf, embedder_name, server_at(root, server))
        except DamagedError:
            if named_by(pointer) == named:
                return None
            # else a writer replaced it while it was read
    return None


def in_memory(shelf: Shelf) -> Index:
    """An index of ``shelf`` by words alone that is written nowhere: for a home that cannot be written."""
    from policy_qa.index.segments import Batch, Segment

    segment = Segment.in_memory(Batch(tuple((p, d, shelf.passages(p)) for p, d in shelf.digests.items())))
    return Index(index_version(shelf, None), list(parts_of([segment], shelf.digests)))


def index_version(shelf: Shelf, embedder_name: str | None) -> str:
    """A hash of all that decides what the index holds, in hexadecimal."""
    from policy_qa.index.chroma import chroma_version

    digest = hashlib.sha256()
    for part in ([_identity(embedder_name), chroma_version()], *shelf.digests.items()):
        digest.update(json.dumps(part).encode() + b"\n")
    return digest.hexdigest()


def _identity(embedder_name: str | None) -> str:
    """What a segment depends on beside its passages."""
    from policy_qa.tokens import tokenizer

    return json.dumps([_LAYOUT, embedder_name, tokenizer()])


# ── reading ─────────────────────────────────────────────────────────────────────────────────────


def _serve(
    root: Path, version: Version, shelf: Shelf, embedder_name: str | None, server: Server | None
) -> Index:
    """The index a version names, each byte of it checked. Raises DamagedError."""
    from policy_qa.index.segments import open_segment

    identity = _identity(embedder_name)
    segments = [open_segment(root / "segments" / entry.segment, identity) for entry in version.entries]
    parts = list(parts_of(segments, shelf.digests))
    if _held(parts) | version.without.items() != shelf.digests.items():
        raise DamagedError(root)
    for part, entry in zip(parts, version.entries, strict=True):
        attach(root, part, entry.graph, server)
    return Index(version.version, parts)


def _held(parts: Iterable[Part]) -> set[tuple[str, str]]:
    """The policies that count, with their digests."""
    return {
        (part.segment.policies[position], part.segment.digests[position])
        for part in parts
        for position in (part.ordinals >= 0).nonzero()[0].tolist()
    }


# ── bringing it up to date ──────────────────────────────────────────────────────────────────────


def _renew(
    root: Path,
    shelf: Shelf,
    embedder: Embedder | None,
    url: str | None,
    progress: Progress | None,
    *,
    fresh: bool,
) -> Index:
    """A verified index, named by the pointer; the caller holds the lock."""
    name = embedder.name if embedder else None
    sweep_stages(root)
    give_name(root)
    server = server_at(root, url)
    pointer = pointer_of(root, name)
    try:
        parts = [] if fresh else _reusable(root, pointer, _identity(name), shelf.digests)
        held = _held(parts)
        missing = [policy for policy, digest in shelf.digests.items() if (policy, digest) not in held]
        segments, without = _written(root, shelf, embedder, parts, missing, progress)
        if not segments:
            raise StoreError("语料里没有一个条款，无法建立检索索引；请检查 POLICY_QA_CORPUS 指向的文件夹。")
        entries = [Entry(segment.name, None) for segment in segments]
        if embedder:
            in_use = segments_of(root, [named_by(pointer)])
            entries = with_graphs(root, segments, in_use, shelf, server)
        version = Version(index_version(shelf, name), tuple(entries), without)
        index = _serve(root, version, shelf, name, server)
    except OSError as error:
        if error.errno is None and shutil.disk_usage(root).free < 1 << 20:  # numpy does not say so
            raise OSError(errno.ENOSPC, "no space") from error
        raise
    except DamagedError as error:
        raise unverified("写下的内容读回来不一样") from error
    replaced = named_by(pointer)
    write_durably(pointer, f"{version.write(root)}\n".encode())
    left = remove_all_but(root, replaced)
    if server:
        with suppress(UnusedError):
            server.keep({entry.segment for entry in left})
    return index


def _reusable(root: Path, pointer: Path, identity: str, digests: Mapping[str, str]) -> list[Part]:
    """The sealed segments that hold policies as they are now, first those in use.

    Among the others may be what a killed writer had finished, or what was indexed before a change was undone.
    """
    from policy_qa.index.segments import open_segment, policies_of

    segments: list[Segment] = []
    missing = dict(digests)
    used = [entry.segment for entry in segments_of(root, [named_by(pointer)])]
    home = root / "segments"
    others = sorted({path.name for path in home.iterdir()} - set(used)) if home.is_dir() else []
    for name in filter(is_sealed_name, (*used, *others)):
        with suppress(DamagedError):
            holds = policies_of(Sealed.open(home / name), identity).items() & missing.items()
            if holds:
                segments.append(open_segment(home / name, identity))
                for policy, _ in holds:
                    del missing[policy]
    return [part for part in parts_of(segments, digests) if part.size]


def _written(
    root: Path,
    shelf: Shelf,
    embedder: Embedder | None,
    parts: Sequence[Part],
    missing: Sequence[str],
    progress: Progress | None,
) -> tuple[list[Segment], dict[str, str]]:
    """The segments of the shelf, the missing policies in new ones; and the policies without passages."""
    from policy_qa.index.segments import Batch, open_segment, write_segment
    from policy_qa.index.vectors import VectorStore

    identity = _identity(embedder.name if embedder else None)
    store = VectorStore(root / "vectors", embedder) if embedder else None
    total = sum(len(shelf.passages(policy)) for policy in missing) if progress else 0
    done = 0
    without: dict[str, str] = {}
    new: list[Segment] = []

    def write(kept: Sequence[Kept], batch: Batch) -> None:
        nonlocal done
        vectors = None
        if store and len(batch):
            vectors = store.matrix(batch.texts, partial(_tell, progress, done, total) if progress else None)
            done += len(batch)
        path = write_segment(root, root / "segments", identity, kept, batch, vectors)
        new.append(open_segment(path, identity))

    rest = Batch(())
    for batch in _batches(shelf, missing, without):
        if len(rest):
            write([], rest)
        rest = batch
    swallowed, alone = _to_rewrite(parts, len(rest))
    if len(rest) or swallowed:
        write([_kept(part) for part in swallowed], rest)
    for part in alone:
        write([_kept(part)], Batch(()))
    if store:
        store.tidy()
    gone = {id(part) for part in (*swallowed, *alone)}
    return [*(part.segment for part in parts if id(part) not in gone), *new], without


def _tell(progress: Progress, before: int, total: int, done: int) -> None:
    progress(before + done, total)


def _batches(shelf: Shelf, policies: Iterable[str], without: dict[str, str]) -> Iterator[Batch]:
    """The passages of ``policies`` in batches of a segment's size; those that have none go to ``without``."""
    from policy_qa.index.segments import Batch

    batch: list[tuple[str, str, Sequence[Passage]]] = []
    rows = 0
    for policy in policies:
        passages = shelf.passages(policy)
        if not passages:
            without[policy] = shelf.digests[policy]
            continue
        if batch and rows + len(passages) > MOST_ROWS:
            yield Batch(tuple(batch))
            batch, rows = [], 0
        batch.append((policy, shelf.digests[policy], passages))
        rows += len(passages)
    if batch:
        yield Batch(tuple(batch))


def _to_rewrite(parts: Sequence[Part], rows: int) -> tuple[list[Part], list[Part]]:
    """The segments that a new one of so many rows takes in, and those that are rewritten by themselves.

    It takes in what is not larger than twice itself, so that each row is rewritten a number of times that
    grows with the logarithm of their number; and what is more than half dead, where there is room.
    """
    swallowed: list[Part] = []
    alone: list[Part] = []
    for part in sorted(parts, key=lambda part: part.size):
        fits = rows + part.size <= MOST_ROWS
        half_dead = 2 * part.size < len(part.segment)
        if fits and (half_dead or 0 < part.size <= 2 * rows):
            swallowed.append(part)
            rows += part.size
        elif half_dead:
            alone.append(part)
    return swallowed, alone


def _kept(part: Part) -> Kept:
    from policy_qa.index.segments import Kept

    return Kept(part.segment, (part.ordinals >= 0).nonzero()[0].tolist())
