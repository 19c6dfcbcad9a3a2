"""The LangChain door in LangChain's own parts: a retriever in a chain, a tool in an agent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import anyio
import pytest
from langchain.agents import create_agent
from langchain_core.documents import Document
from langchain_core.language_models import LanguageModelInput
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel, ParrotFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolCall, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnablePassthrough
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import Field, ValidationError

from policy_qa.catalogue import citation
from policy_qa.langchain import PolicyRetriever, calculate_support
from policy_qa.opening import PolicyAssistant
from policy_qa.status import notices
from policy_qa.web.desk import Desk
from policy_qa.wire import to_json

FACTS = {"national_little_giant": True, "technology_paid": "1200000"}


@pytest.fixture
def assistant(desk: Desk) -> PolicyAssistant:
    return PolicyAssistant(desk)


# ── the retriever ───────────────────────────────────────────────────────────────────────────────


def test_a_document_is_a_clause_with_all_that_a_citation_needs(
    assistant: PolicyAssistant, desk: Desk
) -> None:
    [policy] = desk.corpus.policies
    [found] = assistant.search("央视推广费补助", 1)
    clause = desk.corpus.clause(policy.id, "三（五）13")
    assert PolicyRetriever(assistant=assistant, k=1).invoke("央视推广费补助") == [
        Document(
            id=f"{policy.id}/三（五）13",
            page_content=f"{citation(policy, clause)}\n{clause.text}",
            metadata={
                "policy": policy.id,
                "policy_title": policy.title,
                "status": "征求意见稿",
                "clause": "三（五）13",
                "title": clause.title,
                "path": list(clause.path),
                "departments": ["市经信局", "市商务局", "各县区", "园区", "市公管局", "市发改委", "市财政局"],
                "citation": citation(policy, clause),
                "quote": found.quote,
                "score": found.score,
                "why": found.why,
                "notices": list(notices([policy], desk.today())),
            },
        )
    ]


def test_the_retriever_gives_k_clauses_and_refuses_a_k_that_is_none(assistant: PolicyAssistant) -> None:
    retriever = PolicyRetriever(assistant=assistant)
    assert len(retriever.invoke("贴息")) == 5
    assert anyio.run(retriever.ainvoke, "贴息") == retriever.invoke("贴息")
    with pytest.raises(ValidationError):
        PolicyRetriever(assistant=assistant, k=0)


def test_the_retriever_serves_a_chain(assistant: PolicyAssistant) -> None:
    retriever = PolicyRetriever(assistant=assistant, k=2)
    prompt = ChatPromptTemplate.from_template("{clauses}\n\n问题：{question}")
    chain: Runnable[Any, str] = (
        {"clauses": retriever | _joined, "question": RunnablePassthrough()}
        | prompt
        | ParrotFakeChatModel()
        | StrOutputParser()
    )
    first, second = (document.page_content for document in retriever.invoke("央视推广费补助"))
    assert chain.invoke("央视推广费补助") == f"{first}\n\n{second}\n\n问题：央视推广费补助"


def _joined(documents: list[Document]) -> str:
    return "\n\n".join(document.page_content for document in documents)


# ── the tool ────────────────────────────────────────────────────────────────────────────────────


def test_the_tool_offers_every_fact_with_its_type_and_question(
    assistant: PolicyAssistant, desk: Desk
) -> None:
    offered = convert_to_openai_tool(calculate_support(assistant))["function"]
    properties = offered["parameters"]["properties"]
    assert offered["name"] == "calculate_support"
    assert properties.keys() == desk.corpus.holdings[0].rules.facts.keys()
    assert properties["national_little_giant"] == {
        "type": "boolean",
        "description": "企业是不是国家认定的专精特新“小巨人”企业？",
    }


def test_the_tool_reads_out_what_the_facts_concern_and_hands_over_the_whole_sheet(
    assistant: PolicyAssistant,
) -> None:
    message = calculate_support(assistant).invoke(called(FACTS))
    assert isinstance(message, ToolMessage)
    assert message.artifact == to_json(assistant.eligibility(FACTS))
    told = str(message.content)
    shown = [line for line in told.splitlines() if line.startswith("〔")]
    assert shown == [
        "〔三（一）2〕国家专精特新“小巨人”企业奖补：50万元",
        "〔三（一）3〕购买高校院所先进技术成果补助：最少0元，最多12万元",
    ]
    assert "合计：最少50万元，最多没有写明。" in told
    assert "目前是征求意见稿" in told
    rest = len(message.artifact["items"]) - 2
    assert told.endswith(f"另有 {rest} 项支持不看这些情况，没有列出。")


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"unknown": 1}, "不认识的事实“unknown”"),
        ({"technology_paid": "很多"}, "事实“technology_paid”的值不能用"),
    ],
)
def test_facts_that_cannot_be_used_come_back_as_a_sentence_for_the_model(
    assistant: PolicyAssistant, facts: dict[str, object], said: str
) -> None:
    message = calculate_support(assistant).invoke(called(facts))
    assert isinstance(message, ToolMessage)
    assert (message.status, str(message.content)[: len(said)]) == ("error", said)


class ScriptedModel(GenericFakeChatModel):
    """Says what it is told to, and remembers the tools it was given."""

    bound: set[str] = Field(default_factory=set)

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,  # noqa: ARG002 # part of LangChain's signature
        **_: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        self.bound.update(tool.name for tool in tools if isinstance(tool, BaseTool))
        return self


def test_an_agent_calls_the_tool_and_gets_the_sheet(assistant: PolicyAssistant) -> None:
    def script() -> Iterator[AIMessage]:
        yield AIMessage("", tool_calls=[called(FACTS)])
        yield AIMessage("最少50万元。")

    model = ScriptedModel(messages=script())
    agent = create_agent(model, tools=[calculate_support(assistant)])
    state = agent.invoke({"messages": [HumanMessage("我们是小巨人，买技术付了120万，能拿多少？")]})
    *_, result, said = state["messages"]
    assert model.bound == {"calculate_support"}
    assert isinstance(result, ToolMessage)
    assert result.artifact == to_json(assistant.eligibility(FACTS))
    assert said.content == "最少50万元。"


def called(facts: dict[str, Any]) -> ToolCall:
    return ToolCall(name="calculate_support", args=facts, id="call-1", type="tool_call")
