"""choose(): of many policies, the few that a question can be about, best first, and why the others are not.

What is weighed: the clauses nearest to the question in words and meaning, the words of the titles, and the
places it names. A policy that was not in force on the day asked about is set aside, and said to be.
"""

from __future__ import annotations

import datetime
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from policy_qa.corpus import Corpus
from policy_qa.domain import Hit, Policy
from policy_qa.lexical import LexicalIndex
from policy_qa.lexicon import normal
from policy_qa.question import Understanding
from policy_qa.retrieval import Retriever
from policy_qa.status import in_force

_DEPTH = 60
_RRF = 60
_PLACE_WORTH = 2 / _RRF
"""Naming a policy's place is worth being first by words and first by meaning together."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The policies to ask and the clauses that led to them."""

    policies: tuple[str, ...]
    """Ids, best first; every loaded policy that was in force stands in it once."""
    hits: tuple[Hit, ...]
    """Clauses of all policies, best first."""
    set_aside: tuple[Policy, ...]
    """Policies that would have come first but were not in force on the day."""


class Router:
    """Chooses among the policies of one corpus; stateless between questions."""

    def __init__(self, corpus: Corpus, understanding: Understanding, retriever: Retriever) -> None:
        self._corpus = corpus
        self._understanding = understanding
        self._retriever = retriever
        self._titles = LexicalIndex([_described(policy) for policy in corpus.policies], corpus.segmenter)
        self._places = {policy.id: places(policy.region) for policy in corpus.policies}

    def choose(self, question: str, as_of: datetime.date) -> Choice:
        """The policies to ask about ``question`` on ``as_of``."""
        reading = self._understanding.reader.read(question)
        expansions = [word for term in reading.terms for word in term.means]
        near = self._retriever.search(reading.text, expansions, _DEPTH)
        worth = self._worth(reading.text, expansions)
        hits = sorted(
            (Hit(h.policy, h.clause, round(h.score + worth[h.policy], 6), h.why) for h in near),
            key=lambda hit: (-hit.score, hit.policy, hit.clause),
        )
        ordered = dict.fromkeys(hit.policy for hit in hits)
        rest = sorted(self._corpus.policies, key=lambda policy: (-worth[policy.id], policy.id))
        ordered |= dict.fromkeys(policy.id for policy in rest)
        policies = [self._corpus.holding(policy_id).policy for policy_id in ordered]
        standing = tuple(policy.id for policy in policies if in_force(policy, as_of))
        ahead = tuple(takewhile(lambda policy: policy.id not in standing, policies))
        return Choice(standing, tuple(hit for hit in hits if hit.policy in standing), ahead[:1])

    def _worth(self, question: str, expansions: Sequence[str]) -> Mapping[str, float]:
        worth: defaultdict[str, float] = defaultdict(float)
        titled = self._titles.search(question, expansions, len(self._corpus.holdings))
        for rank, (position, _) in enumerate(titled, start=1):
            worth[self._corpus.policies[position].id] += 1 / (_RRF + rank)
        for policy_id, names in self._places.items():
            if any(_names_place(name, question) for name in names):
                worth[policy_id] += _PLACE_WORTH
        return worth


def places(region: str | None) -> tuple[str, ...]:
    """The names of a region's parts as people say them: 安徽省淮南市 → 安徽, 淮南."""
    return tuple(dict.fromkeys(normal(part) for part in _PART.findall(region or "")))


_PART = re.compile(
    r"(.{2,}?)(?:.族)*(?:壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区|自治州|自治县|新片区|新区|省|市|区|县|盟|旗|镇|$)"
)


def _names_place(name: str, question: str) -> bool:
    """「北京大学的成果」 is bought from Beijing, it does not ask of Beijing's policies."""
    return any(
        not _INSTITUTION.match(question, found.end()) for found in re.finditer(re.escape(name), question)
    )


_INSTITUTION = re.compile(r".{0,4}?(大学|学院|证券交易所|交易所|股权交易中心|研究院)")


def _described(policy: Policy) -> str:
    return f"{policy.title} {policy.region or ''} {policy.issuing_body or ''}"
