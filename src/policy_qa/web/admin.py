"""The admin page: a policy in, its drafts decided beside their clauses, then published to the running server.

It changes rules of money, so every form needs a session and the session's own token, and nothing is served
before a new assistant over the changed corpus stands and is verified.
"""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData, UploadFile

from policy_qa.assistant import Assistant
from policy_qa.domain import Clause
from policy_qa.errors import PolicyQaError, UsageError
from policy_qa.publishing import Decision, Given, Pending, Publisher, Reviewer, proposal, what_it_is
from policy_qa.text import find_quote
from policy_qa.web.desk import Desk
from policy_qa.web.follow import renew
from policy_qa.web.gate import SESSION_SECONDS, Gate, Session
from policy_qa.web.pages import page
from policy_qa.web.published import Published

COOKIE = "policy_qa_admin"
UPLOAD = "/admin/policies"
_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Office:
    """What the admin page works with.

    ``reopen`` opens an assistant over the corpus as it stands on the disk; ``now`` dates what is changed;
    ``published`` tells the other processes over the same home, where there are any.
    """

    gate: Gate
    publisher: Publisher
    desk: Desk
    reopen: Callable[[], Assistant]
    now: Callable[[], datetime.datetime]
    published: Published | None = None

    def publish(self) -> None:
        """Serve the corpus of the disk; what is served now goes on where the new one cannot be verified."""
        if self.published is None:
            renew(self.desk, self.reopen)
            return
        with self.published.alone(_PATIENCE_SECONDS):
            renew(self.desk, self.reopen)
            self.published.announce(self.desk.corpus.sha256)

    @property
    def served(self) -> str:
        """The hash of the corpus that users see, or are about to see from every process."""
        latest = self.published.latest if self.published else None
        return latest.corpus if latest else self.desk.corpus.sha256


_PATIENCE_SECONDS = 120.0
"""How long a publication waits while another process takes over a former one."""


