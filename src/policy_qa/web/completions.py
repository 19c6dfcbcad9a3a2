"""The OpenAI-compatible door: any client of that API can use the assistant as a model.

The last user message is the question; the user's earlier ones are its history, by which a follow-up can be
made whole. Nothing else of a conversation is read: neither a system prompt nor what an assistant is said to
have said can change what an answer says of the policy. What only a language model can do, calling tools on
demand or writing JSON of a given shape, is refused in OpenAI's own error form; sampling parameters are taken
and mean nothing, since an answer is computed and not sampled.
"""

# No postponed annotations here: FastAPI could not resolve those that name a function of ``completions``.

import datetime
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import partial
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from policy_qa.domain import Answer
from policy_qa.errors import PolicyQaError
from policy_qa.web.bearer import NO_KEY, admitted
from policy_qa.web.bodies import Day, ExactRoute, Facts
from policy_qa.web.desk import Desk
from policy_qa.web.footnotes import footnoted
from policy_qa.web.problems import Refusal, field_problem, problem_of
from policy_qa.web.telemetry import Telemetry
from policy_qa.web.workers import Workers
from policy_qa.wire import dumps, to_json

MODEL = "policy-qa"


class _Declined(Refusal):
    """A request refused for one of its fields, ``code`` being OpenAI's word for the reason."""

    def __init__(self, status: int, said: str, *, code: str, param: str | None = None) -> None:
        super().__init__(status, said)
        self.code = code
        self.param = param


# ── what a client sends ─────────────────────────────────────────────────────────────────────────


class _Taken(BaseModel):
    """Part of a request; fields that have no meaning here are taken and not read."""

    model_config = ConfigDict(extra="ignore")


class Part(_Taken):
    type: str
    text: str = ""


class Message(_Taken):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        parts = [Part(type="text", text=self.content)] if isinstance(self.content, str) else self.content
        return "\n".join(part.text for part in parts or () if part.type == "text")

    @property
    def holds_more_than_text(self) -> bool:
        return isinstance(self.content, list) and any(part.type != "text" for part in self.content)


class Shape(_Taken):
    type: str


class StreamOptions(_Taken):
    include_usage: bool = False


class Told(BaseModel):
    """What this product can be told beyond OpenAI's API."""

    model_config = ConfigDict(extra="forbid")

    facts: Facts = Facts({})
    policy: str | None = None
    as_of: Day | None = None


class ChatBody(_Taken):
    """The request of ``/v1/chat/completions``, as far as it is read."""

    model: str
    messages: list[Message] = Field(min_length=1)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    response_format: Shape | None = None
    tool_choice: str | dict[str, Any] | None = None
    function_call: str | dict[str, Any] | None = None
    policy_qa: Told = Told()

    def asked(self) -> tuple[str, list[str]]:
        """The last user message and the earlier ones; _Declined where the last is none or not only text."""
        by_user = [message for message in self.messages if message.role == "user"]
        if not by_user:
            raise _Declined(
                400,
                "messages 里没有 role 为 user 的消息，不知道要回答什么，请加上问题再发送。",
                code="missing_user_message",
                param="messages",
            )
        *earlier, last = by_user
        if last.holds_more_than_text:
            raise _Declined(
                400,
                "问题里有图片、声音或文件，这里只读文字，请把问题写成文字再发送。",
                code="unsupported_content",
                param="messages",
            )
        return last.text, [message.text for message in earlier]

    def decline_what_only_a_language_model_does(self) -> None:
        """Tools that are merely offered are left unused, as a model may do; a call demanded is refused."""
        if self.response_format is not None and self.response_format.type != "text":
            raise _Declined(
                400,
                "response_format 只能是 text：回答是逐句核验过的文字，不能改写成别的形状；"
                "结构化的结果在 policy_qa 字段里。",
                code="unsupported_value",
                param="response_format",
            )
        for name, choice in (("tool_choice", self.tool_choice), ("function_call", self.function_call)):
            if choice not in (None, "auto", "none"):
                raise _Declined(
                    400,
                    f"{name} 要求调用工具，而这个模型不调用工具，请改成 auto 或者去掉它。",
                    code="unsupported_value",
                    param=name,
                )


# ── the routes ──────────────────────────────────────────────────────────────────────────────────


def completions(
    desk: Desk,
    *,
    engine: Workers,
    telemetry: Telemetry,
    now: Callable[[], datetime.datetime],
    key: str | None = None,
) -> APIRouter:
    """``/v1/chat/completions`` and ``/v1/models`` over one desk; who comes needs ``key`` if there is one."""
    router = APIRouter(route_class=_speaking_openai(telemetry, key), include_in_schema=False)
    model = {"id": MODEL, "object": "model", "created": int(now().timestamp()), "owned_by": MODEL}

    def answer(body: ChatBody, question: str, history: list[str]) -> tuple[Answer, tuple[str, ...]]:
        assistant, told = desk.assistant, body.policy_qa
        facts = desk.facts(told.facts.root, told.policy)
        given = assistant.ask(question, facts, told.as_of or desk.today(), told.policy, history)
        return given, footnoted(given, assistant.corpus)

    @router.post("/v1/chat/completions")
    async def complete(request: Request, body: ChatBody) -> Response:
        _known(body.model)
        body.decline_what_only_a_language_model_does()
        question, history = body.asked()
        request.state.said.update(question=question)
        given, lines = await engine.run(partial(answer, body, question, history))
        telemetry.answered(given.status)
        completion = _Completion(
            given,
            lines=lines,
            read=sum(len(message.text) for message in body.messages),
            id=f"chatcmpl-{request.state.request_id}",
            created=int(now().timestamp()),
        )
        if not body.stream:
            return _json(completion.whole())
        usage = body.stream_options is not None and body.stream_options.include_usage
        return StreamingResponse(
            _events(completion.chunks(usage=usage)), media_type="text/event-stream", headers=_UNSTORED
        )

    @router.get("/v1/models")
    async def models() -> Response:
        return _json({"object": "list", "data": [model]})

    @router.get("/v1/models/{name:path}")
    async def one_model(name: str) -> Response:
        _known(name)
        return _json(model)

    return router


