"""The API against its own OpenAPI document: whatever schemathesis sends, only what is promised."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)

from policy_qa.feedback import FeedbackStore
from policy_qa.web.app import create_app
from policy_qa.web.desk import Desk
from policy_qa.web.telemetry import Telemetry, json_log

OPERATIONS = (
    "POST /api/ask",
    "POST /api/ask/stream",
    "POST /api/eligibility",
    "POST /api/check",
    "GET /api/search",
    "GET /api/policies",
    "GET /api/policies/{policy}/clauses",
    "GET /api/policies/{policy}/clauses/{label}",
    "GET /api/measures",
    "POST /api/feedback",
    "GET /healthz",
    "GET /metrics",
)
UNBREAKABLE = {
    "GET /api/policies",
    "GET /api/policies/{policy}/clauses/{label}",
    "GET /healthz",
    "GET /metrics",
}
"""Without an input, or with one that any text fits."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def app(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    home = tmp_path_factory.mktemp("contract")
    with (home / "log").open("w") as log, FeedbackStore.open(home) as feedback:
        yield create_app(desk, feedback, Telemetry(json_log(log)))


@pytest.fixture(scope="module")
def document(app: FastAPI) -> Any:
    return schemathesis.openapi.from_asgi("/openapi.json", app)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("operation", "mode"),
    [
        *((operation, GenerationMode.POSITIVE) for operation in OPERATIONS),
        *((operation, GenerationMode.NEGATIVE) for operation in OPERATIONS if operation not in UNBREAKABLE),
    ],
)
def test_sound_and_broken_requests_alike_are_answered_as_the_document_says(
    document: Any, operation: str, mode: GenerationMode
) -> None:
    method, path = operation.split(" ")
    described = document[path][method]

    @settings(
        max_examples=40,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=described.as_strategy(generation_mode=mode))
    def holds(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(checks=CHECKS)

    holds()


def test_the_document_covers_every_address_of_the_contract(app: FastAPI) -> None:
    operations = {
        f"{method.upper()} {path}" for path, methods in app.openapi()["paths"].items() for method in methods
    }
    assert operations == set(OPERATIONS)


def test_the_examples_of_responses_are_what_the_engine_answers(app: FastAPI) -> None:
    examples = {
        path: methods["post"]["responses"]["200"]["content"]["application/json"]["example"]
        for path, methods in app.openapi()["paths"].items()
        if path in {"/api/ask", "/api/eligibility", "/api/check"}
    }
    assert examples["/api/ask"]["calculation"]["total"] == "120000"
    assert {item["verdict"] for item in examples["/api/eligibility"]["items"]} == {
        "eligible", "unknown", "not_eligible",
    }  # fmt: skip
    assert [one["verdict"] for one in examples["/api/check"]["sentences"]] == ["contradicted"]
