"""What every test stands on: no network, no path outside its own folder, a model that is no model."""

from __future__ import annotations

import datetime
import io
import math
import os
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from policy_qa.domain import Embedder

if TYPE_CHECKING:
    from policy_qa.web.desk import Desk

_DIMENSIONS = 64


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes seconds (real processes, or the real embedding model)")
    config.addinivalue_line("markers", "loopback: may use 127.0.0.1, and still no other address")


class FakeEmbedder:
    """Character bigrams hashed into 64 numbers: texts that share bigrams are near, and nothing is loaded.

    ``delay`` seconds a text make it as slow as a model; ``embedded`` keeps the passages it was given.
    """

    def __init__(self, name: str = "fake-bigrams", delay: float = 0.0) -> None:
        self.name = name
        self.embedded: list[str] = []
        self._delay = delay

    def embed_passages(self, texts: Sequence[str]) -> list[list[float]]:
        self.embedded.extend(texts)
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        time.sleep(self._delay)
        vector = [0.0] * _DIMENSIONS
        for first, second in pairwise(f" {text} "):
            vector[zlib.crc32((first + second).encode("utf-8", "replace")) % _DIMENSIONS] += 1.0
        length = math.sqrt(sum(value * value for value in vector))
        return [value / length for value in vector]


@pytest.fixture
def embedder() -> Embedder:
    return FakeEmbedder()


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The web side's desk over the shipped corpus, on 2026-01-31; opened once, since that takes seconds."""
    from policy_qa.assistant import open_assistant
    from policy_qa.settings import load_settings
    from policy_qa.web.desk import Desk

    settings = load_settings({"POLICY_QA_HOME": str(tmp_path_factory.mktemp("desk"))})
    return Desk(open_assistant(settings, lambda _: FakeEmbedder()), lambda: datetime.date(2026, 1, 31))


@pytest.fixture
def serving(desk: Desk, home: Path) -> Iterator[Callable[..., str]]:
    """Serve the desk on a free port of 127.0.0.1, with options of create_app: the address; loopback only."""
    import uvicorn

    from policy_qa.feedback import FeedbackStore
    from policy_qa.web.app import create_app
    from policy_qa.web.telemetry import Telemetry, json_log

    with ExitStack() as stack:

        def serve(**options: Any) -> str:
            feedback = stack.enter_context(FeedbackStore.open(home))
            app = create_app(desk, feedback, Telemetry(json_log(io.StringIO())), **options)
            server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, ws="none"))
            thread = threading.Thread(target=server.run, daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(setattr, server, "should_exit", True)
            while not server.started:
                time.sleep(0.01)
            return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"

        yield serve


@pytest.fixture(autouse=True)
def network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Refuses every socket but local ones; the list names what was tried."""
    tried: list[str] = []
    hosts = {"127.0.0.1"} if request.node.get_closest_marker("loopback") else set()
    resolve = socket.getaddrinfo

    def guarded(name: str) -> Any:
        real = getattr(socket.socket, name)

        def refuse(self: socket.socket, *arguments: Any) -> Any:
            address = arguments[-1]
            if self.family == socket.AF_UNIX or (isinstance(address, tuple) and address[0] in hosts):
                return real(self, *arguments)
            tried.append(f"{name} {arguments[-1]}")
            raise ConnectionRefusedError(f"a test may not use the network: {name} {arguments[-1]}")

        return refuse

    def no_names(host: Any, *rest: Any, **named: Any) -> Any:
        if host in hosts:
            return resolve(host, *rest, **named)
        tried.append(f"getaddrinfo {host}")
        raise socket.gaierror(socket.EAI_NONAME, f"a test may not use the network: {host}")

    for name in ("connect", "connect_ex", "bind", "sendto"):
        monkeypatch.setattr(socket.socket, name, guarded(name))
    monkeypatch.setattr(socket, "getaddrinfo", no_names)
    return tried


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """POLICY_QA_HOME of this test; nobody's own settings are seen."""
    path = tmp_path / "home"
    for name in [name for name in os.environ if name.startswith("POLICY_QA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("POLICY_QA_HOME", str(path))
    return path
