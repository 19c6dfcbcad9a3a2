"""What requests and responses hold, for the checks at the door and for the documentation."""

from __future__ import annotations

import datetime
import json
import re
from decimal import Decimal
from typing import Annotated, Any, NoReturn

from fastapi import Request
from fastapi.routing import APIRoute
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, RootModel, StrictBool

from policy_qa.catalogue import Span, Support
from policy_qa.web.problems import Refusal


def _day(value: object) -> object:
    """A calendar day and nothing else: pydantic would also take seconds since 1970."""
    if value is None:
        return None
    if not (isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value)):
        raise ValueError("日期看不懂，请写成 2026-01-31 这样")
    try:
        return datetime.date.fromisoformat(value)
    except ValueError as error:
        raise ValueError("这一天不存在，请写成 2026-01-31 这样") from error


def _storable(text: str) -> str:
    if re.search("[\0\ud800-\udfff]", text):
        raise ValueError("文字里有不能保存的字符，请去掉后再试")
    return text


Day = Annotated[datetime.date, BeforeValidator(_day)]
StorableText = Annotated[str, AfterValidator(_storable)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Facts(RootModel[dict[str, Any]]):
    """企业情况；名称和类型见 GET /api/measures，不清楚的就不写。"""


class ClauseFilters(_Body):
    """筛选条款的条件，都可以不写，写了的要同时符合。"""

    number: str | None = Field(None, description="编号，怎么写都行", examples=["三（五）"])
    words: str | None = Field(None, description="词句，几个词用空格隔开", examples=["贴息"])
    department: str | None = Field(None, description="负责部门", examples=["市科技局"])
    audience: str | None = Field(None, description="给谁", examples=["专精特新企业"])
    kind: str | None = Field(None, description="支持方式", examples=["按比例"])
    low: str | None = Field(None, description="最低金额", examples=["10万"])
    high: str | None = Field(None, description="最高金额", examples=["50万"])


class _AboutPolicies(_Body):
    policy: str | None = Field(None, description="只用这一份政策（编号）")
    as_of: Day | None = Field(None, description="按哪一天回答，默认今天", examples=["2026-01-31"])


class AskBody(_AboutPolicies):
    """一个问题。"""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"question": "购买高校技术实际付了120万，能补多少？"},
                {
                    "question": "我们一共能拿多少？",
                    "facts": {"national_little_giant": True, "cn_invention_patents": 3},
                },
            ]
        }
    )

    question: str = Field(description="问题，像平时说话一样写")
    facts: Facts = Field(Facts({}), description="已经知道的企业情况")


class EligibilityBody(_AboutPolicies):
    """一家企业的情况。"""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"facts": {"technology_paid": "1200000", "foreign_invention_countries": [1, 3]}}]
        }
    )

    facts: Facts = Field(description="企业情况，知道多少写多少；金额以元计，写成整数或者加引号的小数")


class CheckBody(_AboutPolicies):
    """一段要核对的话。"""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "新认定的国家级专精特新小巨人企业一次性奖补100万元。"}]}
    )

    text: str = Field(description="要核对的文字，可以是很多句")


class FeedbackBody(_Body):
    """对一个回答的评价。"""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"answer_id": "0123456789abcdef", "useful": False, "reason": "没有说怎么申报"}]
        }
    )

    answer_id: str = Field(pattern=r"^[0-9A-Za-z_-]{1,64}$", description="回答里的 id")
    useful: StrictBool = Field(description="有用还是没用")
    reason: StorableText | None = Field(None, max_length=2000, description="为什么")
    question: StorableText | None = Field(
        None, max_length=1000, description="问题原文；只在用户同意保存时才发送"
    )


class Received(BaseModel):
    """评价已经存好。"""

    id: int


class PolicyView(BaseModel):
    """一份政策；没有印出的日期和机关是 null。"""

    id: str
    title: str
    status: str
    issuing_body: str | None
    issued_on: datetime.date | None
    in_force_from: datetime.date | None
    in_force_until: datetime.date | None
    clauses: int = Field(description="条款数")
    notices: list[str] = Field(description="出示这份政策时必须说明的话")


class Policies(BaseModel):
    policies: list[PolicyView]


class SegmentView(BaseModel):
    start: int
    end: int
    departments: list[str]


class ClauseView(BaseModel):
    """一个条款，原文逐字。"""

    label: str
    path: list[str]
    title: str
    text: str
    segments: list[SegmentView]
    measures: list[str]


class Clauses(BaseModel):
    policy: str
    clauses: list[ClauseView]


class FoundClause(ClauseView):
    """一个符合条件的条款，以及该标出的地方。"""

    citation: str = Field(description="正式引用的写法")
    address: str = Field(description="这个条款的页面地址")
    why: str
    supports: list[Support]
    passages: list[Span] = Field(description="符合条件的段落，左闭右开")
    marks: list[Span] = Field(description="找到的词句和金额，左闭右开")


class FoundClauses(BaseModel):
    policy: str
    clauses: list[FoundClause]
    notes: list[str]


class HitView(BaseModel):
    policy: str
    clause: str
    score: float
    why: str
    quote: str


class Hits(BaseModel):
    hits: list[HitView]


class AskedFact(BaseModel):
    """一项企业情况：叫什么，怎么问，什么类型。"""

    fact: str
    ask: str
    type: str
    unit: str | None
    words: list[str] = Field(description="人们对它的说法")


class MeasureView(BaseModel):
    policy: str
    measure: str
    title: str
    clause: str
    clause_title: str
    payee: str
    facts: list[str] = Field(description="它读取的企业情况")


class Measures(BaseModel):
    measures: list[MeasureView]
    facts: list[AskedFact]


class Health(BaseModel):
    status: str
    corpus: str = Field(description="语料的 sha256")
    policies: list[str]
    notices: list[str]


# ── JSON, exactly ───────────────────────────────────────────────────────────────────────────────


class ExactRequest(Request):
    """A request whose JSON keeps what was sent: money as Decimal, no key twice, no NaN, UTF-8."""

    async def json(self) -> Any:
        return _read(await self.body())


class ExactRoute(APIRoute):
    """A route that reads its body as ExactRequest."""

    def get_route_handler(self) -> Any:
        handle = super().get_route_handler()

        async def exactly(request: Request) -> Any:
            return await handle(ExactRequest(request.scope, request.receive))

        return exactly


def _read(body: bytes) -> Any:
    try:
        return json.loads(
            body.decode("utf-8"),
            parse_float=Decimal,
            parse_constant=_no_number,
            object_pairs_hook=_single_keys,
        )
    except Refusal:
        raise
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise Refusal(422, '请求的内容不是可读的 JSON（UTF-8 编码），请写成一个对象，例如 {"question": "小巨人奖多少"}。') from error  # fmt: skip # noqa: E501


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _single_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """json keeps the last of two equal keys in silence; which one was meant, nobody knows."""
    read = dict(pairs)
    if len(read) < len(pairs):
        raise Refusal(422, "请求里有一项写了两次，不知道该信哪一个，请只留一个。")
    return read
