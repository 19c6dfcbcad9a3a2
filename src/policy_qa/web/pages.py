"""The pages in the browser: shells that call the API, and the clause desk, which needs no script."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from policy_qa.catalogue import Catalogue, Entry, Found, Piece, address, read_edge
from policy_qa.corpus import Corpus, Holding
from policy_qa.errors import UsageError
from policy_qa.status import notices
from policy_qa.web.desk import Desk

_HERE = Path(__file__).parent

STATIC = _HERE / "static"
"""The folder to be served under ``/static``."""

DESKS = {
    "/": "问一问",
    "/eligibility": "我能享受什么",
    "/check": "帮我核对",
    "/clauses": "查条款",
}

MOST_ENTRIES = 50
"""Clauses that one page of the clause desk lists."""

FILTERS = ("number", "words", "department", "audience", "kind", "low", "high")

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

_templates = Jinja2Templates(directory=_HERE / "templates")
_templates.env.filters["shown"] = lambda value: json.dumps(value, ensure_ascii=False, indent=1)


# ── the desks that call the API ─────────────────────────────────────────────────────────────────


@router.get("/")
def ask(request: Request) -> HTMLResponse:
    """「问一问」."""
    return _desk(request, "/", "ask", "用自己的话问，每句话都注明条款，点条款号就能看到原文。")


@router.get("/eligibility")
def eligibility(request: Request) -> HTMLResponse:
    """「我能享受什么」."""
    return _desk(
        request,
        "/eligibility",
        "eligibility",
        "填写企业的情况，一次看全所有支持：能享受的、还缺信息的、不能享受的。",
    )


@router.get("/check")
def check(request: Request) -> HTMLResponse:
    """「帮我核对」."""
    return _desk(request, "/check", "check", "一句一句对照条文，看说得对不对、差在哪里。")


@router.get("/print/proof")
def proof_sheet(request: Request) -> HTMLResponse:
    """The proof sheet of one answer that this browser keeps; the address after # names the answer."""
    return page(request, "sheet.html", {"title": "回答核对单", "sheet": "proof", "back": "/"})


@router.get("/print/eligibility")
def eligibility_sheet(request: Request) -> HTMLResponse:
    """The eligibility sheet on paper, from the facts that this browser keeps."""
    content = {"title": "惠企支持对照表", "sheet": "eligibility", "back": "/eligibility"}
    return page(request, "sheet.html", content)


def _desk(request: Request, desk: str, script: str, lead: str) -> HTMLResponse:
    content = {"title": DESKS[desk], "desk": desk, "script": script, "lead": lead}
    return page(request, "desk.html", content)


# ── the clause desk ─────────────────────────────────────────────────────────────────────────────


@router.get("/clauses")
def clauses(request: Request, policy: str | None = None) -> HTMLResponse:
    """「查条款」: the tree, and what the filters of the query find."""
    holding = _holding(_desk_of(request).corpus, policy)
    if holding is None:
        return _missing(request, "没有收录这份政策，请从“查条款”里重新选择。")
    asked = {name: request.query_params.get(name, "").strip() for name in FILTERS}
    found, wrong = None, None
    if any(asked.values()):
        try:
            found = _find(_desk_of(request).catalogue(holding.policy.id), asked)
        except UsageError as error:
            wrong = str(error)
    return _library(request, "clauses.html", holding, asked=asked, found=found, wrong=wrong)


@router.get("/clauses/{policy}/{label:path}")
def clause(request: Request, policy: str, label: str) -> HTMLResponse:
    """One clause under its stable address, between its neighbours."""
    holding = _holding(_desk_of(request).corpus, policy)
    labels = [clause.label for clause in holding.policy.clauses] if holding else []
    if holding is None or label not in labels:
        return _missing(request, "这个地址上没有条款，可能写错了条款号，请从目录里找，或者按关键词查。")
    position = labels.index(label)
    every = holding.policy.clauses
    entries = _desk_of(request).catalogue(holding.policy.id).find().entries
    return _library(
        request,
        "clause.html",
        holding,
        asked=dict.fromkeys(FILTERS, ""),
        entry=next(entry for entry in entries if entry.clause.label == label),
        previous=every[position - 1] if position else None,
        next=every[position + 1] if position + 1 < len(every) else None,
    )


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A segment of a clause as one paragraph."""

    pieces: tuple[Piece, ...]

    @property
    def passage(self) -> bool:
        """Whether the whole of it meets the filters."""
        return all(piece.passage for piece in self.pieces)


def paragraphs(entry: Entry) -> tuple[Paragraph, ...]:
    """The text of an entry without loss, a paragraph a segment, cut where a highlight begins or ends."""
    ends = [segment.end for segment in entry.clause.segments]
    cut: list[list[Piece]] = [[] for _ in ends]
    at = 0
    for piece in entry.pieces:
        text = piece.text
        while text:
            row = next(i for i, end in enumerate(ends) if at < end)
            taken = text[: ends[row] - at]
            cut[row].append(Piece(taken, piece.passage, piece.mark))
            at, text = at + len(taken), text[len(taken) :]
    return tuple(Paragraph(tuple(pieces)) for pieces in cut)


def _find(catalogue: Catalogue, asked: Mapping[str, str]) -> Found:
    return catalogue.find(
        number=asked["number"],
        words=asked["words"],
        department=asked["department"],
        audience=asked["audience"],
        kind=asked["kind"],
        low=read_edge(asked["low"]),
        high=read_edge(asked["high"]),
    )


def _library(request: Request, template: str, holding: Holding, **more: object) -> HTMLResponse:
    catalogue = _desk_of(request).catalogue(holding.policy.id)
    content = {
        "title": DESKS["/clauses"],
        "desk": "/clauses",
        "lead": "写条款号、关键词，或者按部门、对象、类别、金额查；原文逐字，可以直接引用。",
        "policy": holding.policy,
        "policies": _desk_of(request).corpus.policies,
        "facets": catalogue.facets,
        "tree": catalogue.tree,
        "shown": MOST_ENTRIES,
        "origin": str(request.base_url).rstrip("/"),
        "addresses": {clause.label: address(holding.policy, clause) for clause in holding.policy.clauses},
        "paragraphs": paragraphs,
    }
    return page(request, template, {**content, **more})


def _holding(corpus: Corpus, policy: str | None) -> Holding | None:
    """The policy asked for, the first one where none is."""
    return next((one for one in corpus.holdings if policy in (None, one.policy.id)), None)


# ── what all pages share ────────────────────────────────────────────────────────────────────────


def _missing(request: Request, wrong: str) -> HTMLResponse:
    return page(request, "missing.html", {"title": "没有找到", "wrong": wrong}, status=404)


def page(
    request: Request, template: str, content: Mapping[str, object], *, status: int = 200
) -> HTMLResponse:
    """A template filled with ``content`` and with what all pages share."""
    desk = _desk_of(request)
    shared = {"desks": DESKS.items(), "notices": notices(desk.corpus.policies, desk.today())}
    return _templates.TemplateResponse(request, template, {**shared, **content}, status_code=status)


def _desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk
