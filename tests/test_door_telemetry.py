"""What an operator sees of the doors: counted by address and outcome, and no word of a question."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from policy_qa.feedback import FeedbackStore
from policy_qa.web.app import create_app
from policy_qa.web.desk import Desk
from policy_qa.web.telemetry import Telemetry, json_log

SECRET = "淮南某某机械公司买技术付了120万能补多少"
ACCEPT = {"Accept": "application/json, text/event-stream"}
CHAT = {"model": "policy-qa", "messages": [{"role": "user", "content": SECRET}]}


def called(tool: str, **arguments: str) -> dict[str, object]:
    params = {"name": tool, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


def test_the_doors_are_counted_by_address_and_outcome_and_no_words_are_logged(
    desk: Desk, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(SECRET)

    log = io.StringIO()
    with FeedbackStore.open(home) as feedback:
        app = create_app(desk, feedback, Telemetry(json_log(log)), new_id=lambda: "made-here")
        with TestClient(app, base_url="http://127.0.0.1") as client:
            asked = called("ask", question=SECRET)
            client.post("/v1/chat/completions", json=CHAT)
            client.post("/mcp", json=asked, headers=ACCEPT)
            with monkeypatch.context() as patch:
                patch.setattr(desk.assistant, "ask", fail)
                client.post("/v1/chat/completions", json=CHAT)
                client.post("/mcp", json=asked, headers=ACCEPT)
            client.post("/mcp", json=called("check", text=SECRET), headers=ACCEPT)
            metrics = client.get("/metrics").text
    written = [json.loads(line) for line in log.getvalue().splitlines()]
    assert SECRET not in log.getvalue()
    assert [(line["event"], line.get("route"), line.get("status")) for line in written[:6]] == [
        ("request", "/v1/chat/completions", 200),
        ("request", "/mcp", 200),
        ("failure", None, None),
        ("request", "/v1/chat/completions", 500),
        ("failure", None, None),
        ("request", "/mcp", 200),
    ]
    assert {line["request_id"] for line in written} == {"made-here"}
    answered = re.findall(r"^policy_qa_answers_total\{.*\} (\S+)$", metrics, re.MULTILINE)
    checked = re.findall(r"^policy_qa_check_verdicts_total\{.*\} (\S+)$", metrics, re.MULTILINE)
    assert (sum(map(float, answered)), sum(map(float, checked))) == (2, 1)
