"""The HTTP side keeps the contract: the command line's objects, a problem for what goes wrong, no leaks."""

from __future__ import annotations

import datetime
import io
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest
from fastapi.testclient import TestClient
from starlette.types import Message

from policy_qa.assistant import Assistant
from policy_qa.checking import Checker
from policy_qa.corpus import load_corpus
from policy_qa.eligibility import sheet
from policy_qa.errors import CorpusError, StoreError
from policy_qa.feedback import Feedback, FeedbackStore
from policy_qa.web.app import Limits, create_app
from policy_qa.web.desk import Desk
from policy_qa.web.problems import Refusal
from policy_qa.web.telemetry import Telemetry, json_log
from policy_qa.web.workers import Workers
from policy_qa.wire import answer_json, to_json

ROOT = Path(__file__).parents[1]
ID = "huainan-zjtx-2020-draft"
DAY = datetime.date(2026, 1, 31)
NOW = datetime.datetime(2026, 1, 31, 9, 30, tzinfo=datetime.UTC)
QUESTION = "购买高校技术实际付了120万，能补多少？"
LIMITS = Limits()
SECRET = "淮南某某机械公司买技术付了120万能补多少"


@pytest.fixture
def assistant(desk: Desk) -> Assistant:
    return desk.assistant


@dataclass
class Served:
    """A running application with what it left behind."""

    client: TestClient
    feedback: FeedbackStore
    log: io.StringIO

    @property
    def logged(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]


@pytest.fixture
def served(desk: Desk, home: Path) -> Iterator[Served]:
    with FeedbackStore.open(home) as feedback:
        yield serve(desk, feedback)


def serve(desk: Desk, feedback: FeedbackStore, *, log_text: bool = False, limits: Limits = LIMITS) -> Served:
    log = io.StringIO()
    app = create_app(
        desk,
        feedback,
        Telemetry(json_log(log), log_text=log_text),
        limits=limits,
        now=lambda: NOW,
        new_id=lambda: "made-here",
    )
    return Served(TestClient(app, raise_server_exceptions=False), feedback, log)


def problem(status: int, slug: str, title: str, detail: str, **more: object) -> dict[str, object]:
    return {
        "type": f"urn:policy-qa:problem:{slug}",
        "title": title,
        "status": status,
        "detail": detail,
        "request_id": "made-here",
        **more,
    }


# ── the contract's objects ──────────────────────────────────────────────────────────────────────


def test_ask_answers_with_the_object_of_the_command_line(served: Served, assistant: Assistant) -> None:
    facts = {"technology_conditions_met": True}
    response = served.client.post(
        "/api/ask",
        json={"question": QUESTION, "facts": facts, "policy": ID, "as_of": "2026-02-01"},
    )
    expected = answer_json(assistant.ask(QUESTION, facts, datetime.date(2026, 2, 1)))
    assert (response.status_code, response.json()) == (200, expected)


def test_a_question_that_is_none_is_an_honest_answer_and_no_error(served: Served) -> None:
    responses = [served.client.post("/api/ask", json={"question": text}) for text in ("", "？" * 2000)]
    assert [(one.status_code, one.json()["status"]) for one in responses] == [(200, "invalid_input")] * 2


def test_a_stream_sends_what_was_found_then_each_proven_sentence_then_the_whole(
    served: Served, assistant: Assistant
) -> None:
    response = served.client.post("/api/ask/stream", json={"question": QUESTION})
    answer = answer_json(assistant.ask(QUESTION, {}, DAY))
    sentences: Any = answer["sentences"]
    citations: Any = answer["citations"]
    assert response.headers["content-type"].startswith("text/event-stream")
    assert events(response.text) == [
        ("retrieved", {"retrieved": answer["retrieved"]}),
        *(
            ("sentence", {**sentence, "cited": [citations[i] for i in sentence["citations"]]})
            for sentence in sentences
        ),
        ("done", answer),
    ]


