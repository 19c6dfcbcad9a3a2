"""understand(): a question in anybody's words → what is asked, about what, with which facts.

Exact things first (clause numbers, departments), then the topic, then the facts; no step guesses an answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from policy_qa.asks import MONEY_ASKS, STRICT_ASKS, Ask, read_asks
from policy_qa.corpus import Corpus, Holding
from policy_qa.domain import FactValue, Route
from policy_qa.errors import UsageError
from policy_qa.lexicon import normal
from policy_qa.references import Reference, find_references
from policy_qa.rules import Measure, Rules
from policy_qa.stated import Stated, describes_the_firm, read_stated
from policy_qa.text import fold
from policy_qa.topic import Topic, TopicReader

LONGEST_QUESTION = 1_000
"""Characters; more is a document, not a question."""


_FIRST_PERSON = re.compile(
    r"我|咱|俺|本(公司|企业|厂|单位)|(公司|厂里|企业|厂子)(今年|刚|已|去年|获|同时|买|做|在|有|新)|自家|某(在淮)?企业|(?<![a-z])(we|our|us|my|i)(?![a-z])"
)
_SUPPORT = re.compile(
    r"意见|文件|条款|哪条|哪一条|政府|市里|县里|区里|奖|补|贴|资助|扶持|支持|政策|优惠|减免|返还|给报|报销|认定|申报|企业|公司|厂|产业|产品|项目|专项|资金|贷款|融资|投资|招商|园区|落户|工业|商|"
    r"合作社|基地|平台|研发|技术|专利|subsid|award|reward|support|grant|compan|enterprise|firm|factory|funding|polic|industr|business|city|govern|park|plant|certif|recogni|bonus|export|apply|expo"
)
_BUSINESS = MONEY_ASKS | {Ask.CONTACT, Ask.PROCESS, Ask.MATERIALS, Ask.DEADLINE, Ask.LIST, Ask.EXISTENCE}
"""What is asked of a policy: a question that asks it is in scope unless it is of private life."""

_BACKWARDS = re.compile(
    r"反推|倒推|倒算|反算|(付|花|投|转|打|费)[^，。]{0,6}(多少|几)[^，。]{0,3}(才|就|$|？|\?)"
    r"|多少件|几件|几个|几项|how m"
)
_FIRM = re.compile(r"企业|公司|厂|(?<![a-z])(firm|company|factory|we make|we produce)")
_WORD = re.compile(r"[0-9a-z一-鿿]")


@dataclass(frozen=True)
class Question:
    """A question understood."""

    text: str
    invalid: str | None
    """Why there is nothing to answer, as a key of texts.INVALID; None for an answerable question."""
    topic: Topic
    stated: Stated
    asks: frozenset[Ask]
    own: bool
    """The user speaks of themselves, or states a figure of their own."""
    references: tuple[Reference, ...]
    departments: tuple[str, ...]
    """Departments of the policy the question names."""
    unknown_departments: tuple[str, ...]
    personal: bool
    """It concerns private life."""
    support: bool
    """It speaks of support, firms or policy at all."""
    route: Route
    stands_in_text: Callable[[str], bool] = field(compare=False, repr=False)
    """Whether a loaded policy prints a word."""

    @property
    def measures(self) -> tuple[Measure, ...]:
        return tuple(naming.measure for naming in self.topic.named)

    @cached_property
    def strangers(self) -> tuple[str, ...]:
        """Its nouns that stand in no loaded policy; a look at all their texts, so only where it matters."""
        nouns = [t.text for t in self.topic.reading.tokens if t.content and t.noun and not t.known]
        return tuple(noun for noun in nouns if not self.stands_in_text(noun))


class Understanding:
    """Understands questions against one corpus; built once, it holds no state of a question."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._rules = _together([holding.rules for holding in corpus.holdings])
        self._departments = _DepartmentSpellings(corpus.holdings)
        self.reader = TopicReader(
            tuple(h.rules for h in corpus.holdings),
            corpus.lexicon,
            corpus.segmenter,
            self._departments.spellings,
        )

    def understand(self, text: str, given: Mapping[str, FactValue]) -> Question:
        """What ``text`` asks; ``given`` facts add to the stated ones and win over them."""
        invalid = _invalid(text)
        readable = "" if invalid else text
        reading = self.reader.read(readable)
        plain = reading.text
        asks = read_asks(plain)
        topic = self.reader.topic(reading, strict=bool(asks & STRICT_ASKS))
        rules = self._rules
        stated = read_stated(topic, rules, aims=False)
        if Ask.REVERSE in asks and (_BACKWARDS.search(plain) or not stated.inputs):
            stated = read_stated(topic, rules, aims=True)
        if stated.impossible and not invalid:
            invalid = "impossible"
        references = () if invalid else find_references(readable)
        departments, unknown = self._departments.named_in(plain)
        question = Question(
            text=text,
            invalid=invalid,
            topic=topic,
            stated=stated,
            asks=asks,
            own=bool(_FIRST_PERSON.search(plain)) or bool(stated.inputs) or bool(given),
            references=references,
            departments=departments,
            unknown_departments=unknown,
            personal=self._is_personal(plain, topic),
            support=bool(topic.named or topic.rejected or asks & _BUSINESS or _SUPPORT.search(plain)),
            route="general",
            stands_in_text=self._stands_in_text,
        )
        return _with_route(question)

    def _is_personal(self, plain: str, topic: Topic) -> bool:
        if not any(word in plain for word in self._corpus.lexicon.personal):
            return False
        if _FIRM.search(plain) and read_asks(plain) & (MONEY_ASKS | {Ask.LIST}):
            return False
        named = any(naming.informative for naming in topic.named)
        return not named or not (_SUPPORT.search(plain) or read_asks(plain) & MONEY_ASKS)

    def _stands_in_text(self, word: str) -> bool:
        return any(word in text for text in self._texts)

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        return tuple(
            fold(holding.policy.title + clause.text).lower()
            for holding in self._corpus.holdings
            for clause in holding.policy.clauses
        )


