"""What a program reaches by MCP, without the protocol: five tools and the clauses as resources.

A tool answers with the object of the contract, and with the text that people read for hosts that show a model
text only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from policy_qa import checking, eligibility
from policy_qa.catalogue import citation
from policy_qa.checking import Report
from policy_qa.corpus import Corpus, Holding
from policy_qa.domain import Answer, Clause
from policy_qa.eligibility import Sheet
from policy_qa.errors import UsageError
from policy_qa.status import notices
from policy_qa.web.bodies import AskBody, CheckBody, Clauses, EligibilityBody, Hits
from policy_qa.web.desk import Desk
from policy_qa.web.fact_schema import facts_schema
from policy_qa.web.footnotes import footnoted


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tool found: ``told`` becomes the contract's object, ``text`` is the same to read."""

    told: object
    text: str


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool; ``work`` takes the desk and a ``body``, raises UsageError, and may take long."""

    name: str
    title: str
    description: str
    body: type[BaseModel]
    told: Any
    work: Callable[[Desk, Any], Outcome]

    def input_schema(self, corpus: Corpus) -> dict[str, Any]:
        """The JSON Schema of the arguments, the facts being those the loaded rules read."""
        schema = self.body.model_json_schema()
        definitions = schema.get("$defs", {})
        if "Facts" in definitions:
            definitions["Facts"] = {**facts_schema(corpus), "description": _FACTS}
        return schema

    def output_schema(self) -> dict[str, Any]:
        return TypeAdapter(self.told).json_schema(mode="serialization")


_FACTS = "企业情况，清楚哪项写哪项，不清楚的不要写；金额以元计，写成加引号的数字"


class ClauseBody(BaseModel):
    """一个条款编号。"""

    model_config = ConfigDict(extra="forbid")

    label: str = Field(description="条款编号，怎么写都行", examples=["三（五）13", "第13条"])
    policy: str | None = Field(None, description="哪一份政策（编号）；只收录一份时不用写")


class SearchBody(BaseModel):
    """要找的词句。"""

    model_config = ConfigDict(extra="forbid")

    query: str = Field(description="几个词或一句话", examples=["贴息"])
    k: int = Field(5, ge=1, le=100, description="要几条")


# ── the tools ───────────────────────────────────────────────────────────────────────────────────


def _ask(desk: Desk, body: AskBody) -> Outcome:
    facts = desk.facts(body.facts.root, body.policy)
    assistant = desk.assistant  # one corpus for the answer and its footnotes, whatever is published meanwhile
    answer = assistant.ask(body.question, facts, body.as_of or desk.today(), body.policy)
    return Outcome(answer, "\n".join(footnoted(answer, assistant.corpus)))


def _eligibility(desk: Desk, body: EligibilityBody) -> Outcome:
    facts = desk.facts(body.facts.root, body.policy)
    sheet = desk.sheet(facts, policy=body.policy, as_of=body.as_of)
    return Outcome(sheet, eligibility.render(sheet))


def _check(desk: Desk, body: CheckBody) -> Outcome:
    report = desk.check(body.text, policy=body.policy, as_of=body.as_of)
    return Outcome(report, checking.render(report))


def _clause(desk: Desk, body: ClauseBody) -> Outcome:
    holding = _meant(desk.corpus, body.policy)
    policy = holding.policy.id
    found = desk.clauses(policy, body.label)
    if found is None:
        return Outcome({"policy": policy, "clauses": []}, desk.no_clause(policy, body.label))
    read = Clauses.model_validate(found)
    printed = [desk.corpus.clause(policy, clause.label) for clause in read.clauses]
    return Outcome(found, "\n\n".join(_printed(desk, holding, clause) for clause in printed))


def _search(desk: Desk, body: SearchBody) -> Outcome:
    found = desk.search(body.query, body.k)
    hits = Hits.model_validate(found).hits
    named = [(desk.corpus.holding(hit.policy).policy, hit) for hit in hits]
    lines = [
        f"{citation(policy, desk.corpus.clause(policy.id, hit.clause))}（{hit.why}）：{hit.quote}"
        for policy, hit in named
    ]
    shown = list(dict.fromkeys(policy for policy, _ in named))
    return Outcome(found, "\n".join((*(lines or [_NOTHING]), *notices(shown, desk.today()))))


_NOTHING = "没有找到相近的条款，请换一种说法再试。"


def _meant(corpus: Corpus, policy: str | None) -> Holding:
    """The policy named, or the only one: with several, a bare number means a clause in each of them."""
    if policy is None and len(corpus.holdings) > 1:
        known = "、".join(one.id for one in corpus.policies)
        raise UsageError(f"收录了几份政策，不知道要查哪一份的条款，请用 policy 写明编号，现有：{known}。")
    return corpus.holdings[0] if policy is None else corpus.holding(policy)


TOOLS = (
    Tool(
        "ask",
        "问政策",
        "用平常的话问一份惠企政策，得到逐句注明条款、金额由程序算出的回答。"
        "回答里的金额、比例和条款请照原样转述，不要改写或另行计算；没有对应条款时它会直说没有。",
        AskBody,
        Answer,
        _ask,
    ),
    Tool(
        "eligibility",
        "我能享受什么",
        "按企业情况列出全部支持：可享、不可享、还缺信息，各有金额或范围，以及接下来最值得问的一项情况。",
        EligibilityBody,
        Sheet,
        _eligibility,
    ),
    Tool(
        "check",
        "核对一段话",
        "逐句核对一段关于政策的话：支持、矛盾、需补条件、无依据，附条款原文和不同之处。",
        CheckBody,
        Report,
        _check,
    ),
    Tool(
        "clause",
        "查条款原文",
        "按编号取条款原文，一字不改；一个编号对应几条时全部给出。",
        ClauseBody,
        Clauses,
        _clause,
    ),
    Tool(
        "search",
        "找条款",
        "找出与几个词或一句话最相近的条款，各附理由和最贴近的一句原文。",
        SearchBody,
        Hits,
        _search,
    ),
)


# ── the resources ───────────────────────────────────────────────────────────────────────────────

SCHEME = "policy://"
TEMPLATE = SCHEME + "{policy}/{label}"


@dataclass(frozen=True, slots=True)
class ClauseResource:
    """One clause as a resource, named by its formal citation."""

    uri: str
    name: str
    title: str


def resources(corpus: Corpus) -> Iterator[ClauseResource]:
    """All clauses, in the order of the corpus."""
    for policy in corpus.policies:
        for clause in policy.clauses:
            yield ClauseResource(uri_of(clause), clause.label, citation(policy, clause))


def uri_of(clause: Clause) -> str:
    """``policy://{policy}/{label}``, percent-encoded as RFC 3986 wants it."""
    return f"{SCHEME}{quote(clause.policy, safe='')}/{quote(clause.label, safe='')}"


def read_resource(desk: Desk, uri: str) -> str | None:
    """The clause a URI names, percent-encoded or not, with its policy's notices; None where it names none."""
    policy, _, label = uri.removeprefix(SCHEME).partition("/")
    named = unquote(policy)
    holding = next((one for one in desk.corpus.holdings if one.policy.id == named), None)
    clause = holding.policy.clause(unquote(label)) if holding and uri.startswith(SCHEME) else None
    return _printed(desk, holding, clause) if holding and clause else None


def _printed(desk: Desk, holding: Holding, clause: Clause) -> str:
    """A clause to read: its formal citation, its text verbatim, its policy's notices."""
    policy = holding.policy
    return "\n".join((citation(policy, clause), clause.text, *notices([policy], desk.today())))