def test_a_stream_that_fails_says_so_in_an_error_event(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreError("索引坏了，请重建。")

    monkeypatch.setattr(Assistant, "ask", fail)
    response = served.client.post("/api/ask/stream", json={"question": QUESTION})
    assert events(response.text) == [
        ("error", problem(503, "unavailable", "暂时做不了", "索引坏了，请重建。"))
    ]


def test_a_stream_refuses_facts_before_it_begins(served: Served) -> None:
    response = served.client.post("/api/ask/stream", json={"question": QUESTION, "facts": {"nope": 1}})
    assert response.status_code == 422


def test_eligibility_answers_with_the_sheet_of_exact_facts(served: Served, desk: Desk) -> None:
    response = served.client.post(
        "/api/eligibility",
        content=b'{"facts": {"technology_paid": 345678.9, "foreign_invention_countries": [1, 3]}}',
        headers={"Content-Type": "application/json"},
    )
    facts = desk.facts({"technology_paid": "345678.9", "foreign_invention_countries": [1, 3]})
    assert (response.status_code, response.json()) == (200, to_json(sheet(desk.corpus, facts, DAY)))


def test_check_answers_with_the_report_of_the_checker(served: Served, desk: Desk) -> None:
    text = "新认定的国家级专精特新小巨人企业一次性奖补100万元。"
    response = served.client.post("/api/check", json={"text": text, "policy": ID})
    assert (response.status_code, response.json()) == (200, to_json(Checker(desk.corpus).check(text, DAY)))


def test_search_returns_as_many_hits_as_asked_each_with_a_verbatim_quote(served: Served, desk: Desk) -> None:
    hits = served.client.get("/api/search", params={"q": "贷款贴息", "k": 3}).json()["hits"]
    assert hits[0]["clause"] == "三（一）2"
    assert [hit["quote"] in desk.corpus.clause(ID, hit["clause"]).text for hit in hits] == [True] * 3


@pytest.mark.parametrize("query", ["", "  ", "　"])
def test_a_search_for_nothing_is_refused_and_not_answered_with_any_clause(served: Served, query: str) -> None:
    response = served.client.get("/api/search", params={"q": query})
    assert (response.status_code, response.json()) == (
        422,
        problem(422, "unusable-input", "内容不能用", "没有收到要找的内容，请写下几个词再找。"),
    )


def test_policies_say_what_is_printed_and_that_a_draft_is_one(served: Served) -> None:
    [policy] = served.client.get("/api/policies").json()["policies"]
    assert (policy["id"], policy["status"], policy["issuing_body"], policy["clauses"]) == (
        ID, "征求意见稿", None, 24,
    )  # fmt: skip
    assert "征求意见稿" in policy["notices"][0]


def test_all_clauses_are_verbatim_and_filters_narrow_them(served: Served, desk: Desk) -> None:
    every = served.client.get(f"/api/policies/{ID}/clauses").json()
    printed = [(c.label, c.text) for c in desk.corpus.holding(ID).policy.clauses]
    assert [(clause["label"], clause["text"]) for clause in every["clauses"]] == printed
    found = served.client.get(
        f"/api/policies/{ID}/clauses", params={"words": "贴息", "low": "10万", "high": "50万"}
    ).json()
    [clause] = found["clauses"]
    assert clause["label"] == "三（一）2"
    assert {clause["text"][mark["start"] : mark["end"]] for mark in clause["marks"]} >= {"贴息"}


@pytest.mark.parametrize("written", ["三（五）13", "第13条", "13", "三(五)13"])
def test_a_clause_is_found_by_its_number_however_it_is_written(served: Served, written: str) -> None:
    response = served.client.get(f"/api/policies/{ID}/clauses/{written}")
    assert [clause["label"] for clause in response.json()["clauses"]] == ["三（五）13"]


def test_measures_name_the_facts_they_read_and_how_to_ask_for_them(served: Served, desk: Desk) -> None:
    told = served.client.get("/api/measures").json()
    rules = desk.corpus.holding(ID).rules
    assert [one["fact"] for one in told["facts"]] == list(rules.facts)
    assert told["measures"] == [
        {
            "policy": ID,
            "measure": measure.id,
            "title": measure.title,
            "clause": measure.clause,
            "clause_title": desk.corpus.clause(ID, measure.clause).title,
            "payee": measure.payee,
            "facts": list(measure.facts),
        }
        for measure in rules.measures
    ]


def test_feedback_is_kept_with_the_question_only_where_it_was_sent(served: Served) -> None:
    bodies: list[dict[str, object]] = [
        {"answer_id": "0123456789abcdef", "useful": True},
        {"answer_id": "0123456789abcdef", "useful": False, "reason": "没说怎么申报", "question": QUESTION},
    ]
    assert [served.client.post("/api/feedback", json=body).status_code for body in bodies] == [201, 201]
    assert served.feedback.all() == [
        Feedback("0123456789abcdef", True, None, None, NOW),
        Feedback("0123456789abcdef", False, "没说怎么申报", QUESTION, NOW),
    ]


# ── what goes wrong ─────────────────────────────────────────────────────────────────────────────

UNREADABLE = '请求的内容不是可读的 JSON（UTF-8 编码），请写成一个对象，例如 {"question": "小巨人奖多少"}。'


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"{", UNREADABLE),
        (b'{"question": "\xff"}', UNREADABLE),
        (b'{"question": "x", "facts": {"technology_paid": NaN}}', UNREADABLE),
        (b'{"question": "x", "facts": {"technology_paid": 1e99999999999999999999}}', UNREADABLE),
        (b'{"question": ' + b"1" * 5000 + b"}", UNREADABLE),
        (b'{"question": ' + b"[" * 100_000 + b"}", UNREADABLE),
        (b'{"question": "x", "question": "y"}', "请求里有一项写了两次，不知道该信哪一个，请只留一个。"),
        (
            b'{"question": "x", "facts": {"technology_paid": 1e999999}}',
            "事实“technology_paid”的值不能用，应当是不小于 0 的金额（元），只写数字，"
            "例如 1200000 或 345678.9。",
        ),
        (b'{"question": "x", "policy": "y"}', f"没有编号为“y”的政策，现有：{ID}。"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_body_that_cannot_be_used_is_422_with_its_reason(served: Served, body: bytes, detail: str) -> None:
    response = served.client.post("/api/ask", content=body, headers={"Content-Type": "application/json"})
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == problem(422, "unusable-input", "内容不能用", detail)


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({}, "body.question", "缺少这一项，请补上。"),
        ({"question": 5}, "body.question", "应当是文字，请加上引号。"),
        ({"question": "x", "fact": {}}, "body.fact", "不认识这一项，请去掉或检查拼写。"),
        ({"question": "x", "facts": []}, "body.facts", "应当是一个 JSON 对象，例如 {}。"),
        ({"question": "x", "as_of": 20260131}, "body.as_of", "日期看不懂，请写成 2026-01-31 这样。"),
        ({"question": "x", "as_of": "2026-02-30"}, "body.as_of", "这一天不存在，请写成 2026-01-31 这样。"),
    ],
)
def test_a_field_that_cannot_be_used_is_named_without_repeating_it(
    served: Served, body: dict[str, object], field: str, message: str
) -> None:
    response = served.client.post("/api/ask", json=body)
    assert response.json() == problem(
        422,
        "unusable-input",
        "内容不能用",
        f"请求里的“{field}”不能用：{message}",
        errors=[{"field": field, "message": message}],
    )