def _known(model: str) -> None:
    if model != MODEL:
        raise _Declined(
            404, f"没有这个模型，请把 model 写成 {MODEL}。", code="model_not_found", param="model"
        )


# ── what a client gets ──────────────────────────────────────────────────────────────────────────


class _Completion:
    """One answer as OpenAI's objects; the answer of the contract rides along as ``policy_qa``."""

    def __init__(self, answer: Answer, *, lines: tuple[str, ...], read: int, id: str, created: int) -> None:
        self._answer = to_json(answer)
        self._lines = lines
        self._read = read
        self._common = {
            "id": id,
            "created": created,
            "model": MODEL,
            "system_fingerprint": f"corpus-{answer.corpus[:12]}",
        }

    def whole(self) -> dict[str, object]:
        """The object that is not streamed."""
        message = {
            "role": "assistant",
            "content": "\n".join(self._lines),
            "refusal": None,
            "policy_qa": self._answer,
        }
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        return {
            **self._common,
            "object": "chat.completion",
            "choices": [choice],
            "usage": self._usage(),
        }

    def chunks(self, *, usage: bool) -> Iterator[dict[str, object]]:
        """The same in pieces, a line each; together their contents are the content of the whole."""
        yield self._chunk({"role": "assistant", "content": ""})
        for number, line in enumerate(self._lines):
            yield self._chunk({"content": f"\n{line}" if number else line})
        yield self._chunk({"policy_qa": self._answer}, finish_reason="stop")
        if usage:
            yield {**self._common, "object": _CHUNK, "choices": [], "usage": self._usage()}

    def _chunk(self, delta: Mapping[str, object], finish_reason: str | None = None) -> dict[str, object]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return {**self._common, "object": _CHUNK, "choices": [choice]}

    def _usage(self) -> dict[str, int]:
        """Characters: there is no tokenizer whose tokens could be counted."""
        written = len("\n".join(self._lines))
        return {
            "prompt_tokens": self._read,
            "completion_tokens": written,
            "total_tokens": self._read + written,
        }


_CHUNK = "chat.completion.chunk"
_UNSTORED = {"Cache-Control": "no-store"}


async def _events(chunks: Iterator[dict[str, object]]) -> AsyncIterator[str]:
    for chunk in chunks:
        yield f"data: {dumps(chunk)}\n\n"
    yield "data: [DONE]\n\n"


def _json(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    marked = {**_UNSTORED, **(headers or {})}
    return Response(dumps(value).encode(), status, headers=marked, media_type="application/json")


# ── errors in OpenAI's form ─────────────────────────────────────────────────────────────────────


def _speaking_openai(telemetry: Telemetry, key: str | None) -> type[ExactRoute]:
    """Routes that ask for the key first, and say every failure as clients of OpenAI's API expect it."""

    class OpenAiRoute(ExactRoute):
        def get_route_handler(self) -> Any:
            handle = super().get_route_handler()

            async def handled(request: Request) -> Response:
                try:
                    if not admitted(request.headers, key):
                        raise _Declined(401, NO_KEY, code="invalid_api_key")
                    response: Response = await handle(request)
                except RequestValidationError as error:
                    return _unreadable(error)
                except (PolicyQaError, HTTPException) as error:
                    return _refused(error, request.state.request_id)
                except Exception as error:
                    telemetry.failure(error, request.state.request_id)
                    return _refused(Refusal(500), request.state.request_id)
                return response

            return handled

    return OpenAiRoute


def _unreadable(error: RequestValidationError) -> Response:
    first = field_problem(error.errors()[0])
    field = first.field.removeprefix("body.")
    return _error(400, f"请求里的“{field}”不能用：{first.message}", param=field)


def _refused(error: PolicyQaError | HTTPException, request_id: str) -> Response:
    told = problem_of(error, request_id)
    declined = error if isinstance(error, _Declined) else None
    return _error(
        400 if told["status"] == 422 else told["status"],
        told["detail"],
        code=declined.code if declined else None,
        param=declined.param if declined else None,
        headers=error.headers if isinstance(error, HTTPException) else None,
    )


def _error(
    status: int,
    said: str,
    *,
    code: str | None = None,
    param: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    kind = "server_error" if status >= 500 else "invalid_request_error"
    error = {"message": said, "type": kind, "param": param, "code": code}
    return _json({"error": error}, status, headers)
