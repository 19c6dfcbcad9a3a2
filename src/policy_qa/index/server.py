"""A Chroma server that holds the collections: asked with patience that ends, and filled by the one writer."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from policy_qa.breaker import Breaker
from policy_qa.errors import StoreError
from policy_qa.index.chroma import Content, fill, is_missing, nearest, server_client
from policy_qa.index.searching import UnusedError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

ASK_SECONDS = 2.0
"""How long a search waits for the server before it compares exactly."""
REST_SECONDS = 5.0
"""How long a server that failed is left alone."""
_FILL_SECONDS = 300.0
_FILL_AT_ONCE = 1000  # a request may have 40 MB
_NAMES_AT_ONCE = 500


class ServerAwayError(UnusedError):
    """The server does not answer, or not in time."""

    def __init__(self) -> None:
        super().__init__("服务没有应答")


class MissingError(UnusedError):
    """The server answers and does not have the collection."""

    def __init__(self) -> None:
        super().__init__("服务里没有这份索引（重新运行 policy-qa index 会补上）")


class Server:
    """One Chroma server; ``prefix`` begins the names of the collections that are this index's own.

    ``url`` is ``http[s]://[token@]host[:port][/tenant/database]``. Raises StoreError for another.
    """

    def __init__(self, url: str, prefix: str) -> None:
        self._options = _options(url)
        self._probe = _heartbeat(url)
        self._prefix = prefix
        self._breaker = Breaker(1, REST_SECONDS, time.monotonic)
        self._lock = threading.Lock()
        self._client: Any = None
        self._collections: dict[str, Any] = {}

    def nearest(self, name: str, vectors: Matrix, k: int) -> list[list[int]]:
        """What the collection of ``name`` proposes. Raises ServerAwayError and MissingError, soon."""
        if not self._breaker.admits():
            raise ServerAwayError
        with self.answers():
            return nearest(self._collection(name), vectors, k)

    def counts(self, names: Iterable[str]) -> dict[str, int]:
        """How many vectors it has of each; 0 for a collection it does not have. Raises ServerAwayError."""
        found = {}
        for name in names:
            try:
                with self.answers():
                    found[name] = int(self._collection(name).count())
            except MissingError:
                found[name] = 0
        return found

    @contextmanager
    def filled(self, name: str, content: Content) -> Iterator[FillingGraph]:
        """Upload a collection; it has its name, and replaces one that had it, when the block ends well.

        Raises ServerAwayError.
        """
        with self.answers():
            client = self._connect(_FILL_SECONDS)
            aside = f"{self._prefix}building-{uuid.uuid4().hex}"
            collection = fill(client, aside, content, at_once=_FILL_AT_ONCE)
        yield FillingGraph(self, collection)
        with self.answers():
            with self._lock:
                self._collections.pop(name, None)
            if self._prefix + name in _names(client):
                client.delete_collection(self._prefix + name)
            collection.modify(name=self._prefix + name)

    def keep(self, names: Set[str]) -> None:
        """Delete all collections of this index but these. Raises ServerAwayError."""
        with self.answers():
            client = self._connect(_FILL_SECONDS)
            for name in _names(client):
                if name.startswith(self._prefix) and name.removeprefix(self._prefix) not in names:
                    client.delete_collection(name)

    def _collection(self, name: str) -> Any:
        with self._lock:
            if self._client is None:
                self._client = self._connect(ASK_SECONDS)
            if name not in self._collections:
                self._collections[name] = self._client.get_collection(
                    self._prefix + name, embedding_function=None
                )
            return self._collections[name]

    def _connect(self, seconds: float) -> Any:
        with urlopen(self._probe, timeout=ASK_SECONDS):
            pass
        return server_client(**self._options, seconds=seconds)

    @contextmanager
    def answers(self) -> Iterator[None]:
        """What fails in here becomes a ServerAwayError or MissingError, and is remembered."""
        try:
            yield
        except (StoreError, UnusedError):
            raise
        except Exception as error:
            with self._lock:
                self._collections.clear()
            if is_missing(error):
                self._breaker.succeeded()
                raise MissingError from error
            self._breaker.failed()
            with self._lock:
                self._client = None
            raise ServerAwayError from error
        self._breaker.succeeded()


class FillingGraph:
    """A collection that was just uploaded."""

    def __init__(self, server: Server, collection: Any) -> None:
        self._server = server
        self._collection = collection

    def nearest(self, vectors: Matrix, k: int) -> list[list[int]]:
        with self._server.answers():
            return nearest(self._collection, vectors, k)

    def count(self) -> int:
        with self._server.answers():
            return int(self._collection.count())


class ServerGraph:
    """A collection of a server, under the name of its segment."""

    def __init__(self, server: Server, name: str) -> None:
        self._server = server
        self._name = name

    def nearest(self, vectors: Matrix, k: int) -> list[list[int]]:
        return self._server.nearest(self._name, vectors, k)


def _names(client: Any) -> list[str]:
    names: list[str] = []
    while len(page := client.list_collections(limit=_NAMES_AT_ONCE, offset=len(names))) == _NAMES_AT_ONCE:
        names += [collection.name for collection in page]
    return names + [collection.name for collection in page]


def _options(url: str) -> dict[str, Any]:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 8000)
        place = [part for part in parts.path.split("/") if part]
        if parts.scheme not in {"http", "https"} or not parts.hostname or len(place) not in {0, 2}:
            raise ValueError
    except ValueError as error:
        raise StoreError(
            f"向量库服务的地址「{url}」读不懂；请把 POLICY_QA_CHROMA 写成 http://主机:端口。"
        ) from error
    tenant, database = place or ("default_tenant", "default_database")
    return {
        "host": parts.hostname,
        "port": port,
        "tls": parts.scheme == "https",
        "tenant": tenant,
        "database": database,
        "token": parts.password or parts.username,
    }


def _heartbeat(url: str) -> str:
    options = _options(url)
    host = f"[{options['host']}]" if ":" in options["host"] else options["host"]
    return f"http{'s' if options['tls'] else ''}://{host}:{options['port']}/api/v2/heartbeat"
