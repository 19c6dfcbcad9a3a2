"""The flow over one policy: understand → retrieve → calculate → compose → prove.

A specialist knows its own policy only: what other policies are loaded beside it changes no answer of its own.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from policy_qa.answer import compose
from policy_qa.corpus import Corpus
from policy_qa.domain import Answer, FactValue
from policy_qa.finding import determine
from policy_qa.proof import Record, prove
from policy_qa.question import Understanding
from policy_qa.retrieval import NO_EVIDENCE, Retriever
from policy_qa.status import notices


@dataclass(frozen=True)
class Specialist:
    """Answers questions about one policy; stateless between questions."""

    corpus: Corpus
    understanding: Understanding
    retriever: Retriever

    def answer(
        self,
        question: str,
        facts: Mapping[str, FactValue],
        as_of: datetime.date,
        *,
        titled: bool = False,
    ) -> Answer:
        """The proven answer to ``question`` on the day ``as_of``; ``facts`` add to what the words state.

        ``titled``: it stands beside other policies, so that what is found is headed by the policy's name.
        """
        understood = self.understanding.understand(question, facts)
        evidence = NO_EVIDENCE if understood.invalid else self.retriever.retrieve(understood)
        finding = determine(understood, evidence, facts, self.corpus, as_of)
        drafts = compose(understood, finding, self.corpus, as_of, titled=titled)
        known = {**understood.stated.facts, **facts}
        record = Record.of(self.corpus, question, known, finding, understood.topic.reading.corrections)
        proven = prove(drafts, record)
        return Answer(
            question=question,
            as_of=as_of,
            corpus=self.corpus.sha256,
            id=identity(question, facts, as_of, self.corpus.sha256),
            status=finding.status,
            route=understood.route,
            answer="\n".join(sentence.text for sentence in proven.sentences),
            sentences=proven.sentences,
            citations=proven.citations,
            calculation=finding.calculation,
            reverse=finding.reverse,
            needs=finding.needs,
            retrieved=evidence.hits,
            rejected=evidence.rejected,
            notices=(
                *notices(self.corpus.policies, as_of),
                *self.retriever.notices,
                *evidence.notices,
            ),
        )


def identity(question: str, facts: Mapping[str, FactValue], as_of: datetime.date, corpus: str) -> str:
    """The same question with the same facts on the same day over the same corpus has the same id."""
    stated = {name: list(v) if isinstance(v, tuple) else _plain(v) for name, v in sorted(facts.items())}
    content = json.dumps([question, stated, as_of.isoformat(), corpus], ensure_ascii=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _plain(value: FactValue) -> object:
    return str(value) if isinstance(value, Decimal) else value
