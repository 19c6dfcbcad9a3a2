"""fused(): one order out of the scores of two searches, by words and by meaning.

Scores, not ranks: how far the first stands ahead of the second is what a rank forgets. The two scales have
nothing in common, so each search's scores are first counted in standard deviations from their mean among the
candidates of this question. Only the candidates are looked at, never all passages.

What the weights were tuned on, and what else was tried: docs/benchmarks/statutes.md.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

DEPTH = 100
"""Candidates of each search; with more the first ten gain nothing."""
MEANING = 0.7
"""The share of the search by meaning. From 0.6 to 0.8 the figures are the same within their noise."""
_DIGITS = 6

K = TypeVar("K", bound=Hashable)


def fused(
    by_words: Mapping[K, float], by_meaning: Mapping[K, float], share: float = MEANING
) -> dict[K, float]:
    """Each candidate's weighted mean of two scores in standard deviations, so that the two can be added.

    ``by_words`` and ``by_meaning`` hold the score of each candidate that the search has one for, on any
    scale, more being better. A candidate that one of them has no score for gets that search's least: it was
    not among its best. Where one search found nothing the other decides alone. Equal scores of one search are
    equal deviations. The result, six decimals, does not depend on the order of the mappings; nor does its
    order of keys: best first, equal ones by their key, which must be comparable.
    """
    candidates = by_words.keys() | by_meaning.keys()
    words, meaning = _deviations(by_words, candidates), _deviations(by_meaning, candidates)
    scores = {key: round((1 - share) * words[key] + share * meaning[key], _DIGITS) for key in candidates}
    return dict(sorted(scores.items(), key=lambda entry: (-entry[1], entry[0])))


_NOTHING = 1e-9
"""A spread, beside the mean, that is but rounding."""


def _deviations(scores: Mapping[K, float], candidates: Iterable[K]) -> dict[K, float]:
    if not scores:
        return dict.fromkeys(candidates, 0.0)
    least = min(scores.values())
    filled = {key: scores.get(key, least) for key in candidates}
    # fsum rounds once: the sums are then the same in whatever order the candidates come.
    mean = math.fsum(filled.values()) / len(filled)
    spread = math.sqrt(math.fsum((score - mean) ** 2 for score in filled.values()) / len(filled))
    if spread <= _NOTHING * max(1.0, abs(mean)):
        return dict.fromkeys(filled, 0.0)
    return {key: (score - mean) / spread for key, score in filled.items()}
