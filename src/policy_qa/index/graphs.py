"""Chroma's side of the segments: files or collections made, verified, opened."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from policy_qa.errors import StoreError
from policy_qa.index.sealing import DamagedError, Sealed, cause, is_sealed_name, seal, staging, write_durably
from policy_qa.index.searching import Index, Part, UnusedError, why_exact
from policy_qa.index.shelf import Shelf
from policy_qa.index.versions import Entry

if TYPE_CHECKING:
    from policy_qa.index.chroma import Content, Graph
    from policy_qa.index.segments import Segment
    from policy_qa.index.server import Server

_VERIFY = 2000  # vectors that must find themselves in a new graph, evenly spread
_VERIFY_AT_ONCE = 50
_ATTEMPTS = 3


def attach(root: Path, part: Part, graph: str | None, server: Server | None) -> None:
    """Let Chroma propose the rows of a part, or say why it does not. Raises DamagedError."""
    if part.segment.vectors is None:
        return
    if server:
        from policy_qa.index.server import ServerGraph

        part.graph = ServerGraph(server, part.segment.name)
        return
    if graph is None:
        raise DamagedError(root)
    try:
        part.graph = _open_graph(root, graph, part.segment)
    except DamagedError:
        raise
    except OSError as error:
        part.exact_because = f"索引文件夹不能写入（{cause(error)}），已改用逐条精确比对。"
    except Exception as error:  # its bytes are right, so it is Chroma that fails
        part.exact_because = f"向量库 Chroma 无法打开（{type(error).__name__}），已改用逐条精确比对。"


def _open_graph(root: Path, name: str, segment: Segment) -> Graph:
    from policy_qa.index.chroma import chroma_version, open_graph

    sealed = Sealed.open(root / "graphs" / name)
    if sealed.content != {"segment": segment.name, "chroma": chroma_version()}:
        raise DamagedError(sealed.path)
    assert segment.vectors is not None
    return open_graph(sealed, root / "serving", segment.vectors[0], len(segment))


def with_graphs(
    root: Path, segments: Sequence[Segment], in_use: Sequence[Entry], shelf: Shelf, server: Server | None
) -> list[Entry]:
    """The segments, each with Chroma's files, or with a collection on the server if it answers.

    ``in_use`` are verified already.
    """
    known = _graphs(root) | {entry.segment: entry.graph for entry in in_use if entry.graph}
    if server is None:
        return [
            Entry(
                segment.name,
                _usable_graph(root, segment, known.get(segment.name), in_use)
                or _built_graph(root, segment, shelf),
            )
            for segment in segments
        ]
    from policy_qa.index.server import ServerAwayError

    with suppress(ServerAwayError):  # then it is searched exactly, and uploaded by the next writer
        counts = server.counts(segment.name for segment in segments)
        for segment in segments:
            if counts[segment.name] != len(segment):
                _upload(server, segment, shelf)
    return [Entry(segment.name, known.get(segment.name)) for segment in segments]


def _graphs(root: Path) -> dict[str, str]:
    """The folders of Chroma's files by the segment they are of."""
    found = {}
    home = root / "graphs"
    for path in sorted(home.iterdir()) if home.is_dir() else ():
        with suppress(DamagedError):
            if is_sealed_name(path.name):
                found[str(Sealed.open(path).content["segment"])] = path.name
    return found


def _usable_graph(root: Path, segment: Segment, name: str | None, in_use: Sequence[Entry]) -> str | None:
    """Chroma's files that a segment has already, if they are whole and serve: a kill may have come before."""
    if name is None:
        return None
    try:
        graph = _open_graph(root, name, segment)
    except OSError:
        raise
    except Exception:
        return None
    verified = Entry(segment.name, name) in in_use
    return name if verified or _problem(graph, segment) is None else None


def _built_graph(root: Path, segment: Segment, shelf: Shelf) -> str:
    """Chroma's files for a segment, sealed and verified.

    Chroma's graph is built with chance in it and now and then leaves out a vector: then it is built again.
    """
    from policy_qa.index.chroma import chroma_version, write_files

    content = _content(segment, shelf)
    problem: str | None = None
    for _ in range(_ATTEMPTS):
        try:
            with staging(root) as stage:
                write_files(stage / "chroma", content)
                path = seal(
                    stage / "chroma",
                    root / "graphs",
                    {"segment": segment.name, "chroma": chroma_version()},
                )
            problem = _problem(_open_graph(root, path.name, segment), segment)
        except (OSError, DamagedError):
            raise
        except Exception as error:
            if shutil.disk_usage(root).free < 4 * content.vectors.nbytes + (
                1 << 20
            ):  # Chroma does not say so
                raise OSError(errno.ENOSPC, "no space") from error
            raise unverified(type(error).__name__) from error
        if problem is None:
            return path.name
        shutil.rmtree(path, ignore_errors=True)
    raise unverified(problem or "")


