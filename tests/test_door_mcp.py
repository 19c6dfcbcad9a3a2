"""The MCP door with a real client, over HTTP and over stdio: the contract's objects, and text to read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TextIO
from urllib.parse import quote

import anyio
import httpx
import httpx2
import pytest
from mcp import Client, MCPError, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, TextContent, TextResourceContents

from policy_qa.assistant import Assistant
from policy_qa.catalogue import citation
from policy_qa.checking import render as render_report
from policy_qa.eligibility import render as render_sheet
from policy_qa.status import notices
from policy_qa.web.app import Limits
from policy_qa.web.desk import Desk
from policy_qa.web.footnotes import footnoted
from policy_qa.web.mcp import mcp_server
from policy_qa.web.workers import Workers
from policy_qa.wire import to_json

pytestmark = pytest.mark.loopback

ID = "huainan-zjtx-2020-draft"
DAY = "2026-01-31"
QUESTION = "购买高校技术实际付了120万，能补多少？"
WRONG = "新认定的国家级专精特新小巨人企业一次性奖补100万元。"
FACTS = {"technology_paid": "1200000.5", "foreign_invention_countries": [1, 3], "national_little_giant": True}
PROGRAM = """
from conftest import FakeEmbedder
from policy_qa import embedding
embedding.load_embedder = lambda *_, **__: FakeEmbedder()
from policy_qa.cli import main
main()
"""
INITIALIZE: dict[str, object] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
ACCEPT = {"Accept": "application/json, text/event-stream"}

Serving = Callable[..., str]
Mode = Literal["auto", "legacy"]


def environment(home: Path) -> dict[str, str]:
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    return {**os.environ, "POLICY_QA_HOME": str(home), "PYTHONPATH": path}


def stdio(home: Path) -> StdioServerParameters:
    return StdioServerParameters(
        command=sys.executable, args=["-c", PROGRAM, "mcp"], env=environment(home), cwd=home.parent
    )


@pytest.fixture
def complaints(tmp_path: Path) -> Iterator[TextIO]:
    """The stderr of a server process; pytest's own is no file a process could write to."""
    with (tmp_path / "stderr").open("w") as stderr:
        yield stderr


@pytest.fixture(params=["http", "http-legacy", pytest.param("stdio", marks=pytest.mark.slow)])
def connect(request: pytest.FixtureRequest, home: Path) -> Callable[[], AbstractAsyncContextManager[Client]]:
    """A client of the door, by each transport and in each era of the protocol."""
    if request.param == "stdio":
        return lambda: Client(stdio_client(stdio(home), errlog=request.getfixturevalue("complaints")))
    address = f"{request.getfixturevalue('serving')()}/mcp"
    mode: Mode = "legacy" if request.param == "http-legacy" else "auto"
    return lambda: Client(address, mode=mode)


def served(
    connect: Callable[[], AbstractAsyncContextManager[Client]], visit: Callable[[Client], Awaitable[None]]
) -> None:
    async def run() -> None:
        async with connect() as client:
            await visit(client)

    anyio.run(run)


def text(result: CallToolResult) -> str:
    [content] = result.content
    assert isinstance(content, TextContent)
    return content.text


# ── by every transport ──────────────────────────────────────────────────────────────────────────


def test_the_tools_answer_with_the_contracts_objects_and_a_text_to_read(
    connect: Callable[[], AbstractAsyncContextManager[Client]], desk: Desk
) -> None:
    answer = desk.ask(QUESTION, {})
    sheet = desk.sheet(desk.facts(FACTS))
    report = desk.check(WRONG)
    clause = desk.corpus.clause(ID, "三（五）13")
    expected: Mapping[str, tuple[dict[str, Any], object, str]] = {
        "ask": (
            {"question": QUESTION, "as_of": DAY},
            to_json(answer),
            "\n".join(footnoted(answer, desk.corpus)),
        ),
        "eligibility": ({"facts": FACTS, "as_of": DAY}, to_json(sheet), render_sheet(sheet)),
        "check": ({"text": WRONG, "as_of": DAY}, to_json(report), render_report(report)),
        "clause": (
            {"label": "第13条"},
            desk.clauses(ID, "13"),
            "\n".join(
                (
                    citation(desk.corpus.policies[0], clause),
                    clause.text,
                    *notices(desk.corpus.policies, desk.today()),
                )
            ),
        ),
    }

    async def visit(client: Client) -> None:
        for name, (arguments, structured, shown) in expected.items():
            result = await client.call_tool(name, arguments)
            assert (name, result.is_error) == (name, False)
            assert result.structured_content == structured
            assert text(result) == shown
        found = await client.call_tool("search", {"query": "贴息", "k": 2})
        assert found.structured_content == desk.search("贴息", 2)
        assert text(found).count("（征求意见稿）三（") == 2
        assert text(found).endswith(notices(desk.corpus.policies, desk.today())[0])

    served(connect, visit)


