"""The flow, and the composition root: understand → retrieve → calculate → compose → prove."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from policy_qa.answer import compose
from policy_qa.corpus import Corpus, load_corpus
from policy_qa.domain import Answer, Embedder, FactValue, Hit
from policy_qa.errors import StoreError, UsageError
from policy_qa.finding import determine
from policy_qa.index import Index, build, ensure
from policy_qa.lexicon import normal
from policy_qa.proof import Record, prove
from policy_qa.question import Understanding
from policy_qa.retrieval import NO_EVIDENCE, Retriever, passages
from policy_qa.settings import Settings
from policy_qa.status import notices

LEXICAL_ONLY = "语义检索没有启用，只按用词检索：{why}"


@dataclass(frozen=True)
class Assistant:
    """Answers questions about one corpus; stateless between questions."""

    corpus: Corpus
    understanding: Understanding
    retriever: Retriever
    standing_notices: tuple[str, ...] = ()

    def ask(self, question: str, facts: Mapping[str, FactValue], as_of: datetime.date) -> Answer:
        """The proven answer to ``question`` on the day ``as_of``; ``facts`` add to what the words state."""
        if len(self.corpus.holdings) > 1:
            loaded = "、".join(policy.id for policy in self.corpus.policies)
            raise UsageError(f"现在收录了几份政策，请用 --policy 指明问哪一份：{loaded}。")
        understood = self.understanding.understand(question, facts)
        evidence = NO_EVIDENCE if understood.invalid else self.retriever.retrieve(understood)
        finding = determine(understood, evidence, facts, self.corpus)
        drafts = compose(understood, finding, self.corpus, as_of)
        known = {**understood.stated.facts, **facts}
        record = Record.of(self.corpus, question, known, finding, understood.topic.reading.corrections)
        proven = prove(drafts, record)
        return Answer(
            question=question,
            as_of=as_of,
            corpus=self.corpus.sha256,
            id=_identity(question, facts, as_of, self.corpus.sha256),
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
                *self.standing_notices,
                *self.retriever.notices,
                *evidence.notices,
            ),
        )

    def search(self, query: str, k: int) -> tuple[Hit, ...]:
        """The ``k`` clauses nearest to free words, each with its reason."""
        reading = self.understanding.reader.read(query)
        return self.retriever.search(normal(query), [m for t in reading.terms for m in t.means], k)


def open_assistant(
    settings: Settings,
    load_embedder: Callable[[str], Embedder],
    *,
    policy: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    rebuild: bool = False,
) -> Assistant:
    """The assistant over the corpus of ``settings``; the index is built where it is missing or damaged.

    Without an embedding model or an index retrieval is lexical only, said in every answer's notices.
    """
    corpus = load_corpus(settings.corpus).only(policy)
    notes: list[str] = []
    embedder: Embedder | None = None
    index: Index | None = None
    try:
        embedder = load_embedder(settings.embedding)
        texts = passages(corpus)
        if rebuild:
            index = build(texts, embedder, settings.home, progress=progress)
        else:
            index = ensure(texts, embedder, settings.home, progress=progress)
    except StoreError as error:
        if rebuild:
            raise
        notes.append(LEXICAL_ONLY.format(why=error))
    retriever = Retriever(corpus, index, embedder if index is not None else None)
    return Assistant(corpus, Understanding(corpus), retriever, tuple(notes))


def _identity(question: str, facts: Mapping[str, FactValue], as_of: datetime.date, corpus: str) -> str:
    """The same question with the same facts on the same day over the same corpus has the same id."""
    stated = {name: list(v) if isinstance(v, tuple) else _plain(v) for name, v in sorted(facts.items())}
    content = json.dumps([question, stated, as_of.isoformat(), corpus], ensure_ascii=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _plain(value: FactValue) -> object:
    return str(value) if isinstance(value, Decimal) else value
