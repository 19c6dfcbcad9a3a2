"""With a Chroma server the answers are those of the embedded store, whatever the server does."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import pytest

from policy_qa.domain import Embedder
from policy_qa.errors import StoreError
from policy_qa.index import Index, Place, build, ensure, graphs, open_index, server
from policy_qa.passages import Passage, digest

TESTS = Path(__file__).resolve().parent
QUESTIONS = ("丙类第7条", "奖补多少", "新第3条", "xyz")
CHROMA = Path(sys.executable).with_name("chroma")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.loopback,
    pytest.mark.skipif(not CHROMA.exists(), reason="chroma run is not installed beside this Python"),
]


class Shelf:
    """Four policies of ten clauses; those in ``changed`` say something else."""

    def __init__(self, changed: str = "") -> None:
        self._passages = {
            name: [
                Passage(
                    f"{name}/{row}",
                    name,
                    f"{row}",
                    f"{name}类{'新' * (name in changed)}第{row}条 奖补{row * 7}",
                    "clause",
                )
                for row in range(10)
            ]
            for name in "甲乙丙丁"
        }
        self.digests: Mapping[str, str] = {name: digest(found) for name, found in self._passages.items()}

    def passages(self, policy: str) -> Sequence[Passage]:
        return self._passages[policy]


def answers(index: Index, embedder: Embedder) -> list[list[tuple[Place, float]]]:
    return [index.nearest(embedder.embed_query(question), 7) for question in QUESTIONS]


class ChromaRun:
    """A real ``chroma run`` on a port of its own, which can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        place = ["--path", str(self._folder), "--host", "127.0.0.1", "--port", str(self.port)]
        self._process = subprocess.Popen(
            [str(CHROMA), "run", *place],
            cwd=self._folder.parent,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        direct = build_opener(ProxyHandler({}))
        for _ in range(600):
            try:
                direct.open(f"{self.url}/api/v2/heartbeat", timeout=5).close()
                return
            except (URLError, OSError):
                if self._process.poll() is not None:
                    break
                time.sleep(0.1)
        self.kill()
        pytest.skip("chroma run does not start here")

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()

    def signal(self, number: signal.Signals) -> None:
        assert self._process
        self._process.send_signal(number)

    def lose_everything(self) -> None:
        self.kill()
        shutil.rmtree(self._folder)
        self.start()


@pytest.fixture
def chroma(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChromaRun]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    running = ChromaRun(tmp_path / "chroma")
    running.start()
    yield running
    running.kill()


@pytest.fixture
def embedded(embedder: Embedder, tmp_path: Path) -> list[list[tuple[Place, float]]]:
    with build(Shelf(), embedder, tmp_path / "embedded") as index:
        return answers(index, embedder)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that failed is asked again without a rest."""
    monkeypatch.setattr(server, "REST_SECONDS", 0.0)


def names(chroma: ChromaRun) -> set[str]:
    import chromadb

    client = chromadb.HttpClient(host="127.0.0.1", port=chroma.port)
    return {collection.name for collection in client.list_collections()}


def segments(home: Path) -> set[str]:
    return {path.name for path in (home / "index" / "segments").iterdir()}


def test_a_server_gives_the_answers_of_the_embedded_store(
    chroma: ChromaRun, embedder: Embedder, home: Path, embedded: list[list[tuple[Place, float]]]
) -> None:
    index = ensure(Shelf(), embedder, home, server=chroma.url)

    assert (answers(index, embedder), index.exact_because) == (embedded, None)
    assert {name.rpartition("-")[2] for name in names(chroma)} == segments(home)
    assert not (home / "index" / "graphs").exists()


def test_changed_policies_go_into_collections_of_their_own_and_old_ones_are_deleted(
    chroma: ChromaRun, embedder: Embedder, home: Path, tmp_path: Path
) -> None:
    for changed in ("", "丙", "丙丁", "丙丁甲"):
        index = ensure(Shelf(changed), embedder, home, server=chroma.url)
    afresh = build(Shelf("丙丁甲"), embedder, tmp_path / "embedded")

    assert (answers(index, embedder), index.exact_because) == (answers(afresh, embedder), None)
    assert {name.rpartition("-")[2] for name in names(chroma)} == segments(home)


def test_collections_of_others_on_the_same_server_are_left_alone(
    chroma: ChromaRun, embedder: Embedder, home: Path, tmp_path: Path
) -> None:
    other = build(Shelf(), embedder, tmp_path / "other", server=chroma.url)
    build(Shelf("甲"), embedder, home, server=chroma.url)
    build(Shelf("乙"), embedder, home, server=chroma.url)
    build(Shelf("丙"), embedder, home, server=chroma.url)

    answers(other, embedder)
    assert other.exact_because is None


@pytest.mark.usefixtures("at_once")
def test_a_server_that_is_away_changes_no_answer_and_is_used_again_when_it_is_back(
    chroma: ChromaRun, embedder: Embedder, home: Path, embedded: list[list[tuple[Place, float]]]
) -> None:
    index = ensure(Shelf(), embedder, home, server=chroma.url)
    answers(index, embedder)
    chroma.kill()
    away = answers(index, embedder), index.exact_because
    chroma.start()
    back = answers(index, embedder), index.exact_because

    assert away == (embedded, "向量库 Chroma 服务没有应答，已改用逐条精确比对。")
    assert back == (embedded, None)


@pytest.mark.usefixtures("at_once")
def test_a_server_that_hangs_is_not_waited_for(
    chroma: ChromaRun,
    embedder: Embedder,
    home: Path,
    embedded: list[list[tuple[Place, float]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "ASK_SECONDS", 0.5)
    index = build(Shelf(), embedder, home, server=chroma.url)
    chroma.signal(signal.SIGSTOP)
    hung = answers(index, embedder), index.exact_because
    chroma.signal(signal.SIGCONT)
    while index.exact_because:  # its answers of the meantime are still to come
        back = answers(index, embedder)

    assert hung == (embedded, "向量库 Chroma 服务没有应答，已改用逐条精确比对。")
    assert back == embedded


def test_without_a_server_the_index_is_built_all_the_same_and_uploaded_by_the_next_writer(
    chroma: ChromaRun,
    embedder: Embedder,
    home: Path,
    embedded: list[list[tuple[Place, float]]],
    at_once: None,
) -> None:
    del at_once
    chroma.kill()
    without = ensure(Shelf(), embedder, home, server=chroma.url)
    told = answers(without, embedder), without.exact_because
    chroma.start()
    served = ensure(Shelf(), embedder, home, server=chroma.url)

    assert told == (embedded, "向量库 Chroma 服务没有应答，已改用逐条精确比对。")
    assert (answers(served, embedder), served.exact_because) == (embedded, None)


@pytest.mark.usefixtures("at_once")
def test_a_server_that_lost_its_volume_is_filled_again_by_the_next_writer(
    chroma: ChromaRun, embedder: Embedder, home: Path, embedded: list[list[tuple[Place, float]]]
) -> None:
    index = ensure(Shelf(), embedder, home, server=chroma.url)
    chroma.lose_everything()
    lost = answers(index, embedder), index.exact_because
    ensure(Shelf(), embedder, home, server=chroma.url)
    filled = answers(index, embedder), index.exact_because

    assert lost == (
        embedded,
        "向量库 Chroma 服务里没有这份索引（重新运行 policy-qa index 会补上），已改用逐条精确比对。",
    )
    assert filled == (embedded, None)


def test_an_index_can_move_to_a_server_and_back(
    chroma: ChromaRun, embedder: Embedder, home: Path, embedded: list[list[tuple[Place, float]]]
) -> None:
    ensure(Shelf(), embedder, home).close()
    before = segments(home)
    on_server = ensure(Shelf(), embedder, home, server=chroma.url)
    back = ensure(Shelf(), embedder, home)

    assert (answers(on_server, embedder), on_server.exact_because) == (embedded, None)
    assert (answers(back, embedder), back.exact_because) == (embedded, None)
    assert segments(home) == before


def test_an_upload_that_lost_vectors_is_made_again_and_in_the_end_refused(
    chroma: ChromaRun, embedder: Embedder, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems = iter(["40 条里有 1 条检索不到自己", None])
    monkeypatch.setattr(graphs, "_problem", lambda *_: next(problems, "40 条里有 2 条检索不到自己"))
    index = ensure(Shelf(), embedder, home, server=chroma.url)
    before = (home / "index" / "CURRENT").read_text()

    with pytest.raises(StoreError) as refused:
        build(Shelf("甲"), embedder, home, server=chroma.url)

    assert "40 条里有 2 条检索不到自己" in str(refused.value)
    assert (home / "index" / "CURRENT").read_text() == before
    answers(index, embedder)
    assert index.exact_because is None


READER = """
import os, sys
from pathlib import Path
from conftest import FakeEmbedder
from test_index_server import Shelf, answers
from policy_qa import index
home, url, stop = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
opened = index.open_index(Shelf(), "fake-bigrams", home, server=url)
first = answers(opened, FakeEmbedder())
print("reading", flush=True)
notices, same, rounds = set(), True, 0
while not stop.exists() or not rounds:
    same = same and answers(opened, FakeEmbedder()) == first
    notices.add(opened.exact_because)
    rounds += 1
print(first, same, notices)
"""


def test_two_processes_read_the_same_while_a_third_indexes(
    chroma: ChromaRun,
    embedder: Embedder,
    home: Path,
    tmp_path: Path,
    embedded: list[list[tuple[Place, float]]],
) -> None:
    ensure(Shelf(), embedder, home, server=chroma.url)
    environ = dict(os.environ, PYTHONPATH=os.pathsep.join([str(TESTS.parent / "src"), str(TESTS)]))
    stop = tmp_path / "stop"
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(home), chroma.url, str(stop)],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        started = [reader.stdout.readline() for reader in readers if reader.stdout]
        index = ensure(Shelf("丙"), embedder, home, server=chroma.url)
        stop.touch()
        told = [reader.communicate() for reader in readers]
    finally:
        for reader in readers:
            reader.kill()
            reader.wait()

    assert started == ["reading\n"] * 2
    assert told == [(f"{embedded} True {{None}}\n", "")] * 2
    assert index.exact_because is None
    assert open_index(Shelf("丙"), embedder.name, home, server=chroma.url) is not None


@pytest.mark.parametrize(
    "url", ["chroma:8000", "http://", "http://host:port", "http://host/tenant", "ftp://host"]
)
def test_an_address_that_cannot_be_read_is_said(embedder: Embedder, home: Path, url: str) -> None:
    with pytest.raises(StoreError) as refused:
        build(Shelf(), embedder, home, server=url)

    assert str(refused.value) == (
        f"向量库服务的地址「{url}」读不懂；请把 POLICY_QA_CHROMA 写成 http://主机:端口。"
    )
