"""Chroma, which proposes rows near a vector: from files of this process alone, or from a server.

The only module that knows Chroma, through langchain-chroma where texts are written with the vectors.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from importlib.metadata import version as package_version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from policy_qa.index.locks import PrivateFolder, private_folder
from policy_qa.index.sealing import IN_MEMORY, Sealed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

Label = dict[str, str]

WITH_TEXTS = 20_000
"""Passages up to which a collection carries their texts, so that anyone who opens it can read them. Their
trigram index is seven times the size of all else and half the time of building: not for a million."""

_COLLECTION = "passages"
_INSERT_AT_ONCE = 5000  # Chroma takes at most 5461 at a time


class Graph(Protocol):
    """Something that proposes the rows nearest to a vector."""

    def nearest(self, vectors: Matrix, k: int) -> list[list[int]]:
        """For each of ``vectors`` the ``k`` rows that are probably nearest. Raises whatever goes wrong."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a collection is to hold, by row."""

    vectors: Matrix
    labels: Callable[[int, int], list[Label]]
    """The policy, clause and kind of the rows from one to before another."""
    texts: Sequence[str] | None


def chroma_version() -> str:
    return package_version("chromadb")


# ── in files of one's own ───────────────────────────────────────────────────────────────────────


class EmbeddedGraph:
    """Chroma over a private copy of a sealed folder, which goes with the last reference to this."""

    def __init__(self, sealed: Sealed, serving: Path, probe: Matrix, count: int) -> None:
        """``probe`` is any vector of the collection; ``count`` the number of vectors it must hold.

        Raises DamagedError, OSError where no copy can be made, and whatever Chroma raises.
        """
        folder = private_folder(serving)
        client: Any = None
        try:
            _copy(sealed, folder.path)
            client = _client(folder.path)
            self._collection = client.get_collection(_COLLECTION, embedding_function=None)
            if (found := self._collection.count()) != count:
                raise RuntimeError(f"Chroma counts {found} of {count} passages")
            self.nearest(probe[np.newaxis], 1)  # reads the graph into memory, from bytes checked just now
        except BaseException:
            _close(client, folder)
            raise
        self.signature = sealed.signature()
        weakref.finalize(self, _close, client, folder)

    def nearest(self, vectors: Matrix, k: int) -> list[list[int]]:
        return nearest(self._collection, vectors, k)


def open_graph(sealed: Sealed, serving: Path, probe: Matrix, count: int) -> EmbeddedGraph:
    """As ``EmbeddedGraph``; at once where this process has it open already."""
    with _opens:
        known = _open.get(sealed.path)
        if known is not None and known.signature == sealed.signature():
            return known
        graph = EmbeddedGraph(sealed, serving, probe, count)
        _open[sealed.path] = graph
        return graph


_open: weakref.WeakValueDictionary[Path, EmbeddedGraph] = weakref.WeakValueDictionary()
_opens = threading.RLock()  # opening from several threads at once can fail


def write_files(folder: Path, content: Content) -> None:
    """Chroma's files in the new ``folder``, complete on disk and without slack."""
    folder.mkdir()
    client = _client(folder)
    try:
        fill(client, _COLLECTION, content)
    finally:
        client.close()
    # The log of vectors is freed inside the file but not given back; each reader would copy it.
    with suppress(sqlite3.Error), closing(sqlite3.connect(folder / "chroma.sqlite3")) as connection:
        connection.execute("VACUUM")


def _client(folder: Path) -> Any:
    import chromadb
    from chromadb.config import Settings as ChromaSettings

    # Without _env_file Chroma reads a .env from whatever folder the user stands in.
    settings = ChromaSettings(_env_file=None, anonymized_telemetry=False)
    with _opens:
        return chromadb.PersistentClient(path=str(folder), settings=settings)


def _close(client: Any, folder: PrivateFolder) -> None:
    with suppress(Exception):  # the copy is thrown away whatever Chroma says
        if client is not None:
            client.close()
    folder.remove()


def _copy(sealed: Sealed, target: Path) -> None:
    """The files, checked; large ones are linked, since Chroma writes to none but its SQLite file."""
    for name in sealed.files:
        copied = target / name
        copied.parent.mkdir(exist_ok=True)
        if copied.suffix == ".bin" and sealed.size(name) > IN_MEMORY:
            sealed.check(name)
            with suppress(OSError):  # a file system without links
                os.link(sealed.path / name, copied)
                continue
        sealed.copy(name, copied)


# ── on a server ─────────────────────────────────────────────────────────────────────────────────


def server_client(
    host: str, port: int, *, tls: bool, tenant: str, database: str, token: str | None, seconds: float
) -> Any:
    """A client of a Chroma server, of which no request takes longer than ``seconds``."""
    import chromadb
    from chromadb.config import Settings as ChromaSettings

    settings = ChromaSettings(_env_file=None, anonymized_telemetry=False)
    client = chromadb.HttpClient(
        host=host,
        port=port,
        ssl=tls,
        headers={"X-Chroma-Token": token, "Authorization": f"Bearer {token}"} if token else None,
        settings=settings,
        tenant=tenant,
        database=database,
    )
    client._server._session.timeout = seconds  # Chroma would wait for ever, and has no setting for it
    return client


def is_missing(error: Exception) -> bool:
    """Whether the server said that it does not have the collection."""
    from chromadb.errors import NotFoundError

    return isinstance(error, NotFoundError)


# ── both ────────────────────────────────────────────────────────────────────────────────────────


def fill(client: Any, name: str, content: Content, at_once: int = _INSERT_AT_ONCE) -> Any:
    """A new collection with all of ``content``, the row numbers its ids."""
    from langchain_chroma import Chroma

    given = _GivenVectors()
    # One write of the HNSW files, at the very last vector: what is left to Chroma's log would be added
    # to the graph again at each open, and a write each thousand vectors would cost their square.
    threshold = max(2, len(content.vectors))
    hnsw = {
        "space": "cosine",
        "sync_threshold": threshold,
        "batch_size": min(100, threshold),
        "ef_search": 200,
        "num_threads": 1,  # two threads that insert at once can leave a vector that nothing reaches
    }
    store = Chroma(
        client=client,
        collection_name=name,
        embedding_function=given,
        collection_configuration={"hnsw": hnsw},
    )
    collection = client.get_collection(name, embedding_function=None)
    for start in range(0, len(content.vectors), at_once):
        stop = min(start + at_once, len(content.vectors))
        ids = [str(row) for row in range(start, stop)]
        vectors, labels = content.vectors[start:stop], content.labels(start, stop)
        if content.texts is None:
            collection.add(ids=ids, embeddings=vectors, metadatas=labels)
        else:
            given.vectors = vectors.tolist()
            store.add_texts([storable(text) for text in content.texts[start:stop]], labels, ids)
    return collection


def nearest(collection: Any, vectors: Matrix, k: int) -> list[list[int]]:
    found = collection.query(query_embeddings=vectors, n_results=k, include=[])
    return [[int(id_) for id_ in ids] for ids in found["ids"]]


def storable(text: str) -> str:
    """``text`` without the characters that no database takes."""
    return text.encode("utf-8", "replace").decode().replace("\0", " ")


class _GivenVectors:
    """The Embeddings that langchain-chroma asks for, with vectors made already.

    Chroma without vectors would download a model.
    """

    def __init__(self) -> None:
        self.vectors: list[list[float]] = []

    def embed_documents(self, _: list[str]) -> list[list[float]]:
        return self.vectors
