"""The search index over passages; the only module that knows Chroma, through langchain-chroma.

Derived data: the corpus is the truth, the index is rebuilt whenever it is missing, out of date or in doubt.

    home/index/CURRENT              the name of the version in use, replaced atomically
    home/index/<version>-<seal>/    one built index, never written again: chroma/ vectors.npy manifest.json
    home/index/vectors/<model>/     vectors by content, so that a rebuild embeds nothing twice
    home/index/serving/<random>/    a private copy of chroma/, one for each open index
    home/index/lock                 held by the one writer

Why it is built like this:

- **Version.** The version is a hash of the passages (ids, texts, order), the embedding model, Chroma's
  version and the layout here. What could change an answer changes the name; a wrong version is never opened.
- **Seal.** Damaged HNSW files can end in a SIGSEGV, or in a right ``count()`` over vectors that are gone, so
  Chroma must never open a byte that was not checked. The manifest holds the SHA-256 of each file, the name of
  the folder that of the manifest, and CURRENT the name.
- **Private copy.** Chroma writes when it opens (a row of ``acquire_write`` in its SQLite file), cannot open a
  folder that is read-only, and must not be opened by two processes at once. A checksum over files that change
  in use proves nothing. So the sealed folder is never opened: each process opens a copy, hashed while it is
  copied. What Chroma sees is what was sealed, readers never wait for a writer, a new version disturbs none of
  them, and an old one can be removed. The cost is one pass over the files at start.
- **Vectors beside Chroma.** Chroma proposes candidates, ``vectors.npy`` scores them. The order and the scores
  are then the same with and without Chroma, and where no copy can be made (read-only or full disk) or Chroma
  fails or returns too few, the same vectors are searched exactly, and ``exact_because`` says so.
- **Building.** Under a file lock, in a folder aside; then sealed, opened the way readers open it, verified
  (the count, and each vector must find itself), and only then named in CURRENT. A kill at any moment leaves
  the old CURRENT and rubbish that the next writer sweeps away; vectors already embedded are found again.

Everything is linear in the number of passages, save Chroma's own graph.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import threading
import uuid
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version as package_version
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, Self

from policy_qa.domain import Embedder, Vector
from policy_qa.errors import StoreError

if TYPE_CHECKING:
    import numpy as np
    from filelock import BaseFileLock
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

Kind = Literal["clause", "segment", "measure"]
Progress = Callable[[int, int], None]
"""Called with passages embedded so far and all passages."""

WAIT_SECONDS = 120.0
"""How long a writer waits for another one before it says so."""

_LAYOUT = 1
_COLLECTION = "passages"
_EMBED_AT_ONCE = 16
_SHARD = 256  # vectors a kill can cost at most
_INSERT_AT_ONCE = 5000  # Chroma takes at most 5461 at a time
_VERIFY_ALL = 20_000  # above, an even sample of this many
_IN_MEMORY = 256 << 20  # above, vectors.npy is mapped; below, no truncated file can kill the process
_FOLDER = re.compile(r"[0-9a-f]{16}-[0-9a-f]{16}")
_chroma_opens = threading.Lock()  # opening from several threads at once can fail


@dataclass(frozen=True, slots=True)
class Passage:
    """One text to be found: a whole clause, a segment of it, or the wording of a measure."""

    id: str
    """Unique in the corpus."""
    policy: str
    clause: str
    text: str
    kind: Kind


class Index:
    """An open index; ``close()`` it, or use it in ``with``. Threads may search at once."""

    exact_because: str | None
    """Why Chroma is not used, in Chinese; None while it is. The results are the same, slower at scale."""

    def __init__(
        self,
        version: str,
        ids: Sequence[str],
        vectors: Matrix,
        served: _Served | None,
        exact_because: str | None,
    ) -> None:
        self.version = version
        self.exact_because = exact_because
        self._ids = tuple(ids)
        self._row = {id_: row for row, id_ in enumerate(self._ids)}
        self._vectors = vectors
        self._served = served
        self._close = weakref.finalize(self, served.close) if served else None

    def __len__(self) -> int:
        return len(self._ids)

    def search(self, vector: Vector, k: int, within: Iterable[str] | None = None) -> list[tuple[str, float]]:
        """The ids of the ``k`` passages most similar to ``vector`` with their cosine, best first.

        ``within`` restricts it to these ids, compared one by one. Exactly ``k`` of them, or all there are,
        equal cosines in the order of the corpus; cosines have six decimals. Raises ValueError for a vector
        of another length than the index holds.
        """
        import numpy as np

        query = _unit(np.asarray([vector], dtype=np.float32))[0]
        if query.shape != self._vectors.shape[1:]:
            raise ValueError(f"a vector of {self._vectors.shape[1]} numbers is needed, not {query.shape[0]}")
        inside = None if within is None else sorted(self._row[id_] for id_ in within)
        wanted = min(k, len(self) if inside is None else len(inside))
        if wanted < 1:
            return []
        if inside is None or len(inside) == len(self):
            rows = np.sort(self._proposed(query, wanted))
        else:
            rows = np.asarray(inside, dtype=np.intp)
        # Row by row, not as a matrix product: its last digit would depend on which other rows are present.
        cosines = (self._vectors[rows] * query).sum(axis=1, dtype=np.float64).round(6)
        best = np.argsort(-cosines, kind="stable")[:wanted]
        return [(self._ids[rows[i]], float(cosines[i])) for i in best]

    def close(self) -> None:
        """Give back Chroma's files; the index goes on searching exactly."""
        self._served = None
        if self._close:
            self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _proposed(self, query: Matrix, wanted: int) -> NDArray[np.intp]:
        """Rows that hold the best ``wanted``: more than these, so that equal cosines are all seen."""
        import numpy as np

        enough = min(2 * wanted + 16, len(self))
        served = self._served
        if served:
            try:
                rows = {self._row[id_] for id_ in served.nearest(query, enough)}
                if len(rows) == enough:
                    return np.fromiter(rows, dtype=np.intp, count=enough)
                problem = f"只返回 {len(rows)} 条，应有 {enough} 条"
            except Exception as error:  # the answer does not depend on Chroma
                problem = type(error).__name__
            self.exact_because = f"向量库 Chroma 检索出错（{problem}），已改用逐条精确比对。"
        cosines = self._vectors @ query
        return np.argpartition(-cosines, enough - 1)[:enough]


