"""choose(): of many policies, the few that a question can be about, best first, and why the others are not.

What is weighed: the clauses nearest to the question in words and meaning, and the words of the titles. Where
it names a place, the policies of other places are no evidence; nor is one that was not in force on the day
asked about, which is said.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from policy_qa.corpus import Corpus
from policy_qa.domain import Hit, Policy, Route
from policy_qa.lexical import LexicalIndex
from policy_qa.library import Library
from policy_qa.question import Understanding
from policy_qa.regions import names_region, related
from policy_qa.retrieval import COVERAGE
from policy_qa.status import in_force
from policy_qa.topic import Reading

_DEPTH = 60
_RRF = 60
_CHOSEN = 60
"""Policies that are put in order: far more than are ever asked."""
_TITLES = 200
"""Titles that can move a policy ahead."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The policies to ask and the clauses that led to them."""

    policies: tuple[str, ...]
    """Ids, best first, once each: policies of the place that were in force on the day. Where the question is
    about a thing, those whose best clause is near the first one's; else some more than can be asked.
    """
    hits: tuple[Hit, ...]
    """Clauses of all policies, best first."""
    set_aside: tuple[Policy, ...]
    """Policies that would have come first but were not in force on the day."""


class Router:
    """Chooses among the policies of one corpus; stateless between questions."""

    def __init__(self, corpus: Corpus, understanding: Understanding, library: Library) -> None:
        self._corpus = corpus
        self._understanding = understanding
        self._library = library
        self._titles = LexicalIndex(
            [_described(policy) for policy in corpus.policies], corpus.segmenter.words
        )
        self._in_order = tuple(sorted(policy.id for policy in corpus.policies))
        self._regions = tuple(dict.fromkeys(policy.region for policy in corpus.policies))

    def choose(self, question: str, as_of: datetime.date) -> Choice:
        """The policies to ask about ``question`` on ``as_of``."""
        understood = self._understanding.understand(question, {})
        reading = understood.topic.reading
        worth = self._worth(reading)
        here = self._of_the_place(reading.text)
        hits = sorted(
            (
                replace(hit, score=round(hit.score + COVERAGE * share + worth.get(hit.policy, 0.0), 6))
                for hit, share in self._library.near(understood, _DEPTH)
                if self._region(hit.policy) in here
            ),
            key=lambda hit: (-hit.score, hit.policy, hit.clause),
        )
        titled = sorted(worth, key=lambda policy: (-worth[policy], policy))
        ordered = _once(chain((hit.policy for hit in hits), titled, self._in_order))
        policies = (self._corpus.holding(one).policy for one in ordered if self._region(one) in here)
        standing: list[str] = []
        ahead: list[Policy] = []
        for policy in policies:
            if in_force(policy, as_of):
                standing.append(policy.id)
            elif not standing:
                ahead.append(policy)
            if len(standing) == _CHOSEN:
                break
        hits = [hit for hit in hits if in_force(self._corpus.holding(hit.policy).policy, as_of)]
        about_a_thing = understood.route in _ABOUT_A_THING
        asked = _near_the_first(standing, hits) if about_a_thing else tuple(standing)
        return Choice(asked, tuple(hits), tuple(ahead[:1]))

    def _worth(self, reading: Reading) -> dict[str, float]:
        """What the words of its title are worth for a policy, for those whose titles share most."""
        titled = self._titles.search(reading.text, reading.expansions, _TITLES)
        return {
            self._corpus.policies[position].id: 1 / (_RRF + rank)
            for rank, (position, _) in enumerate(titled, start=1)
        }

    def _region(self, policy: str) -> str | None:
        return self._corpus.holding(policy).policy.region

    def _of_the_place(self, question: str) -> frozenset[str | None]:
        """The places a question names, what they lie in and what lies in them; all where it names none."""
        named = [region for region in self._regions if names_region(question, region)]
        return frozenset(
            region for region in self._regions if not named or any(related(region, other) for other in named)
        )


def _once(names: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name not in seen:
            seen.add(name)
            yield name


def _near_the_first(standing: Sequence[str], hits: Sequence[Hit]) -> tuple[str, ...]:
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
