"""The JSON API of the contract: reads a request, asks the desk, answers with the contract's object."""

# No postponed annotations here: FastAPI could not resolve those that name a function of ``api``.

import datetime
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from policy_qa.checking import Report
from policy_qa.domain import Answer, FactValue
from policy_qa.eligibility import Sheet
from policy_qa.errors import PolicyQaError, UsageError
from policy_qa.feedback import Feedback, FeedbackStore
from policy_qa.status import notices
from policy_qa.web import bodies
from policy_qa.web.desk import Desk, Filters
from policy_qa.web.problems import Refusal, described, problem_of
from policy_qa.web.telemetry import METRICS_TYPE, Telemetry
from policy_qa.web.workers import Workers
from policy_qa.wire import dumps, to_json

_ASK, _DESKS, _CLAUSES, _OPERATION = "问答", "两张清单", "条款", "运行"


TAGS = [
    {"name": _ASK, "description": "一个问题，一个每句话都注明条款的回答；以及对回答的评价。"},
    {"name": _DESKS, "description": "一家企业能享受的全部支持；一段话说得对不对。"},
    {"name": _CLAUSES, "description": "条款原文，按编号、词句和条件查找。"},
    {"name": _OPERATION, "description": "给运行维护的人：是否就绪，跑得怎样。"},
]

