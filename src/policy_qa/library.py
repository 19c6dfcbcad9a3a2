"""All policies searched at once: the clauses nearest to a question, by words and by meaning.

Nothing here looks at every clause: the index proposes a few, and only their texts are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from policy_qa.corpus import Corpus
from policy_qa.domain import Embedder, Hit
from policy_qa.fusion import DEPTH, fused
from policy_qa.index import Index
from policy_qa.question import Question
from policy_qa.retrieval import (
    Key,
    Ranks,
    best_of_clause,
    by_rank,
    coverage,
    dense_ranks,
    found_by,
    fused_by_rank,
    in_place,
    rarity,
)


class Library:
    """Searches the clauses of all policies of ``corpus``; without ``embedder`` by words only."""

    def __init__(self, corpus: Corpus, index: Index, embedder: Embedder | None) -> None:
        self._corpus = corpus
        self._index = index
        self._embedder = embedder

    def search(self, query: str, expansions: Sequence[str], k: int) -> tuple[Hit, ...]:
        """The best ``k`` clauses for free words, by how far each stands out in both searches."""
        depth = max(k, DEPTH)
        lexical = self._lexical_ranks(" ".join((query, *expansions)), depth)
        dense = self._dense_ranks(query, depth)
        order = fused(_scores(lexical), _scores(dense))
        return tuple(
            # Scored as rank fusion scores a clause of that rank in both, so that a score means one thing.
            Hit(*key, round(2 * by_rank(rank), 6), "，".join(found_by(key, lexical, dense)))
            for rank, key in enumerate(islice(order, k), start=1)
        )

    def near(self, question: Question, k: int) -> list[tuple[Hit, float]]:
        """The best ``k`` clauses for a question, each with the share of the question it has words for.

        By ranks: what routing adds to a score, the title and that share, is weighed on their scale.
        """
        reading = question.topic.reading
        lexical = self._lexical_ranks(" ".join((reading.text, *reading.expansions)), _NEAR)
        hits = fused_by_rank(lexical, self._dense_ranks(question.text, _NEAR))[:k]
        texts = {key: self._text(key) for key in map(_key, hits)}
        covered = coverage(question, texts, self._corpus.segmenter.words, self._weigh)
        return [(hit, covered[_key(hit)].share) for hit in hits]

    def _weigh(self, forms: Sequence[str], _: int) -> float:
        """A word is worth what it is among all passages, not among the few that were found."""
        return rarity(sum(map(self._index.document_frequency, forms)), len(self._index))

    def _text(self, key: Key) -> str:
        policy, label = key
        return in_place(self._corpus.holding(policy).policy, self._corpus.clause(policy, label))

    def _lexical_ranks(self, words: str, depth: int) -> Ranks:
        return best_of_clause(self._index.matching(words, depth))

    def _dense_ranks(self, query: str, depth: int) -> Ranks:
        if self._embedder is None:
            return {}
        ranks, _ = dense_ranks(query, self._embedder, self._index, depth)
        return ranks


_NEAR = 40
"""Passages of each search that can lead to a policy."""


def _scores(ranks: Ranks) -> dict[Key, float]:
    return {key: score for key, (_, score) in ranks.items()}


def _key(hit: Hit) -> Key:
    return hit.policy, hit.clause