def _upload(server: Server, segment: Segment, shelf: Shelf) -> None:
    """The collection of a segment on the server, verified before it has its name. Raises ServerAwayError."""
    content = _content(segment, shelf)
    problem: str | None = None
    for _ in range(_ATTEMPTS):
        with suppress(_LostError), server.filled(segment.name, content) as graph:
            if (found := graph.count()) != len(segment):
                problem = f"{len(segment)} 条里只有 {found} 条"
            else:
                problem = _problem(graph, segment)
            if problem:
                raise _LostError
        if problem is None:
            return
    raise unverified(problem or "")


class _LostError(Exception):
    """A collection just uploaded does not do what it must."""


def _content(segment: Segment, shelf: Shelf) -> Content:
    from policy_qa.index.chroma import WITH_TEXTS, Content

    assert segment.vectors is not None
    texts: list[str] | None = None
    if len(segment) <= WITH_TEXTS:
        texts = []
        for position, (policy, digest) in enumerate(zip(segment.policies, segment.digests, strict=True)):
            first, last = segment.rows_of(position)
            same = shelf.digests.get(policy) == digest
            texts += [p.text for p in shelf.passages(policy)] if same else [""] * (last - first)
    return Content(segment.vectors, segment.labels, texts)


def _problem(graph: Graph, segment: Segment) -> str | None:
    """What is wrong with a fresh graph, in Chinese: each vector must find itself, or one like it."""
    import numpy as np

    vectors = segment.vectors
    assert vectors is not None
    sample = np.unique(np.linspace(0, len(vectors) - 1, min(len(vectors), _VERIFY)).astype(np.intp))
    k = min(18, len(vectors))
    lost = 0
    for start in range(0, len(sample), _VERIFY_AT_ONCE):
        rows = sample[start : start + _VERIFY_AT_ONCE]
        for row, found in zip(rows.tolist(), graph.nearest(vectors[rows], k), strict=True):
            own = float(vectors[row] @ vectors[row])
            lost += not found or float((vectors[found] @ vectors[row]).max()) < own - 1e-5
    # The graph is approximate: among many thousands a few may not be reached.
    return f"{len(sample)} 条里有 {lost} 条检索不到自己" if lost > len(sample) // 1000 else None


def unverified(problem: str) -> StoreError:
    return StoreError(
        f"新建的检索索引没有通过核对（{problem}），未启用；"
        "请重新运行 policy-qa index，仍然如此时请重装 chromadb。"
    )


# ── the server ──────────────────────────────────────────────────────────────────────────────────

_servers: dict[tuple[str, str], Server] = {}


def server_at(root: Path, url: str | None) -> Server | None:
    """The server, one for each index in this process: what fails once is left alone by all."""
    if url is None:
        return None
    from policy_qa.index.server import Server

    prefix = f"policy-qa-{_own_name(root)}-"
    return _servers.setdefault((url, prefix), Server(url, prefix))


def _own_name(root: Path) -> str:
    """What tells this index from others on one server; made by the first writer."""
    try:
        name = (root / "name").read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        name = ""
    return name if re.fullmatch(r"[0-9a-f]{12}", name) else "unnamed"


def give_name(root: Path) -> None:
    if _own_name(root) == "unnamed":
        write_durably(root / "name", os.urandom(6).hex().encode())


def complete(index: Index, root: Path, url: str | None) -> bool:
    """Whether the server, if it answers, has all that the index needs of it."""
    server = server_at(root, url)
    if server is None:
        return True
    parts = [part for part in index.parts if part.segment.vectors is not None]
    try:
        counts = server.counts(part.segment.name for part in parts)
    except UnusedError as error:
        for part in parts:
            part.exact_because = why_exact(error)
        return True
    return all(counts[part.segment.name] == len(part.segment) for part in parts)