PolicyId = Annotated[str, Path(description="政策编号", examples=["huainan-zjtx-2020-draft"])]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question whose facts are checked: what can be refused is refused before a stream begins."""

    question: str
    facts: dict[str, FactValue]
    policy: str | None
    as_of: datetime.date | None


def api(
    desk: Desk,
    feedback: FeedbackStore,
    *,
    engine: Workers,
    writer: Workers,
    telemetry: Telemetry,
    now: Callable[[], datetime.datetime],
) -> APIRouter:
    """The routes of the contract over one desk; what computes and what writes do not wait for each other."""
    router = APIRouter(route_class=bodies.ExactRoute)

    async def asked(request: Request, body: bodies.AskBody) -> Asked:
        _said(request, question=body.question)
        return Asked(body.question, desk.facts(body.facts.root, body.policy), body.policy, body.as_of)

    async def answered(question: Asked) -> Answer:
        work = partial(
            desk.ask, question.question, question.facts, policy=question.policy, as_of=question.as_of
        )
        answer = await engine.run(work)
        telemetry.answered(answer.status)
        return answer

    @router.post(
        "/api/ask",
        tags=[_ASK],
        summary="问一个问题，得到逐句有据的回答",
        response_model=Answer,
        responses=described(413, 422, 503),
    )
    async def ask(question: Annotated[Asked, Depends(asked)]) -> Response:
        return _json(await answered(question))

    @router.post(
        "/api/ask/stream",
        tags=[_ASK],
        summary="同上，逐句送出（server-sent events）",
        description=(
            "依次是 `retrieved`（找到的条款）、每句一个 `sentence`（带上它引用的条款）、"
            "`done`（与 /api/ask 相同的整个对象）；出错时是 `error`（problem 对象）。只有核验过的句子会送出。"
        ),
        response_class=EventSourceResponse,
        responses=described(413, 422),
    )
    async def ask_stream(
        request: Request, question: Annotated[Asked, Depends(asked)]
    ) -> AsyncIterator[ServerSentEvent]:
        try:
            for event in _events(await answered(question)):
                yield event
        except (PolicyQaError, Refusal) as error:
            yield _event("error", problem_of(error, request.state.request_id))
        except Exception as error:
            telemetry.failure(error, request.state.request_id)
            yield _event("error", problem_of(Refusal(500), request.state.request_id))

    @router.post(
        "/api/eligibility",
        tags=[_DESKS],
        summary="所有支持一张清单：可享、不可享、还缺信息",
        response_model=Sheet,
        responses=described(413, 422, 503),
    )
    async def eligibility(body: bodies.EligibilityBody) -> Response:
        facts = desk.facts(body.facts.root, body.policy)
        return _json(await engine.run(partial(desk.sheet, facts, policy=body.policy, as_of=body.as_of)))

    @router.post(
        "/api/check",
        tags=[_DESKS],
        summary="逐句核对一段话：支持、矛盾、需补条件、无依据",
        response_model=Report,
        responses=described(413, 422, 503),
    )
    async def check(request: Request, body: bodies.CheckBody) -> Response:
        _said(request, text=body.text)
        report = await engine.run(partial(desk.check, body.text, policy=body.policy, as_of=body.as_of))
        for sentence in report.sentences:
            telemetry.checked(sentence.verdict)
        return _json(report)

    @router.get(
        "/api/search",
        tags=[_CLAUSES],
        summary="与几个词最相近的条款",
        response_model=bodies.Hits,
        responses=described(422, 503),
    )
    async def search(
        request: Request,
        q: Annotated[str, Query(description="几个词或一句话", examples=["贴息"])],
        k: Annotated[int, Query(ge=1, le=100, description="要几条")] = 5,
    ) -> Response:
        _said(request, query=q)
        return _json(await engine.run(partial(desk.search, q, k)))

    @router.get("/api/policies", tags=[_CLAUSES], summary="收录的政策", response_model=bodies.Policies)
    async def policies() -> Response:
        today = desk.today()
        return _json(
            {
                "policies": [
                    {
                        "id": policy.id,
                        "title": policy.title,
                        "status": policy.status,
                        "issuing_body": policy.issuing_body,
                        "issued_on": policy.issued_on,
                        "in_force_from": policy.in_force_from,
                        "in_force_until": policy.in_force_until,
                        "clauses": len(policy.clauses),
                        "notices": notices([policy], today),
                    }
                    for policy in desk.corpus.policies
                ]
            }
        )

    @router.get(
        "/api/policies/{policy}/clauses",
        tags=[_CLAUSES],
        summary="一份政策的条款原文，可以按编号、词句、部门、对象、方式、金额筛选",
        response_model=bodies.FoundClauses,
        responses=described(404, 422, 503),
    )
    async def clauses(
        request: Request, policy: PolicyId, filters: Annotated[bodies.ClauseFilters, Query()]
    ) -> Response:
        _known(desk, policy)
        _said(request, **filters.model_dump(exclude_none=True))
        return _json(await engine.run(partial(desk.found, policy, Filters(**filters.model_dump()))))

    @router.get(
        "/api/policies/{policy}/clauses/{label:path}",
        tags=[_CLAUSES],
        summary="一个条款的原文，编号怎么写都行",
        description="写 `三（五）13`、`第13条` 或 `13`；一个编号对应几条时全部给出。",
        response_model=bodies.Clauses,
        responses=described(404),
    )
    async def clause(
        policy: PolicyId,
        label: Annotated[str, Path(description="条款编号", examples=["三（五）13"])],
    ) -> Response:
        _known(desk, policy)
        found = desk.clauses(policy, label)
        if found is None:
            raise Refusal(404, desk.no_clause(policy, label))
        return _json(found)

    @router.get(
        "/api/measures",
        tags=[_DESKS],
        summary="各项支持，以及它们要看的企业情况",
        response_model=bodies.Measures,
        responses=described(422),
    )
    async def measures(
        policy: Annotated[str | None, Query(description="只用这一份政策（编号）")] = None,
    ) -> Response:
        return _json(desk.measures(policy))

    @router.post(
        "/api/feedback",
        tags=[_ASK],
        summary="评价一个回答；收到回应时已经存好",
        status_code=201,
        response_model=bodies.Received,
        responses=described(413, 422, 503),
    )
    async def receive(body: bodies.FeedbackBody) -> Response:
        entry = Feedback(body.answer_id, body.useful, body.reason, body.question, now())
        number = await writer.run(partial(feedback.add, entry))
        telemetry.feedback(useful=body.useful)
        return _json({"id": number}, status=201)

    @router.get(
        "/healthz",
        tags=[_OPERATION],
        summary="索引核验过、可以服务时是 200",
        response_model=bodies.Health,
        responses=described(503),
    )
    async def health() -> Response:
        if not desk.ready:
            raise Refusal(503, " ".join(desk.assistant.standing_notices))
        return _json(
            {
                "status": "ready",
                "corpus": desk.corpus.sha256,
                "policies": [policy.id for policy in desk.corpus.policies],
                "notices": [
                    *desk.assistant.standing_notices,
                    *([feedback.trouble] if feedback.trouble else []),
                ],
            }
        )

    @router.get("/metrics", tags=[_OPERATION], summary="Prometheus 指标", response_class=Response)
    async def metrics() -> Response:
        return Response(telemetry.exposition(ready=desk.ready), media_type=METRICS_TYPE)

    return router


def _known(desk: Desk, policy: str) -> None:
    """A policy in an address that does not exist is 404, not the 422 of a field."""
    try:
        desk.corpus.holding(policy)
    except UsageError as error:
        raise Refusal(404, str(error)) from error


def _said(request: Request, **texts: str) -> None:
    """What the user wrote, for a log that the operator has switched on."""
    request.state.said.update(texts)


def _json(value: object, status: int = 200) -> Response:
    return Response(dumps(to_json(value)).encode(), status, media_type="application/json")


def _events(answer: Answer) -> Iterator[ServerSentEvent]:
    yield _event("retrieved", {"retrieved": answer.retrieved})
    for sentence in answer.sentences:
        cited = [answer.citations[position] for position in sentence.citations]
        yield _event("sentence", {**_object(sentence), "cited": cited})
    yield _event("done", answer)


def _object(value: object) -> dict[str, object]:
    rendered = to_json(value)
    assert isinstance(rendered, dict)
    return rendered


def _event(name: str, data: object) -> ServerSentEvent:
    return ServerSentEvent(event=name, raw_data=dumps(to_json(data)))
