"""The engines behind one counter: what the API and the pages both ask, so that neither has its own way."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from policy_qa.assistant import Assistant
from policy_qa.catalogue import Catalogue, look_up, read_edge
from policy_qa.checking import Checker, Report
from policy_qa.corpus import Corpus
from policy_qa.domain import Answer, FactValue
from policy_qa.eligibility import Sheet, sheet, vocabulary
from policy_qa.references import existing_range
from policy_qa.rules import check_facts
from policy_qa.texts import FRAMES
from policy_qa.wire import clause_json, hits_json

Facts = Mapping[str, FactValue]


@dataclass(frozen=True, slots=True)
class Filters:
    """What the clause desk is asked for, as people write it; the amounts are edges such as 50万."""

    number: str | None = None
    words: str | None = None
    department: str | None = None
    audience: str | None = None
    kind: str | None = None
    low: str | None = None
    high: str | None = None


class Desk:
    """Every question the web side can put, answered by the engine the command line uses.

    A policy not named means all that are loaded; a day not named means ``today()``. Threads may ask at once.
    Raises UsageError, a sentence for the user, for what cannot be used.
    """

    def __init__(self, assistant: Assistant, today: Callable[[], datetime.date]) -> None:
        self.today = today
        self.take_over(assistant)

    def take_over(self, assistant: Assistant) -> None:
        """Answer from ``assistant`` from now on; a question under way ends with the former one."""
        self._serving = _Serving(assistant)  # at once: whoever reads it gets one corpus and its engines

    @property
    def assistant(self) -> Assistant:
        return self._serving.assistant

    @property
    def corpus(self) -> Corpus:
        return self._serving.corpus

    @property
    def ready(self) -> bool:
        """Whether the verified index serves; without it retrieval is by words only."""
        return not self.assistant.standing_notices

    def warm_up(self) -> None:
        """Load what loads at the first use, so that the first question is as fast as the rest."""
        for text in _FIRST:
            self.ask(text, {})
            self.check(text)
            self.search(text, 5)

    def facts(self, raw: Mapping[str, object], policy: str | None = None) -> dict[str, FactValue]:
        """Facts of a request, checked."""
        return check_facts(raw, vocabulary(self.corpus.only(policy)))

    def measures(self, policy: str | None = None) -> dict[str, object]:
        """The measures with the facts they read, and each fact with the question to ask for it."""
        corpus = self.corpus.only(policy)
        return {
            "measures": [
                {
                    "policy": holding.policy.id,
                    "measure": measure.id,
                    "title": measure.title,
                    "clause": measure.clause,
                    "clause_title": corpus.clause(holding.policy.id, measure.clause).title,
                    "payee": measure.payee,
                    "facts": measure.facts,
                }
                for holding in corpus.holdings
                for measure in holding.rules.measures
            ],
            "facts": [
                {"fact": name, "ask": rule.ask, "type": rule.type, "unit": rule.unit, "words": rule.words}
                for name, rule in vocabulary(corpus).facts.items()
            ],
        }

    def ask(
        self, question: str, facts: Facts, *, policy: str | None = None, as_of: datetime.date | None = None
    ) -> Answer:
        return self.assistant.ask(question, facts, as_of or self.today(), policy)

    def sheet(self, facts: Facts, *, policy: str | None = None, as_of: datetime.date | None = None) -> Sheet:
        return sheet(self.corpus.only(policy), facts, as_of or self.today())

    def check(self, text: str, *, policy: str | None = None, as_of: datetime.date | None = None) -> Report:
        serving = self._serving
        return serving.checker(_narrowing(serving.corpus, policy)).check(text, as_of or self.today())

    def search(self, query: str, k: int) -> dict[str, object]:
        """``search --json`` of the contract."""
        assistant = self.assistant
        hits = assistant.search(query, k)
        return hits_json(hits, assistant.quotes(query, hits))

    def catalogue(self, policy: str) -> Catalogue:
        """The clause desk of a policy."""
        return self._serving.catalogue(policy)

    def found(self, policy: str, filters: Filters) -> dict[str, object]:
        """``clause --json`` of the clauses that meet the filters, each with what to highlight and why."""
        serving = self._serving
        holding = serving.corpus.holding(policy)
        found = serving.catalogue(policy).find(
            number=filters.number,
            words=filters.words,
            department=filters.department,
            audience=filters.audience,
            kind=filters.kind,
            low=read_edge(filters.low or ""),
            high=read_edge(filters.high or ""),
        )
        entries = found.entries
        shown = clause_json([entry.clause for entry in entries], policy, holding.rules)
        clauses = shown["clauses"]
        assert isinstance(clauses, list)
        return {
            "policy": policy,
            "clauses": [
                {
                    **clause,
                    "citation": entry.citation,
                    "address": entry.address,
                    "why": entry.why,
                    "supports": entry.supports,
                    "passages": entry.passages,
                    "marks": entry.marks,
                }
                for clause, entry in zip(clauses, entries, strict=True)
            ],
            "notes": found.notes,
        }

    def clauses(self, policy: str, said: str) -> dict[str, object] | None:
        """``clause --json`` of the clauses a number means, in any spelling; None where it means none."""
        holding = self.corpus.holding(policy)
        found = look_up(holding.policy.clauses, said)
        return clause_json(found, policy, holding.rules) if found else None

    def no_clause(self, policy: str, said: str) -> str:
        """The sentence for a number that means no clause: the range there is."""
        clauses = self.corpus.holding(policy).policy.clauses
        shown = said if len(said) <= 40 else f"{said[:40]}…"
        return FRAMES["no_clause"].render({"said": shown, "range": existing_range(clauses)})


class _Serving:
    """One assistant with the engines opened over its corpus; the corpus of an answer never changes midway."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self.corpus = corpus = assistant.corpus

        @lru_cache(maxsize=_KEPT)
        def catalogue(policy: str) -> Catalogue:
            return Catalogue(corpus.holding(policy), corpus.lexicon)

        @lru_cache(maxsize=_KEPT)
        def checker(policy: str | None) -> Checker:
            return Checker(corpus.only(policy))

        self.catalogue = catalogue
        self.checker = checker


def _narrowing(corpus: Corpus, policy: str | None) -> str | None:
    """The policy named, None where it is the only one: two checkers would be the same."""
    if policy is not None:
        corpus.holding(policy)
    return policy if len(corpus.holdings) > 1 else None


_KEPT = 16
"""Checkers and catalogues kept in memory."""
_FIRST = ("新认定为国家级专精特新小巨人企业，一次性奖励50万元。", "院士工作站补贴多少")
"""Through every step: figures, calculation, proof; an unknown name is searched for typing errors."""
