"""The MCP door: the tools and resources of mcp_tools.py, over streamable HTTP and over stdio.

The low-level server of the SDK is used: its convenient one configures the logging of the whole process and
derives schemas from signatures, where ours come from the contract and the loaded rules.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from ipaddress import ip_address
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import anyio
import mcp_types as protocol
from mcp import MCPError
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import ValidationError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from policy_qa import __version__
from policy_qa.assistant import open_assistant
from policy_qa.checking import Report
from policy_qa.domain import Answer, Embedder
from policy_qa.errors import PolicyQaError
from policy_qa.settings import Settings
from policy_qa.web.bearer import NO_KEY, admitted
from policy_qa.web.desk import Desk
from policy_qa.web.mcp_tools import TEMPLATE, TOOLS, Tool, read_resource, resources
from policy_qa.web.problems import field_problem, problem_of
from policy_qa.web.telemetry import Telemetry
from policy_qa.web.workers import Workers
from policy_qa.wire import dumps, to_json

NAME = "policy-qa"
PATH = "/mcp"

_INSTRUCTIONS = (
    "这里能查惠企政策的条款、问政策、按企业情况算能享受的支持、核对别人的说法。"
    "每句话都有条款原文，每个金额都是按条款算出来的：转述时请保留金额、条款编号和“征求意见稿”的说明，不要另行推算。"
)
_PAGE = 100
"""Resources listed at once."""
_READ_ONLY = protocol.ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)

Context = ServerRequestContext[Any]


class _Observer:
    """What an operator is told of the work done; nothing where nobody runs a server."""

    def __init__(self, telemetry: Telemetry | None) -> None:
        self._telemetry = telemetry

    def told(self, told: object) -> None:
        if self._telemetry is None:
            return
        if isinstance(told, Answer):
            self._telemetry.answered(told.status)
        elif isinstance(told, Report):
            for sentence in told.sentences:
                self._telemetry.checked(sentence.verdict)

    def failed(self, error: Exception, context: Context) -> None:
        """Under the id of the HTTP request: that of the message is the client's and may be any text."""
        if self._telemetry is not None:
            request = context.request
            self._telemetry.failure(error, request.state.request_id if isinstance(request, Request) else NAME)


def mcp_server(desk: Desk, engine: Workers, telemetry: Telemetry | None = None) -> Server[Any]:
    """The server over one desk, for any transport; what computes runs in the threads of ``engine``."""
    observer = _Observer(telemetry)
    tools = {tool.name: tool for tool in TOOLS}

    async def list_tools(_: Context, __: protocol.PaginatedRequestParams | None) -> protocol.ListToolsResult:
        return protocol.ListToolsResult(tools=[_described(tool, desk) for tool in TOOLS])

    async def call_tool(context: Context, call: protocol.CallToolRequestParams) -> protocol.CallToolResult:
        tool = tools.get(call.name)
        if tool is None:
            raise MCPError(
                protocol.INVALID_PARAMS,
                f"没有叫这个名字的工具，请改用其中之一：{'、'.join(tools)}。",
            )
        try:
            body = tool.body.model_validate(call.arguments or {})
            outcome = await engine.run(partial(tool.work, desk, body))
        except ValidationError as error:
            return _failed(_misused(error))
        except (PolicyQaError, HTTPException) as error:
            return _failed(problem_of(error, "")["detail"])
        except Exception as error:
            observer.failed(error, context)
            return _failed(_BROKEN)
        observer.told(outcome.told)
        structured = to_json(outcome.told)
        assert isinstance(structured, dict)
        return protocol.CallToolResult(
            content=[protocol.TextContent(type="text", text=outcome.text)], structured_content=structured
        )

    async def list_resources(
        _: Context, page: protocol.PaginatedRequestParams | None
    ) -> protocol.ListResourcesResult:
        start = _start(page.cursor if page else None)
        listed = list(islice(resources(desk.corpus), start, start + _PAGE + 1))
        return protocol.ListResourcesResult(
            resources=[
                protocol.Resource(uri=one.uri, name=one.name, title=one.title, mime_type="text/plain")
                for one in listed[:_PAGE]
            ],
            next_cursor=str(start + _PAGE) if len(listed) > _PAGE else None,
        )

    async def list_templates(
        _: Context, __: protocol.PaginatedRequestParams | None
    ) -> protocol.ListResourceTemplatesResult:
        template = protocol.ResourceTemplate(
            uri_template=TEMPLATE,
            name="clause",
            title="条款原文",
            description="一个条款：政策编号和条款编号，例如 三（一）2。",
            mime_type="text/plain",
        )
        return protocol.ListResourceTemplatesResult(resource_templates=[template])

    async def read(_: Context, wanted: protocol.ReadResourceRequestParams) -> protocol.ReadResourceResult:
        text = read_resource(desk, wanted.uri)
        if text is None:
            raise MCPError(
                protocol.INVALID_PARAMS,
                f"没有这个条款，地址应当是 {TEMPLATE}，有哪些请看资源列表。",
                {"uri": wanted.uri},
            )
        content = protocol.TextResourceContents(uri=wanted.uri, mime_type="text/plain", text=text)
        return protocol.ReadResourceResult(contents=[content])

    return Server(
        NAME,
        version=__version__,
        title="政策问答",
        instructions=_INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read,
    )


