"""A home that cannot be written costs the feedback of that moment: never the server, never what was kept."""

from __future__ import annotations

import datetime
import http.client
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from policy_qa.errors import StoreError
from policy_qa.feedback import Feedback, FeedbackStore
from policy_qa.web.app import create_app
from policy_qa.web.desk import Desk
from policy_qa.web.telemetry import Telemetry, json_log

WORD = Feedback(
    "0123456789abcdef", False, "太长", None, datetime.datetime(2026, 1, 31, 9, 30, tzinfo=datetime.UTC)
)
BODY = {"answer_id": WORD.answer_id, "useful": False, "reason": "太长"}
REFUSED = "反馈没有保存（数据库打不开或写不了），请检查 POLICY_QA_HOME 文件夹的权限和磁盘空间后再试。"


def test_a_store_is_opened_only_when_it_is_needed(home: Path) -> None:
    with FeedbackStore(home) as store:
        assert not home.exists()
        assert store.add(WORD) == 1
    assert (home / "feedback.sqlite").exists()


def test_a_store_keeps_feedback_as_soon_as_its_folder_can_be_made(home: Path) -> None:
    home.write_text("no folder")
    with FeedbackStore(home) as store:
        assert not store.usable()
        with pytest.raises(StoreError) as refused:
            store.add(WORD)
        assert (store.trouble, str(refused.value)) == (REFUSED, REFUSED)

        home.unlink()

        assert store.add(WORD) == 1
        assert (store.trouble, store.all()) == (None, [WORD])


def test_a_connection_that_could_only_read_is_not_used_for_the_next_feedback(home: Path) -> None:
    with FeedbackStore.open(home) as store:
        with store._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA query_only=ON")
        with pytest.raises(StoreError) as refused:
            store.add(WORD)
        assert str(refused.value) == (
            "反馈没有保存（数据库是只读的），请检查 POLICY_QA_HOME 文件夹的权限和磁盘空间后再试。"
        )

        assert store.add(WORD) == 1
        assert store.all() == [WORD]


def test_what_is_acknowledged_after_the_home_was_deleted_is_in_the_new_one(home: Path) -> None:
    with FeedbackStore.open(home) as store:
        store.add(WORD)
        shutil.rmtree(home)
        with pytest.raises(StoreError):
            store.add(WORD)

        assert store.add(WORD) == 1
    with FeedbackStore.open(home) as again:
        assert again.all() == [WORD]


def test_health_says_that_no_feedback_can_be_kept_until_some_is_kept_again(desk: Desk, home: Path) -> None:
    home.write_text("no folder")
    with FeedbackStore(home) as store:
        client = TestClient(create_app(desk, store, Telemetry(json_log(io.StringIO()))))
        refused = client.post("/api/feedback", json=BODY)
        meanwhile = client.get("/healthz")
        home.unlink()
        kept = client.post("/api/feedback", json=BODY)
        afterwards = client.get("/healthz")

    assert (refused.status_code, refused.json()["detail"]) == (503, REFUSED)
    assert (meanwhile.status_code, meanwhile.json()["notices"]) == (200, [REFUSED])
    assert (kept.status_code, kept.json()) == (201, {"id": 1})
    assert (afterwards.status_code, afterwards.json()["notices"]) == (200, [])


PROGRAM = """
from conftest import FakeEmbedder
from policy_qa import embedding
embedding.load_embedder = lambda *_, **__: FakeEmbedder()
from policy_qa.cli import main
main()
"""


@pytest.mark.slow
@pytest.mark.loopback
def test_a_server_starts_answers_and_logs_why_where_nothing_can_be_written(home: Path) -> None:
    home.write_text("no folder")
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={
            **os.environ,
            "POLICY_QA_HOME": str(home),
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path]),
        },
    )
    try:
        assert process.stdout is not None
        started = re.search(r"http://127\.0\.0\.1:(\d+)/", process.stdout.readline())
        assert started
        port = int(started.group(1))

        answered = posted(port, "/api/ask", {"question": "小巨人奖多少"})
        refused = posted(port, "/api/feedback", BODY)
        home.unlink()
        kept = posted(port, "/api/feedback", BODY)
    finally:
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)

    assert (answered[0], answered[1]["calculation"]["total"]) == (200, "500000")
    assert (refused[0], refused[1]["detail"]) == (503, REFUSED)
    assert kept == (201, {"id": 1})
    said = [line["message"] for line in map(json.loads, log.splitlines()) if line["event"] == "server"]
    assert said == [REFUSED]


def posted(port: int, path: str, body: object) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.load(response)
    finally:
        connection.close()
