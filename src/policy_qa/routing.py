"""choose(): of many policies, the few that a question can be about, best first, and why the others are not.

What is weighed: the clauses nearest to the question in words and meaning, and the words of the titles. Where
it names a place, the policies of other places are no evidence; nor is one that was not in force on the day
asked about, which is said.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from policy_qa.corpus import Corpus
from policy_qa.domain import Hit, Policy, Route
from policy_qa.lexical import LexicalIndex
from policy_qa.question import Understanding
from policy_qa.regions import names_region, related
from policy_qa.retrieval import COVERAGE, Retriever
from policy_qa.status import in_force

_DEPTH = 60
_RRF = 60


@dataclass(frozen=True, slots=True)
class Choice:
    """The policies to ask and the clauses that led to them."""

    policies: tuple[str, ...]
    """Ids, best first, once each: policies of the place that were in force on the day. Where the question is
    about a thing, those whose best clause is near the first one's; else all.
    """
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

    def choose(self, question: str, as_of: datetime.date) -> Choice:
        """The policies to ask about ``question`` on ``as_of``."""
        understood = self._understanding.understand(question, {})
        reading = understood.topic.reading
        expansions = [word for term in reading.terms for word in term.means]
        covered = self._retriever.covered(understood)
        worth = self._worth(reading.text, expansions)
        here = self._of_the_place(reading.text)
        near = self._retriever.near(understood, _DEPTH)
        scored = {hit: hit.score + COVERAGE * covered[hit.policy, hit.clause].share for hit in near}
        hits = sorted(
            (
                replace(hit, score=round(scored[hit] + worth[hit.policy], 6))
                for hit in near
                if hit.policy in here
            ),
            key=lambda hit: (-hit.score, hit.policy, hit.clause),
        )
        ordered = dict.fromkeys(hit.policy for hit in hits)
        ordered |= dict.fromkeys(sorted(here, key=lambda policy_id: (-worth[policy_id], policy_id)))
        policies = [self._corpus.holding(policy_id).policy for policy_id in ordered]
        standing = tuple(policy.id for policy in policies if in_force(policy, as_of))
        ahead = tuple(takewhile(lambda policy: policy.id not in standing, policies))
        hits = [hit for hit in hits if hit.policy in standing]
        asked = _near_the_first(standing, hits) if understood.route in _ABOUT_A_THING else standing
        return Choice(asked, tuple(hits), ahead[:1])

    def _worth(self, question: str, expansions: Sequence[str]) -> Mapping[str, float]:
        worth: defaultdict[str, float] = defaultdict(float)
        titled = self._titles.search(question, expansions, len(self._corpus.holdings))
        for rank, (position, _) in enumerate(titled, start=1):
            worth[self._corpus.policies[position].id] += 1 / (_RRF + rank)
        return worth

    def _of_the_place(self, question: str) -> frozenset[str]:
        """The policies of the places a question names, of what they lie in and of what lies in them."""
        policies = self._corpus.policies
        named = [policy.region for policy in policies if names_region(question, policy.region)]
        return frozenset(
            policy.id
            for policy in policies
            if not named or any(related(policy.region, region) for region in named)
        )


def _near_the_first(standing: tuple[str, ...], hits: Sequence[Hit]) -> tuple[str, ...]:
    best: dict[str, float] = {}
    for hit in hits:
        best.setdefault(hit.policy, hit.score)
    first = max(best.values(), default=0.0)
    return tuple(one for one in standing if best.get(one, 0.0) >= _NEAR * first)


_NEAR = 0.75
"""Of the first clause's score. What stands below was right for none of the questions read, whose right policy
came first; and a policy that is not asked costs no time and answers nothing by chance."""
_ABOUT_A_THING: frozenset[Route] = frozenset({"amount", "general"})
"""A clause's number, a department or all there is to be had can be asked of any policy."""


def _described(policy: Policy) -> str:
    return f"{policy.title} {policy.region or ''} {policy.issuing_body or ''}"
