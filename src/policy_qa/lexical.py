"""Lexical search over passages: BM25 over words and over character pairs, the query expanded.

Words find what a dictionary can cut, pairs of characters what it cannot; bm25s does the arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from policy_qa.lexicon import normal
from policy_qa.tokens import pairs


class LexicalIndex:
    """Scores passages against a query; built in memory from their texts, at the first search.

    ``words`` cuts a normal text; texts and queries are cut alike.
    """

    def __init__(self, texts: Sequence[str], words: Callable[[str], list[str]]) -> None:
        self._texts = tuple(texts)
        self._cut = words

    def search(self, query: str, expansions: Sequence[str], k: int) -> list[tuple[int, float]]:
        """(position of the passage, score) of the best ``k``, best first; nothing that shares no token."""
        by_words = _scores(self._words_index, self._words(" ".join((query, *expansions))))
        by_pairs = _scores(self._pairs_index, pairs(" ".join((query, *expansions))))
        # Two scales of one kind of score: each by its own best, so that neither drowns the other.
        total = by_words / (by_words.max() or 1.0) + by_pairs / (by_pairs.max() or 1.0)
        ranked = (-total).argsort(kind="stable")[:k]
        return [(int(position), float(total[position])) for position in ranked if total[position] > 0]

    def _words(self, text: str) -> list[str]:
        return self._cut(normal(text))

    @cached_property
    def _words_index(self) -> Any:
        return _built([self._words(text) for text in self._texts])

    @cached_property
    def _pairs_index(self) -> Any:
        return _built([pairs(text) for text in self._texts])


def _built(tokens: list[list[str]]) -> Any:
    import bm25s

    filled = [entry or ["∅"] for entry in tokens]
    # Sorted: the order of the vocabulary is that of the float sums, and a set's would be the process's own.
    vocabulary = {
        token: number for number, token in enumerate(sorted({t for entry in filled for t in entry}))
    }
    index = bm25s.BM25()
    index.index(
        ([[vocabulary[token] for token in entry] for entry in filled], vocabulary), show_progress=False
    )
    return index


def _scores(index: Any, tokens: list[str]) -> Any:
    import numpy as np

    known = [token for token in tokens if token in index.vocab_dict]
    if not known:
        return np.zeros(index.scores["num_docs"], dtype=np.float32)
    return index.get_scores(known)