# ── the three verbs ─────────────────────────────────────────────────────────────────────────────


def ensure(
    passages: Sequence[Passage],
    embedder: Embedder | None,
    home: Path,
    *,
    progress: Progress | None = None,
    wait: float = WAIT_SECONDS,
) -> Index | None:
    """The verified index of ``passages``, opened, or built where there is none or it is damaged.

    None without an embedder: retrieval is then lexical only, and the caller says so. Raises StoreError where
    an index is needed and cannot be built: the folder cannot be written, another process is still building
    after ``wait`` seconds, the model returns no usable vectors.
    """
    if embedder is None:
        return None
    if opened := open_index(passages, embedder.name, home):
        return opened
    with _writer(home, wait) as root:
        # Another process may have built it while this one waited.
        return open_index(passages, embedder.name, home) or _build(passages, embedder, root, progress)


def build(
    passages: Sequence[Passage],
    embedder: Embedder,
    home: Path,
    *,
    progress: Progress | None = None,
    wait: float = WAIT_SECONDS,
) -> Index:
    """A new index of ``passages`` even where there is one; the old one serves until this one is verified.

    Raises StoreError as ``ensure`` does.
    """
    with _writer(home, wait) as root:
        return _build(passages, embedder, root, progress)


def open_index(passages: Sequence[Passage], embedder_name: str, home: Path) -> Index | None:
    """The index of exactly these passages by this model; None where it is missing or damaged."""
    root = home / "index"
    version = index_version(passages, embedder_name)
    while folder := _current(root, version):
        try:
            return _serve(root, folder, version, passages)
        except _DamagedError:
            if _current(root, version) == folder:
                return None
            # else a writer replaced it while it was read
    return None


def index_version(passages: Iterable[Passage], embedder_name: str) -> str:
    """A hash of all that decides what the index holds, in hexadecimal."""
    digest = hashlib.sha256()
    for part in ([_LAYOUT, package_version("chromadb"), embedder_name], *map(_record, passages)):
        digest.update(json.dumps(part).encode() + b"\n")
    return digest.hexdigest()


def _record(passage: Passage) -> list[str]:
    return [passage.id, passage.policy, passage.clause, passage.kind, passage.text]


