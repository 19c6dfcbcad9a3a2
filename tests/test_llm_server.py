"""The model behind a real HTTP server that behaves as servers do: the answer comes in time."""

from __future__ import annotations

import datetime
import json
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from policy_qa.assistant import Assistant
from policy_qa.corpus import load_corpus
from policy_qa.domain import Answer
from policy_qa.llm import open_model
from policy_qa.phrasing import phrase
from policy_qa.settings import ModelSettings

ROOT = Path(__file__).parents[1]
DAY = datetime.date(2026, 1, 31)
QUESTION = "小巨人奖多少"
DEADLINE = 2.0


class ModelServer(ThreadingHTTPServer):
    """An OpenAI-compatible server that behaves as the name of the model it is asked for says."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[dict[str, Any]] = []
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, *_: object) -> None:
        """A client that hung up is what some of these tests want."""


class _Handler(BaseHTTPRequestHandler):
    server: ModelServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(body)
        getattr(self, f"_{body['model']}")(body)

    def log_message(self, *_: object) -> None:
        """Nothing on the screen."""

    def _polite(self, body: dict[str, Any]) -> None:
        self._open_stream()
        for piece in _wordings(body).split("，"):
            self._send(piece + "，")
        self._end()

    def _rude(self, _: dict[str, Any]) -> None:
        self._open_stream()
        self._send("这项政策奖励999万元，您一定能拿到。")
        self._end()

    def _busy(self, _: dict[str, Any]) -> None:
        self._fail(429)

    def _down(self, _: dict[str, Any]) -> None:
        self._fail(500)

    def _silent(self, _: dict[str, Any]) -> None:
        self.server.closing.wait(30)

    def _stuck(self, _: dict[str, Any]) -> None:
        self._open_stream()
        self._send('{"sentences": [')
        self.server.closing.wait(30)

    def _trickling(self, _: dict[str, Any]) -> None:
        self._open_stream()
        while not self.server.closing.wait(0.05):
            self._send("9")

    def _pinging(self, _: dict[str, Any]) -> None:
        self._open_stream()
        while not self.server.closing.wait(0.05):
            self.wfile.write(b": still here\n\n")

    def _flooding(self, _: dict[str, Any]) -> None:
        self._open_stream()
        while not self.server.closing.is_set():
            self._send("奖励999万元" * 10_000)

    def _cut(self, body: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self._send(_wordings(body))
        self.close_connection = True

    def _half(self, body: dict[str, Any]) -> None:
        self._open_stream()
        self._send(_wordings(body)[:-20])
        self._end()

    def _garbled(self, _: dict[str, Any]) -> None:
        self._open_stream()
        self.wfile.write(b"data: {not json\n\n")

    def _empty(self, _: dict[str, Any]) -> None:
        self._open_stream()
        self._end()

    def _open_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()

    def _send(self, text: str, finish: str | None = None) -> None:
        chunk = {
            "id": "1",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": "m",
            "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}],
        }
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        self.wfile.flush()

    def _end(self) -> None:
        self._send("", "stop")
        self.wfile.write(b"data: [DONE]\n\n")

    def _fail(self, status: int) -> None:
        body = json.dumps({"error": {"message": "no"}}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(body)


def _wordings(body: dict[str, Any]) -> str:
    """What a model says that keeps to the rules."""
    asked = json.loads(body["messages"][1]["content"])
    return json.dumps(
        {
            "sentences": [
                {
                    "number": one["number"],
                    "tokens": one["tokens"],
                    "text": "，".join(f"{{{name}}}" for name in one["slots"]),
                }
                for one in asked["sentences"]
            ]
        },
        ensure_ascii=False,
    )


@pytest.fixture
def server(network: list[str]) -> Iterator[ModelServer]:
    assert network == []
    with ModelServer() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield running
        running.closing.set()
        running.shutdown()
        thread.join()


@cache
def plain() -> Answer:
    return Assistant(load_corpus(ROOT / "corpus")).ask(QUESTION, {}, DAY)


def assistant(server: ModelServer, name: str, seconds: float = DEADLINE) -> Assistant:
    model = open_model(ModelSettings(name, server.url, seconds=str(seconds)))
    return Assistant(load_corpus(ROOT / "corpus"), model=model)


@pytest.mark.loopback
def test_a_server_that_keeps_to_the_rules_gives_the_words_and_nothing_else(server: ModelServer) -> None:
    answer = assistant(server, "polite", 10).ask(QUESTION, {}, DAY)
    assert answer.sentences[0].text == "国家专精特新“小巨人”企业奖补，一次性50万元。〔三（一）2〕"
    assert replace(answer, sentences=plain().sentences, answer=plain().answer) == plain()
    [request] = server.requests
    assert (request["stream"], request["temperature"]) == (True, 0)


BAD = (
    "rude", "busy", "down", "silent", "stuck", "trickling",
    "pinging", "flooding", "cut", "half", "garbled", "empty",
)  # fmt: skip


@pytest.mark.loopback
@pytest.mark.parametrize("name", BAD)
def test_a_server_that_misbehaves_leaves_the_plain_answer_in_time_with_a_notice_and_is_asked_once(
    server: ModelServer, name: str
) -> None:
    model = open_model(ModelSettings(name, server.url, seconds=str(DEADLINE)))
    assert model is not None
    expected, began = plain(), time.monotonic()
    answer = phrase(expected, model.turn()).answer
    assert time.monotonic() - began < DEADLINE + 5  # on a machine that is busy; the server waits for longer
    assert replace(answer, notices=expected.notices) == expected
    assert answer.notices[:-1] == expected.notices
    assert answer.notices[-1].startswith("语言模型这次没有参与措辞")
    assert "999" not in answer.notices[-1]
    assert len(server.requests) == 1


@pytest.mark.loopback
def test_a_server_that_is_down_is_left_alone_after_three_failures(server: ModelServer) -> None:
    asking = assistant(server, "down")
    answers = [asking.ask(QUESTION, {}, DAY) for _ in range(6)]
    assert len(server.requests) == 3
    assert [replace(answer, notices=plain().notices) for answer in answers] == [plain()] * 6


@pytest.mark.loopback
def test_a_server_that_is_not_there_is_a_notice_too() -> None:
    asking = Assistant(
        load_corpus(ROOT / "corpus"), model=open_model(ModelSettings("polite", "http://127.0.0.1:9/v1"))
    )
    answer = asking.ask(QUESTION, {}, DAY)
    assert replace(answer, notices=plain().notices) == plain()
    assert "ConnectionError" in answer.notices[-1]


# ── a real model ────────────────────────────────────────────────────────────────────────────────

REAL = os.environ.get("POLICY_QA_TEST_MODEL_URL", "")


@pytest.mark.loopback
@pytest.mark.slow
@pytest.mark.skipif(not REAL, reason="POLICY_QA_TEST_MODEL_URL 没有设：这台机器上没有 llama.cpp 的模型服务")
def test_a_real_model_changes_words_only_and_how_often_the_gate_stepped_in_is_reported(
    record_property: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    model = open_model(ModelSettings(os.environ.get("POLICY_QA_TEST_MODEL", "default"), REAL, seconds="120"))
    assert model is not None
    offered = taken = silent = 0
    lines = (ROOT / "eval" / "questions.dev.jsonl").read_text("utf-8").splitlines()[::20]
    without = Assistant(load_corpus(ROOT / "corpus"))
    for line in lines:
        expected = without.ask(json.loads(line)["question"], {}, DAY)
        told = phrase(expected, model.turn())
        got = replace(
            told.answer, sentences=expected.sentences, answer=expected.answer, notices=expected.notices
        )
        assert got == expected
        offered, taken = offered + told.offered, taken + told.taken
        silent += len(told.answer.notices) > len(expected.notices)
    with capsys.disabled():
        print(
            f"\n{len(lines)} 题，{offered} 句可改写，{taken} 句采用，"
            f"{offered - taken} 句由标准措辞代替，{silent} 题没有可用的回复"
        )
    record_property("offered", offered)
    record_property("taken", taken)
    assert offered > 0
