"""What every test stands on: no network, no path outside its own folder, a model that is no model."""

from __future__ import annotations

import math
import socket
import time
import zlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from policy_qa.domain import Embedder

_DIMENSIONS = 64


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes seconds (real processes, or the real embedding model)")


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


@pytest.fixture(autouse=True)
def network(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Refuses every socket but local ones; the list names what was tried."""
    tried: list[str] = []

    def guarded(name: str) -> Any:
        real = getattr(socket.socket, name)

        def refuse(self: socket.socket, *arguments: Any) -> Any:
            if self.family == socket.AF_UNIX:
                return real(self, *arguments)
            tried.append(f"{name} {arguments[-1]}")
            raise ConnectionRefusedError(f"a test may not use the network: {name} {arguments[-1]}")

        return refuse

    def no_names(host: Any, *_: Any, **__: Any) -> Any:
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
    monkeypatch.setenv("POLICY_QA_HOME", str(path))
    for name in ("POLICY_QA_CORPUS", "POLICY_QA_EMBEDDING"):
        monkeypatch.delenv(name, raising=False)
    return path
