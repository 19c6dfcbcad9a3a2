"""The Python door: an assistant of one call, with the defaults that a program at the edge may rely on.

It is the outermost layer, like the command line: it reads the environment and the clock, so that nothing
below it has to.
"""

from __future__ import annotations

import datetime
import functools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy_qa.settings import load_settings

if TYPE_CHECKING:
    from policy_qa.checking import Report
    from policy_qa.corpus import Corpus
    from policy_qa.domain import Answer, Clause
    from policy_qa.eligibility import Sheet
    from policy_qa.web.desk import Desk

Facts = Mapping[str, object]
"""Facts of an enterprise by name; money in yuan as a string of digits, an int or a Decimal."""
_NONE: Facts = {}


@dataclass(frozen=True, slots=True)
class Found:
    """A clause found by free words, with the sentence of it that is nearest to them, verbatim."""

    clause: Clause
    quote: str
    score: float
    why: str


class PolicyAssistant:
    """Everything the product answers, over the loaded policies; threads may ask at once.

    A day that is not given is today, a policy that is not named means all that are loaded. Every method
    raises UsageError, one sentence for the user, for what cannot be used.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @property
    def corpus(self) -> Corpus:
        """The loaded policies, clause by clause."""
        return self._desk.corpus

    def ask(
        self,
        question: str,
        facts: Facts = _NONE,
        *,
        policy: str | None = None,
        as_of: datetime.date | None = None,
        history: Sequence[str] = (),
    ) -> Answer:
        """The proven answer to a question; ``facts`` add to what its words state.

        ``history``, the user's earlier questions, makes a follow-up whole where a language model is set up.
        """
        checked = self._desk.facts(facts, policy)
        return self._desk.assistant.ask(question, checked, as_of or self.today(), policy, history)

    def eligibility(
        self, facts: Facts, *, policy: str | None = None, as_of: datetime.date | None = None
    ) -> Sheet:
        """All measures under ``facts``: what is sure, what is possible, what is missing."""
        return self._desk.sheet(self._desk.facts(facts, policy), policy=policy, as_of=as_of)

    def check(self, text: str, *, policy: str | None = None, as_of: datetime.date | None = None) -> Report:
        """Pasted text held against the policies, sentence by sentence."""
        return self._desk.check(text, policy=policy, as_of=as_of)

    def search(self, query: str, k: int = 5) -> tuple[Found, ...]:
        """The ``k`` clauses nearest to free words, best first."""
        hits = self._desk.search(query, k)["hits"]
        assert isinstance(hits, list)
        return tuple(
            Found(self.corpus.clause(hit["policy"], hit["clause"]), hit["quote"], hit["score"], hit["why"])
            for hit in hits
        )

    def today(self) -> datetime.date:
        """The day that answers are given for where none is named."""
        return self._desk.today()


def open_assistant() -> PolicyAssistant:
    """The assistant over the policies on this machine, as POLICY_QA_HOME and its like describe them.

    The first call on a machine builds the index, which takes seconds. Without a usable embedding model it
    finds clauses by words only, and every answer says so. Raises PolicyQaError, one Chinese sentence.
    """
    from policy_qa.assistant import open_assistant as compose
    from policy_qa.embedding import load_embedder
    from policy_qa.web.desk import Desk

    embed = functools.partial(load_embedder, through="engine")
    return PolicyAssistant(Desk(compose(load_settings(os.environ), embed), datetime.date.today))
