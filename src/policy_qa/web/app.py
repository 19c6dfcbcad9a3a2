"""The web application, put together from what it is given: no environment, nothing global."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from policy_qa import __version__
from policy_qa.feedback import FeedbackStore
from policy_qa.loaders import MAX_BYTES
from policy_qa.web import pages
from policy_qa.web.admin import UPLOAD, Office, admin
from policy_qa.web.api import TAGS, api
from policy_qa.web.completions import completions
from policy_qa.web.desk import Desk
from policy_qa.web.edge import Edge
from policy_qa.web.mcp import McpDoor
from policy_qa.web.problems import install
from policy_qa.web.reference import document, reference
from policy_qa.web.telemetry import Telemetry
from policy_qa.web.workers import Workers


@dataclass(frozen=True, slots=True)
class Limits:
    """What one process takes on."""

    threads: int = 2
    """Questions worked on at once; more than cores make each slower."""
    waiting: int = 256
    """Requests that may wait for a thread; the next one is told to come back."""
    max_body: int = 256 * 1024
    """Bytes of a request: room for the longest text to check, also written as ``\\uXXXX``."""
    max_upload: int = MAX_BYTES + 64 * 1024
    """Bytes of an uploaded policy file with its form, on the admin page only."""
    hosts: frozenset[str] = frozenset()
    """Host names it answers to; empty means any."""


def _utc() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def create_app(
    desk: Desk,
    feedback: FeedbackStore,
    telemetry: Telemetry,
    *,
    limits: Limits = Limits(),
    key: str | None = None,
    office: Office | None = None,
    now: Callable[[], datetime.datetime] = _utc,
    new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
) -> FastAPI:
    """The API and the pages over one desk; ``app.state.desk`` is what pages ask.

    ``key`` is asked for at the doors for programs, ``/v1`` and ``/mcp``. Without an ``office`` there
    is no admin page. ``now`` dates the feedback and ``new_id`` names requests that bring no id of their own.
    The stores and engines stay the caller's to close.
    """
    engine = Workers(limits.threads, limits.waiting)
    mcp = McpDoor(desk, engine=engine, telemetry=telemetry, hosts=limits.hosts, key=key)
    app = FastAPI(
        title="政策问答",
        description=(
            "每句有据，每数有证。金额都是字符串，以元计，不是浮点数；出错时是 RFC 9457 的 problem 对象。"
        ),
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        openapi_tags=TAGS,
        lifespan=lambda _: mcp.open(),
    )
    app.state.desk = desk
    install(app)
    app.include_router(
        api(
            desk,
            feedback,
            engine=engine,
            writer=Workers(1, limits.waiting),
            telemetry=telemetry,
            now=now,
        )
    )
    app.include_router(completions(desk, engine=engine, telemetry=telemetry, now=now, key=key))
    app.router.routes.append(mcp.route)
    app.include_router(reference())
    app.include_router(pages.router)
    if office is not None:
        app.include_router(admin(office))
    app.mount("/static", StaticFiles(directory=pages.STATIC), name="static")
    app.add_middleware(
        Edge,
        telemetry=telemetry,
        new_id=new_id,
        max_body=limits.max_body,
        hosts=limits.hosts,
        larger={} if office is None else {UPLOAD: limits.max_upload},
    )
    app.openapi = lambda: document(app, desk)  # type: ignore[method-assign] # FastAPI's own way to extend it
    return app
