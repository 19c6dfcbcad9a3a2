"""Promises about what stands under several workers: who is replaced when, how a publication is followed."""

from __future__ import annotations

import datetime
import gc
import io
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from policy_qa.assistant import Assistant
from policy_qa.corpus import Corpus, Holding, load_corpus
from policy_qa.errors import CorpusError, StoreError
from policy_qa.web.desk import Desk, Filters
from policy_qa.web.follow import Follower, first
from policy_qa.web.published import Publication, Published
from policy_qa.web.tally import SharedTelemetry, Tally, joined
from policy_qa.web.telemetry import Exchange, json_log

CORPUS = load_corpus(Path(__file__).parents[1] / "corpus")
DAY = datetime.date(2026, 1, 31)


# ── what is published ───────────────────────────────────────────────────────────────────────────


@pytest.fixture(autouse=True)
def cold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked before a corpus is taken over: it takes seconds, and is not looked at here."""
    monkeypatch.setattr(Desk, "warm_up", lambda _: None)


def assistant(name: str, notices: tuple[str, ...] = ()) -> Assistant:
    """An assistant over a corpus of this name."""
    return Assistant(replace(CORPUS, sha256=name), standing_notices=notices)


@dataclass
class Worker:
    """One process that serves a home, as far as publications go; ``disk`` is what it would open now."""

    home: Path
    disk: Callable[[], Assistant]
    seconds: float = 0.0
    told: list[dict[str, object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.published = Published(self.home)
        self.desk = Desk(first(self.published, self.disk, self.told.append), lambda: DAY)
        self.follower = Follower(
            self.desk, self.published, lambda: self.disk(), self.told.append, lambda: self.seconds
        )

    @property
    def serves(self) -> str:
        return self.desk.corpus.sha256


def test_to_start_is_to_publish_and_the_first_to_start_tells_the_others(home: Path) -> None:
    one = Worker(home, lambda: assistant("old"))
    assert one.published.latest == Publication("old", one.published.serving or "")
    two = Worker(home, lambda: assistant("old"))
    assert (two.published.serving, two.follower.look()) == (one.published.serving, False)
    three = Worker(home, lambda: assistant("new"))
    one.disk = two.disk = three.disk
    assert [one.follower.look(), two.follower.look(), three.follower.look()] == [True, True, False]
    assert [one.serves, two.serves, three.serves] == ["new"] * 3
    assert [one.follower.look(), two.follower.look(), three.follower.look()] == [False] * 3


def test_what_is_published_is_followed_once_also_when_it_is_the_same_corpus_again(home: Path) -> None:
    worker = Worker(home, lambda: assistant("same"))
    serving = worker.desk.assistant
    assert worker.follower.look() is False
    Published(home).announce("same")
    assert (worker.follower.look(), worker.follower.look()) == (True, False)
    assert worker.desk.assistant is not serving


def test_a_change_that_is_not_published_is_not_seen(home: Path) -> None:
    worker = Worker(home, lambda: assistant("old"))
    worker.disk = lambda: assistant("edited")
    assert (worker.follower.look(), worker.serves) == (False, "old")


def test_where_the_folder_has_moved_on_since_all_end_with_the_same_corpus(home: Path) -> None:
    one, two = Worker(home, lambda: assistant("a")), Worker(home, lambda: assistant("a"))
    Published(home).announce("b")
    one.disk = lambda: assistant("b")
    assert (one.follower.look(), one.serves) == (True, "b")
    two.disk = one.disk = lambda: assistant("c")
    assert (two.follower.look(), two.serves) == (True, "c")
    assert (one.follower.look(), one.serves) == (True, "c")
    assert (one.follower.look(), two.follower.look()) == (False, False)


def test_a_failure_keeps_the_old_corpus_is_told_and_tried_again_after_a_growing_pause(home: Path) -> None:
    def broken() -> Assistant:
        raise CorpusError("语料坏了，请改正。")

    worker = Worker(home, lambda: assistant("old"))
    worker.disk = broken
    Published(home).announce("new")
    tries = []
    for second in range(40):
        worker.seconds = float(second)
        before = len(worker.told)
        assert worker.follower.look() is False
        tries += [second] * (len(worker.told) - before)
    assert tries == [0, 5, 15, 35]
    assert worker.told[0] == {"state": "failed", "why": "语料坏了，请改正。", "again_in": 5.0}
    assert worker.serves == "old"
    Published(home).announce("newer")  # a new one does not wait for the pause of the former
    worker.disk = lambda: assistant("newer")
    assert (worker.follower.look(), worker.serves) == (True, "newer")


def test_an_index_that_could_not_be_built_is_not_taken_over_where_one_serves(home: Path) -> None:
    worker = Worker(home, lambda: assistant("old"))
    worker.disk = lambda: assistant("new", ("语义检索没有启用。",))
    Published(home).announce("new")
    assert (worker.follower.look(), worker.serves) == (False, "old")
    assert "新的检索索引没有建好" in str(worker.told[0]["why"])


def test_a_worker_without_an_index_gets_one_with_the_next_publication(home: Path) -> None:
    worker = Worker(home, lambda: assistant("same", ("语义检索没有启用。",)))
    assert worker.desk.ready is False
    worker.disk = lambda: assistant("same")
    Published(home).announce("same")
    assert (worker.follower.look(), worker.desk.ready) == (True, True)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\x00", b"[1]", b'{"corpus": "new"}'])
def test_a_damaged_file_publishes_nothing(home: Path, content: bytes) -> None:
    worker = Worker(home, lambda: assistant("old"))
    (home / "published.json").write_bytes(content)
    assert (worker.published.latest, worker.follower.look()) == (None, False)


def test_a_home_that_cannot_be_written_is_told_and_served_from_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    worker = Worker(tmp_path / "file", lambda: assistant("old"))
    assert worker.serves == "old"
    assert [one["state"] for one in worker.told] == ["unlocked", "unannounced"]
    assert worker.follower.look() is False


def test_only_one_opens_a_corpus_at_a_time_and_who_waits_in_vain_says_so(home: Path) -> None:
    home.mkdir()
    with Published(home).alone(), pytest.raises(StoreError) as refused, Published(home).alone(wait=0.1):
        pass
    assert str(refused.value) == "另一个服务进程正在换用新的政策，等了很久还没有结束，请稍后再试。"


def test_a_former_assistant_is_let_go_when_the_last_question_has_its_answer(home: Path) -> None:
    worker = Worker(home, lambda: assistant("old"))
    under_way: list[Any] = [worker.desk.assistant]
    former = weakref.ref(worker.desk.assistant)
    worker.disk = lambda: assistant("new")
    Published(home).announce("new")
    assert worker.follower.look() is True
    gc.disable()  # what is freed is freed by the follower
    try:
        worker.follower.look()
        assert former() is not None
        under_way.clear()
        worker.seconds += 10
        worker.follower.look()
        assert former() is None
    finally:
        gc.enable()


def test_what_is_shown_is_of_one_corpus_also_where_another_is_taken_over_midway() -> None:
    [holding] = CORPUS.holdings
    bare = replace(holding, rules=holding.rules.model_copy(update={"measures": ()}))
    fresh = Assistant(replace(CORPUS, holdings=(bare,)))

    class Turning(Corpus):
        """A corpus that is replaced as soon as it has been asked for a policy."""

        def holding(self, policy_id: str) -> Holding:
            found = super().holding(policy_id)
            desk.take_over(fresh)
            return found

    desk = Desk(Assistant(Turning(CORPUS.holdings, CORPUS.lexicon, CORPUS.sha256)), lambda: DAY)
    shown = desk.found(holding.policy.id, Filters(number="13"))
    assert shown == Desk(Assistant(CORPUS), lambda: DAY).found(holding.policy.id, Filters(number="13"))
    assert desk.assistant is fresh


# ── the metrics of all ──────────────────────────────────────────────────────────────────────────


def test_each_sample_is_shown_under_its_worker_and_each_family_once() -> None:
    tally = Tally(2)
    one, two = (SharedTelemetry(json_log(io.StringIO()), tally, number) for number in (1, 2))
    one.answered("answered")
    two.answered("answered")
    two.answered("answered")
    two.exchange(Exchange("1", "GET", "/x y", 200, 0.1), {})
    one.share(ready=False)
    lines = two.exposition(ready=True).decode().splitlines()
    assert [line for line in lines if line.startswith("policy_qa_answers_total")] == [
        'policy_qa_answers_total{worker="1",status="answered"} 1.0',
        'policy_qa_answers_total{worker="2",status="answered"} 2.0',
    ]
    assert [line for line in lines if "index_ready" in line] == [
        "# HELP policy_qa_index_ready 1 while the verified index serves",
        "# TYPE policy_qa_index_ready gauge",
        'policy_qa_index_ready{worker="1"} 0.0',
        'policy_qa_index_ready{worker="2"} 1.0',
    ]
    assert 'policy_qa_requests_total{worker="2",method="GET",route="/x y",status="200"} 1.0' in lines
    tally.clear(1)
    assert {number for number, _ in tally.all()} == {2}


def test_a_text_half_written_or_too_long_is_left_out() -> None:
    tally = Tally(2)
    tally.put(1, b"a 1.0\n")
    tally.put(2, b"b 1.0\n")
    tally._shared[8] = ord("x")  # another process is writing here
    assert tally.all() == [(2, b"b 1.0\n")]
    tally.put(2, b"x" * (1 << 20))
    assert tally.all() == [(2, b"b 1.0\n")]
    assert joined(tally.all()) == b""  # no family: nothing of ours


# ── the crew ────────────────────────────────────────────────────────────────────────────────────

CREW = """
import json, os, signal, sys, time
from policy_qa.errors import PolicyQaError
from policy_qa.web import crew

