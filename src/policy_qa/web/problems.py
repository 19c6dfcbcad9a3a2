"""Every way the HTTP side says no, as RFC 9457 problem details in Chinese: what, why, what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from policy_qa.errors import PolicyQaError, StoreError, UsageError
from policy_qa.wire import dumps

MEDIA_TYPE = "application/problem+json"


class FieldProblem(BaseModel):
    """One field of a request that cannot be used."""

    field: str = Field(description="哪一项，例如 body.question")
    message: str = Field(description="怎么不对，该怎么写")


class Problem(BaseModel):
    """An RFC 9457 problem; ``detail`` is one sentence to show to people."""

    type: str = Field(description="问题的种类，稳定不变，供程序判断")
    title: str = Field(description="问题的种类，给人看")
    status: int
    detail: str = Field(description="一句话：出了什么事，为什么，怎么办")
    request_id: str = Field(description="请求编号，报告故障时请带上")
    errors: list[FieldProblem] = Field(default=[], description="逐项的毛病，只在 422 时有")


_KINDS = {
    400: ("unreadable-request", "请求读不懂", "请求不完整或写法不对，服务器读不懂，请检查后重新发送。"),
    403: ("forbidden", "不允许", "服务器不允许这样访问，请联系管理员。"),
    404: ("not-found", "没有找到", "没有这个地址，请检查拼写，可用的地址见 /docs。"),
    405: ("method-not-allowed", "请求方式不对", "这个地址不接受这种请求方式，可用的方式见 /docs。"),
    413: ("body-too-large", "内容太大", "发来的内容超过了上限，请缩短后重新发送。"),
    421: ("misdirected", "域名不对", "这个服务不用这个域名，请改用管理员给的地址访问。"),
    422: ("unusable-input", "内容不能用", "请求里有不能用的内容，请按 errors 逐项改正后重新发送。"),
    500: (
        "internal-error",
        "程序内部出错",
        "程序内部出错，这一次没有得到结果，请稍后再试，仍然出错请把请求编号告诉维护者。",
    ),
    503: ("unavailable", "暂时做不了", "服务现在忙不过来，请过几秒钟再试。"),
}  # fmt: skip
_FALLBACK = 400


class Refusal(HTTPException):
    """A request refused; ``said`` is the sentence where the standard one of the status is too general.

    An HTTPException, because that is all FastAPI lets through while it reads a body.
    """

    def __init__(self, status: int, said: str | None = None, *, retry_after: int | None = None) -> None:
        headers = {"Retry-After": str(retry_after)} if retry_after is not None else None
        super().__init__(status, headers=headers)
        self.said = said


def problem(
    status: int, request_id: str, said: str | None = None, errors: Sequence[FieldProblem] = ()
) -> dict[str, Any]:
    """The problem object for ``status``; without ``said`` it says the standard sentence of that status."""
    slug, title, standard = _KINDS.get(status, _KINDS[_FALLBACK])
    stated = Problem(
        type=f"urn:policy-qa:problem:{slug}",
        title=title,
        status=status,
        detail=said or standard,
        request_id=request_id,
        errors=list(errors),
    )
    return stated.model_dump(exclude_defaults=True)


def problem_of(error: PolicyQaError | HTTPException, request_id: str) -> dict[str, Any]:
    """The problem object for an exception that was expected."""
    if isinstance(error, PolicyQaError):
        return problem(_status_of(error), request_id, str(error))
    return problem(error.status_code, request_id, error.said if isinstance(error, Refusal) else None)


def problem_response(stated: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """A problem object as a response of its status."""
    return Response(dumps(stated).encode(), stated["status"], headers=headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every expected exception of ``app`` with a problem; the unexpected are edge.py's."""

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        return problem_response(problem_of(error, request.state.request_id), error.headers)

    @app.exception_handler(RequestValidationError)
    async def _malformed(request: Request, error: RequestValidationError) -> Response:
        errors = [field_problem(one) for one in error.errors()]
        said = f"请求里的“{errors[0].field}”不能用：{errors[0].message}"
        return problem_response(problem(422, request.state.request_id, said, errors))

    @app.exception_handler(PolicyQaError)
    async def _engine(request: Request, error: PolicyQaError) -> Response:
        return problem_response(problem_of(error, request.state.request_id))


def _status_of(error: PolicyQaError) -> int:
    """422 for what the user gave, 503 for a store that cannot be used now, 500 for all else."""
    if isinstance(error, UsageError):
        return 422
    return 503 if isinstance(error, StoreError) else 500


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI ``responses`` of an operation that can refuse with these statuses."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": _KINDS[status][1], "content": {MEDIA_TYPE: schema}} for status in statuses
    }


# ── what pydantic says, in Chinese ──────────────────────────────────────────────────────────────


def field_problem(error: Mapping[str, Any]) -> FieldProblem:
    """One of pydantic's errors without the value: what a user typed goes into no message."""
    field = ".".join(str(part) for part in error["loc"])
    template = _SENTENCES.get(error["type"], "这一项不能用，请对照 /docs 里的说明改正")
    return FieldProblem(field=field, message=template.format_map(error.get("ctx", {})) + "。")


_SENTENCES = {
    "missing": "缺少这一项，请补上",
    "extra_forbidden": "不认识这一项，请去掉或检查拼写",
    "string_type": "应当是文字，请加上引号",
    "string_too_short": "不能是空的，请写上内容",
    "string_too_long": "太长了，请缩短到 {max_length} 字以内",
    "string_pattern_mismatch": "写法不对，请照文档里的例子写",
    "bool_type": "应当是 true 或 false",
    "dict_type": "应当是一个 JSON 对象，例如 {{}}",
    "model_attributes_type": "应当是一个 JSON 对象，并且请求头 Content-Type 是 application/json",
    "int_parsing": "应当是整数",
    "greater_than_equal": "太小了，不能小于 {ge}",
    "less_than_equal": "太大了，不能大于 {le}",
    "value_error": "{error}",
}
