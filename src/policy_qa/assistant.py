"""The composition root: opens the corpus and its index, and answers over one policy or many."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache

from policy_qa.corpus import Corpus, load_corpus
from policy_qa.domain import Answer, Embedder, FactValue, Hit, LanguageModel, Reply
from policy_qa.errors import ModelError, StoreError
from policy_qa.followup import full_question
from policy_qa.index import Index, build, ensure, in_memory
from policy_qa.joining import join
from policy_qa.lexicon import normal
from policy_qa.library import Library
from policy_qa.llm import open_model
from policy_qa.phrasing import PLAIN_NOTICE, phrase
from policy_qa.question import Understanding, check_words
from policy_qa.retrieval import Retriever
from policy_qa.routing import Router
from policy_qa.settings import Settings
from policy_qa.specialist import Specialist
from policy_qa.wire import nearest_sentence

REWRITTEN = "已结合前面的话，把您的问题理解为“{question}”。"
LEXICAL_ONLY = "语义检索没有启用，只按用词检索：{why}"
_ASKED = 3
"""Policies that are asked about one question: the fourth nearest has not yet been the right one."""
_KEPT = 64
"""Specialists kept in memory."""


class Assistant:
    """Answers questions about a corpus; stateless between questions, threads may ask at once.

    ``index`` and ``embedder`` are None in lexical-only operation, which ``standing_notices`` then says; where
    there are many policies their words are then indexed in memory.
    ``model`` is None where no language model chooses words, the default.
    """

    def __init__(
        self,
        corpus: Corpus,
        index: Index | None = None,
        embedder: Embedder | None = None,
        standing_notices: tuple[str, ...] = (),
        model: LanguageModel | None = None,
    ) -> None:
        self.corpus = corpus
        self.standing_notices = standing_notices
        self._index = index
        self._embedder = embedder
        self._model = model
        self.understanding = Understanding(corpus)
        self._specialist = lru_cache(maxsize=_KEPT)(self._opened)

    def ask(
        self,
        question: str,
        facts: Mapping[str, FactValue],
        as_of: datetime.date,
        policy: str | None = None,
        history: Sequence[str] = (),
    ) -> Answer:
        """The proven answer to ``question`` on the day ``as_of``; ``facts`` add to what the words state.

        ``policy`` narrows it to one; else the policies nearest to the question are asked, and those that
        answer are shown one after the other. ``history``, the user's earlier questions, oldest first, makes a
        follow-up whole where there is a language model. Raises UsageError for a policy that is not loaded.
        """
        if self._model is None:
            return self._answer(question, facts, as_of, policy)
        reply = self._model.turn()
        try:
            whole = self._made_whole(question, history, reply)
        except ModelError as error:
            answer = self._answer(question, facts, as_of, policy)
            return replace(answer, notices=(*answer.notices, PLAIN_NOTICE.format(why=error)))
        answer = self._answer(whole or question, facts, as_of, policy)
        if whole is not None:
            notices = (REWRITTEN.format(question=whole), *answer.notices)
            answer = replace(answer, question=question, rewritten=whole, notices=notices)
        return phrase(answer, reply).answer

    def _made_whole(self, question: str, history: Sequence[str], reply: Reply) -> str | None:
        understand = self.understanding.understand
        if not history or understand(question, {}).invalid:
            return None
        return full_question(question, history, reply, lambda text: understand(text, {}))

    def _answer(
        self, question: str, facts: Mapping[str, FactValue], as_of: datetime.date, policy: str | None
    ) -> Answer:
        if policy is not None or len(self.corpus.holdings) == 1:
            specialist = self._only if policy is None else self._specialist(policy)
            answer = specialist.answer(question, facts, as_of)
        else:
            choice = self._router.choose(question, as_of)
            answers = [
                self._specialist(one).answer(question, self._own(facts, one), as_of, titled=True)
                for one in choice.policies[:_ASKED]
            ]
            answer = join(question, facts, as_of, answers, choice, self.corpus)
        return replace(answer, notices=(*answer.notices, *self.standing_notices))

    def search(self, query: str, k: int) -> tuple[Hit, ...]:
        """The ``k`` clauses nearest to free words, each with its reason.

        Raises UsageError for no words or too many.
        """
        check_words(query)
        reading = self.understanding.reader.read(query)
        searched = self._library if len(self.corpus.holdings) > 1 else self._only.retriever
        return searched.search(normal(query), reading.expansions, k)

    def quotes(self, query: str, hits: Sequence[Hit]) -> list[str]:
        """The sentence of each hit's clause that holds most of the words searched for, verbatim."""
        tokens = self.understanding.reader.read(query).tokens
        words = [word for token in tokens if token.content for word in (token.text, *token.means)]
        return [nearest_sentence(self.corpus.clause(hit.policy, hit.clause), words) for hit in hits]

    @cached_property
    def _library(self) -> Library:
        return Library(self.corpus, self._index or in_memory(self.corpus), self._embedder)

    @cached_property
    def _router(self) -> Router:
        return Router(self.corpus, self.understanding, self._library)

    @property
    def _only(self) -> Specialist:
        """The specialist of the one policy there is."""
        return self._specialist(self.corpus.holdings[0].policy.id)

    def _opened(self, policy: str) -> Specialist:
        corpus = self.corpus.only(policy)
        understanding = self.understanding if corpus is self.corpus else Understanding(corpus)
        return Specialist(corpus, understanding, Retriever(corpus, self._index, self._embedder))

    def _own(self, facts: Mapping[str, FactValue], policy: str) -> dict[str, FactValue]:
        """The facts that the rules of ``policy`` know."""
        known = self.corpus.holding(policy).rules.facts
        return {name: value for name, value in facts.items() if name in known}


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
    whole = load_corpus(settings.corpus, settings.added, settings.kept)
    corpus = whole.only(policy)  # refused before a model is loaded
    model = open_model(settings.model)
    notes: list[str] = []
    embedder: Embedder | None = None
    index: Index | None = None
    try:
        embedder = load_embedder(settings.embedding)
        renew = build if rebuild else ensure
        index = renew(whole, embedder, settings.home, server=settings.chroma, progress=progress)
    except StoreError as error:
        if rebuild:
            raise
        notes.append(LEXICAL_ONLY.format(why=error))
    return Assistant(corpus, index, embedder if index is not None else None, tuple(notes), model)