def tell(**fields):
    print(json.dumps(fields), flush=True)

def work(number, accepting):
    {work}

try:
    crew.keep(
        {size},
        work,
        accepting=lambda: tell(state="open"),
        stopping=lambda: tell(state="closing"),
        ended=lambda number: None,
        report=lambda fields: tell(**fields),
        grace=1.0,
    )
except PolicyQaError as error:
    tell(state="refused", why=str(error))
tell(state="over")
"""
WAITS = """
    import threading
    over = []
    signal.signal(signal.SIGTERM, lambda *_: over.append(1))
    parent = os.getppid()
    accepting()
    while not over and not crew.orphaned(parent):
        time.sleep(0.02)
"""


def run_crew(work: str, size: int = 2) -> subprocess.Popen[str]:
    code = CREW.format(work=textwrap.indent(textwrap.dedent(work), "    ").strip(), size=size)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def heard(process: subprocess.Popen[str], state: str, times: int = 1) -> list[dict[str, Any]]:
    """What the crew tells until it has told this state so many times."""
    assert process.stdout is not None
    told: list[dict[str, Any]] = []
    while sum(one["state"] == state for one in told) < times:
        told.append(json.loads(process.stdout.readline()))
    return told


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def ends(pids: list[int], seconds: float = 30.0) -> bool:
    until = time.monotonic() + seconds
    while any(map(alive, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    return not any(map(alive, pids))


@pytest.mark.slow
def test_a_dead_worker_is_replaced_and_a_signal_ends_all() -> None:
    with run_crew(WAITS) as process:
        told = heard(process, "accepting", 2)
        assert sum(one["state"] == "open" for one in told) == 1
        pids = {one["worker"]: one["pid"] for one in told if one["state"] == "accepting"}
        os.kill(pids[2], signal.SIGKILL)
        [died, again] = heard(process, "accepting")
        assert died == {"worker": 2, "state": "died", "exit": -9, "again_in": 1.0}
        assert (again["worker"], again["pid"] in pids.values()) == (2, False)
        process.send_signal(signal.SIGTERM)
        assert [one["state"] for one in heard(process, "over")] == ["closing", "over"]
        assert process.wait() == 0
        assert ends([*pids.values(), again["pid"]])


@pytest.mark.slow
def test_a_worker_that_dies_at_once_is_started_again_more_and_more_rarely() -> None:
    with run_crew("""
        accepting()
        if number == 1:
            os._exit(3)
        time.sleep(60)
        """) as process:
        died = [one for one in heard(process, "died", 3) if one["state"] == "died"]
        assert [(one["worker"], one["exit"], one["again_in"]) for one in died] == [
            (1, 3, 1.0), (1, 3, 2.0), (1, 3, 4.0)
        ]  # fmt: skip
        process.send_signal(signal.SIGINT)
        heard(process, "over")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("work", "why"),
    [
        ("raise PolicyQaError('语料坏了，请改正。')", "语料坏了，请改正。"),
        ("1 / 0", r"服务进程内部出错（ZeroDivisionError，.*），请把这行日志交给维护者。"),
        ("os._exit(5)", "服务进程反复启动不起来，原因见上面的日志，请处理后再启动.*"),
    ],
)
def test_where_no_worker_can_start_it_ends_with_the_reason(work: str, why: str) -> None:
    with run_crew(work) as process:
        [refused] = [one for one in heard(process, "over") if one["state"] == "refused"]
        assert re.fullmatch(why, refused["why"])


@pytest.mark.slow
def test_who_does_not_stop_in_time_is_killed() -> None:
    with run_crew("""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        accepting()
        time.sleep(60)
        """) as process:
        pids = [one["pid"] for one in heard(process, "accepting", 2) if one["state"] == "accepting"]
        process.send_signal(signal.SIGTERM)
        heard(process, "over")
        assert ends(pids)


@pytest.mark.slow
def test_workers_do_not_outlive_a_parent_that_was_killed() -> None:
    with run_crew(WAITS) as process:
        pids = [one["pid"] for one in heard(process, "accepting", 2) if one["state"] == "accepting"]
        process.kill()
        process.wait()
        assert ends(pids)


def test_nothing_runs_beside_the_process_that_forks() -> None:
    threads = "import os, policy_qa.web.server; print(len(os.listdir('/proc/self/task')))"
    if not Path("/proc/self/task").is_dir():
        pytest.skip("this system does not list the threads of a process")
    done = subprocess.run([sys.executable, "-c", threads], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