@pytest.mark.parametrize("answer_id", ["", "a b", "x" * 65, None])
def test_feedback_on_no_answer_is_refused_and_not_kept(served: Served, answer_id: str | None) -> None:
    response = served.client.post("/api/feedback", json={"answer_id": answer_id, "useful": True})
    assert (response.status_code, served.feedback.all()) == (422, [])


def test_feedback_that_utf8_cannot_hold_is_refused_and_not_kept(served: Served) -> None:
    response = served.client.post(
        "/api/feedback",
        content=b'{"answer_id": "a", "useful": true, "reason": "\\ud800"}',
        headers={"Content-Type": "application/json"},
    )
    assert (response.status_code, served.feedback.all()) == (422, [])


def test_feedback_that_could_not_be_stored_is_not_acknowledged(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise StoreError("反馈没有保存（磁盘已满），请检查后再试。")

    monkeypatch.setattr(FeedbackStore, "add", full)
    response = served.client.post("/api/feedback", json={"answer_id": "a", "useful": True})
    assert response.json() == problem(
        503, "unavailable", "暂时做不了", "反馈没有保存（磁盘已满），请检查后再试。"
    )


def test_a_body_over_the_limit_is_413_whether_its_length_is_announced_or_not(served: Served) -> None:
    too_much = b"x" * (256 * 1024 + 1)
    expected = problem(413, "body-too-large", "内容太大", "发来的内容超过了上限，请缩短后重新发送。")
    for content in (too_much, iter([too_much[:1000], too_much])):
        response = served.client.post(
            "/api/ask", content=content, headers={"Content-Type": "application/json"}
        )
        assert (response.status_code, response.json()) == (413, expected)


@pytest.mark.parametrize("path", ["/api/nope", f"/api/policies/{ID}/clauses/99", "/api/policies/x/clauses"])
def test_an_address_that_leads_nowhere_is_a_404_problem(served: Served, path: str) -> None:
    response = served.client.get(path)
    assert (response.status_code, response.json()["title"]) == (404, "没有找到")


def test_the_wrong_method_is_a_405_problem_that_names_the_right_one(served: Served) -> None:
    response = served.client.get("/api/ask")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert response.json()["title"] == "请求方式不对"


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (StoreError("索引坏了，请重建。"), 503, "索引坏了，请重建。"),
        (CorpusError("语料坏了，请修好。"), 500, "语料坏了，请修好。"),
        (
            ValueError(SECRET),
            500,
            "程序内部出错，这一次没有得到结果，请稍后再试，仍然出错请把请求编号告诉维护者。",
        ),
    ],
)
def test_a_failure_of_the_engine_is_a_problem_and_no_traceback(
    served: Served, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, detail: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Assistant, "ask", fail)
    response = served.client.post("/api/ask", json={"question": SECRET})
    assert (response.status_code, response.json()["detail"]) == (status, detail)
    assert SECRET not in served.log.getvalue()