def test_every_clause_is_a_resource_that_says_it_is_a_draft(
    connect: Callable[[], AbstractAsyncContextManager[Client]], desk: Desk
) -> None:
    [policy] = desk.corpus.policies

    async def visit(client: Client) -> None:
        listed = (await client.list_resources()).resources
        assert [(one.name, one.title, one.uri) for one in listed] == [
            (clause.label, citation(policy, clause), f"policy://{ID}/{quote(clause.label)}")
            for clause in policy.clauses
        ]
        for one, clause in zip(listed[:3], policy.clauses, strict=False):
            [encoded] = (await client.read_resource(one.uri)).contents
            [plain] = (await client.read_resource(f"policy://{ID}/{clause.label}")).contents
            assert isinstance(encoded, TextResourceContents)
            assert isinstance(plain, TextResourceContents)
            assert encoded.text == plain.text
            assert clause.text in encoded.text
            assert "（征求意见稿）" in encoded.text
        [template] = (await client.list_resource_templates()).resource_templates
        assert template.uri_template == "policy://{policy}/{label}"

    served(connect, visit)


def test_a_call_that_cannot_be_used_comes_back_as_a_sentence_to_mend_it_by(
    connect: Callable[[], AbstractAsyncContextManager[Client]],
) -> None:
    calls: list[tuple[str, dict[str, Any], str]] = [
        ("ask", {}, "参数“question”不能用：缺少这一项，请补上。"),
        ("ask", {"question": "x", "fact": {}}, "参数“fact”不能用：不认识这一项，请去掉或检查拼写。"),
        ("ask", {"question": "x", "policy": "y"}, f"没有编号为“y”的政策，现有：{ID}。"),
        (
            "eligibility",
            {"facts": {"new_above_scale": "是"}},
            "事实“new_above_scale”的值不能用，应当是true 或 false。",
        ),
        ("search", {"query": "贴息", "k": 0}, "参数“k”不能用：太小了，不能小于 1。"),
    ]

    async def visit(client: Client) -> None:
        for name, arguments, said in calls:
            result = await client.call_tool(name, arguments)
            assert (result.is_error, text(result)) == (True, said)
        missing = await client.call_tool("clause", {"label": "第99条"})
        assert missing.structured_content == {"policy": ID, "clauses": []}
        assert "99" in text(missing)
        with pytest.raises(MCPError, match="没有叫这个名字的工具，请改用其中之一：ask、eligibility"):
            await client.call_tool("pay", {})
        for uri in (f"policy://{ID}/三（九）99", "policy://nothing/序言", f"file://{ID}/序言"):
            with pytest.raises(MCPError, match="没有这个条款"):
                await client.read_resource(uri)

    served(connect, visit)


# ── what a host is told ─────────────────────────────────────────────────────────────────────────


def test_the_tools_describe_themselves_in_chinese_and_their_facts_with_type_and_question(
    desk: Desk,
) -> None:
    async def visit() -> None:
        async with Client(mcp_server(desk, Workers(1, 8))) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert list(tools) == ["ask", "eligibility", "check", "clause", "search"]
            for tool in tools.values():
                assert tool.description is not None
                assert tool.description.endswith("。")
                assert tool.annotations is not None
                assert tool.annotations.read_only_hint
                assert tool.output_schema is not None
                assert tool.output_schema["type"] == "object"
            facts = tools["eligibility"].input_schema["$defs"]["Facts"]
            assert facts["additionalProperties"] is False
            assert facts["properties"].keys() == desk.corpus.holdings[0].rules.facts.keys()
            assert facts["properties"]["new_above_scale"] == {
                "type": "boolean",
                "description": "企业是不是当年新增的规上（规模以上）工业企业？",
            }
            assert tools["ask"].input_schema["required"] == ["question"]

    anyio.run(visit)


def test_a_long_list_of_resources_comes_in_pages(desk: Desk) -> None:
    [holding] = desk.corpus.holdings
    many = [replace(holding, policy=replace(holding.policy, id=f"copy-{number}")) for number in range(10)]
    crowded = Desk(Assistant(replace(desk.corpus, holdings=tuple(many))), desk.today)

    async def visit() -> None:
        async with Client(mcp_server(crowded, Workers(1, 8))) as client:
            first = await client.list_resources()
            second = await client.list_resources(cursor=first.next_cursor)
            last = await client.list_resources(cursor=second.next_cursor)
            assert [len(page.resources) for page in (first, second, last)] == [100, 100, 40]
            assert last.next_cursor is None
            with pytest.raises(MCPError, match="cursor 不能用"):
                await client.list_resources(cursor="x")
            asked = await client.call_tool("clause", {"label": "1"})
            assert asked.is_error
            assert "请用 policy 写明编号" in text(asked)

    anyio.run(visit)


