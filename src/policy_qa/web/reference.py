"""The documentation of the API: OpenAPI with answers the engine really gave, and a page to read it.

The page is our own and not Swagger's, which would be fetched from another host and needs inline scripts.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse
from jinja2 import Environment, FileSystemLoader

from policy_qa.web.bodies import AskBody, CheckBody, EligibilityBody
from policy_qa.web.desk import Desk
from policy_qa.web.fact_schema import facts_schema
from policy_qa.web.problems import Problem
from policy_qa.wire import to_json

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


def document(app: FastAPI, desk: Desk) -> dict[str, Any]:
    """The OpenAPI document of ``app``, made once.

    What a request may state is the facts the loaded rules read; the examples of responses are the engine's,
    so that they cannot drift from it.
    """
    if app.openapi_schema is None:
        described = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            tags=app.openapi_tags,
            routes=app.routes,
        )
        schemas = described["components"]["schemas"]
        schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(schemas["Problem"].pop("$defs", {}))
        schemas["Facts"].update(facts_schema(desk.corpus))
        for path, example in _examples(desk).items():
            content = described["paths"][path]["post"]["responses"]["200"]["content"]
            content["application/json"]["example"] = to_json(example)
        app.openapi_schema = described
    return app.openapi_schema


def _examples(desk: Desk) -> dict[str, object]:
    question = _example(AskBody)["question"]
    facts = desk.facts(_example(EligibilityBody)["facts"])
    return {
        "/api/ask": desk.ask(question, {}),
        "/api/eligibility": desk.sheet(facts),
        "/api/check": desk.check(_example(CheckBody)["text"]),
    }


def _example(body: type[AskBody] | type[EligibilityBody] | type[CheckBody]) -> dict[str, Any]:
    """The first example of a request, which the example of its response answers."""
    example: dict[str, Any] = body.model_json_schema()["examples"][0]
    return example


def reference() -> APIRouter:
    """``/openapi.json``, and ``/docs``: the same as a page, readable without a script."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    page = _TEMPLATES.get_template("reference.html")

    @router.get("/openapi.json", response_class=JSONResponse)
    def openapi(request: Request) -> JSONResponse:
        return JSONResponse(request.app.openapi())

    @router.get("/docs")
    def docs(request: Request) -> HTMLResponse:
        described = request.app.openapi()
        return HTMLResponse(page.render(api=described, operations=_operations(described), pretty=_pretty))

    return router


def _operations(described: dict[str, Any]) -> list[dict[str, Any]]:
    """What the page lists: one entry an operation, with the fields of its body, the required ones first."""
    listed = []
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            body = _body(operation, described["components"]["schemas"])
            needed = body.get("required", ())
            fields = [(name, field, name in needed) for name, field in body.get("properties", {}).items()]
            listed.append(
                {
                    "id": f"{method}{path}".replace("/", "-"),
                    "method": method.upper(),
                    "path": path,
                    **operation,
                    "fields": sorted(fields, key=lambda field: not field[2]),
                    "examples": body.get("examples", ()),
                }
            )
    return listed


def _body(operation: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """The schema of an operation's body, empty where it takes none."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    name = content["schema"]["$ref"].rpartition("/")[2] if content else ""
    return dict(schemas.get(name, {}))


def _pretty(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