def test_questions_asked_at_once_get_the_answers_they_get_alone(desk: Desk) -> None:
    lines = (ROOT / "eval/questions.dev.jsonl").read_text(encoding="utf-8").splitlines()[:48]
    questions = [json.loads(line)["question"] for line in lines]
    alone = [desk.ask(question, {}) for question in questions]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda question: desk.ask(question, {}), questions))
    assert together == alone


def test_beyond_the_queue_a_request_is_told_when_to_come_back() -> None:
    async def crowd() -> list[object]:
        workers = Workers(threads=1, waiting=1)
        release = anyio.Event()
        outcomes: list[object] = []

        async def ask() -> None:
            try:
                outcomes.append(await workers.run(lambda: anyio.from_thread.run(release.wait)))
            except Refusal as refusal:
                outcomes.append((refusal.status_code, refusal.headers))

        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(ask)
            await anyio.wait_all_tasks_blocked()
            release.set()
        return outcomes

    assert anyio.run(crowd) == [(503, {"Retry-After": "2"}), None, None]


# ── what the operator relies on ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/openapi.json", "/api/policies", "/nope", "/static/icon.svg"]
)
def test_every_response_carries_the_security_headers(served: Served, path: str) -> None:
    headers = served.client.get(path).headers
    assert headers["content-security-policy"] == (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")


def test_the_reference_page_needs_no_other_host_and_no_inline_script(served: Served) -> None:
    page = served.client.get("/docs").text
    assert re.findall(r'(?:src|href)="(?!/)[^"]*"|<script|<style|\son\w+=|style=', page) == []
    assert "POST /api/ask" in page


@pytest.mark.parametrize(
    ("given", "used"),
    [("abc-123.X_y", "abc-123.X_y"), ("", "made-here"), ("a b", "made-here"), ("x" * 65, "made-here")],
)
def test_a_sane_request_id_is_kept_and_any_other_replaced(served: Served, given: str, used: str) -> None:
    response = served.client.get("/api/nope", headers={"X-Request-ID": given})
    assert (response.headers["x-request-id"], response.json()["request_id"]) == (used, used)
    assert [line["request_id"] for line in served.logged] == [used]


def test_the_log_has_one_line_a_request_and_no_word_of_the_user(served: Served) -> None:
    served.client.post("/api/ask", json={"question": SECRET})
    served.client.get("/api/search", params={"q": SECRET})
    served.client.post("/api/check", json={"text": SECRET})
    served.client.get(f"/api/{SECRET}")
    shown = [(line["method"], line["route"], line["status"]) for line in served.logged]
    assert shown == [
        ("POST", "/api/ask", 200),
        ("GET", "/api/search", 200),
        ("POST", "/api/check", 200),
        ("GET", "unmatched", 404),
    ]
    metrics = served.client.get("/metrics").text
    assert [SECRET[:4] in text for text in (served.log.getvalue(), metrics)] == [False, False]


def test_the_log_holds_the_text_where_the_operator_switched_it_on(desk: Desk, home: Path) -> None:
    with FeedbackStore.open(home) as feedback:
        served = serve(desk, feedback, log_text=True)
        served.client.post("/api/ask", json={"question": SECRET})
    assert [line.get("question") for line in served.logged] == [SECRET]


def test_metrics_count_requests_by_route_and_answers_by_status(served: Served) -> None:
    served.client.post("/api/ask", json={"question": "院士工作站建站补贴多少"})
    served.client.get("/api/nope")
    samples = served.client.get("/metrics").text.splitlines()
    assert {
        'policy_qa_requests_total{method="POST",route="/api/ask",status="200"} 1.0',
        'policy_qa_requests_total{method="GET",route="unmatched",status="404"} 1.0',
        'policy_qa_answers_total{status="not_found"} 1.0',
        "policy_qa_index_ready 1.0",
    } <= set(samples)


def test_it_is_healthy_with_the_verified_index_and_names_what_it_serves(served: Served, desk: Desk) -> None:
    response = served.client.get("/healthz")
    assert (response.status_code, response.json()) == (
        200,
        {"status": "ready", "corpus": desk.corpus.sha256, "policies": [ID], "notices": []},
    )


def test_it_is_not_ready_without_the_index_and_says_why(home: Path) -> None:
    lexical = Assistant(load_corpus(ROOT / "corpus"), standing_notices=("语义检索没有启用，请重建索引。",))
    with FeedbackStore.open(home) as feedback:
        served = serve(Desk(lexical, lambda: DAY), feedback)
        response = served.client.get("/healthz")
        metrics = served.client.get("/metrics").text
        answered = served.client.post("/api/ask", json={"question": QUESTION})
    assert response.json() == problem(503, "unavailable", "暂时做不了", "语义检索没有启用，请重建索引。")
    assert "policy_qa_index_ready 0.0" in metrics.splitlines()
    assert answered.json()["notices"][-1] == "语义检索没有启用，请重建索引。"


@pytest.mark.parametrize(
    ("host", "status"),
    [("zc.example.cn", 200), ("ZC.example.cn:8000", 200), ("evil.example", 421), ("", 421)],
)
def test_only_the_hosts_it_was_given_are_answered(desk: Desk, home: Path, host: str, status: int) -> None:
    with FeedbackStore.open(home) as feedback:
        served = serve(desk, feedback, limits=Limits(hosts=frozenset({"zc.example.cn"})))
        response = served.client.get("/api/policies", headers={"Host": host})
    assert response.status_code == status


def test_a_client_that_leaves_in_the_middle_of_a_stream_breaks_nothing(served: Served) -> None:
    body = json.dumps({"question": QUESTION}).encode()
    sent: list[Message] = []

    async def leave() -> None:
        incoming: list[Message] = [
            {"type": "http.request", "body": body, "more_body": False},
            {"type": "http.disconnect"},
        ]

        async def receive() -> Message:
            return incoming.pop(0) if incoming else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": "POST",
            "path": "/api/ask/stream",
            "raw_path": b"/api/ask/stream",
            "query_string": b"",
            "root_path": "",
            "scheme": "http",
            "headers": [(b"content-type", b"application/json")],
            "server": ("testserver", 80),
            "client": ("127.0.0.1", 1),
        }
        await served.client.app(scope, receive, send)

    anyio.run(leave)
    assert [line["event"] for line in served.logged] == ["request"]
    assert served.client.get("/healthz").status_code == 200


def events(text: str) -> list[tuple[str, Any]]:
    """The server-sent events of a response: name and data."""
    blocks = [block.splitlines() for block in text.strip().split("\n\n")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in blocks]


# ── what the operator is told ───────────────────────────────────────────────────────────────────

GUIDE = (ROOT / "docs/guides/operate.zh.md").read_text(encoding="utf-8")


def test_the_guide_explains_every_metric_and_invents_none(served: Served) -> None:
    kept = re.findall(r"^# TYPE (policy_qa_\w+) ", served.client.get("/metrics").text, re.MULTILINE)
    explained = set(re.findall(r"policy_qa_[a-z_]+", GUIDE))
    assert explained == {name for name in kept if not name.endswith("_created")}


def test_the_guide_explains_every_setting_and_invents_none() -> None:
    documented = re.findall(r"^\| `(POLICY_QA_\w+)`", GUIDE, re.MULTILINE)
    readme = re.findall(r"^\| `(POLICY_QA_\w+)`", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(documented) == sorted(readme)