def admin(office: Office) -> APIRouter:
    """The routes under ``/admin``; all but the log-in need a session."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    alone = anyio.CapacityLimiter(1)

    async def work(task: Callable[[], Any]) -> Any:
        return await anyio.to_thread.run_sync(task, limiter=alone)

    @router.get("/admin")
    async def home(request: Request) -> Response:
        session = _session(request, office)
        return (
            _log_in(request) if session is None else await work(partial(_overview, request, office, session))
        )

    @router.post("/admin/login")
    async def log_in(request: Request) -> Response:
        async with request.form(max_files=0) as form:
            token, name = _said(form, "token"), _said(form, "name")[:_LONGEST_NAME]
        address = request.client.host if request.client else ""
        if wait := office.gate.wait(address):
            said = f"猜错的次数太多，请等 {wait} 秒再试。"
            return _log_in(request, said, status=429, headers={"Retry-After": str(wait)})
        if not name:
            return _log_in(request, "请写上您的姓名，每处改动都会记在名下。", status=422)
        cookie = office.gate.enter(address, token, name)
        if cookie is None:
            return _log_in(request, "口令不对，请核对后再试。", status=403)
        response = _to("/admin")
        secure = request.url.scheme == "https"
        response.set_cookie(
            COOKIE, cookie, SESSION_SECONDS, path="/admin", secure=secure, httponly=True, samesite="strict"
        )
        return response

    @router.post("/admin/logout")
    async def log_out(request: Request) -> Response:
        async with _Form(request, office) as (session, _):
            response = _to("/admin") if session else _log_in(request, _OVER, status=403)
            response.delete_cookie(COOKIE, path="/admin")
            return response

    @router.post(UPLOAD)
    async def add(request: Request) -> Response:
        async with _Form(request, office) as (session, form):
            if session is None:
                return _log_in(request, _OVER, status=403)
            try:
                policy = await _added(office, session, form, work)
            except PolicyQaError as error:
                shown = partial(_overview, request, office, session, str(error), _plain(form))
                response: Response = await work(shown)
                return response
        return _to(f"/admin/policies/{policy}")

    @router.post("/admin/publish")
    async def publish(request: Request) -> Response:
        async with _Form(request, office) as (session, _):
            if session is None:
                return _log_in(request, _OVER, status=403)
            try:
                await work(office.publish)
            except PolicyQaError as error:
                response: Response = await work(partial(_overview, request, office, session, str(error)))
                return response
        return _to("/admin?done=published")

    @router.get("/admin/policies/{policy}")
    async def policy(request: Request, policy: str) -> Response:
        session = _session(request, office)
        if session is None:
            return _log_in(request)
        chosen = request.query_params.get("draft")
        response: Response = await work(partial(_policy, request, office, session, policy, chosen))
        return response

    @router.post("/admin/policies/{policy}/drafts/{draft}")
    async def decide(request: Request, policy: str, draft: str) -> Response:
        async with _Form(request, office) as (session, form):
            if session is None:
                return _log_in(request, _OVER, status=403)
            task = partial(_decided, office, session, policy, draft, _plain(form))
            try:
                await work(task)
            except PolicyQaError as error:
                entered = _plain(form).get("edit")
                shown = partial(_policy, request, office, session, policy, draft, str(error), entered)
                response: Response = await work(shown)
                return response
        return _to(f"/admin/policies/{quote(policy)}?done={quote(draft)}")

    return router


# ── forms ───────────────────────────────────────────────────────────────────────────────────────

_OVER = "登录已经过期，或者表单不是从这个页面发出的，请重新登录。"


class _Form:
    """A form with its session; None in its place where the session or its token is missing.

    The session is looked at before the body is read: nobody else's upload is taken in.
    """

    def __init__(self, request: Request, office: Office) -> None:
        self._request = request
        self._office = office
        self._form = FormData()

    async def __aenter__(self) -> tuple[Session | None, FormData]:
        session = _session(self._request, self._office)
        if session is not None:
            self._form = await self._request.form(max_files=1, max_fields=40, max_part_size=_LONGEST_FIELD)
            if not self._office.gate.allows(session, _said(self._form, "csrf")):
                session = None
        return session, self._form

    async def __aexit__(self, *_: object) -> None:
        await self._form.close()


_LONGEST_FIELD = 200_000


def _session(request: Request, office: Office) -> Session | None:
    return office.gate.session(request.cookies.get(COOKIE, ""))


def _said(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def _plain(form: FormData) -> dict[str, str]:
    return {name: value for name, value in form.items() if isinstance(value, str)}


async def _added(office: Office, session: Session, form: FormData, work: Callable[..., Any]) -> str:
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise UsageError("没有选文件，请选一份政策文件再添加。")
    content = await file.read()
    given = Given(
        title=_said(form, "title") or None,
        number=_said(form, "number") or None,
        region=_said(form, "region") or None,
        status=_status(_said(form, "status")),
        issued_on=_day(_said(form, "issued_on")),
        in_force_from=_day(_said(form, "in_force_from")),
        in_force_until=_day(_said(form, "in_force_until")),
        supersedes=_said(form, "supersedes") or None,
    )
    policy = _said(form, "id")
    name = Path(file.filename.replace("\\", "/")).name or "policy"

    def task() -> None:
        with tempfile.TemporaryDirectory(prefix="policy-qa-") as folder:
            path = Path(folder) / name
            path.write_bytes(content)
            office.publisher.add(path, policy, given, session.name, office.now())

    await work(task)
    return policy


def _status(text: str) -> str | None:
    if text not in ("", "正式", "征求意见稿"):
        raise UsageError("状态不对，请选正式或征求意见稿。")
    return text or None


def _day(text: str) -> datetime.date | None:
    if not text:
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as error:
        raise UsageError("日期看不懂，请写成 2026-01-31 这样。") from error


def _decided(office: Office, session: Session, policy: str, draft: str, form: Mapping[str, str]) -> Decision:
    reviewer = Reviewer(session.name, office.now())
    if form.get("action") == "reject":
        return office.publisher.reject(policy, draft, reviewer, form.get("reason", ""))
    if form.get("action") != "accept":
        raise UsageError("没有说接受还是驳回，请点其中一个按钮。")
    (item,) = office.publisher.pending(policy, draft)
    edit = form.get("edit", "").replace("\r\n", "\n")
    changed = edit.strip() and edit.strip() != _proposed(item).strip()
    return office.publisher.accept(policy, draft, reviewer, edit if changed else None)


# ── pages ───────────────────────────────────────────────────────────────────────────────────────


def _to(address: str) -> Response:
    return RedirectResponse(address, status_code=303)


def _log_in(
    request: Request, wrong: str | None = None, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    response = page(request, "admin_login.html", {"title": "管理政策", "wrong": wrong}, status=status)
    response.headers.update(headers or {})
    return _private(response)


def _overview(
    request: Request,
    office: Office,
    session: Session,
    wrong: str | None = None,
    entered: Mapping[str, str] | None = None,
) -> Response:
    """All policies with what is undecided of each, what is not served yet, and the form for one more."""
    corpus = office.publisher.corpus()
    content = {
        "title": "管理政策",
        "lead": "一份文件进来，逐条核对草拟的规则，再发布到正在运行的服务。",
        "session": session,
        "wrong": wrong,
        "entered": entered or {},
        "holdings": [(one, len(office.publisher.pending(one.policy.id))) for one in corpus.holdings],
        "unpublished": corpus.sha256 != office.served,
        "published": request.query_params.get("done") == "published",
    }
    return _private(page(request, "admin.html", content, status=422 if wrong else 200))


@dataclass(frozen=True, slots=True)
class Shown:
    """A draft as the page shows it: its sort, and its YAML as it can be edited."""

    item: Pending
    what: str
    proposal: str


def _policy(
    request: Request,
    office: Office,
    session: Session,
    policy: str,
    chosen: str | None = None,
    wrong: str | None = None,
    entered: str | None = None,
) -> Response:
    """One policy: its certificate, its clauses, one draft beside its clause, the history of changes."""
    corpus = office.publisher.corpus()
    if policy not in {one.id for one in corpus.policies}:
        missing = {"title": "没有找到", "wrong": "没有这份政策，请回到管理页重新选择。"}
        return _private(page(request, "missing.html", missing, status=404))
    holding = corpus.holding(policy)
    items = [Shown(item, what_it_is(item), _proposed(item)) for item in office.publisher.pending(policy)]
    current = next((one for one in items if one.item.draft.id == chosen), items[0] if items else None)
    content = {
        "title": holding.policy.title,
        "session": session,
        "holding": holding,
        "items": items,
        "current": current,
        "entered": entered,
        "pieces": _pieces(current.item.clause, current.item.draft.quote) if current else None,
        "changes": office.publisher.history(policy)[::-1],
        "unpublished": corpus.sha256 != office.served,
        "done": request.query_params.get("done"),
        "wrong": wrong,
    }
    return _private(page(request, "admin_policy.html", content, status=422 if wrong else 200))


def _proposed(item: Pending) -> str:
    return proposal(item) if item.draft.measure is not None else ""


def _pieces(clause: Clause, quote: str) -> tuple[str, str, str]:
    """The clause before, in and after the quote; the quote empty where it is no passage of it."""
    span = find_quote(clause.text, quote)
    if span is None:
        return clause.text, "", ""
    return clause.text[: span[0]], clause.text[slice(*span)], clause.text[span[1] :]


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