# ── reading ─────────────────────────────────────────────────────────────────────────────────────


class _DamagedError(Exception):
    """A sealed folder is not what was sealed."""


def _read_current(root: Path) -> str:
    """What CURRENT says, whatever it is; empty where it cannot be read."""
    try:
        return (root / "CURRENT").read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _current(root: Path, version: str) -> Path | None:
    """The folder CURRENT names if it is of ``version``."""
    name = _read_current(root)
    return root / name if _FOLDER.fullmatch(name) and name.startswith(version[:16]) else None


def _serve(root: Path, folder: Path, version: str, passages: Sequence[Passage]) -> Index:
    """The index in a sealed folder, each byte of it checked. Raises _DamagedError."""
    manifest = _read_checked(folder / "manifest.json", folder.name[17:])
    content = json.loads(manifest)
    files: dict[str, str] = content["files"]
    if content["version"] != version:
        raise _DamagedError(folder)
    ids = [passage.id for passage in passages]
    vectors = _load_vectors(folder / "vectors.npy", files["vectors.npy"])
    if len(vectors) != len(ids):
        raise _DamagedError(folder)
    chroma = {name: sha256 for name, sha256 in files.items() if name.startswith("chroma/")}
    try:
        served = _Served(_private_copy(root, folder, chroma), len(ids))
    except _DamagedError:
        raise
    except OSError as error:
        because = f"索引文件夹不能写入（{_cause(error)}），已改用逐条精确比对。"
        return Index(version, ids, vectors, None, because)
    except Exception as error:  # its bytes are right, so it is Chroma that fails
        because = f"向量库 Chroma 无法打开（{type(error).__name__}），已改用逐条精确比对。"
        return Index(version, ids, vectors, None, because)
    return Index(version, ids, vectors, served, None)


