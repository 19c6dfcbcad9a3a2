"""The LangChain door: the clauses as a retriever, the eligibility sheet as a tool.

``PolicyRetriever()`` and ``calculate_support()`` open the assistant of this machine; both take one that is
open already. What a chain or a model makes of them is proven no more: the figures are the sheet's, the
words around them the model's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import StructuredTool, ToolException
from pydantic import Field

from policy_qa.catalogue import citation
from policy_qa.corpus import Corpus
from policy_qa.eligibility import Sheet, render
from policy_qa.errors import PolicyQaError
from policy_qa.opening import Found, PolicyAssistant, open_assistant
from policy_qa.status import notices
from policy_qa.web.fact_schema import facts_schema
from policy_qa.wire import to_json

__all__ = ["PolicyRetriever", "calculate_support"]


class PolicyRetriever(BaseRetriever):
    """The ``k`` clauses nearest to a query, best first.

    A document's text is the formal citation of its clause, which calls a draft a draft, and the clause
    verbatim. Its metadata: ``policy``, ``policy_title``, ``status``, ``clause`` (the label), ``title``,
    ``path``, ``departments``, ``citation``, ``quote`` (the nearest sentence, verbatim), ``score``, ``why``,
    ``notices`` (what has to be said of the policy).
    """

    assistant: PolicyAssistant = Field(default_factory=open_assistant)
    k: Annotated[int, Field(ge=1, le=100)] = 5

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 # LangChain passes it by name
    ) -> list[Document]:
        return [self._document(found) for found in self.assistant.search(query, self.k)]

    def _document(self, found: Found) -> Document:
        clause = found.clause
        policy = self.assistant.corpus.holding(clause.policy).policy
        cited = citation(policy, clause)
        departments = dict.fromkeys(name for segment in clause.segments for name in segment.departments)
        return Document(
            id=f"{policy.id}/{clause.label}",
            page_content=f"{cited}\n{clause.text}",
            metadata={
                "policy": policy.id,
                "policy_title": policy.title,
                "status": policy.status,
                "clause": clause.label,
                "title": clause.title,
                "path": list(clause.path),
                "departments": list(departments),
                "citation": cited,
                "quote": found.quote,
                "score": found.score,
                "why": found.why,
                "notices": list(notices([policy], self.assistant.today())),
            },
        )


def calculate_support(assistant: PolicyAssistant | None = None) -> StructuredTool:
    """A tool whose arguments are the facts of an enterprise and whose result is its eligibility sheet.

    The content is to read: the measures that look at the facts told, and the sums over all. The artifact is
    the whole object of ``eligibility --json``. Facts that cannot be used come back as one sentence for the
    model to mend its call by.
    """
    desk = assistant or open_assistant()

    def calculate(**facts: Any) -> tuple[str, object]:
        try:
            sheet = desk.eligibility(facts)
        except PolicyQaError as error:
            raise ToolException(str(error)) from error
        return _read_out(sheet, facts, desk.corpus), to_json(sheet)

    return StructuredTool.from_function(
        calculate,
        name="calculate_support",
        description=(
            "按企业情况算出能享受的全部惠企支持：可享、不可享、还缺信息，各有金额、算式和条款。"
            "只写清楚的情况，不清楚的不要写。结果里的金额请照原样转述，不要另行计算。"
        ),
        args_schema=facts_schema(desk.corpus),
        response_format="content_and_artifact",
        handle_tool_error=True,
    )


def _read_out(sheet: Sheet, facts: Mapping[str, object], corpus: Corpus) -> str:
    """The sheet to read, without the measures that look at none of ``facts``: a model's context is short."""
    concerned = {
        (holding.policy.id, measure.id)
        for holding, measure in corpus.measures
        if facts.keys() & set(measure.facts)
    }
    shown = tuple(item for item in sheet.items if (item.policy, item.measure) in concerned)
    rest = len(sheet.items) - len(shown)
    return f"{render(replace(sheet, items=shown))}\n另有 {rest} 项支持不看这些情况，没有列出。"