_BROKEN = "程序内部出错，这一次没有得到结果，请稍后再试，仍然出错请告诉维护者。"


def _described(tool: Tool, desk: Desk) -> protocol.Tool:
    return protocol.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.input_schema(desk.corpus),
        output_schema=tool.output_schema(),
        annotations=_READ_ONLY,
    )


def _misused(error: ValidationError) -> str:
    first = field_problem(error.errors()[0])
    return f"参数“{first.field}”不能用：{first.message}"


def _failed(said: str) -> protocol.CallToolResult:
    """A failure that a model reads and can mend."""
    return protocol.CallToolResult(content=[protocol.TextContent(type="text", text=said)], is_error=True)


def _start(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not re.fullmatch(r"[0-9]{1,9}", cursor):
        raise MCPError(protocol.INVALID_PARAMS, "cursor 不能用，请用上一页给出的 nextCursor。")
    return int(cursor)


# ── over HTTP ───────────────────────────────────────────────────────────────────────────────────


class McpDoor:
    """The server as an ASGI endpoint, stateless, so that any process can answer any request.

    ``hosts`` are the names the application answers to. Where they are not set the application answers to any,
    but this door to ``localhost`` and to addresses only: a web page elsewhere could otherwise have its own
    name point here and talk to the tools of whoever reads it (DNS rebinding). Edge refuses all others of a
    set list before a request gets here.
    """

    def __init__(
        self,
        desk: Desk,
        *,
        engine: Workers,
        telemetry: Telemetry,
        hosts: frozenset[str] = frozenset(),
        key: str | None = None,
    ) -> None:
        self._server = mcp_server(desk, engine, telemetry)
        self._hosts = hosts
        self._key = key
        self._sessions: StreamableHTTPSessionManager | None = None
        self.route = Route(PATH, endpoint=self, methods=["POST"], include_in_schema=False)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Answers while the context is open; each has a manager, which opens only once."""
        self._sessions = StreamableHTTPSessionManager(
            self._server,
            json_response=True,
            stateless=True,
            security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )
        async with self._sessions.run():
            yield
        self._sessions = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = self.route  # the name under which the request is counted
        headers = Headers(scope=scope)
        refused = self._refused(headers)
        if refused is not None:
            await refused(scope, receive, send)
        elif self._sessions is None:
            await _refusal(503, "服务正在启动或者停止，请过几秒钟再试。")(scope, receive, send)
        else:
            await self._sessions.handle_request(scope, receive, send)

    def _refused(self, headers: Headers) -> Response | None:
        host, origin = headers.get("host", ""), headers.get("origin")
        if not self._hosts and not _is_unforgeable(host):
            return _refusal(
                421, "这个服务不用这个域名，请改用管理员给的地址，或者请管理员把它写进 POLICY_QA_HOSTS。"
            )
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return _refusal(403, "别的网站上的页面不能使用这里的工具，请用不在网页里运行的客户端。")
        if not admitted(headers, self._key):
            return _refusal(401, NO_KEY, {"WWW-Authenticate": "Bearer"})
        return None


def _is_unforgeable(host: str) -> bool:
    """Whether no stranger can make a browser send this Host: ``localhost`` or an address, port aside."""
    name = re.sub(r":[0-9]*$", "", host).strip("[]").lower()
    try:
        ip_address(name)
    except ValueError:
        return name == "localhost"
    return True


def _refusal(status: int, said: str, headers: dict[str, str] | None = None) -> Response:
    """A refusal in the form MCP's clients read."""
    error = {"jsonrpc": "2.0", "id": None, "error": {"code": protocol.INVALID_REQUEST, "message": said}}
    return Response(dumps(error).encode(), status, headers=headers, media_type="application/json")


# ── over stdio ──────────────────────────────────────────────────────────────────────────────────


def serve_stdio(
    settings: Settings,
    load_embedder: Callable[[str], Embedder],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Serve one host on stdin and stdout until it closes stdin; stdout holds nothing but the protocol."""
    desk = Desk(open_assistant(settings, load_embedder, progress=progress), datetime.date.today)

    async def serve() -> None:
        server = mcp_server(desk, Workers(threads=1, waiting=_WAITING))
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())

    anyio.run(serve)


_WAITING = 64
"""Calls one host may have under way."""
