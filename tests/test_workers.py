"""Promises about several workers: the same answers, in step with what is published, none missed when it dies.

Two workers are real processes over one home. A connection is kept open to each of them, so that it is known
who answers.
"""

from __future__ import annotations

import datetime
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from policy_qa.corpus import load_corpus
from policy_qa.feedback import FeedbackStore
from policy_qa.settings import load_settings
from policy_qa.web.desk import Desk
from policy_qa.wire import answer_json, dumps

pytestmark = [pytest.mark.slow, pytest.mark.loopback]

DAY = "2026-01-31"
TOKEN = "correct-horse-battery"
PROGRAM = """
from conftest import FakeEmbedder
from policy_qa import embedding
embedding.load_embedder = lambda *_, **__: FakeEmbedder()
from policy_qa.cli import main
main()
"""
POLICY = """白石市支持企业若干措施

为支持企业，制定如下措施。

1.奖励实验室。对新认定的市级重点实验室，给予一次性奖励40万元。（市科技局负责）
"""
PATIENCE_SECONDS = 300.0
"""For what takes a second on an idle machine."""


class Crew:
    """`policy-qa serve --workers N` on a free port, and a connection to each of its workers."""

    def __init__(self, home: Path, size: int = 2, **environ: str) -> None:
        self.home = home
        self.size = size
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("POLICY_QA_")},
            "POLICY_QA_HOME": str(home),
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path]),
            **environ,
        }
        self._log = home.with_suffix(".log")
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [*self._command("serve"), "--port", "0", "--workers", str(size)],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                env=self.environ,
            )
        try:
            assert self.process.stdout is not None
            started = re.search(r"http://127\.0\.0\.1:(\d+)/", self.process.stdout.readline())
            assert started, self._log.read_text("utf-8")
            self.port = int(started.group(1))
            wait_until(lambda: len(self.pids()) == size)
        except BaseException:
            self.stop(signal.SIGKILL)
            raise

    @staticmethod
    def _command(*arguments: str) -> list[str]:
        return [sys.executable, "-c", PROGRAM, *arguments]

    def run(self, *arguments: str) -> None:
        """Another command over the same home."""
        done = subprocess.run(
            self._command(*arguments), env=self.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    def logged(self, event: str) -> list[dict[str, Any]]:
        lines = self._log.read_text("utf-8").splitlines()
        return [entry for entry in map(json.loads, lines) if entry["event"] == event]

    def pids(self) -> dict[int, int]:
        """Worker → the process that accepts in its place now."""
        pids: dict[int, int] = {}
        for entry in self.logged("worker"):
            if entry["state"] == "accepting":
                pids[entry["worker"]] = entry["pid"]
            else:
                pids.pop(entry["worker"], None)
        return pids

    @contextmanager
    def only(self, worker: int) -> Iterator[None]:
        """All others stand still, so that a new connection is this worker's."""
        others = [pid for number, pid in self.pids().items() if number != worker]
        for pid in others:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in others:
                os.kill(pid, signal.SIGCONT)

    def connect(self, worker: int | None = None) -> http.client.HTTPConnection:
        """A connection that is kept, to a certain worker or to any."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        if worker is not None:
            with self.only(worker):
                name = f"probe-{time.monotonic_ns()}"
                call(connection, "/healthz", **{"X-Request-ID": name})
            wait_until(lambda: self._met(name) == worker)
        return connection

    def _met(self, request: str) -> int | None:
        """The worker that answered a request."""
        met = [entry["worker"] for entry in self.logged("request") if entry["request_id"] == request]
        return met[0] if met else None

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        with self.process:
            return self.process.wait(PATIENCE_SECONDS)


def call(
    connection: http.client.HTTPConnection, path: str, body: object = None, **headers: str
) -> tuple[int, Any]:
    """The status and the JSON of a request: POST with a body, GET without."""
    content = None if body is None else json.dumps(body)
    sent = {"Content-Type": "application/json", **headers}
    connection.request("GET" if body is None else "POST", path, content, sent)
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def once(crew: Crew, path: str, body: object = None) -> tuple[int, Any]:
    """The same over a connection of its own."""
    with closing(crew.connect()) as connection:
        return call(connection, path, body)


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.1)


def questions() -> list[str]:
    lines = (load_settings({}).eval / "questions.dev.jsonl").read_text("utf-8").splitlines()
    asked = [json.loads(line)["question"] for line in lines]
    return asked[:: len(asked) // 30][:30]


def embedded(desk: Desk) -> dict[str, Any]:
    """Question → the answer of the one embedded process that this test is."""
    day = datetime.date.fromisoformat(DAY)
    return {q: json.loads(dumps(answer_json(desk.ask(q, {}, as_of=day)))) for q in questions()}


def answers_of(crew: Crew, worker: int) -> dict[str, Any]:
    with closing(crew.connect(worker)) as connection:
        return {q: call(connection, "/api/ask", {"question": q, "as_of": DAY})[1] for q in questions()}


def reindex_while_users_ask(crew: Crew, tmp_path: Path) -> None:
    """Add a policy from the command line: no error, no answer of two corpora, one worker after the other."""
    source = tmp_path / "措施.txt"
    source.write_text(POLICY, "utf-8")
    asked = [question for question in questions() if len(question) > 4][:6]
    seen: dict[tuple[str, str], set[str]] = {}
    wrong: list[object] = []
    over = threading.Event()

    def ask(start: int) -> None:
        for turn in range(start, 10**6):
            if over.is_set():
                return
            question = asked[turn % len(asked)]
            try:
                status, answer = once(crew, "/api/ask", {"question": question, "as_of": DAY})
            except (OSError, http.client.HTTPException) as error:
                wrong.append(error)
                continue
            if status != 200:
                wrong.append(answer)
            else:
                seen.setdefault((question, answer["corpus"]), set()).add(json.dumps(answer))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    before = once(crew, "/healthz")[1]["corpus"]
    for thread in threads:
        thread.start()
    try:
        crew.run("add", str(source), "--id", "baishi")
        crew.run("index")
        after = load_corpus(load_settings({}).corpus, crew.home / "corpus").sha256
        wait_until(lambda: [one["corpus"] for one in crew.logged("publication")] == [after, after])
        time.sleep(0.5)
    finally:
        over.set()
        for thread in threads:
            thread.join()

    assert wrong == []
    assert {corpus for _, corpus in seen} == {before, after}
    assert [key for key, different in seen.items() if len(different) > 1] == []  # no answer of two corpora
    for worker in (1, 2):
        with closing(crew.connect(worker)) as connection:
            assert call(connection, "/healthz")[1]["corpus"] == after
            body = {"question": "新认定的市级重点实验室奖励多少？", "policy": "baishi"}
            answer = call(connection, "/api/ask", body)[1]
            assert "40万元" in answer["answer"]
    spans = sorted(
        (datetime.datetime.fromisoformat(one["time"]).timestamp() - one["seconds"], one["seconds"])
        for one in crew.logged("publication")
    )
    assert spans[0][0] + spans[0][1] <= spans[1][0] + 0.05  # one worker after the other


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crew]:
    """Two workers, each with the vector store embedded."""
    running = Crew(tmp_path_factory.mktemp("crew") / "home", POLICY_QA_ADMIN_TOKEN=TOKEN)
    yield running
    if running.process.poll() is None:
        running.stop(signal.SIGKILL)


# ── embedded ────────────────────────────────────────────────────────────────────────────────────


def test_each_of_two_workers_answers_as_one_process_does(crew: Crew, desk: Desk) -> None:
    expected = embedded(desk)
    assert [answers_of(crew, worker) == expected for worker in (1, 2)] == [True, True]


def test_the_metrics_of_all_workers_are_shown_by_whichever_is_asked(crew: Crew) -> None:
    for worker in (1, 2):
        crew.connect(worker).close()
    time.sleep(1.5)  # each shows the others what it has counted once a second
    with closing(crew.connect()) as connection:
        connection.request("GET", "/metrics")
        metrics = connection.getresponse().read().decode()
    counted = re.findall(r'^policy_qa_requests_total\{worker="(\d)",.*route="/healthz"', metrics, re.M)
    ready = re.findall(r'^policy_qa_index_ready\{worker="(\d)"\} (\S+)$', metrics, re.M)
    assert (sorted(counted), sorted(ready)) == (["1", "2"], [("1", "1.0"), ("2", "1.0")])
    helps = re.findall(r"^# HELP (\S+)", metrics, re.M)
    assert len(helps) == len(set(helps))


def test_an_administrator_is_known_to_every_worker(crew: Crew) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    form = urllib.parse.urlencode({"token": TOKEN, "name": "王管"})
    with closing(crew.connect(1)) as connection:
        connection.request("POST", "/admin/login", form, headers)
        response = connection.getresponse()
        response.read()
        cookie = (response.getheader("Set-Cookie") or "").partition(";")[0]
    csrf = []
    for worker in (1, 2):
        with closing(crew.connect(worker)) as connection:
            connection.request("GET", "/admin", headers={"Cookie": cookie})
            csrf += re.findall(r'name="csrf" value="([0-9a-f]+)"', connection.getresponse().read().decode())[
                :1
            ]
    assert len(csrf) == 2
    assert csrf[0] == csrf[1]


def test_a_policy_is_added_while_users_ask_without_an_error_and_reaches_every_worker(
    crew: Crew, tmp_path: Path
) -> None:
    reindex_while_users_ask(crew, tmp_path)


def test_a_killed_worker_is_replaced_while_the_other_goes_on_and_no_feedback_is_lost(crew: Crew) -> None:
    first = crew.pids()
    acknowledged: list[str] = []
    over = threading.Event()

    def feed(number: int) -> None:
        for turn in range(10**6):
            if over.is_set():
                return
            reason = f"{number}-{turn}"
            body = {"answer_id": "0123456789abcdef", "useful": False, "reason": reason}
            with suppress(OSError, http.client.HTTPException):  # the one that is killed takes some with it
                if once(crew, "/api/feedback", body)[0] == 201:
                    acknowledged.append(reason)

    threads = [threading.Thread(target=feed, args=(number,)) for number in range(3)]
    with closing(crew.connect(2)) as connection:
        for thread in threads:
            thread.start()
        try:
            wait_until(lambda: len(acknowledged) > 5)
            os.kill(first[1], signal.SIGKILL)
            wait_until(lambda: 1 not in crew.pids())
            answered = call(connection, "/api/ask", {"question": "小巨人奖多少"})
            wait_until(lambda: crew.pids().keys() == {1, 2})
        finally:
            over.set()
            for thread in threads:
                thread.join()
    assert (answered[0], answered[1]["calculation"]["total"]) == (200, "500000")
    assert crew.pids()[1] != first[1]
    assert crew.pids()[2] == first[2]
    with FeedbackStore.open(crew.home) as store:
        assert set(acknowledged) - {entry.reason for entry in store.all()} == set()
    with closing(crew.connect(1)) as connection:
        assert call(connection, "/healthz")[0] == 200


def test_a_signal_stops_every_worker_and_leaves_nothing_behind(crew: Crew) -> None:
    pids = crew.pids()
    assert crew.stop(signal.SIGTERM) == 0
    assert [number for number, pid in pids.items() if alive(pid)] == []
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", crew.port))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


# ── with a Chroma server ────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real `chroma run` on loopback: its address."""
    command = shutil.which("chroma", path=str(Path(sys.executable).parent)) or shutil.which("chroma")
    if command is None:
        pytest.skip("chroma, the command that comes with chromadb, is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("chroma")
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [command, "run", "--path", str(folder / "data"), "--host", "127.0.0.1", "--port", str(port)],
            stdout=log,
            stderr=log,
            env={**os.environ, "ANONYMIZED_TELEMETRY": "False"},
        )
    try:
        until = time.monotonic() + PATIENCE_SECONDS
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > until:
                pytest.skip(f"chroma run does not start here: {(folder / 'log').read_text()[-200:]}")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def collections(address: str) -> list[Mapping[str, Any]]:
    tenant = "/api/v2/tenants/default_tenant/databases/default_database/collections"
    parts = urllib.parse.urlsplit(address)
    with closing(http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)) as connection:
        status, found = call(connection, tenant)
    assert status == 200
    assert isinstance(found, list)
    return found


def test_two_workers_over_a_chroma_server_answer_as_one_embedded_process_and_end_with_their_parent(
    chroma: str, tmp_path: Path, desk: Desk
) -> None:
    crew = Crew(tmp_path / "server", POLICY_QA_CHROMA=chroma)
    try:
        expected = embedded(desk)
        assert [answers_of(crew, worker) == expected for worker in (1, 2)] == [True, True]
        before = {one["name"] for one in collections(chroma)}
        reindex_while_users_ask(crew, tmp_path)
        assert (before != set(), {one["name"] for one in collections(chroma)} - before != set()) == (
            True,
            True,
        )
        pids = crew.pids()
        crew.stop(signal.SIGKILL)
        wait_until(lambda: not any(map(alive, pids.values())))
    finally:
        crew.stop(signal.SIGKILL)
        for pid in crew.pids().values():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
