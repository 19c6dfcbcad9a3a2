"""`policy-qa serve` as a real process on loopback: how it starts, what it keeps, how it ends."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from policy_qa.cli import app
from policy_qa.errors import UsageError
from policy_qa.feedback import FeedbackStore

pytestmark = [pytest.mark.slow, pytest.mark.loopback]

PROGRAM = """
from conftest import FakeEmbedder
from policy_qa import embedding
embedding.load_embedder = lambda *_, **__: FakeEmbedder()
from policy_qa.cli import main
main()
"""
STARTED = re.compile(r"政策问答已经启动，请在浏览器里打开 http://127\.0\.0\.1:(\d+)/ ，按 Ctrl\+C 停止。\n")


class Server:
    """A server process on a free port of 127.0.0.1."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.log = home.parent / f"{home.name}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, "serve", "--port", "0"],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                env=environment(home),
            )
        assert self.process.stdout is not None
        started = STARTED.fullmatch(self.process.stdout.readline())
        assert started, self.log.read_text(encoding="utf-8")
        self.port = int(started.group(1))

    def post(self, path: str, body: object) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, json.load(response)
        finally:
            connection.close()

    def stop(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        self.process.communicate(timeout=30)
        return self.process.returncode


def environment(home: Path) -> dict[str, str]:
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    return {**os.environ, "POLICY_QA_HOME": str(home), "PYTHONPATH": path}


@pytest.fixture
def server(home: Path) -> Iterator[Server]:
    running = Server(home)
    yield running
    if running.process.poll() is None:
        running.stop(signal.SIGKILL)


def test_it_answers_refuses_a_second_one_on_its_port_and_stops_at_a_signal(server: Server) -> None:
    status, answer = server.post("/api/ask", {"question": "小巨人奖多少"})
    assert (status, answer["calculation"]["total"]) == (200, "500000")

    second = subprocess.run(
        [sys.executable, "-c", PROGRAM, "serve", "--port", str(server.port)],
        capture_output=True,
        env=environment(server.home),
        check=False,
    )
    assert (second.returncode, second.stdout.decode(), second.stderr.decode()) == (
        1,
        "",
        f"端口 {server.port} 已经被别的程序占用，请关掉那个程序，或者用 --port 换一个端口。\n",
    )

    assert server.stop(signal.SIGTERM) == 0
    logged = [json.loads(line) for line in server.log.read_text(encoding="utf-8").splitlines()]
    assert [(line["event"], line["route"], line["status"]) for line in logged] == [
        ("request", "/api/ask", 200)
    ]


def test_feedback_outlives_a_kill_right_after_its_response(server: Server) -> None:
    received = [
        server.post("/api/feedback", {"answer_id": "0123456789abcdef", "useful": False, "reason": str(i)})
        for i in range(5)
    ]
    assert server.stop(signal.SIGKILL) == -signal.SIGKILL
    assert received == [(201, {"id": number}) for number in range(1, 6)]
    with FeedbackStore.open(server.home) as store:
        assert [entry.reason for entry in store.all()] == ["0", "1", "2", "3", "4"]


def options(*arguments: str) -> dict[str, Any]:
    """What `policy-qa serve` reads from its command line."""
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    return dict(group.commands["serve"].make_context("serve", list(arguments)).params)


def test_without_options_one_process_serves_this_machine_alone_on_port_8000() -> None:
    assert options() == {"host": "127.0.0.1", "port": 8000, "workers": 1}


@pytest.mark.parametrize("number", ["0", "-1", "65", "two", "1.5", "９", ""])
def test_a_number_of_workers_that_makes_no_sense_is_refused(number: str) -> None:
    with pytest.raises(UsageError) as refused:
        options(f"--workers={number}")
    assert str(refused.value) == f"选项 --workers 的值“{number}”不对，请写 1 到 64 之间的整数。"