def _read_checked(path: Path, sha256: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _DamagedError(path) from error
    if not hashlib.sha256(content).hexdigest().startswith(sha256):
        raise _DamagedError(path)
    return content


def _load_vectors(path: Path, sha256: str) -> Matrix:
    import numpy as np

    try:
        if path.stat().st_size <= _IN_MEMORY:
            vectors: Matrix = np.load(io.BytesIO(_read_checked(path, sha256)), allow_pickle=False)
            return vectors
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                raise _DamagedError(path)
        mapped: Matrix = np.load(path, mmap_mode="r", allow_pickle=False)
        return mapped
    except (OSError, ValueError) as error:
        raise _DamagedError(path) from error


@dataclass(slots=True)
class _PrivateFolder:
    """A folder of this process alone; its lock tells others that it is in use, until the process ends."""

    path: Path
    lock: BaseFileLock

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        with suppress(OSError):
            self.lock.release()
            Path(self.lock.lock_file).unlink(missing_ok=True)


def _private_copy(root: Path, folder: Path, files: dict[str, str]) -> _PrivateFolder:
    """The files, checked while they are copied. Raises _DamagedError, and OSError where it cannot write."""
    private = _private_folder(root / "serving")
    try:
        for name, sha256 in files.items():
            target = private.path / Path(name).relative_to("chroma")
            target.parent.mkdir(exist_ok=True)
            _copy_checked(folder / name, target, sha256)
    except BaseException:
        private.remove()
        raise
    return private


def _private_folder(serving: Path) -> _PrivateFolder:
    from filelock import FileLock, Timeout

    serving.mkdir(exist_ok=True)
    try:
        # Between making a lock file and locking it, a sweeper could take it: both do it under one lock.
        with FileLock(serving / "lock", timeout=10, thread_local=False):
            _sweep_serving(serving)
            path = serving / uuid.uuid4().hex
            lock = FileLock(path.with_suffix(".lock"), timeout=0, thread_local=False)
            lock.acquire()
            path.mkdir()
    except Timeout as error:
        raise OSError(errno.EBUSY, "busy") from error
    return _PrivateFolder(path, lock)


def _sweep_serving(serving: Path) -> None:
    """Remove the copies of processes that were killed: their locks are free."""
    from filelock import FileLock, Timeout

    for name in {path.stem for path in serving.iterdir()} - {"lock"}:
        lock = FileLock(serving / f"{name}.lock", timeout=0, thread_local=False)
        with suppress(Timeout):
            lock.acquire()
            _PrivateFolder(serving / name, lock).remove()


def _copy_checked(source: Path, target: Path, sha256: str) -> None:
    digest = hashlib.sha256()
    with target.open("xb") as writer:
        for block in _blocks(source):
            digest.update(block)
            writer.write(block)
    if digest.hexdigest() != sha256:
        raise _DamagedError(source)


def _blocks(source: Path) -> Iterator[bytes]:
    try:
        with source.open("rb") as reader:
            while block := reader.read(1 << 20):
                yield block
    except OSError as error:
        raise _DamagedError(source) from error


# ── Chroma ──────────────────────────────────────────────────────────────────────────────────────


class _Served:
    """Chroma over a private copy."""

    def __init__(self, folder: _PrivateFolder, count: int) -> None:
        self._folder = folder
        self._client: Any = None
        try:
            self._client = _chroma_client(folder.path)
            self._store = _chroma_store(self._client, create_collection_if_not_exists=False)
            if (found := self._client.get_collection(_COLLECTION, embedding_function=None).count()) != count:
                raise RuntimeError(f"Chroma counts {found} of {count} passages")
        except BaseException:
            self.close()
            raise

    def nearest(self, query: Matrix, k: int) -> list[str]:
        found = self._store.similarity_search_by_vector_with_relevance_scores(query.tolist(), k=k)
        return [document.id for document, _ in found]

    def close(self) -> None:
        with suppress(Exception):  # the copy is thrown away whatever Chroma says
            if self._client is not None:
                self._client.close()
        self._folder.remove()


class _GivenVectors:
    """The Embeddings that langchain-chroma asks for, with vectors made already.

    Chroma without vectors would download a model.
    """

    def __init__(self) -> None:
        self.vectors: list[list[float]] = []

    def embed_documents(self, _: list[str]) -> list[list[float]]:
        return self.vectors


def _chroma_client(folder: Path) -> Any:
    import chromadb
    from chromadb.config import Settings as ChromaSettings

    # Without _env_file Chroma reads a .env from whatever folder the user stands in.
    settings = ChromaSettings(_env_file=None, anonymized_telemetry=False)
    with _chroma_opens:
        return chromadb.PersistentClient(path=str(folder), settings=settings)


def _chroma_store(client: Any, **options: Any) -> Any:
    from langchain_chroma import Chroma

    return Chroma(client=client, collection_name=_COLLECTION, **options)


def _write_chroma(folder: Path, passages: Sequence[Passage], vectors: Matrix) -> None:
    """Chroma's files, complete on disk and without slack."""
    given = _GivenVectors()
    folder.mkdir()
    client = _chroma_client(folder)
    try:
        # One write of the HNSW files, at the very last vector: what is left to Chroma's log would be added
        # to the graph again at each open, and a write each thousand vectors would cost their square.
        threshold = max(2, len(passages))
        hnsw = {
            "space": "cosine",
            "sync_threshold": threshold,
            "batch_size": min(100, threshold),
            "ef_search": 200,
            "num_threads": 1,  # two threads that insert at once can leave a vector that nothing reaches
        }
        store = _chroma_store(client, embedding_function=given, collection_configuration={"hnsw": hnsw})
        for start in range(0, len(passages), _INSERT_AT_ONCE):
            batch = passages[start : start + _INSERT_AT_ONCE]
            given.vectors = vectors[start : start + _INSERT_AT_ONCE].tolist()
            store.add_texts(
                [_storable(passage.text) for passage in batch],
                [{"policy": p.policy, "clause": p.clause, "kind": p.kind} for p in batch],
                [passage.id for passage in batch],
            )
    finally:
        client.close()
    # The log of vectors is freed inside the file but not given back; each reader would copy it.
    with suppress(sqlite3.Error), closing(sqlite3.connect(folder / "chroma.sqlite3")) as connection:
        connection.execute("VACUUM")


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", " ")


# ── building ────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _writer(home: Path, wait: float) -> Iterator[Path]:
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


_ATTEMPTS = 3


def _build(passages: Sequence[Passage], embedder: Embedder, root: Path, progress: Progress | None) -> Index:
    """A verified index; the caller holds the lock.

    Chroma's graph is built with chance in it and now and then leaves out a vector: then it is built again.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return _build_once(passages, embedder, root, progress)
        except StoreError as error:
            if attempt == _ATTEMPTS or not isinstance(error.__cause__, _UnverifiedError):
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


def _build_once(
    passages: Sequence[Passage], embedder: Embedder, root: Path, progress: Progress | None
) -> Index:
    """Build aside, seal, verify, point CURRENT at it."""
    if not passages:
        raise StoreError("语料里没有一个条款，无法建立检索索引；请检查 POLICY_QA_CORPUS 指向的文件夹。")
    if len({passage.id for passage in passages}) != len(passages):
        raise ValueError("two passages share an id")
    import numpy as np

    _sweep(root)
    vectors = _embed(passages, embedder, root / "vectors", progress)
    version = index_version(passages, embedder.name)
    folder = root / f"building-{uuid.uuid4().hex}"
    folder.mkdir()
    try:
        np.save(folder / "vectors.npy", vectors)
        _write_chroma(folder / "chroma", passages, vectors)
        folder = _seal(folder, version)
        index = _serve(root, folder, version, passages)
        if problem := _problem(index, vectors):
            index.close()
            raise _UnverifiedError(problem)
    except BaseException as error:
        free = shutil.disk_usage(root).free
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError) or not isinstance(error, Exception):
            raise
        if free < 4 * vectors.nbytes + (1 << 20):  # Chroma does not say so
            raise OSError(errno.ENOSPC, "no space") from error
        raise _unverified(error) from error
    previous = _read_current(root)
    _write_durably(root / "CURRENT", f"{folder.name}\n".encode())
    for old in root.iterdir():  # all but the one replaced, which a reader may be copying
        if _FOLDER.fullmatch(old.name) and old.name not in (folder.name, previous):
            shutil.rmtree(old, ignore_errors=True)
    return index


class _UnverifiedError(Exception):
    """A fresh index does not do what it must; the message says what, in Chinese."""


def _seal(stage: Path, version: str) -> Path:
    """Give the folder its manifest and its final name, all of it on the disk."""
    files = {}
    for path in sorted(path for path in stage.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            files[path.relative_to(stage).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
            _sync(file)
    manifest = json.dumps({"version": version, "files": files}, indent=1).encode()
    _write_durably(stage / "manifest.json", manifest)
    for path in [*stage.rglob("*"), stage]:
        if path.is_dir():
            _sync_folder(path)
    folder = stage.with_name(f"{version[:16]}-{hashlib.sha256(manifest).hexdigest()[:16]}")
    stage.rename(folder)
    _sync_folder(folder.parent)
    return folder


def _problem(index: Index, vectors: Matrix) -> str | None:
    """What is wrong with a fresh index, in Chinese: Chroma must serve it, and each vector find itself."""
    import numpy as np

    sample = np.unique(np.linspace(0, len(vectors) - 1, min(len(vectors), _VERIFY_ALL)).astype(np.intp))
    lost = 0
    for row in sample:
        [(_, cosine)] = index.search(vectors[row].tolist(), 1)
        lost += cosine < float(vectors[row] @ vectors[row]) - 1e-5
    if index.exact_because:
        return index.exact_because.rstrip("。")
    # The graph is approximate: among many thousands a few may not be reached.
    return f"{len(sample)} 条里有 {lost} 条检索不到自己" if lost > len(sample) // 1000 else None


def _sweep(root: Path) -> None:
    """Remove what a killed writer left aside; the caller holds the lock."""
    for folder in root.glob("building-*"):
        shutil.rmtree(folder, ignore_errors=True)
    for file in root.glob("*.tmp"):
        file.unlink(missing_ok=True)


def _write_durably(path: Path, content: bytes) -> None:
    """The whole content or the old one, whenever the power fails."""
    aside = path.with_name(f"{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with aside.open("xb") as file:
            file.write(content)
            _sync(file)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# ── vectors by content ──────────────────────────────────────────────────────────────────────────


def _embed(
    passages: Sequence[Passage], embedder: Embedder, vectors: Path, progress: Progress | None
) -> Matrix:
    """A unit vector for each passage, in order; only texts never embedded before go to the model.

    Shards of at most 256 vectors, each named by the SHA-256 of its content, so that one that is damaged, or
    was cut off, is known as such, thrown away and embedded again.
    """
    import numpy as np

    folder = vectors / hashlib.sha256(embedder.name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[bytes, list[int]] = {}
    for row, passage in enumerate(passages):
        rows.setdefault(_content(passage.text), []).append(row)
    known: dict[bytes, Matrix] = {}
    for shard in _shards(folder):
        known.update((key, vector) for key, vector in shard if key in rows)
    done = sum(len(rows[key]) for key in known)
    if progress:
        progress(done, len(passages))
    missing = [key for key in rows if key not in known]
    for start in range(0, len(missing), _SHARD):
        shard_keys = missing[start : start + _SHARD]
        shard_vectors: list[Matrix] = []
        for at in range(0, len(shard_keys), _EMBED_AT_ONCE):
            keys = shard_keys[at : at + _EMBED_AT_ONCE]
            shard_vectors.extend(_vectors_of([passages[rows[key][0]].text for key in keys], embedder))
            done += sum(len(rows[key]) for key in keys)
            if progress:
                progress(done, len(passages))
        _write_shard(folder, shard_keys, shard_vectors)
        known.update(zip(shard_keys, shard_vectors, strict=True))
    if len({len(vector) for vector in known.values()}) > 1:
        raise _unusable(embedder, "长度前后不一")
    matrix = np.empty((len(passages), len(next(iter(known.values())))), dtype=np.float32)
    for key, places in rows.items():
        matrix[places] = known[key]
    return matrix


def _vectors_of(texts: list[str], embedder: Embedder) -> Matrix:
    import numpy as np

    try:
        vectors = np.asarray(embedder.embed_passages(texts), dtype=np.float32)
    except OSError as error:  # a model's own trouble, not this folder's
        raise _unusable(embedder, _cause(error)) from error
    except ValueError as error:  # rows of different lengths
        raise _unusable(embedder, "长度前后不一") from error
    if vectors.ndim != 2 or len(vectors) != len(texts) or not np.isfinite(vectors).all():
        raise _unusable(embedder, "数量不对或含非数值")
    return _unit(vectors)


def _unit(vectors: Matrix) -> Matrix:
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Matrix = (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return unit


def _content(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _write_shard(folder: Path, keys: list[bytes], vectors: list[Matrix]) -> None:
    import numpy as np

    shard = np.empty(len(keys), dtype=[("key", "V32"), ("vector", np.float32, len(vectors[0]))])
    shard["key"] = np.array(keys, dtype="V32")
    shard["vector"] = vectors
    content = io.BytesIO()
    np.save(content, shard)
    _write_durably(folder / f"{hashlib.sha256(content.getvalue()).hexdigest()}.npy", content.getvalue())


def _shards(folder: Path) -> Iterator[Iterator[tuple[bytes, Matrix]]]:
    import numpy as np

    for path in sorted(folder.iterdir()):
        try:
            shard = np.load(io.BytesIO(_read_checked(path, path.stem)), allow_pickle=False)
        except _DamagedError:
            path.unlink(missing_ok=True)
            continue
        yield zip((key.tobytes() for key in shard["key"]), shard["vector"], strict=True)


# ── what is said when it cannot be done ─────────────────────────────────────────────────────────

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


def _cause(error: OSError) -> str:
    return _CAUSES.get(error.errno or 0, error.strerror or type(error).__name__)


def _unwritable(home: Path, error: OSError) -> StoreError:
    return StoreError(
        f"检索索引写不进「{home}」（{_cause(error)}）；"
        "请检查该文件夹的权限和剩余空间，或用 POLICY_QA_HOME 换一个可写的文件夹。"
    )


def _unverified(error: Exception) -> StoreError:
    if isinstance(error, _DamagedError):
        problem = "写下的内容读回来不一样"
    elif isinstance(error, _UnverifiedError):
        problem = str(error)
    else:
        problem = type(error).__name__
    return StoreError(
        f"新建的检索索引没有通过核对（{problem}），未启用；"
        "请重新运行 policy-qa index，仍然如此时请重装 chromadb。"
    )


def _unusable(embedder: Embedder, problem: str) -> StoreError:
    return StoreError(
        f"向量模型「{embedder.name}」给出的向量不可用（{problem}）；请用 POLICY_QA_EMBEDDING 换一个模型。"
    )