def test_a_policy_published_meanwhile_is_served_at_once(desk: Desk) -> None:
    [holding] = desk.corpus.holdings
    published = replace(holding, policy=replace(holding.policy, id="published"))
    changing = Desk(desk.assistant, desk.today)

    async def visit() -> None:
        async with Client(mcp_server(changing, Workers(1, 8)), cache=None) as client:
            before = len((await client.list_resources()).resources)
            changing.take_over(Assistant(replace(desk.corpus, holdings=(holding, published))))
            assert len((await client.list_resources()).resources) == 2 * before
            [content] = (await client.read_resource("policy://published/序言")).contents
            assert isinstance(content, TextResourceContents)

    anyio.run(visit)


def test_a_failure_shows_nothing_of_the_inside(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(QUESTION)

    monkeypatch.setattr(desk.assistant, "ask", fail)

    async def visit() -> None:
        async with Client(mcp_server(desk, Workers(1, 8))) as client:
            result = await client.call_tool("ask", {"question": QUESTION})
            assert result.is_error
            assert text(result).startswith("程序内部出错")
            assert QUESTION not in text(result)

    anyio.run(visit)


# ── who is let in ───────────────────────────────────────────────────────────────────────────────


def posted(address: str, **headers: str) -> httpx.Response:
    return httpx.post(f"{address}/mcp", json=INITIALIZE, headers={**ACCEPT, **headers})


def test_without_a_list_of_hosts_addresses_and_localhost_are_answered_and_no_other_name(
    serving: Serving,
) -> None:
    address = serving()
    hosts = [
        "127.0.0.1:8000",
        "localhost",
        "LOCALHOST:1",
        "[::1]:80",
        "10.1.2.3",
        "evil.example",
        "127.0.0.1.nip",
    ]
    assert [(host, posted(address, Host=host).status_code) for host in hosts] == [
        *((host, 200) for host in hosts[:5]),
        *((host, 421) for host in hosts[5:]),
    ]
    refused = posted(address, Host="evil.example")
    assert refused.json() == {
        "jsonrpc": "2.0",
        "id": None,
        "error": {
            "code": -32600,
            "message": "这个服务不用这个域名，请改用管理员给的地址，或者请管理员把它写进 POLICY_QA_HOSTS。",
        },
    }


def test_the_hosts_of_the_application_are_those_of_this_door(serving: Serving) -> None:
    address = serving(limits=Limits(hosts=frozenset({"zc.example.cn"})))
    assert posted(address, Host="zc.example.cn").status_code == 200
    assert posted(address, Host="evil.example").status_code == 421
    assert posted(address).status_code == 421


def test_it_takes_posts_only_since_it_keeps_no_session(serving: Serving) -> None:
    address = serving()
    refused = httpx.get(f"{address}/mcp", headers=ACCEPT)
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert httpx.delete(f"{address}/mcp", headers=ACCEPT).status_code == 405


def test_a_page_of_another_site_is_turned_away(serving: Serving) -> None:
    address = serving()
    assert posted(address, Origin=address).status_code == 200
    assert posted(address, Origin="https://evil.example").status_code == 403


def test_the_key_opens_the_door_for_a_client_that_knows_it(serving: Serving) -> None:
    address = serving(key="the-key")
    refused = posted(address)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert posted(address, Authorization="Bearer the-kez").status_code == 401
    assert posted(address, Authorization="bearer the-key").status_code == 200

    async def visit() -> None:
        async with (
            httpx2.AsyncClient(headers={"Authorization": "Bearer the-key"}) as web,
            Client(streamable_http_client(f"{address}/mcp", http_client=web)) as client,
        ):
            assert len((await client.list_tools()).tools) == 5

    anyio.run(visit)


# ── stdio as a process ──────────────────────────────────────────────────────────────────────────


@pytest.fixture
def process(home: Path) -> Iterator[subprocess.Popen[str]]:
    running = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "mcp"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environment(home),
    )
    yield running
    if running.poll() is None:
        running.kill()
    running.communicate()


@pytest.mark.slow
def test_stdout_of_stdio_holds_the_protocol_only_and_it_ends_with_its_host(
    process: subprocess.Popen[str],
) -> None:
    calls: list[dict[str, object]] = [
        INITIALIZE,
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
        {
            "jsonrpc": "2.0",
            "id": 3,
            "method": "tools/call",
            "params": {"name": "ask", "arguments": {"question": QUESTION}},
        },
        {"jsonrpc": "2.0", "id": 4, "method": "no/such"},
    ]
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("".join(f"{json.dumps(call)}\n" for call in calls))
    process.stdin.flush()
    answers = [json.loads(process.stdout.readline()) for call in calls if "id" in call]
    rest, complaints = process.communicate(timeout=30)
    assert sorted((answer["id"], "error" in answer) for answer in answers) == [
        (1, False),
        (2, False),
        (3, False),
        (4, True),
    ]
    assert (rest, complaints, process.returncode) == ("", "", 0)