def check_words(query: str) -> None:
    """UsageError where there is nothing to search for, or more than words."""
    if not query.strip():
        raise UsageError("没有收到要找的内容，请写下几个词再找。")
    if len(query) > LONGEST_QUESTION:
        raise UsageError(f"要找的内容太长，请缩短到 {LONGEST_QUESTION} 字以内再试。")


def _together(rules: Sequence[Rules]) -> Rules:
    """The facts and measures of all loaded policies as one; of facts of one name the first."""
    first, *others = rules
    if not others:
        return first
    facts = {name: rule for one in reversed(rules) for name, rule in one.facts.items()}
    return first.model_copy(
        update={"facts": facts, "measures": tuple(m for one in rules for m in one.measures)}
    )


def _with_route(question: Question) -> Question:
    return replace(question, route=_route(question))


def _route(question: Question) -> Route:
    asks, topic = question.asks, question.topic
    money = {Ask.AMOUNT, Ask.RATE, Ask.CAP, Ask.REVERSE}
    if question.references and not (topic.named and asks & money):
        return "clause"
    if (question.departments or question.unknown_departments) and (
        Ask.DUTIES in asks or not topic.named or Ask.CONTACT in asks
    ):
        return "department"
    if Ask.LIST in asks and question.own and not asks & {Ask.CONTACT, Ask.DEADLINE, Ask.MATERIALS}:
        return "eligibility"
    if question.stated.inputs and not asks & {Ask.DEADLINE, Ask.MATERIALS, Ask.CONTACT}:
        return "amount"
    if Ask.CONTACT in asks and not asks & {Ask.AMOUNT, Ask.RATE}:
        return "department"
    if Ask.LIST in asks and (not topic.named or question.own):
        return "eligibility"
    if Ask.LIST in asks and not asks & {Ask.AMOUNT, Ask.RATE}:
        return "amount" if any(measure.has_figure for measure in question.measures) else "general"
    if _asks_what_we_get(question):
        return "eligibility"
    if Ask.ORIGIN in asks or (Ask.HEADCOUNT in asks and not asks & {Ask.AMOUNT}):
        return "general"
    if asks & {Ask.DEADLINE, Ask.MATERIALS}:
        return "general"
    if asks & {Ask.PROCESS, Ask.CONDITIONS, Ask.VALIDITY} and not (asks & {Ask.AMOUNT, Ask.REVERSE}):
        return "general"
    if asks & money or question.stated.claims:
        return "amount"
    return "general"


def _asks_what_we_get(question: Question) -> bool:
    """「我们公司能拿多少补贴」: a sum of one's own, of nothing in particular.

    What the firm is (我们是专精特新企业) asks for nothing.
    """
    topic = question.topic
    titles = (
        topic.candidates
        and not any(m.has_figure for m in question.measures)
        and all(
            describes_the_firm(topic.reading, start)
            for naming in topic.candidates
            for start, _ in naming.spans
        )
    )
    nothing = (titles or not topic.candidates) and not topic.rejected and not topic.unheld
    return nothing and question.own and bool(question.asks & {Ask.AMOUNT, Ask.AWARD}) and question.support


def _invalid(text: str) -> str | None:
    if len(text) > LONGEST_QUESTION:
        return "too_long"
    plain = normal("".join(c for c in text if c.isprintable() or c.isspace()))
    if not plain.strip():
        return "empty"
    if not _WORD.search(plain):
        return "no_words"
    return None


class _DepartmentSpellings:
    """The departments of the policies in the spellings people use: 市科技局, 科技局."""

    def __init__(self, holdings: Sequence[Holding]) -> None:
        self._spellings: dict[str, str] = {}
        for holding in holdings:
            for name in holding.departments():
                for spelled in (name, *holding.department_names.same(name)):
                    plain = normal(fold(spelled))
                    self._spellings.setdefault(plain, name)
                    short = plain.removeprefix("市")
                    if len(short) >= 3 or short.endswith(("联", "委")):
                        self._spellings.setdefault(short, name)
        # Longest first: a short name within a longer one is not meant.
        self._sought = tuple(
            spelled
            for spelled in sorted(self._spellings, key=len, reverse=True)
            if len(spelled) >= 3 or spelled.endswith(("联", "委"))
        )

    @property
    def spellings(self) -> tuple[str, ...]:
        return tuple(self._spellings)

    def named_in(self, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """(departments of the policies, bureau-like names that none of them is)."""
        known: dict[str, None] = {}
        rest = text
        for spelled in self._sought:
            if spelled in rest:
                known[self._spellings[spelled]] = None
                rest = rest.replace(spelled, "，")
        unknown = tuple(m.group() for m in _BUREAU.finditer(rest))
        return tuple(known), unknown


_BUREAU = re.compile(r"市[一-鿿]{2,6}?(?:局|委员会|委(?![托员派])|办公室)")
